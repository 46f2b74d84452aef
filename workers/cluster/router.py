"""The router: every partition as whoever starts and steers executions sees it, and where commands go.

start, signal, … ─► partition of the execution ─┬─ owned here ─► inbox ─► round ─► answered
                                                └─ elsewhere ──► commands … journal ─► answered (workers/cluster/sender.py)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from contracts.caller import ENGINE, Caller
from contracts.commands import Command, Envelope
from contracts.errors import Overloaded
from domain.execution.state import Execution
from workers.cluster.follower import Follower
from workers.cluster.offload import Offloading
from workers.cluster.owned import Owned, OwnedTable
from workers.cluster.partitions import LocalPartition, RemotePartition
from workers.cluster.sender import Sender
from workers.partition.round import Answer, Item, Reply


class Router:
    """Lives in the event loop. `home` says where an execution lives, `folded` reads one that has ended, `projected` says up to where."""

    def __init__(
        self,
        owned: OwnedTable,
        sender: Sender,
        follower: Follower,
        offloading: Offloading,
        home: Callable[[str], int],
        folded: Callable[[str], Awaitable[Execution]],
        projected: Callable[[int], int],
    ) -> None:
        self._owned, self._sender, self._follower, self._offloading = owned, sender, follower, offloading
        self.home, self._folded, self._projected = home, folded, projected
        self._local: dict[int, LocalPartition] = {}
        self._remote: dict[int, RemotePartition] = {}

    def at(self, partition: int) -> LocalPartition | RemotePartition:
        """A partition as whoever gives commands sees it now."""
        return self._local_of(partition) if self._owned.is_in_charge(partition) else self._remote_of(partition)

    def _local_of(self, partition: int) -> LocalPartition:
        owned, known = self._owned[partition], self._local.get(partition)
        if known is None or known.owned is not owned:
            known = self._local[partition] = LocalPartition(self._owned, owned, self._offloading)
        return known

    def _remote_of(self, partition: int) -> RemotePartition:
        known = self._remote.get(partition)
        if known is None:
            projected = partial(self._projected, partition)
            known = RemotePartition(partition, self._sender, self._follower, self._offloading, self._folded, projected)
            self._remote[partition] = known
        return known

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Give a command to an execution, wherever that lives. Raises Overloaded."""
        self.at(self.home(execution)).send(execution, command, reply, caller)

    def route(self, execution: str, command: Command, reply: Reply | None) -> None:
        """Bring what a worker reports to the owner; answered once it is decided, or durable on its way."""
        partition = self.home(execution)
        if self._owned.is_in_charge(partition):
            self._local_of(partition).send(execution, command, reply)
        else:
            self._offloading.send(execution, command, reply, lambda small: self._sender.post(Envelope("", execution, small), reply))

    def _ask_elsewhere(self, envelope: Envelope, reply: Reply) -> None:
        def forward(small: Command) -> None:
            self._sender.ask(envelope.execution, small, reply, envelope.caller)

        try:
            self._offloading.send(envelope.execution, envelope.command, reply, forward)
        except Overloaded as error:
            reply(Answer(envelope.execution, 0, error=error))

    def carry(self, partition: int, item: Item, delivered: Callable[[Item], None]) -> bool:
        """Of an owner of a partition: see `Neighbours.elsewhere`."""
        if self.home(item.envelope.execution) == partition:
            return False
        self._sender.carry(item, delivered)
        return True

    # See `workers.cluster.owners.Callers`.

    def taken(self, owned: Owned) -> None:
        """Who waits here for ends in the partition hears of them from its owner, from the first one that recovery has found."""
        self._remote_of(owned.partition).move_to(owned.owner.watchers)

    def released(self, owned: Owned, items: list[Item]) -> None:
        """What was not decided here goes to whoever owns the partition now; so does who waits for ends."""
        for item in items:
            if item.reply is not None:
                self._ask_elsewhere(item.envelope, item.reply)
        remote, watchers = self._remote_of(owned.partition), owned.owner.watchers
        watchers.tell_of_unwatched(lambda execution: remote.remove(execution, watchers.tell))
        for execution in watchers.watched():
            remote.add(execution, watchers.tell)
