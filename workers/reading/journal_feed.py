"""The feed of a process: puts together what is read from the journal and what is told live. See `contracts/ports/feed.py`.

    owner, follower ─► note ─┬─► strands that are live ─► waiting ─► step: told
                             └─► those apart: read on (workers/reading/backlog.py), and live again from where that ends

It has no thread and no clock: what is around it says where reading is done, and calls `step` when it was asked to.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from contracts.errors import LogError, UnknownRecord
from contracts.journal import Checkpoint
from contracts.ports.feed import Selector, Subscription, Then, Told
from workers.reading.backlog import Origins, Piece
from workers.reading.subscription import Strand, Subscribed
from workers.reading.waypoint import copy_of

PIECE_RECORDS: Final = 2_000
"""So much of a journal is read at a time."""

_log = logging.getLogger("refold.feed")


Note: TypeAlias = Callable[[int, int, Sequence[Told], Checkpoint], None]
Wants: TypeAlias = Callable[[str, str], bool]
"""Whether anybody may want a decision of an execution, of a workflow. What nobody wants need not be found."""


class Ground(Protocol):
    """What a feed stands on."""

    @property
    def partitions(self) -> int:
        """How many partitions there are."""

    def partition_of(self, execution: str) -> int:
        """Where an execution lives."""

    def join(self, partition: int, note: Note, wants: Wants) -> None:
        """Tell of a partition from now on: at once or later, first of where it is told from, with nothing found. See `Feed.note`."""

    def leave(self, partition: int) -> None:
        """Do so no more."""

    def read(
        self, partition: int, start: Checkpoint | int, end: int, selector: Selector, then: Callable[[Piece | Exception], None]
    ) -> None:
        """Read what lies there, where that holds nobody up, and call back in the feed's thread. See `Backlog.read`."""

    def soon(self, do: Callable[[], None]) -> None:
        """Do it when this turn is over."""

    def later(self, do: Callable[[], None]) -> None:
        """Do it after a pause."""


class _Tail:
    """Where a partition's journal is told live, and the strands in it."""

    def __init__(self) -> None:
        self.checkpoint: Checkpoint | None = None
        """Up to where it was told; None as long as nobody has said."""
        self._live: list[Strand] = []
        self._of: dict[str, list[Strand]] = {}
        """The live ones that want a single execution."""
        self.apart: list[Strand] = []
        self._executions = Counter[str | None]()
        self._workflows = Counter[str | None]()
        """How many strands want which: an execution, or else a workflow, or (None) all of them."""

    def add(self, strand: Strand) -> None:
        """It is one of them, and not live yet."""
        self.apart.append(strand)
        self._count(strand, 1)

    def forget(self, strand: Strand) -> None:
        """It is gone."""
        self._remove(strand)
        self._count(strand, -1)

    def _count(self, strand: Strand, more: int) -> None:
        selector = strand.subscription.selector
        counts, wanted = (self._workflows, selector.workflow) if selector.execution is None else (self._executions, selector.execution)
        counts[wanted] += more
        if not counts[wanted]:
            del counts[wanted]

    def wants(self, execution: str, workflow: str) -> bool:
        """Whether one of them may want a decision of an execution of a workflow."""
        return workflow in self._workflows or None in self._workflows or execution in self._executions

    def begin(self, strand: Strand) -> None:
        """It is live from now on."""
        self.apart.remove(strand)
        strand.is_live = True
        self._among(strand).append(strand)

    def stand_apart(self, strand: Strand, offset: int, checkpoint: Checkpoint | None) -> None:
        """It is not live any more."""
        self._remove(strand)
        strand.stand_apart(offset, checkpoint)
        self.apart.append(strand)

    def _among(self, strand: Strand) -> list[Strand]:
        execution = strand.subscription.selector.execution
        return self._live if execution is None else self._of.setdefault(execution, [])

    def _remove(self, strand: Strand) -> None:
        if not strand.is_live:
            self.apart.remove(strand)
            return
        self._among(strand).remove(strand)
        execution = strand.subscription.selector.execution
        if execution is not None and not self._of[execution]:
            del self._of[execution]

    def live(self) -> Iterator[Strand]:
        """All that are live."""
        yield from self._live
        for strands in self._of.values():
            yield from strands

    def live_for(self, execution: str) -> list[Strand]:
        """Those that may want a decision of an execution."""
        return self._live + self._of.get(execution, [])

    @property
    def is_empty(self) -> bool:
        """Whether nobody is told of the partition any more."""
        return not (self._live or self._of or self.apart)


