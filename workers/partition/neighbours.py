"""The neighbours of an owner: whom it wakes, tells and asks in its process. An owner alone has none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from contracts.commands import Command
from workers.partition.breaker_book import BreakerBook
from workers.partition.command_outbox import Learn
from workers.partition.round import Item
from workers.partition.sealing import UNSEALED, Sealing
from workers.partition.watchers import Watchers

Reports: TypeAlias = deque[tuple[str, Command]]
"""What workers report, with the execution that it is of; put from any thread."""


def _nothing(*_: object) -> None:
    """Nobody needs to hear of it."""


class Neighbours(NamedTuple):
    """What an owner is given besides its stores."""

    reports: Reports | None = None
    wake: Callable[[], None] = _nothing
    """Called when something has come in from the owner's thread."""
    elsewhere: Callable[[Item, Callable[[Item], None]], bool] | None = None
    """Takes a command for an execution of another partition, and calls back once it is on its way for good; False: it lives here."""
    tell_end: Callable[[str, Watchers], None] | None = None
    """Tells those who watch an execution how it has ended; without, the owner reads that itself, while all wait."""
    learn: Learn | None = None
    """See `CommandOutbox`; an owner alone knows of all that is published."""
    on_junk: Callable[[int, bytes], None] = _nothing
    """Called with what was come upon in the journal that is no record, and is passed over."""
    sealing: Sealing = UNSEALED
    """How executions are sealed that are to be erased some day."""
    counted_in: Callable[[str], int] | None = None
    """See `Decider`; an owner alone counts all."""
    breakers: BreakerBook | None = None
    """The circuit breakers that there are."""
