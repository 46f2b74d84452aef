"""Redelivery: a dead letter is sent again, or dropped. What is done about it is durable before it is done, and so is how it went.

claim it (sending) ─► durable, and the first ─► give the command, or append the record ─┬─► sent
                                                                                         ├─► refused: failed, open again
                                                                                         └─► nobody knows: it stays as it is
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from contracts.caller import Caller
from contracts.commands import Command
from contracts.errors import LogError, Rejected
from projections.audit import AuditRecord
from projections.dead_letters import Letter, State, again
from workers.tasks.letter_box import LetterBox

Give: TypeAlias = Callable[[str, Command, Caller], Awaitable[Any]]
InThread: TypeAlias = Callable[..., Awaitable[Any]]
"""Does something in a thread where it may wait for the log."""
Append: TypeAlias = Callable[[bytes], Awaitable[int | LogError]]
PutAgain: TypeAlias = Callable[[str, int, bytes], Awaitable[None]]
"""Appends a record to a partition of a topic; done when that is durable."""


class Redelivery:
    """Lives in the event loop. `read` runs what reads, `append` what appends an act: it answers the offset, or why not."""

    def __init__(self, box: LetterBox, read: InThread, append: Append, give: Give, put: PutAgain) -> None:
        self._box, self._read, self._append, self._give, self._put = box, read, append, give, put

    @property
    def content_bytes_max(self) -> int:
        """Content of a letter that is as long as this was cut."""
        return self._box.content_bytes_max

    async def page(self, state: State | None, topic: str | None, before: int | None, limit: int) -> tuple[list[Letter], int | None, int]:
        """Letters, the last one first; where to go on; and how many are open in all."""

        def read() -> tuple[list[Letter], int | None, int]:
            found, go_on = self._box.page(state, topic, before, limit)
            return found, go_on, self._box.open

        found: tuple[list[Letter], int | None, int] = await self._read(read)
        return found

    async def find(self, number: int) -> Letter:
        """A letter. Raises Rejected where there is none."""
        letter: Letter = await self._read(self._box.find, number)
        return letter

    async def acts(self) -> list[AuditRecord]:
        """Who has sent or dropped which letter."""
        acts: list[AuditRecord] = await self._read(self._box.acts)
        return acts

    async def send(self, number: int, reason: str, caller: Caller) -> Letter:
        """Send a letter again. Raises Rejected where it is not to be had, or is refused once more."""
        letter = await self.find(number)
        meaning = again(letter.letter, self.content_bytes_max)
        if not meaning.is_possible:
            raise Rejected("not_to_be_sent", f"dead letter {number}: {meaning.says}", letter=number)
        await self._act(number, "sending", reason, caller)
        try:
            if meaning.envelope is not None:
                await self._give(meaning.envelope.execution, meaning.envelope.command, caller)
            else:
                await self._put(meaning.topic, meaning.partition, letter.letter.content)
        except Rejected as refused:
            await self._act(number, "failed", str(refused), caller)
            raise
        return await self._act(number, "sent", reason, caller)

    async def drop(self, number: int, reason: str, caller: Caller) -> Letter:
        """Nobody needs to look at a letter any more. Raises Rejected where it is not to be had."""
        return await self._act(number, "dropped", reason, caller)

    async def _act(self, number: int, act: str, reason: str, caller: Caller) -> Letter:
        record = await self._read(self._box.next_act, number, act, reason, caller)
        answer = await self._append(record)
        if isinstance(answer, LogError):
            raise answer
        letter: Letter = await self._read(self._box.settle, number, answer)
        return letter
