"""What a worker knows of the way to its tasks, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from refold.errors import RefoldError
from refold.worker.in_hand import InHand
from refold.worker.task_in_hand import TaskInHand

PROTOCOL: Final = 1
BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""The pauses before trying again; the last one goes on."""


class ServerRefuses(RefoldError):
    """The server, or the broker, does not want this worker; trying again would not help."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a worker offers, and on which terms."""

    name: str
    has_own_name: bool
    """Whether somebody gave it the name, which then is the same after a restart."""
    kinds: tuple[str, ...]
    async_kinds: frozenset[str]
    queues: tuple[str, ...]
    concurrency: int
    credits: int
    stop_grace_s: float


class Transport(Protocol):
    """Brings tasks to the worker's hand, and tells what came of them."""

    async def work(self, in_hand: InHand) -> None:
        """Until it was asked to stop, and what ran then has ended. Raises ServerRefuses."""

    def on_gone(self, one: TaskInHand) -> None:
        """It is not in hand any more."""

    def stop(self) -> None:
        """Take nothing more. From the loop's thread, or before there is a loop."""
