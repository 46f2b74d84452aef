"""What the API needs to know of dead letters, as a protocol; a part of `api.service.Service`."""

from __future__ import annotations

from typing import Protocol

from contracts.caller import Caller
from projections.dead_letters import Letter, State


class Letters(Protocol):
    """The dead letters of the log, and what is done about them."""

    @property
    def content_bytes_max(self) -> int:
        """Content of a letter that is as long as this was cut."""

    async def page(self, state: State | None, topic: str | None, before: int | None, limit: int) -> tuple[list[Letter], int | None, int]:
        """Letters before an offset, the last one first; where to go on; and how many are open in all."""

    async def find(self, number: int) -> Letter:
        """A letter. Raises Rejected where there is none."""

    async def send(self, number: int, reason: str, caller: Caller) -> Letter:
        """Send a letter again. Raises Rejected where it is not to be had, or is refused once more."""

    async def drop(self, number: int, reason: str, caller: Caller) -> Letter:
        """Nobody needs to look at a letter any more. Raises Rejected where it is not to be had."""
