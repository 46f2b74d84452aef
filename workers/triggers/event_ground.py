"""What event triggers stand on: what stands in a journal since a time, and what an execution knows that no event says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from contracts.codec import decision_of, read_record
from contracts.errors import UnknownRecord
from contracts.journal import Decided, Sealed
from contracts.ports.feed import Told
from contracts.ports.log import Log
from contracts.public_events import CloudEvent
from contracts.values import decode
from domain.execution.state import Execution

SKEW_MS: Final = 60_000
"""By so much the clocks of those who publish and those who decide may differ."""
PROBE_RECORDS: Final = 200


class Known(NamedTuple):
    """What an execution knows: how many triggers have started each other up to it, and its values by the names of links, as asked."""

    depth: int
    values: dict[str, Any]


class Completed(NamedTuple):
    """An execution that has completed, and when (milliseconds since 1970)."""

    execution: str
    at: int


class Ground(Protocol):
    """Reads where that holds nobody up, and calls back in the engine's thread."""

    def first_since(self, partition: int, time: int, then: Callable[[int | Exception], None]) -> None:
        """An offset of the journal before which nothing stands that was decided since a time (milliseconds since 1970)."""

    def know(self, execution: str, names: Sequence[str], then: Callable[[Known | Exception], None]) -> None:
        """What an execution knows; of its values those named: `input`, `output`."""

    def present(self, told: Told) -> list[CloudEvent]:
        """The public events of a decision."""

    def completed(self, workflow: str, since: int, until: Mapping[int, int], then: Callable[[list[Completed] | Exception], None]) -> None:
        """The executions of a workflow that have completed since a time: all of which that stands before these offsets, by partition."""


def depth_in(state: Execution) -> int:
    """How many triggers have started each other up to an execution; 0 for one that a caller started."""
    if state.trigger is None:
        return 0
    found = decode(state.trigger).get("depth", 0)
    return found if isinstance(found, int) else 0


def first_since(log: Log, partition: int, time: int) -> int:
    """See `Ground`. Found by halving; what cannot be read counts as later, so nothing is passed over."""
    low, high = 0, log.end("journal", partition)
    while low < high:
        middle = (low + high) // 2
        decided_at = _decided_at(log, partition, middle, high)
        if decided_at is not None and decided_at < time - SKEW_MS:
            low = middle + 1
        else:
            high = middle
    return low


def _decided_at(log: Log, partition: int, offset: int, end: int) -> int | None:
    """When the first decision from an offset on was made; None where none can be read nearby."""
    for _, content in log.read("journal", partition, offset, min(end, offset + PROBE_RECORDS)):
        record = read_record(content)
        if isinstance(record, Decided) or (isinstance(record, Sealed) and record.plain):
            try:
                return decision_of(record).now
            except UnknownRecord:
                continue
    return None
