"""The cluster as one of its members shows it."""

from __future__ import annotations

from contracts.members import Heartbeat, PartitionHeld, encode_member_record
from contracts.positions import position_of
from contracts.worker_protocol import WorkerRow
from infra.server.cluster.view import cluster_view
from tests.cluster.world import World, run


def test_all_members_show_the_same_cluster_with_the_silent_and_the_leader() -> None:
    async def story() -> None:
        world = World(4)
        a, b, c = world.start("a", "b", "c")
        await world.until(lambda: world.is_shared_out("a", "b", "c"))
        c.kill()
        await world.until(lambda: world.is_shared_out("a", "b"))
        await world.pass_time(1.5)
        one, two = (cluster_view(process.members, 4) for process in (a, b))
        assert (one.processes, one.partitions, one.leader) == (two.processes, two.partitions, two.leader)
        assert (one.node, two.node, one.leader) == ("a", "b", "a")
        assert [(row.node, row.state) for row in one.processes] == [("a", "alive"), ("b", "alive"), ("c", "silent")]
        assert all(row.owner == row.assigned_to for row in one.partitions)
        assert one.processes[0].last_heard >= one.processes[0].since > 0

    run(story)


def test_a_partition_that_two_say_they_own_is_shown_with_the_one_that_claimed_it_last() -> None:
    async def story() -> None:
        world = World(1)
        (a,) = world.start("a")
        await world.until(lambda: world.is_shared_out("a"))
        worker = WorkerRow(worker="w", kinds=["k"], queues=["q"], running=2, last_seen=5, connected=True)
        held = PartitionHeld(epoch=90, position=100, lag=3, open=7, claimed_at=8, takeover_ms=9)
        said = Heartbeat(node="z", incarnation="z1", beat=1, roles=("owner",), partitions={0: held}, workers=(worker,))
        world.topic.put(encode_member_record(said))
        await world.until(lambda: "z" in a.members.membership.table.members)
        found = cluster_view(a.members, 2)
        assert [(row.node, row.state) for row in found.processes] == [("a", "alive"), ("z", "joining")]
        assert tuple(found.partitions[0]) == (0, "a", "z", 90, position_of(0, 100), 3, 7, 8, 9)
        assert tuple(found.partitions[1])[:3] == (1, None, None)
        assert found.workers == [("z", worker)]

    run(story)
