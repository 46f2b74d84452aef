"""A partition as whoever starts and steers executions sees it: owned here, or elsewhere. See `infra.server.starts.Partition`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from contracts.caller import ENGINE, Caller
from contracts.commands import Command, Envelope
from contracts.errors import LogError
from domain.definition.graph import Graph
from domain.execution.state import Execution
from workers.cluster.follower import Follower
from workers.cluster.offload import Offloading, is_small
from workers.cluster.owned import Owned, OwnedTable
from workers.cluster.sender import Sender
from workers.partition.executions import Executions
from workers.partition.round import Reply
from workers.partition.watchers import Then, Watchers


class LocalPartition:
    """Owned here: commands go straight into the owner's inbox, and ride in their decisions."""

    def __init__(self, table: OwnedTable, owned: Owned, offloading: Offloading) -> None:
        self._table, self.owned, self._offloading = table, owned, offloading
        self.partition = owned.partition

    @property
    def is_current(self) -> bool:
        """Whether its memory is what the journal says."""
        return self._table.is_current(self.partition)

    @property
    def executions(self) -> Executions:
        """What is in memory."""
        return self.owned.owner.executions

    @property
    def watchers(self) -> Watchers:
        """Who waits for ends."""
        return self.owned.owner.watchers

    @property
    def position(self) -> int:
        """The offset after the last durable decision."""
        return self.owned.owner.position

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Give a command to the owner."""

        owner = self.owned.owner
        if is_small(command) or self._is_sealed_by_owner(execution, command):
            owner.send(execution, command, reply, caller)
        else:
            self._offloading.send(execution, command, reply, lambda small: owner.send(execution, small, reply, caller))

    def _is_sealed_by_owner(self, execution: str, command: Command) -> bool:
        """Whether the owner is to store what is big, as its execution is sealed, or may be."""
        if self.executions.is_sealed(execution) is False:
            return False
        return self._offloading.may_be_sealed(Envelope("", execution, command))


class RemotePartition:
    """Owned elsewhere, or by nobody yet: commands go through `commands`, and what becomes of them is read in the journal.

    `folded` reads an execution that has ended, `position` says up to where.
    """

    def __init__(
        self,
        partition: int,
        sender: Sender,
        follower: Follower,
        offloading: Offloading,
        folded: Callable[[str], Awaitable[Execution]],
        position: Callable[[], int],
    ) -> None:
        self.partition, self._sender, self._follower, self._folded = partition, sender, follower, folded
        self._offloading, self._position = offloading, position
        self.executions = Executions(_nothing_is_folded_here)
        self._watching: dict[tuple[str, Then], _Watch] = {}
        self._moved: dict[tuple[str, Then], Watchers] = {}
        """Who waits with the partition's owner, since that is here."""
        self.watchers = self

    is_current = False

    @property
    def position(self) -> int:
        """Up to where goes what is read about it."""
        return self._position()

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Send a command to its owner."""

        def forward(small: Command) -> None:
            if reply is None:
                self._sender.post(Envelope("", execution, small, "", *caller))
            else:
                self._sender.ask(execution, small, reply, caller)

        self._offloading.send(execution, command, reply, forward)

    def add(self, execution: str, then: Then, at_incident: bool = False) -> None:
        """Call back once the execution has ended, or with `at_incident` needs a person."""
        self._watching[execution, then] = _Watch(self.partition, execution, then, self._follower, self._folded, at_incident)

    def remove(self, execution: str, then: Then) -> None:
        """Do not call back any more."""
        watch = self._watching.pop((execution, then), None)
        if watch is not None:
            watch.close()
        elif (watchers := self._moved.pop((execution, then), None)) is not None:
            watchers.remove(execution, then)

    def move_to(self, watchers: Watchers) -> None:
        """The partition is owned here now: its owner tells of ends from here on."""
        for (execution, then), watch in self._watching.items():
            watch.close()
            watchers.add(execution, then, watch.at_incident)
            self._moved[execution, then] = watchers
        self._watching.clear()


class _Watch:
    """Waits for the end of an execution elsewhere, or until it needs a person."""

    def __init__(
        self,
        partition: int,
        execution: str,
        then: Then,
        follower: Follower,
        folded: Callable[[str], Awaitable[Execution]],
        at_incident: bool,
    ) -> None:
        self._partition, self._execution, self._then = partition, execution, then
        self._follower, self._folded, self.at_incident = follower, folded, at_incident
        self._ended: asyncio.Future[Execution | None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            await self._follower.ready(self._partition)
        except LogError:  # whoever waits hears when the time is up
            return
        self._follower.watch(self._partition, self._execution, self._on_end, self.at_incident)
        ended = await self._ended
        self._then(await self._folded(self._execution) if ended is None else ended)

    def _on_end(self, state: Execution | None) -> None:
        if not self._ended.done():
            self._ended.set_result(state)

    def close(self) -> None:
        """Nobody waits any more."""
        self._task.cancel()
        self._follower.unwatch(self._partition, self._execution, self._on_end)


def _nothing_is_folded_here(definition: str) -> Graph:
    raise AssertionError(f"definition {definition} was asked for in a partition that is owned elsewhere")
