"""What a feed stands on beside an owner that is alone: the owner's rounds, told after everybody was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from contracts.journal import Checkpoint
from contracts.ports.feed import Selector, Told
from projections.public.origin import origin_in
from workers.partition.owner import Owner
from workers.partition.round import Made
from workers.reading.backlog import Piece
from workers.reading.journal_feed import Note, Wants


class Beside(Protocol):
    """How a feed has things done in its process."""

    def read(
        self, partition: int, start: Checkpoint | int, end: int, selector: Selector, then: Callable[[Piece | Exception], None]
    ) -> None:
        """See `workers.reading.journal_feed.Ground.read`."""

    def soon(self, do: Callable[[], None]) -> None:
        """Do it when this turn is over."""

    def later(self, do: Callable[[], None]) -> None:
        """Do it after a pause."""


class OwnerGround:
    """See `workers.reading.journal_feed.Ground`. It costs the owner nothing while nobody subscribes."""

    partitions = 1

    def __init__(self, owner: Owner, beside: Beside) -> None:
        self._owner = owner
        self.read, self.soon, self.later = beside.read, beside.soon, beside.later
        self._stop: Callable[[], None] = _nothing

    def partition_of(self, execution: str) -> int:
        """The only one."""
        return self._owner.partition

    def join(self, partition: int, note: Note, wants: Wants) -> None:
        """Hear what the owner makes durable."""
        owner = self._owner

        def heard(base: int, made: Sequence[Made]) -> None:
            found = [
                Told(partition, base + index, one.decision, origin_in(one.folded.state))
                for index, one in enumerate(made)
                if wants(one.decision.execution, one.folded.state.workflow)
            ]
            note(partition, base, found, owner.checkpoint)

        self._stop = owner.hearers.add(heard)
        if owner.is_in_charge:
            heard(owner.position, [])

    def leave(self, partition: int) -> None:
        """Hear no more."""
        self._stop()
        self._stop = _nothing


def _nothing() -> None:
    """Nobody was heard."""
