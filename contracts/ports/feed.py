"""The feed: tells those who subscribe of decisions: first of what stands in the journal, then of what becomes durable.

    subscribe(selector, then, after) ─► read from the journal ─► live ─► … ─► end
                                              ▲                   │
                                              └── too much waits ─┘   so nothing is kept for who is slow

What every feed promises, and no more:

- *Only what counts* by the readers' rule, and only once it is durable.
- *In order, each once*, of each partition, whoever owns it meanwhile; of two partitions no order is told.
- *Nobody waits for a subscriber.* One that fails is logged and told of the next; one that is slow is read to, later, from the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from contracts.events import Event
from contracts.journal import Decision
from contracts.public_events import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which decisions somebody wants: those that fit all that is named; by default every one, also those that only refuse.

    `events` are types, and a decision fits that has an event of any of them. With `with_origin` each is told with its origin,
    which is looked up where nobody here has seen how the execution began. `partitions` are the only ones that are told of; None: all.
    """

    execution: str | None = None
    workflow: str | None = None
    events: frozenset[type[Event]] = frozenset()
    with_origin: bool = False
    partitions: frozenset[int] | None = None


class Told(NamedTuple):
    """A decision that counts, and where it stands; `origin` may be None where the selector does not ask for it."""

    partition: int
    offset: int
    decision: Decision
    origin: Origin | None = None


Then: TypeAlias = Callable[[Sequence[Told]], None]
"""Gets decisions of one partition, at least one, in their order."""


class Subscription(Protocol):
    """What somebody has subscribed to."""

    def after(self) -> dict[int, int]:
        """By partition the offset up to which everything was told: who subscribes with it later misses nothing and hears nothing twice."""

    def has_begun(self) -> bool:
        """Whether it is known of all its partitions where it begins: at once, where that was said."""

    def is_at_end(self) -> bool:
        """Whether all that is known to be durable was told."""

    def hold(self) -> None:
        """Tell nothing more until `go_on`. What comes meanwhile is read from the journal then, so it may last."""

    def go_on(self) -> None:
        """Tell again."""

    def end(self) -> None:
        """Tell nothing any more, from this moment on. Ending twice is once."""


class Feed(Protocol):
    """Lives in one thread, in which it is used and calls back; never within `subscribe` itself."""

    def subscribe(self, selector: Selector, then: Then, after: Mapping[int, int] | None = None) -> Subscription:
        """Tell of these decisions from the offsets `after` on, by partition; of a partition that is not named there, from its beginning.

        Without `after` it begins where the journals end when they are first followed: at once, or in a cluster a moment later.
        Raises Rejected for an execution in a partition that the log does not have.
        """