class Feed:
    """See `contracts.ports.feed.Feed`."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._tails: dict[int, _Tail] = {}
        self._subscribed: set[Subscribed] = set()
        self._waiting: dict[Strand, None] = {}
        """Those that have something to tell, in the order in which it came."""
        self._is_due = False
        self._origins = Origins()

    def subscribe(self, selector: Selector, then: Then, after: Mapping[int, int] | None = None) -> Subscription:
        """Tell of these decisions from the offsets `after` on. See `contracts.ports.feed.Feed`."""
        execution = selector.execution
        partitions = self._wanted(selector) if execution is None else (self._ground.partition_of(execution),)
        subscribed = Subscribed(selector, then, self._told_to, self._on_change)
        self._subscribed.add(subscribed)
        for partition in partitions:
            self._add(subscribed, partition, None if after is None else after.get(partition, 0))
        return subscribed

    def look_again(self) -> None:
        """Partitions were added: they are told from their beginning."""
        for subscribed in self._subscribed:
            if subscribed.selector.execution is None:
                for partition in self._wanted(subscribed.selector):
                    if partition not in subscribed.strands:
                        self._add(subscribed, partition, 0)

    def _wanted(self, selector: Selector) -> Iterable[int]:
        wanted = selector.partitions
        return (one for one in range(self._ground.partitions) if wanted is None or one in wanted)

    def close(self) -> None:
        """End all subscriptions."""
        for subscribed in list(self._subscribed):
            subscribed.end()

    def _add(self, subscribed: Subscribed, partition: int, offset: int | None) -> None:
        strand = subscribed.strands[partition] = Strand(subscribed, partition, offset)
        if partition in self._tails:
            self._tails[partition].add(strand)
            self._settle(strand)
        else:
            tail = self._tails[partition] = _Tail()
            tail.add(strand)
            self._ground.join(partition, self.note, tail.wants)

    def _on_change(self, subscribed: Subscribed) -> None:
        """It has ended, or goes on."""
        for partition, strand in subscribed.strands.items():
            if not subscribed.has_ended:
                self._wake(strand)
                continue
            self._waiting.pop(strand, None)
            self._tails[partition].forget(strand)
            if self._tails[partition].is_empty:
                del self._tails[partition]
                self._ground.leave(partition)
        if subscribed.has_ended:
            self._subscribed.discard(subscribed)

    def _told_to(self, strand: Strand) -> int | None:
        """The offset up to which everything was told; None while nobody knows where it begins."""
        if strand.first_waiting is not None:
            return strand.first_waiting
        if strand.reading_from is not None:
            return strand.reading_from
        tail = self._tails.get(strand.partition)
        return tail.checkpoint.offset if strand.is_live and tail is not None and tail.checkpoint is not None else strand.offset

    # What becomes durable.

    def note(self, partition: int, base: int, found: Sequence[Told], checkpoint: Checkpoint) -> None:
        """These count, and are all that do and that anybody wants from offset `base` up to the checkpoint."""
        tail = self._tails.get(partition)
        if tail is None:
            return
        before = tail.checkpoint
        if before is not None and base > before.offset:  # somebody else has owned it meanwhile, or nobody has followed it
            for strand in list(tail.live()):
                tail.stand_apart(strand, before.offset, copy_of(before))
            before = None
        if tail.checkpoint is None or checkpoint.offset > tail.checkpoint.offset:
            tail.checkpoint = copy_of(checkpoint)
        first = base if before is None else max(base, before.offset)
        self._let_in(tail, first, checkpoint.offset)
        for one in found:
            if one.offset >= first:
                self._offer(tail, self._named(one), before)
        for strand in list(tail.apart):
            self._settle(strand)

    def _let_in(self, tail: _Tail, first: int, end: int) -> None:
        """Those that begin among what has just come, or with it, are live."""
        for strand in list(tail.apart):
            if strand.offset is None:
                strand.offset = end
            if first <= strand.offset <= end and strand.reading_from is None:
                tail.begin(strand)

    def _named(self, one: Told) -> Told:
        """With its origin, where one before it said that."""
        if one.origin is None:
            return one._replace(origin=self._origins.get(one.decision.execution))
        if one.decision.first == 1:
            self._origins.note(one.decision.execution, one.origin)
        return one

    def _offer(self, tail: _Tail, one: Told, before: Checkpoint | None) -> None:
        for strand in tail.live_for(one.decision.execution):
            if strand.offer(one):
                self._wake(strand)
            else:
                tail.stand_apart(strand, one.offset, None if before is None else copy_of(before))

    # Telling.

    def _wake(self, strand: Strand) -> None:
        """It may have something to tell, or to read."""
        if not strand.has_waiting and strand.is_live:
            return
        self._waiting[strand] = None
        if not self._is_due:
            self._is_due = True
            self._ground.soon(self.step)

    def step(self) -> None:
        """Tell some of what waits."""
        self._is_due = False
        waiting, self._waiting = self._waiting, {}
        for strand in waiting:
            if not strand.subscription.is_silent and strand.has_waiting:
                strand.tell()
            if strand.subscription.is_silent:
                continue
            if strand.has_waiting:
                self._wake(strand)
            else:
                self._settle(strand)

    # Reading.

    def _settle(self, strand: Strand) -> None:
        """One that is apart: live at once where it stands at the end, else read on, unless something of it still waits."""
        tail = self._tails[strand.partition]
        if strand.is_live or strand.reading_from is not None or tail.checkpoint is None or strand.offset is None:
            if strand.offset is None and tail.checkpoint is not None:
                strand.offset = tail.checkpoint.offset
                tail.begin(strand)
            return
        if strand.offset == tail.checkpoint.offset:
            tail.begin(strand)
        elif strand.offset < tail.checkpoint.offset and not strand.has_waiting and not strand.subscription.is_silent:
            self._read(tail, strand, strand.offset, tail.checkpoint.offset)

    def _read(self, tail: _Tail, strand: Strand, offset: int, live: int) -> None:
        """Read a piece. With the last one it is live: what comes meanwhile waits behind it."""
        start = strand.checkpoint
        end = min(live, (offset if start is None else start.offset) + PIECE_RECORDS)
        strand.reading_from = offset
        if end == live:
            tail.begin(strand)

        def then(piece: Piece | Exception) -> None:
            if strand.subscription.has_ended:
                return
            if isinstance(piece, Exception):
                self._not_read(tail, strand, offset, start, piece)
                return
            for one in piece.told:
                if one.origin is not None:
                    self._origins.note(one.decision.execution, one.origin)
            strand.take_read(one for one in piece.told if one.offset >= offset)
            if end < live:
                strand.stand_apart(max(offset, end), piece.checkpoint)
            self._wake(strand)

        self._ground.read(strand.partition, offset if start is None else start, end, strand.subscription.selector, then)

    def _not_read(self, tail: _Tail, strand: Strand, offset: int, start: Checkpoint | None, why: Exception) -> None:
        """Try it again after a pause."""
        trace = None if isinstance(why, LogError | UnknownRecord) else why
        told = "the journal of partition %d could not be read for a subscriber, it is tried again: %s"
        _log.warning(told, strand.partition, why, exc_info=trace)
        strand.give_up_reading()
        if strand.is_live:
            tail.stand_apart(strand, offset, start)
        else:
            strand.stand_apart(offset, start)

        def again() -> None:
            if not strand.subscription.has_ended:
                self._settle(strand)

        self._ground.later(again)
