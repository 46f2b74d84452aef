"""Who gets which partitions of the task topics: of each topic everybody who wants it as many, and what one has one keeps.

aiokafka's own strategies either move most partitions whenever somebody comes or goes, which runs again what is running there, or
balance the sum only, so that all the work of the busiest topic may be one member's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

Has = set[tuple[str, int]]


class Wish(NamedTuple):
    """What a member subscribes to, and what it has."""

    topics: frozenset[str]
    has: Has


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
        holder = next((member for member, wish in wanting.items() if (topic, partition) in wish.has), None)
        (free if holder is None else holders[holder]).append(partition)
    least, more = divmod(count, len(wanting))
    ranked = sorted(wanting, key=lambda member: (-len(holders[member]), len(shares[member]), member))
    rooms = {member: least + (place < more) for place, member in enumerate(ranked)}
    for member in ranked:
        kept = holders[member][: rooms[member]]
        free += holders[member][len(kept) :]
        holders[member] = kept
    for member in ranked:
        while len(holders[member]) < rooms[member]:
            holders[member].append(free.pop())
        shares[member] |= {(topic, partition) for partition in holders[member]}


class KeepingAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka has no types
    """The strategy for one consumer: it tells the others what it has.

    It goes by the name of a strategy that clients in all languages have, so that they can be members of the same group: whichever
    leads decides, and what a member tells of itself nobody else looks at. It has to be the only one of its consumer: aiokafka 0.14
    joins a group once for each strategy that it is given, and two such members disturb each other for ever.
    """

    name: Final = "range"
    version: Final = 0

    def __init__(self) -> None:
        self._has: list[tuple[str, int]] = []

    def assign(self, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """Called with the leader, for all."""
        wishes = {member: Wish(frozenset(one.subscription), _read(one.user_data)) for member, one in members.items()}
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
        return ConsumerProtocolMemberMetadata(self.version, list(topics), json.dumps(self._has).encode())

    def on_assignment(self, assignment: Any) -> None:
        """What it has from now on."""
        self._has = [(one.topic, one.partition) for one in assignment.partitions()]


def _read(user_data: bytes) -> Has:
    """What a member has; nothing where it does not say."""
    try:
        return {(str(topic), int(partition)) for topic, partition in json.loads(user_data or b"[]")}
    except (ValueError, TypeError):
        return set()
