"""The uses of credentials: who was given which, when and what for. A use is recorded before the secret is handed out, or it is not.

They are records of the `eventsourcing` library's recorders, in a table of their own: each store that is open numbers its own, so that
no two meet. The last `USES_MAX` are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import uuid4

import msgspec

from contracts.credentials import UseRow
from contracts.ports.credentials import Use

if TYPE_CHECKING:
    from eventsourcing.persistence import ApplicationRecorder

USES_MAX: Final = 100_000
FORGET_EVERY: Final = 1_000
PAGE: Final = 1_000
TOPIC: Final = "refold.credential.used"


class Used(NamedTuple):
    """Where uses are recorded, and what forgets those up to a number."""

    recorder: ApplicationRecorder
    forget: Callable[[int], None]


class Uses:
    """One thread uses it at a time."""

    def __init__(self, used: Used, told: Callable[[], Any]) -> None:
        """`told` is a context in which what databases raise becomes ours."""
        self._recorder, self._forget, self._told = used.recorder, used.forget, told
        self._store, self._count = uuid4(), 0
        self._after: int | None = None
        self.last: dict[str, UseRow] = {}
        """By name the last use that was noticed."""

    def add(self, name: str, version: int, use: Use, now: int) -> None:
        """Record one, durable when the call returns. Raises LogFull, LogUnreachable."""
        from eventsourcing.persistence import StoredEvent

        self._count += 1
        content = msgspec.json.encode({"name": name, "version": version, "at": now, **use._asdict()})
        with self._told():
            numbers = self._recorder.insert_events([StoredEvent(self._store, self._count, TOPIC, content)])
            if numbers and self._count % FORGET_EVERY == 0:
                self._forget(numbers[0] - USES_MAX)

    def read_on(self) -> bool:
        """Take notice of some that were recorded since; whether there may be more. Raises LogUnreachable."""
        with self._told():
            page = self._recorder.select_notifications(self._after, PAGE, inclusive_of_start=False)
        for one in page:
            row = _row(one.state)
            self.last[row.name], self._after = row, one.id
        return len(page) == PAGE

    def latest(self, name: str, limit: int) -> list[UseRow]:
        """The last uses of a credential, the latest first."""
        found: list[UseRow] = []
        with self._told():
            end = self._recorder.max_notification_id() or 0
            while end > 0 and len(found) < limit:
                start = max(1, end - PAGE + 1)
                page = self._recorder.select_notifications(start, PAGE, stop=end)
                found += [row for one in reversed(page) if (row := _row(one.state)).name == name]
                end = start - 1 if page else 0
        return found[:limit]


def _row(content: bytes) -> UseRow:
    return UseRow(**msgspec.json.decode(content))
