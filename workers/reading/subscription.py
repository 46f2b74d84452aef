"""A subscription: what one subscriber is told, of each partition by itself. See `contracts/ports/feed.py`.

apart ── the journal is read up to where it is told live ──► live ── told as it becomes durable
  ▲                                                            │
  └──────── too much waits, or the owner has changed ──────────┘
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from contracts.journal import Checkpoint
from contracts.ports.feed import Selector, Then, Told
from workers.reading.backlog import is_wanted

WAITING_MAX: Final = 1_000
"""So many decisions wait to be told; what comes besides is read from the journal when these are told."""
TURN_MAX: Final = 100
"""So many are told in one turn: who takes long over each holds nobody up for longer than that."""

_log = logging.getLogger("refold.feed")


class Strand:
    """A subscription in one partition. Below `offset` everything was told, or waits to be; None where it is not known yet."""

    __slots__ = ("_ahead", "_waiting", "checkpoint", "is_live", "offset", "partition", "reading_from", "subscription")

    def __init__(self, subscription: Subscribed, partition: int, offset: int | None) -> None:
        self.subscription, self.partition, self.offset = subscription, partition, offset
        self.checkpoint: Checkpoint | None = None
        """Where to read on from, at or below the offset; without one that is looked for."""
        self.is_live = False
        self.reading_from: int | None = None
        """The offset from which on the journal is being read for it."""
        self._waiting: deque[Told] = deque()
        self._ahead: deque[Told] = deque()
        """What came while the rest before it was being read."""

    def stand_apart(self, offset: int, checkpoint: Checkpoint | None) -> None:
        """From this offset on it is to be read, under this checkpoint."""
        self.is_live, self.offset, self.checkpoint = False, offset, checkpoint

    def offer(self, found: Told) -> bool:
        """Take in what has become durable, if it is wanted; False where it has to be read instead."""
        if self.offset is not None and found.offset < self.offset:
            return True
        wanted = is_wanted(self.subscription.selector, found.decision, found.origin)
        if wanted is None:
            return False
        if wanted:
            if len(self._waiting) + len(self._ahead) >= WAITING_MAX:
                return False
            (self._waiting if self.reading_from is None else self._ahead).append(found)
        return True

    def take_read(self, told: Iterable[Told]) -> None:
        """This was read; it comes before what came meanwhile."""
        self.reading_from = None
        self._waiting.extend(told)
        self._waiting.extend(self._ahead)
        self._ahead.clear()

    def give_up_reading(self) -> None:
        """It could not be read, so nothing of what came meanwhile may be told yet."""
        self.reading_from = None
        self._ahead.clear()

    @property
    def has_waiting(self) -> bool:
        """Whether anything waits to be told."""
        return bool(self._waiting)

    @property
    def is_at_end(self) -> bool:
        """Whether it is live and everything was told."""
        return self.is_live and self.reading_from is None and not self._waiting

    @property
    def first_waiting(self) -> int | None:
        """The offset of the first decision that waits."""
        return self._waiting[0].offset if self._waiting else None

    def tell(self) -> None:
        """Tell some of what waits."""
        batch = [self._waiting.popleft() for _ in range(min(TURN_MAX, len(self._waiting)))]
        try:
            self.subscription.then(batch)
        except Exception:
            _log.exception("whoever subscribed to %s could not be told", self.subscription.selector)


class Subscribed:
    """See `contracts.ports.feed.Subscription`. `changed` is told of it when it ends, and when it goes on."""

    def __init__(
        self, selector: Selector, then: Then, told_to: Callable[[Strand], int | None], changed: Callable[[Subscribed], None]
    ) -> None:
        """`told_to` says up to which offset one of its strands was told, `changed` hears that it has ended or goes on."""
        self.selector, self.then, self._told_to, self._changed = selector, then, told_to, changed
        self.strands: dict[int, Strand] = {}
        self.is_held = self.has_ended = False

    def after(self) -> dict[int, int]:
        """By partition the offset up to which everything was told."""
        found = {partition: self._told_to(strand) for partition, strand in self.strands.items()}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def has_begun(self) -> bool:
        """Whether it is known of all its partitions where it begins."""
        return all(self._told_to(strand) is not None for strand in self.strands.values())

    def is_at_end(self) -> bool:
        """Whether all that is known to be durable was told."""
        return all(strand.is_at_end for strand in self.strands.values())

    @property
    def is_silent(self) -> bool:
        """Whether it is to be told nothing at the moment."""
        return self.is_held or self.has_ended

    def hold(self) -> None:
        """Tell nothing more until `go_on`."""
        self.is_held = True

    def go_on(self) -> None:
        """Tell again."""
        if self.is_held and not self.has_ended:
            self.is_held = False
            self._changed(self)

    def end(self) -> None:
        """Tell nothing any more."""
        if not self.has_ended:
            self.has_ended = True
            self._changed(self)
