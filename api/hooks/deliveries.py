"""Deliveries: the last requests that came to each webhook, what became of them, and how many there were. In memory, of this process."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from contracts.ports.credentials import Secret

KEPT_MAX: Final = 50
"""So many of each webhook are kept: of those that have started something, of all others, and of those to its test address."""
BODY_BYTES_MAX: Final = 64 * 1024
"""A longer body is not kept."""
BODIES_BYTES_MAX: Final = 32 * 1024 * 1024
"""So long all bodies, headers and queries may be together; the oldest are dropped first."""
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


class Deliveries:
    """Those of all webhooks."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], deque[Delivery]] = {}
        self._with_body: deque[Delivery] = deque()
        self._bytes = self._noted = 0
        self.secrets: dict[tuple[str, str], tuple[float, Secret]] = {}
        """What requests are proved with, for a moment, by workflow and credential, as not every workflow may use each; for all ways."""
        self.reading: dict[tuple[str, str], asyncio.Future[Secret]] = {}
        """Those that are being read just now."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """By the name of the trigger and the verdict."""

    def note(self, delivery: Delivery) -> None:
        """One more. Requests that nobody proved never push out those that have started something."""
        kind = delivery.verdict if delivery.verdict == "test" else "" if delivery.verdict in ("accepted", "repeated") else "other"
        self._noted += 1
        delivery.number = self._noted
        kept = self._kept.get((delivery.trigger, kind))
        if kept is None:
            kept = self._kept[delivery.trigger, kind] = deque(maxlen=KEPT_MAX)
        kept.append(delivery)
        self.counts[delivery.trigger, delivery.verdict] += 1
        delivery.message = _cut(delivery.message)
        delivery.key = None if delivery.key is None else _cut(delivery.key)
        if delivery.size > BODY_BYTES_MAX:
            delivery.came = None
        if delivery.came is not None:
            self._with_body.append(delivery)
            self._bytes += _length(delivery.came)
        while self._bytes > BODIES_BYTES_MAX or len(self._with_body) > KEPT_MAX * 1_000:
            oldest = self._with_body.popleft()
            if oldest.came is not None:
                self._bytes -= _length(oldest.came)
                oldest.came = None

    def of(self, trigger: str, is_test: bool = False) -> list[Delivery]:
        """Those of a trigger, the last one first."""
        kinds = ("test",) if is_test else ("", "other")
        found = [one for kind in kinds for one in self._kept.get((trigger, kind), ())]
        return sorted(found, key=lambda one: one.number, reverse=True)

    def find(self, trigger: str, id_: str) -> Delivery | None:
        """One of them; None where it is not kept any more."""
        return next((one for one in self.of(trigger) + self.of(trigger, True) if one.id == id_), None)


def _length(came: Came) -> int:
    return len(came.body) + len(came.query) + sum(map(len, came.headers)) + sum(map(len, came.headers.values()))


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
