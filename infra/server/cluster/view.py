"""The cluster as one of its members knows it: what the others say in their heartbeats, and the assignment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.service import Cluster, PartitionRow, ProcessRow
from contracts.members import PartitionHeld
from contracts.positions import position_of
from contracts.worker_protocol import Workers
from workers.cluster.member_table import Member, MemberTable
from workers.cluster.members import Members
from workers.cluster.membership import Membership


def cluster_view(members: Members, partitions: int) -> Cluster:
    """All that is known; a partition that two say they own is shown with the one that claimed it last."""
    membership = members.membership
    latest = membership.latest
    return Cluster(
        node=members.who.node,
        leader=membership.leader,
        generation=membership.generation,
        processes=[row for member in membership.table.members.values() for row in _processes(membership.table, member)],
        partitions=list(_partitions(membership, max(partitions, len(latest.owners) if latest is not None else 0))),
        workers=[(name, row) for name, member in membership.table.living() for row in member.said.workers],
    )


def _processes(table: MemberTable, member: Member) -> Iterator[ProcessRow]:
    yield _process(table, member)
    if member.joiner is not None and table.is_alive(member.joiner):
        yield _process(table, member.joiner)


def _process(table: MemberTable, member: Member) -> ProcessRow:
    said = member.said
    state = "silent" if not table.is_alive(member) else "leaving" if said.leaving else "alive" if said.since else "joining"
    return ProcessRow(said.node, said.incarnation, state, said.roles, said.address, said.version, said.since, member.heard_at)


def _partitions(membership: Membership, count: int) -> Iterator[PartitionRow]:
    assigned = {} if membership.latest is None else membership.latest.owners
    living = [(name, member) for name, member in membership.table.living() if membership.table.is_alive(member)]
    for partition in range(count):
        held = ((name, member.said.partitions[partition]) for name, member in living if partition in member.said.partitions)
        yield _partition(partition, assigned.get(partition), held)


def _partition(partition: int, assigned_to: str | None, held: Iterable[tuple[str, PartitionHeld]]) -> PartitionRow:
    owner, one = max(held, key=lambda found: found[1].epoch, default=(None, None))
    if one is None:
        return PartitionRow(partition, assigned_to)
    position = position_of(partition, one.position)
    return PartitionRow(partition, assigned_to, owner, one.epoch, position, one.lag, one.open, one.claimed_at, one.takeover_ms)


def all_workers(members: Members, own: Workers) -> Workers:
    """The workers that come to this process, and those that others and the log know of; of one name the one heard of last."""
    rows = {row.worker: row for row in own.workers}
    for name, member in members.membership.table.living():
        if name == members.who.node:
            continue
        for row in member.said.workers:
            if row.worker not in rows or rows[row.worker].last_seen < row.last_seen:
                rows[row.worker] = row
    offered = {(kind, queue) for row in rows.values() if row.connected for kind in row.kinds for queue in row.queues}
    waiting = [row for row in own.waiting if (row.kind, row.queue) not in offered]
    return Workers(workers=[rows[name] for name in sorted(rows)], waiting=waiting)
