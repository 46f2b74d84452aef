"""Deliveries: the last requests that came to each webhook, what became of them, and how many there were. In memory, of this process."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from contracts.ports.credentials import Secret
from domain.triggers.signatures import Prove

KEPT_MAX: Final = 50
"""So many of each webhook are kept: of those that have started something, of all others, and of those to its test address."""
BODY_BYTES_MAX: Final = 64 * 1024
"""A longer body is not kept."""
BODIES_BYTES_MAX: Final = 32 * 1024 * 1024
"""So long all bodies, headers and queries may be together; beyond it the oldest are dropped, a tenth of all at a time."""
BODIES_MAX: Final = 50_000
"""So many may be kept."""
TEXT_LENGTH_MAX: Final = 1_000
"""A longer key, or a longer message, is cut."""

Verdict: TypeAlias = Literal["accepted", "repeated", "challenge", "refused", "invalid", "paused", "skipped", "failed", "test"]


class Came(NamedTuple):
    """A request as it came: its headers in small letters, without those that prove who sends."""

    method: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    sender: str


@dataclass(slots=True)
class Delivery:
    """A request, and what became of it. `came` is None where its body is not kept."""

    id: str
    at: int
    trigger: str
    verdict: Verdict
    size: int
    sender: str
    status: int
    reason: str = ""
    message: str = ""
    key: str | None = None
    execution: str = ""
    came: Came | None = field(default=None, repr=False)
    number: int = 0
    """Of all that came to this process."""
    length: int = 0
    """So much of what is kept it is."""


class Known(NamedTuple):
    """A secret that was read a moment ago: since when it counts, and what proves requests by it, by what their trigger says."""

    since: float
    secret: Secret
    provers: dict[bytes, Prove]


class Deliveries:
    """Those of all webhooks."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], deque[Delivery]] = {}
        self._bytes = self._bodies = self._noted = 0
        self.secrets: dict[tuple[str, str], Known] = {}
        """What requests are proved with, for a moment, by workflow and credential, as not every workflow may use each; for all ways."""
        self.reading: dict[tuple[str, str], asyncio.Future[Known]] = {}
        """Those that are being read just now."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """By the name of the trigger and the verdict."""

    def note(self, delivery: Delivery) -> None:
        """One more. Requests that nobody proved never push out those that have started something."""
        trigger, verdict, came = delivery.trigger, delivery.verdict, delivery.came
        kind = "" if verdict in ("accepted", "repeated") else verdict if verdict == "test" else "other"
        self._noted += 1
        delivery.number = self._noted
        kept = self._kept.get((trigger, kind))
        if kept is None:
            kept = self._kept[trigger, kind] = deque()
        elif len(kept) == KEPT_MAX:
            self._drop(kept.popleft())
        kept.append(delivery)
        self.counts[trigger, verdict] += 1
        delivery.message = delivery.message and _cut(delivery.message)
        delivery.key = delivery.key and _cut(delivery.key)
        if delivery.size > BODY_BYTES_MAX:
            delivery.came = None
        elif came is not None:
            delivery.length = _length(came)
            self._bytes += delivery.length
            self._bodies += 1
            if self._bytes > BODIES_BYTES_MAX or self._bodies > BODIES_MAX:
                self._make_room()

    def _drop(self, delivery: Delivery) -> None:
        """What came is not kept any more."""
        if delivery.came is not None:
            delivery.came = None
            self._bytes -= delivery.length
            self._bodies -= 1

    def _make_room(self) -> None:
        """Drop the oldest. Rarely done, since all of them are looked at."""
        for one in sorted((one for kept in self._kept.values() for one in kept if one.came is not None), key=lambda one: one.number):
            if self._bytes <= BODIES_BYTES_MAX * 0.9 and self._bodies <= BODIES_MAX * 0.9:
                return
            self._drop(one)

    def of(self, trigger: str, is_test: bool = False) -> list[Delivery]:
        """Those of a trigger, the last one first."""
        kinds = ("test",) if is_test else ("", "other")
        found = [one for kind in kinds for one in self._kept.get((trigger, kind), ())]
        return sorted(found, key=lambda one: one.number, reverse=True)

    def find(self, trigger: str, id_: str) -> Delivery | None:
        """One of them; None where it is not kept any more."""
        return next((one for one in self.of(trigger) + self.of(trigger, True) if one.id == id_), None)


def _length(came: Came) -> int:
    return len(came.body) + len(came.query) + len("".join(came.headers)) + len("".join(came.headers.values()))


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LENGTH_MAX else f"{text[:TEXT_LENGTH_MAX]}…"


def shown(one: Delivery, with_content: bool) -> dict[str, Any]:
    """A delivery as it is shown; `at` is left to whoever shows it."""
    found = {
        "id": one.id, "verdict": one.verdict, "status": one.status, "reason": one.reason, "message": one.message, "key": one.key,
        "execution_id": one.execution or None, "size": one.size, "sender": one.sender, "can_be_redelivered": one.came is not None,
    }  # fmt: skip
    if with_content:
        came = one.came
        found |= {"method": came and came.method, "headers": came and came.headers, "query": came and came.query}
        found["body"] = None if came is None else _readable(came.body)
    return found


def _readable(body: bytes) -> str:
    return body.decode("utf-8", "replace").replace("\0", "\ufffd")
