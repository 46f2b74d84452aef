"""A client of a chaos run: asks again until it is answered for good, as a careful program does, and notes both in the ledger."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from .ledger import Asked, Asking, Ledger, now_ms

TIMEOUT_S: Final = 10.0
PAUSE_S: Final = 0.05
GIVE_UP_S: Final = 120.0
MOVE_SHARE: Final = 0.2
"""So often a client that knows several servers goes to another one, for no reason."""
_PASSES: Final = frozenset({429, 500, 502, 503})
"""Statuses after which the same is asked again. A 500 is among them, and is a finding of its own."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a client wants. Without `is_safe` it may not be asked twice, as nothing tells the two apart."""

    sort: Asking
    workflow: str
    tag: str
    path: str
    body: Any = None
    key: str = ""
    execution: str = ""
    name: str = ""
    is_safe: bool = True


class Client:
    """One connection, one thread. Where there are several servers it asks now this one, now that one, and another one after a failure."""

    def __init__(self, ports: Sequence[int], ledger: Ledger, chance: random.Random) -> None:
        self._ports, self._ledger, self._chance = ports, ledger, chance
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, wish: Wish) -> dict[str, Any]:
        """Ask until there is an answer for good; what it says, `{}` where there is none."""
        began, tries, status = now_ms(), 0, 0
        answer: dict[str, Any] = {}
        while now_ms() - began < GIVE_UP_S * 1000:
            tries += 1
            was_sent, status, answer = self._try(wish)
            if status and status not in _PASSES:
                break
            if was_sent and not status and not wish.is_safe:
                break
            self.close()
            time.sleep(PAUSE_S)
        found = str(answer.get("execution_id", "")) if 200 <= status < 300 else ""
        self._ledger.note(Asked(
            sort=wish.sort, workflow=wish.workflow, tag=wish.tag, execution=wish.execution or found, key=wish.key, name=wish.name,
            status=status, tries=tries, asked_at=began, answered_at=now_ms(),
        ))  # fmt: skip
        return answer if 200 <= status < 300 else {}

    def _try(self, wish: Wish) -> tuple[bool, int, dict[str, Any]]:
        """Whether it may have arrived, the status (0 without an answer) and what was said."""
        was_sent = False
        try:
            if len(self._ports) > 1 and self._chance.random() < MOVE_SHARE:
                self.close()
            connection = self._connected()
            headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": wish.key} if wish.key else {})
            was_sent = True
            connection.request("POST", wish.path, json.dumps(wish.body).encode(), headers)
            if wish.is_safe and self._chance.random() < 0.03:  # as a client that dies before it hears
                raise ConnectionAbortedError
            response = connection.getresponse()
            content = response.read()
            return True, response.status, json.loads(content)
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return was_sent, 0, {}

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._chance.choice(self._ports), timeout=TIMEOUT_S)
            connection.connect()
            self._connection = connection
        return self._connection

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
