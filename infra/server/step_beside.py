"""What a feed has done beside it in an engine that is moved by steps: everything in the next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.codec import decision_of, execution_in, read_record
from contracts.errors import LogUnreachable
from contracts.journal import Checkpoint, Decided, Sealed
from contracts.ports.clock import Clock
from contracts.ports.feed import Selector
from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from contracts.public_events import Origin
from projections.public.origin import origin_of
from workers.reading.backlog import Backlog, Piece

LATER_MS: Final = 500
"""So long after a failure it is tried again."""


class StepBeside:
    """See `workers.reading.owner_feed.Beside`. There are no read models: how an execution began is looked for in the journal."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._backlog, self._clock = _WholeBacklog(log, _no_models), clock
        self._soon: list[Callable[[], None]] = []
        self._later: list[tuple[int, Callable[[], None]]] = []

    def read(
        self, partition: int, start: Checkpoint | int, end: int, selector: Selector, then: Callable[[Piece | Exception], None]
    ) -> None:
        """Read in the next step."""

        def read() -> None:
            try:
                piece: Piece | Exception = self._backlog.read(partition, start, end, selector)
            except Exception as error:  # whoever asked has to hear of it, whatever it is
                piece = error
            then(piece)

        self._soon.append(read)

    def soon(self, do: Callable[[], None]) -> None:
        """Do it in the next step."""
        self._soon.append(do)

    def later(self, do: Callable[[], None]) -> None:
        """Do it in the first step after a moment."""
        self._later.append((self._clock.now() + LATER_MS, do))

    def step(self) -> bool:
        """Do what is to be done now; True when there was anything."""
        if not (self._soon or self._later):
            return False
        now, later = self._clock.now(), self._later
        self._later = [one for one in later if one[0] > now]
        due, self._soon = self._soon + [do for at, do in later if at <= now], []
        for do in due:
            do()
        return bool(due)

    def next_due(self) -> int | None:
        """When something was put off to (milliseconds since 1970)."""
        return 0 if self._soon else min((at for at, _ in self._later), default=None)


class _WholeBacklog(Backlog):
    """Looks for the origin of an execution from the beginning of the journal on, which is short where an engine is moved by steps."""

    def _origin_of(self, partition: int, execution: str, offset: int) -> Origin | None:
        """The origin that one of its decisions says."""
        for _, content in self._log.read("journal", partition, 0, offset):
            record = read_record(content)
            if isinstance(record, Decided | Sealed) and execution_in(record) == execution and (found := origin_of(decision_of(record))):
                self._origins.note(execution, found)
                return found
        return None


def _no_models(partition: int) -> ReadModels:
    raise LogUnreachable(f"there are no read models here that know the executions of partition {partition}")
