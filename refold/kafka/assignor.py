"""Who gets which partitions of the task topics: of each topic everybody who wants it as many; of those first what is local to one,
then what one has.

Local are the partitions whose tasks arise in the member's own process: an engine that owns a partition gives its tasks to the workers
that come to it without a way through the topic (`workers/tasks/eager.py`).

aiokafka's own strategies either move most partitions whenever somebody comes or goes, which runs again what is running there, or
balance the sum only, so that all the work of the busiest topic may be one member's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

Has = set[tuple[str, int]]


class Wish(NamedTuple):
    """What a member subscribes to, what it has, and which partitions are local to it, of any topic."""

    topics: frozenset[str]
    has: Has
    local: Collection[int] = ()


def share(partitions: Mapping[str, int], members: Mapping[str, Wish]) -> dict[str, Has]:
    """The partitions of each member."""
    shares: dict[str, Has] = {member: set() for member in members}
    for topic in sorted(partitions):
        wanting = sorted(member for member, wish in members.items() if topic in wish.topics)
        if wanting:
            _share_topic(topic, partitions[topic], {member: members[member] for member in wanting}, shares)
    return shares


def _share_topic(topic: str, count: int, wanting: Mapping[str, Wish], shares: dict[str, Has]) -> None:
    holders: dict[str, list[int]] = {member: [] for member in wanting}
    free: list[int] = []
    for partition in range(count):
        holder = _holder((topic, partition), wanting)
        (free if holder is None else holders[holder]).append(partition)
    least, more = divmod(count, len(wanting))
    ranked = sorted(wanting, key=lambda member: (-len(holders[member]), len(shares[member]), member))
    rooms = {member: least + (rank < more) for rank, member in enumerate(ranked)}
    for member in ranked:
        holders[member].sort(key=lambda partition: partition not in wanting[member].local)
        kept = holders[member][: rooms[member]]
        free += holders[member][len(kept) :]
        holders[member] = kept
    for member in ranked:
        while len(holders[member]) < rooms[member]:
            holders[member].append(free.pop())
        shares[member] |= {(topic, partition) for partition in holders[member]}


def _holder(key: tuple[str, int], wanting: Mapping[str, Wish]) -> str | None:
    """Who is to keep a partition, if there is room: who has it as a local one, else who has it."""
    local = (member for member, wish in wanting.items() if key[1] in wish.local)
    return next(local, None) or next((member for member, wish in wanting.items() if key in wish.has), None)


class KeepingAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka has no types
    """The strategy for one consumer: it tells the others what it has, and which partitions are `local` to it now.

    It goes by the name of a strategy that clients in all languages have, so that they can be members of the same group: whichever
    leads decides, and what a member tells of itself nobody else looks at. It has to be the only one of its consumer: aiokafka 0.14
    joins a group once for each strategy that it is given, and two such members disturb each other for ever.
    """

    name: Final = "range"
    version: Final = 0

    def __init__(self, local: Callable[[], Collection[int]] = tuple) -> None:
        self._local = local
        self._has: list[tuple[str, int]] = []
        self._said: frozenset[int] = frozenset()
        """What was local when it joined."""
        self._seen: frozenset[int] = frozenset()

    def assign(self, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """Called with the leader, for all."""
        wishes = {member: Wish(frozenset(one.subscription), *_read(one.user_data)) for member, one in members.items()}
        topics = {topic for wish in wishes.values() for topic in wish.topics}
        partitions = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in topics}
        return {member: self._assignment(has) for member, has in share(partitions, wishes).items()}

    def _assignment(self, has: Has) -> Any:
        by_topic: dict[str, list[int]] = {}
        for topic, partition in sorted(has):
            by_topic.setdefault(topic, []).append(partition)
        return ConsumerProtocolMemberAssignment(self.version, list(by_topic.items()), b"")

    def metadata(self, topics: Iterable[str]) -> Any:
        """What it tells of itself when it joins."""
        self._said = frozenset(self._local())
        told = {"has": self._has, "near": sorted(self._said)}
        return ConsumerProtocolMemberMetadata(self.version, list(topics), json.dumps(told).encode())

    def is_outdated(self) -> bool:
        """Whether joining again would exchange a partition for one that has become local, and stays so: it was at the last look, too."""
        local, before = frozenset(self._local()), self._seen
        self._seen = local
        if local in (self._said, frozenset()) or local != before:
            return False
        lacks = {(topic, partition) for topic, _ in self._has for partition in local} - set(self._has)
        return bool(lacks) and any(partition not in local for _, partition in self._has)

    def on_assignment(self, assignment: Any) -> None:
        """What it has from now on."""
        self._has = [(one.topic, one.partition) for one in assignment.partitions()]


def _read(user_data: bytes) -> tuple[Has, frozenset[int]]:
    """What a member has, and what is local to it; nothing where it does not say."""
    try:
        told = json.loads(user_data or b"{}")
        return {(str(topic), int(partition)) for topic, partition in told.get("has", ())}, frozenset(map(int, told.get("near", ())))
    except (ValueError, TypeError, AttributeError):
        return set(), frozenset()
