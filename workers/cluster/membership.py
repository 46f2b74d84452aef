"""Membership: who is there, who is to own which partition, and what one node may do; folded from the `members` topic.

    heartbeat a, beat 7 ─ heartbeat b, beat 3 ─ assignment 4 {0: a, 1: b} ─ heartbeat a, beat 8 …

Pure: no clock, no I/O. Time is the topic's own (`Membership.now`): the sum of the steps between the broker's timestamps,
where a step back counts as none and a long silence as half a session. So a broker whose clock jumps back stops nothing,
and after an outage of all, everybody has time to say that they are there before anyone is taken for dead.

Whoever reads the same records comes to the same result; whoever began to read later does so with the next assignment,
which the leader repeats. Membership only suggests: who may append is decided by the journal (`contracts/journal.py`).

A node name has one holder (`workers/cluster/member_table.py`), so a process that was killed and started again goes on under its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.members import Assignment, Heartbeat, MemberRecord
from workers.cluster.assignment import assign, is_fair
from workers.cluster.member_table import SESSION_MS_DEFAULT, Member, MemberTable

HAND_OVER_MS: Final = 1_000
"""So long is a node waited for that has to let go of a partition."""
REPEAT_MS: Final = 10_000
"""The assignment in force is repeated when its last record is that old."""
CONTESTED_MAX: Final = 16
"""So many processes that want our name are remembered."""
OWNER: Final = "owner"


class Membership:
    """The fold, from the point of view of one process of one node."""

    def __init__(self, node: str, incarnation: str, session_ms: int = SESSION_MS_DEFAULT, generation: int = 0) -> None:
        self.node, self.incarnation = node, incarnation
        self.table = MemberTable(session_ms)
        self.generation = generation
        """The highest generation that anybody has spoken of."""
        self.latest: Assignment | None = None
        """The assignment of the highest generation that was read."""
        self._before: dict[int, str] = {}
        self._repeated_at = 0
        self.own: Heartbeat | None = None
        """The last of our own heartbeats that was read back."""
        self.unreadable = 0

    @property
    def now(self) -> int:
        """The topic's own time, in milliseconds."""
        return self.table.now

    # Folding.

    def take(self, offset: int, timestamp_ms: int, record: MemberRecord | None) -> None:
        """Fold one record; None is one that could not be read."""
        self.table.pass_time(timestamp_ms)
        match record:
            case Heartbeat():
                self.generation = max(self.generation, record.generation)
                self.table.hear(record, timestamp_ms)
                self._hear_self(record)
            case Assignment():
                self._take_assignment(record)
            case None:
                self.unreadable += 1

    def _hear_self(self, said: Heartbeat) -> None:
        is_own = said.node == self.node and said.incarnation == self.incarnation
        if is_own and (self.own is None or said.beat > self.own.beat):
            self.own = said

    def _take_assignment(self, assignment: Assignment) -> None:
        """The first one of a generation counts, and none of a lower one: two that lead at once come to one result."""
        latest = self.latest
        if latest is None or assignment.generation > latest.generation:
            self._before = {} if latest is None else latest.owners
            self.latest = assignment
            self._repeated_at = self.now
        elif assignment.generation == latest.generation and assignment.owners == latest.owners:
            self._repeated_at = self.now
        self.generation = max(self.generation, assignment.generation)

    # Who is there.

    @property
    def beat(self) -> int:
        """The number of our last heartbeat that was read back, 0 before the first."""
        return 0 if self.own is None else self.own.beat

    @property
    def in_force(self) -> Assignment | None:
        """The assignment in force; None where none is known, or a later one was spoken of and not read yet."""
        latest = self.latest
        return latest if latest is not None and latest.generation == self.generation else None

    def owners(self) -> list[str]:
        """The nodes among which partitions are to be shared out: alive, with that role, and not about to leave."""
        assigned = set() if self.latest is None else set(self.latest.owners.values())
        return [
            name
            for name, member in self.table.living()
            if OWNER in member.said.roles and not member.said.leaving and (member.said.since or name in assigned)
        ]

    @property
    def leader(self) -> str | None:
        """The owner that has been there for longest."""
        members = self.table.members
        return min((name for name in self.owners() if members[name].said.since), key=lambda n: (members[n].said.since, n), default=None)

    @property
    def _holds_name(self) -> bool:
        holder = self.table.members.get(self.node)
        return holder is not None and holder.said.incarnation == self.incarnation

    @property
    def is_settled(self) -> bool:
        """Whether this process holds its node name, and has heard that it does."""
        return self._holds_name and self.own is not None and self.own.since > 0

    @property
    def _is_leaving(self) -> bool:
        return self.own is not None and self.own.leaving

    @property
    def taken_by(self) -> Heartbeat | None:
        """The last word of another process that holds our node name, and that we have to make way for."""
        holder = self.table.members.get(self.node)
        if holder is None or holder.said.incarnation == self.incarnation or not self.table.is_alive(holder):
            return None
        is_displaced = self.own is not None and self.own.since > 0
        return holder.said if is_displaced or self.incarnation in holder.said.contested else None

    def since(self, heard_at: int) -> int:
        """What to say as `since`, where our first heartbeat has the broker's time `heard_at`: later than the holder's so far."""
        holder = self.table.members.get(self.node)
        return heard_at if holder is None else max(heard_at, holder.said.since + 1)

    def contested(self) -> tuple[str, ...]:
        """What to say as `contested`: the processes that came with our name while we hold it."""
        holder = self.table.members.get(self.node)
        if holder is None or not self._holds_name or self._is_leaving:
            return ()
        known = holder.said.contested
        joiner = () if holder.joiner is None else (holder.joiner.said.incarnation,)
        return (known + joiner)[-CONTESTED_MAX:]

    def rival(self) -> Heartbeat | None:
        """The last word of who seemed alive under our name when we came: it gets time to contest that."""
        holder = self.table.members.get(self.node)
        if holder is None or holder.said.incarnation == self.incarnation or not self.table.is_there(holder):
            return None
        return holder.said

    # What to do.

    def assignment_due(self, partitions: int) -> Assignment | None:
        """What this node is to write now, if it leads: a new assignment where it is needed, the one in force when it is to be repeated."""
        if not self.is_settled or self.leader != self.node:
            return None
        before = {} if self.latest is None else self.latest.owners
        count = max(partitions, *(partition + 1 for partition in before), 0)  # partitions are never taken away
        nodes = self.owners()
        if self.in_force is None or not is_fair(before, count, nodes):
            owners = assign(before, count, nodes)
            return Assignment(generation=self.generation + 1, leader=self.node, owners=owners)
        return self.in_force if self.now - self._repeated_at >= REPEAT_MS else None

    @property
    def mine(self) -> frozenset[int]:
        """The partitions that are assigned to this node. What it holds beyond them it has to let go of."""
        if self.latest is None or not self.is_settled:
            return frozenset()
        return frozenset(partition for partition, node in self.latest.owners.items() if node == self.node)

    def may_take(self, partition: int, waited_ms: int) -> bool:
        """Whether a partition that is ours can be taken over now, where the assignment was read `waited_ms` ago."""
        if self.in_force is None or self._is_leaving or partition not in self.mine:
            return False
        return waited_ms >= HAND_OVER_MS or not any(self._holding_on(partition))

    def _holding_on(self, partition: int) -> Iterator[str]:
        """Living nodes that have the partition, or had it and have not said yet that they know of the assignment."""
        for name, member in self.table.living():
            said = member.said
            if name == self.node or not self.table.is_alive(member):
                continue
            is_behind = self._before.get(partition) == name and said.generation < self.generation and not said.leaving
            if partition in said.partitions or is_behind:
                yield name

    def is_held_elsewhere(self, partition: int, within_ms: int) -> bool:
        """Whether another node says that it has the partition, and was heard of within that time."""
        others = (member for name, member in self.table.living() if name != self.node)
        return any(partition in member.said.partitions and self.now - member.seen <= within_ms for member in others)

    def confirmed_since(self, beat: int) -> bool:
        """Whether a heartbeat of ours after that one was read back, and we are who we think we are."""
        return self.is_settled and self.beat > beat

    def standing(self) -> tuple[object, ...]:
        """All that anybody acts on; where it is equal, nothing has changed."""
        there = tuple((name, _summary(member)) for name, member in self.table.living())
        return self.generation, self.latest, self.is_settled, there


def _summary(member: Member) -> tuple[object, ...]:
    said = member.said
    return said.incarnation, said.since > 0, said.leaving, said.roles, said.generation, frozenset(said.partitions), said.heard
