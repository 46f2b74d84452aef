"""The resources of a log: what is made over the API and is neither a definition nor an execution, by kind and name.

It is folded from the `resources` topic; writing appends there. What is written again as it is, writes nothing.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from contracts import codec
from contracts.errors import LogCorrupt, LogError, Overloaded, RefoldError, Rejected, UnknownRecord
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from contracts.resources import RESOURCES_MAX, Resource, ResourceRecord, ResourceWritten, TriggersAdvanced, read_resource_record
from contracts.triggers import Fired
from workers.partition.catalog import PASSED_OVER_MAX, PassedOver
from workers.partition.trigger_states import TriggerStates

OnWritten: TypeAlias = Callable[[Resource], None]
WRITES_MAX: Final = 10
"""So often one who overwrites whatever is there tries again, where others were quicker."""
_LATELY_MAX: Final = 1_000
TOPIC: Final = "resources"


class Resources:
    """All that there are. Reads on when somebody else may have written; what is asked may be asked from any thread."""

    def __init__(self, log: Log, clock: Clock, is_followed: bool = False) -> None:
        """Of those that are followed records come by `take`, as they do to a catalog."""
        self._log, self._clock = log, clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._offset = 0
        self._kinds: dict[str, dict[str, Resource]] = {}
        self._counted: deque[int] = deque(maxlen=_LATELY_MAX)
        """The offsets of the last records that counted: a writer looks whether its own is among them."""
        self._hearers: list[OnWritten] = []
        self._passed_over: list[tuple[int, bytes, RefoldError]] = []
        self._told: PassedOver | None = None
        self._is_followed = is_followed
        self.writes: Counter[str] = Counter()
        """How often anything of a kind was written or deleted: whoever keeps what it made of them looks whether that has changed."""
        self.triggers = TriggerStates()
        """How far triggers are."""
        self.read_on()

    @property
    def offset(self) -> int:
        """Up to where it has read."""
        return self._offset

    def read_on(self) -> None:
        """Fold what has been appended since. May be called from any thread; while one reads, the others go on."""
        for offset, content in self._log.read(TOPIC, 0, self._offset):
            self.take(offset, content)

    def take(self, offset: int, content: bytes) -> None:
        """Fold the next record, that may have been read elsewhere; one that is known already is passed over."""
        written = None
        with self._lock:
            if offset != self._offset:
                return
            self._offset = offset + 1
            try:
                written = self._apply(offset, read_resource_record(content))
            except (UnknownRecord, LogCorrupt) as error:
                self._passed_over.append((offset, content, error))
                del self._passed_over[:-PASSED_OVER_MAX]
        if written is not None:
            for then in self._hearers:
                then(written)
        self._tell_passed_over()

    def _apply(self, offset: int, record: ResourceRecord) -> Resource | None:
        """What a resource is after a record; None where somebody else was quicker, so that it does not count, or it is about none."""
        if isinstance(record, TriggersAdvanced):
            self.triggers.take(record)
            return None
        known = self._kinds.setdefault(record.kind, {})
        if record.revision != _revision(known.get(record.name)) + 1:
            return None
        self._counted.append(offset)
        self.writes[record.kind] += 1
        known[record.name] = found = _resource_of(record)
        return found

    def hear(self, then: OnWritten) -> None:
        """Call back with each resource that is written from now on, deleted ones included; in whichever thread reads of it."""
        self._hearers.append(then)

    def hear_of_passed_over(self, told: PassedOver) -> None:
        """From now on tell of records that are no use here, those included that already were; called from any thread."""
        self._told = told
        self._tell_passed_over()

    def _tell_passed_over(self) -> None:
        if self._told is not None:
            passed_over, self._passed_over = self._passed_over, []
            for one in passed_over:
                self._told(*one)

    # What there is.

    def look(self) -> None:
        """Before something is asked that others may just have written: read on, unless it is followed."""
        if not self._is_followed:
            self.read_on()

    def find(self, kind: str, name: str) -> Resource | None:
        """The resource of a name; None where there is none."""
        found = self._kinds.get(kind, {}).get(name)
        return None if found is None or found.value is None else found

    def last(self, kind: str, name: str) -> Resource | None:
        """What was written last about a name, also that it was deleted."""
        return self._kinds.get(kind, {}).get(name)

    def get(self, kind: str, name: str) -> Resource:
        """The same. Raises Rejected where there is none."""
        found = self.find(kind, name)
        if found is None:
            raise Rejected("unknown_resource", f"{kind}/{name}: there is none of that name")
        return found

    def all(self, kind: str) -> list[Resource]:
        """All of a kind, by name."""
        with self._lock:
            there = list(self._kinds.get(kind, {}).values())
        return sorted(one for one in there if one.value is not None)

    # Writing.

    def write(self, kind: str, name: str, value: bytes, actor: str, expected: int | None = None) -> Resource:
        """Let a resource be this. With `expected` only where that is its revision still, 0 of one that is not there.

        Raises Rejected where it is not (`overtaken`), or where there are too many of the kind; LogError.
        """
        with self._writing:
            return self._write(kind, name, value, actor, expected)

    def delete(self, kind: str, name: str, actor: str, expected: int | None = None) -> Resource:
        """Let a resource be no more; one that was deleted already stays so. Raises Rejected where there never was any, or as `write`."""
        with self._writing:
            self.read_on()
            if name not in self._kinds.get(kind, {}):
                self.get(kind, name)
            return self._write(kind, name, None, actor, expected)

    def _write(self, kind: str, name: str, value: bytes | None, actor: str, expected: int | None) -> Resource:
        for _ in range(WRITES_MAX):
            self.read_on()
            known = self._kinds.get(kind, {})
            before = known.get(name)
            if before is not None and before.value == value:
                return before
            _check_expected(kind, name, before, expected)
            if value is not None and (before is None or before.value is None) and len(self.all(kind)) >= RESOURCES_MAX:
                raise Rejected("too_many", f"{kind}: there are {RESOURCES_MAX:,} of them already, the most there may be")
            record = ResourceWritten(kind, name, value, _revision(before) + 1, actor, self._clock.now())
            offset = self._append(record)
            self.read_on()
            if offset in self._counted:
                return _resource_of(record)
        raise Overloaded(f"{kind}/{name}: others write it all the time")

    def advance(self, positions: Mapping[str, int], fired: Sequence[Fired] = ()) -> None:
        """Let triggers be done up to these positions, and say what they did; durable when it returns. Raises LogError."""
        with self._writing:
            self._append(TriggersAdvanced(dict(positions), tuple(fired), self._clock.now()))
            self.read_on()

    def _append(self, record: ResourceRecord) -> int:
        answer = self._log.append(TOPIC, {0: [codec.pack(record)]})[0]
        if isinstance(answer, LogError):
            raise answer
        return answer


def _resource_of(record: ResourceWritten) -> Resource:
    return Resource(record.kind, record.name, record.value, record.revision, record.actor, record.recorded_at)


def _revision(found: Resource | None) -> int:
    return 0 if found is None else found.revision


def _check_expected(kind: str, name: str, before: Resource | None, expected: int | None) -> None:
    """Raise Rejected where a resource is not what the caller has seen."""
    is_there = before is not None and before.value is not None
    if expected is not None and expected != _revision(before) and (is_there or expected):
        there = (
            f"it is at revision {before.revision}, written by {before.actor or 'the engine'}" if before and is_there else "there is none"
        )
        raise Rejected("overtaken", f"{kind}/{name}: revision {expected} was expected, and {there}: look at it again")
