"""Offloading: big values are stored before their command goes to an owner, in another thread, as storing waits for the log.

What the owner itself makes big, by a transform or a template, it stores while all wait; that is rare.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec

from contracts.commands import Command, CreateExecution
from contracts.errors import LogError, LogUnreachable, RefoldError, Rejected
from contracts.ports.blobs import Blobs
from contracts.values import BLOB_BYTES_MIN_DEFAULT
from workers.partition.catalog import Catalog
from workers.partition.offload import VALUES, offload
from workers.partition.round import Answer, Item, Reply

LEARN_AGAIN_S: Final = 0.2


class Offloading:
    """Lives in the event loop; what is small goes through at once."""

    def __init__(self, blobs: Blobs, catalog: Catalog) -> None:
        self._blobs, self._catalog = blobs, catalog
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(1, "refold-blobs")
        self._tasks: set[asyncio.Task[Any]] = set()

    def send(self, execution: str, command: Command, reply: Reply | None, forward: Callable[[Command], None]) -> None:
        """Forward a command once its values are small; `reply` hears where they could not be stored."""
        if is_small(command):
            forward(command)
            return

        async def store() -> None:
            try:
                small = await self._loop.run_in_executor(self._pool, offload, command, self._blobs)
                forward(small)
            except (Rejected, LogError) as error:
                if reply is not None:
                    reply(Answer(execution, 0, error=error))

        self._begin(store())

    def is_ready(self, command: Command) -> bool:
        """Whether a command can be decided at once: it is small, and its definition is known."""
        return is_small(command) and not self._is_unknown(command)

    def _is_unknown(self, command: Command) -> bool:
        return isinstance(command, CreateExecution) and command.definition != "" and not self._catalog.has(command.definition)

    async def items(self, items: Sequence[Item]) -> list[Item]:
        """The items with small values; one whose values cannot be stored stays as it is, and its owner says so."""
        if any(self._is_unknown(item.envelope.command) for item in items):
            await self.learn()
        return [item if is_small(item.envelope.command) else await self._item(item) for item in items]

    async def learn(self) -> None:
        """Read on in the catalog, however long the brokers are away: others have published."""
        while True:
            try:
                return await self._loop.run_in_executor(self._pool, self._catalog.read_on)
            except LogUnreachable:
                await asyncio.sleep(LEARN_AGAIN_S)

    async def _item(self, item: Item) -> Item:
        try:
            small = await self._loop.run_in_executor(self._pool, offload, item.envelope.command, self._blobs)
        except RefoldError:
            return item
        return msgspec.structs.replace(item, envelope=msgspec.structs.replace(item.envelope, command=small))

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Store nothing more."""
        for task in self._tasks:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


def is_small(command: Command) -> bool:
    """Whether no value of a command is to become a blob."""
    for name in VALUES.get(type(command), ()):
        value = getattr(command, name)
        if value is not None and len(value) >= BLOB_BYTES_MIN_DEFAULT:
            return False
    return True
