"""The round: take the whole inbox, decide each command, append everything at once, and only then act.

    inbox ─► decide, evolve ─► encode, digest ─► append (one batch, durable) ─► answers, activities, timers, commands

Nothing leaves before the append has answered. When it fails, nothing of the round has happened: what is cached is
dropped and folded again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from contracts.commands import Effect, Envelope
from contracts.errors import RefoldError
from contracts.journal import Decision
from domain.history import Folded
from workers.ingress import size_of

ROUND_BYTES_MAX: Final = 1024 * 1024


class Answer(msgspec.Struct):
    """What a caller hears once its command is decided and durable.

    `position` is the offset after the decision, to be waited for by readers; `error` a rejection, or why nothing was stored.
    `state` is None for an execution that is not open any more and for a refused command.
    """

    execution: str
    position: int
    version: int = 0
    status: str = ""
    error: RefoldError | None = None
    repeated: bool = False


Reply: TypeAlias = Callable[[Answer], None]


class Item(msgspec.Struct, frozen=True):
    """A command in the inbox: who waits for the answer, the decision whose effect it is (-1: none), and the id it was called for by."""

    envelope: Envelope
    reply: Reply | None
    origin: int = -1
    called_for: str = ""


class Made(msgspec.Struct):
    """A decision of this round that is not durable yet, and what it calls for."""

    item: Item
    folded: Folded
    decision: Decision
    record: bytes
    effects: list[Effect]


def take_items(inbox: deque[Item], items_max: int) -> list[Item]:
    """What of the inbox makes up the next round."""
    items: list[Item] = []
    size = 0
    while inbox and len(items) < items_max and size < ROUND_BYTES_MAX:
        item = inbox.popleft()
        size += size_of(item.envelope.command)
        items.append(item)
    return items
