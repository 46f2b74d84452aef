"""Offloading: big values are stored before their command goes to an owner, in another thread, as storing waits for the log.

What the owner itself makes big, by a transform or a template, is stored with its round; that is rare. So is what may be of an
execution that is sealed: its owner alone knows its key. To an owner elsewhere it goes sealed for its way (`workers.cluster.transit`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec

from contracts.commands import Command, CreateExecution, Envelope
from contracts.errors import LogCorrupt, LogError, LogUnreachable, RefoldError, Rejected
from contracts.ports.blobs import Blobs
from contracts.values import BLOB_BYTES_MIN_DEFAULT
from domain.execution.history import graph_for
from workers.cluster.transit import Transit, arrived, is_on_its_way, sealed_for_its_way
from workers.partition.catalog import Catalog
from workers.partition.offload import VALUES, offload
from workers.partition.round import Answer, Item, Reply

LEARN_AGAIN_S: Final = 0.2
_log = logging.getLogger("refold.cluster")


class Offloading:
    """Lives in the event loop; what is small goes through at once.

    `has_keys` says that there are sealed executions, as far as this process knows; `seals_all` that every new one is.
    """

    def __init__(self, blobs: Blobs, catalog: Catalog, transit: Transit, has_keys: bool = False, seals_all: bool = False) -> None:
        self._blobs, self._catalog, self._transit, self._has_keys, self._seals_all = blobs, catalog, transit, has_keys, seals_all
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
                small = await self._loop.run_in_executor(self._pool, self._small, Envelope("", execution, command))
                forward(small)
            except (Rejected, LogError, ImportError) as error:
                if reply is not None:
                    reply(Answer(execution, 0, error=error if isinstance(error, RefoldError) else Rejected("no_keys", str(error))))

        self._begin(store())

    def _small(self, envelope: Envelope) -> Command:
        """The command with its big values stored, sealed where its execution may be. Not for the event loop's thread."""
        if self.may_be_sealed(envelope):
            return sealed_for_its_way(envelope.command, self._transit)
        return offload(envelope.command, self._blobs)

    def may_be_sealed(self, envelope: Envelope) -> bool:
        """Whether the execution of a command is sealed, for all that is known without its owner."""
        command = envelope.command
        if not isinstance(command, CreateExecution):
            return self._has_keys
        if self._seals_all or envelope.is_sealed:
            return True
        if not command.definition:
            return self._has_keys
        try:
            return graph_for(command.definition, command.test, self._catalog.graph).settings.erasable
        except KeyError:
            return self._has_keys

    def is_ready(self, envelope: Envelope) -> bool:
        """Whether a command can be decided at once: its definition is known, and it is small, or its owner is to seal what is big."""
        command = envelope.command
        if self._is_unknown(command) or is_on_its_way(command):
            return False
        return is_small(command) or self.may_be_sealed(envelope)

    def _is_unknown(self, command: Command) -> bool:
        return isinstance(command, CreateExecution) and command.definition != "" and not self._catalog.has(command.definition)

    async def items(self, items: Sequence[Item]) -> list[Item]:
        """The items with small values; one whose values cannot be stored stays as it is, and its owner says so."""
        if any(self._is_unknown(item.envelope.command) for item in items):
            await self.learn()
        ready = [item if self.is_ready(item.envelope) else await self._item(item) for item in items]
        return [item for item in ready if item is not None]

    async def learn(self) -> None:
        """Read on in the catalog, however long the brokers are away: others have published."""
        while True:
            try:
                return await self._loop.run_in_executor(self._pool, self._catalog.read_on)
            except LogUnreachable:
                await asyncio.sleep(LEARN_AGAIN_S)

    async def _item(self, item: Item) -> Item | None:
        """None where a value was lost on its way: then nobody can say what the command was."""
        envelope = item.envelope
        if is_on_its_way(envelope.command):
            try:
                envelope = msgspec.structs.replace(envelope, command=await self._arrived(envelope.command))
            except LogCorrupt as error:
                _log.critical("a command of execution %s is passed over: %s", envelope.execution, error)
                return None
        if not self.may_be_sealed(envelope):
            try:
                small = await self._loop.run_in_executor(self._pool, offload, envelope.command, self._blobs)
                envelope = msgspec.structs.replace(envelope, command=small)
            except RefoldError:
                return item
        return msgspec.structs.replace(item, envelope=envelope)

    async def _arrived(self, command: Command) -> Command:
        """The command as it was given, however long the brokers are away. Raises LogCorrupt."""
        while True:
            try:
                return await self._loop.run_in_executor(self._pool, arrived, command, self._transit)
            except LogUnreachable:
                await asyncio.sleep(LEARN_AGAIN_S)

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
    pins = command.test.pins.values() if isinstance(command, CreateExecution) and command.test is not None else ()
    return all(len(pin.output or b"") < BLOB_BYTES_MIN_DEFAULT for given in pins for pin in given)
