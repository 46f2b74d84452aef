"""Whatever happens to the processes of a cluster: when it is over, each partition has one owner, all agree, and nothing moves any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.members import read_member_record
from tests.cluster.world import Process, World, run
from workers.cluster.assignment import assign, is_fair
from workers.cluster.membership import Membership

NODES = ("a", "b", "c", "d")
SETTLED_S = 16.0
"""A session, half of one for what was in doubt, a repeat of the assignment."""


def _start(world: World, node: str) -> None:
    world.start(node)


def _each(act: Callable[[Process], Any]) -> Callable[[World, str], None]:
    def do(world: World, node: str) -> None:
        for process in [one for one in world.living if one.node == node]:
            act(process)

    return do


def _set(process: Process, **values: Any) -> None:
    for name, value in values.items():
        setattr(process, name, value)


def _skew(milliseconds: int) -> Callable[[World, str], None]:
    def do(world: World, node: str) -> None:
        world.topic.skew_ms += milliseconds

    return do


def _add_partition(world: World, node: str) -> None:
    world.partitions = min(12, world.partitions + 1)


def _leave(process: Process) -> None:
    process.world.tasks.append(process.running.get_loop().create_task(process.leave()))


ACTS: dict[str, Callable[[World, str], None]] = {
    "start": _start,
    "kill": _each(Process.kill),
    "freeze": _each(Process.freeze),
    "thaw": _each(Process.thaw),
    "refuse": _each(lambda one: _set(one, refuses=True)),
    "accept": _each(lambda one: _set(one, refuses=False)),
    "slow": _each(lambda one: _set(one, lag_s=0.7)),
    "quick": _each(lambda one: _set(one, lag_s=0.003)),
    "leave": _each(_leave),
    "back": _skew(-5_000),
    "ahead": _skew(40_000),
    "add": _add_partition,
}
STORY = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(NODES), st.sampled_from([0.0, 0.004, 0.02, 0.3, 1.0, 3.1, 6.5, 14.0])),
    max_size=25,
)


def settle(world: World) -> None:
    """Whatever was in the way is over."""
    for process in world.living.copy():
        if process.running.done():
            process.kill()
        _set(process, refuses=False, lag_s=0.005)
        process.thaw()


def reader_from(world: World, offset: int) -> Membership:
    """Somebody who only reads, from an offset on."""
    reader = Membership("nobody", "nobody")
    for at, (stamp, value) in enumerate(world.topic.records[offset:], offset):
        reader.take(at, stamp, read_member_record(value))
    return reader


@settings(max_examples=60, deadline=None)
@given(STORY)
def test_when_it_is_over_each_partition_has_one_owner_and_nothing_moves(story: list[tuple[str, str, float]]) -> None:
    async def tell() -> None:
        world = World(6)
        world.start("a", "b")
        for act, node, pause in story:
            ACTS[act](world, node)
            await world.pass_time(pause)
        settle(world)
        await world.pass_time(3.0)
        settle(world)
        if not world.living or all(one.members.is_leaving for one in world.living):
            world.start("z")
        await world.pass_time(SETTLED_S)
        settle(world)
        await world.pass_time(1.0)
        nodes = sorted(one.node for one in world.living)
        assert len(nodes) == len(set(nodes)), "one process a name"
        assert world.is_shared_out(*nodes), str(world)
        moves, generation = sum(len(one.taken) for one in world.started), world.generation()
        await world.pass_time(20.0)
        assert (sum(len(one.taken) for one in world.started), world.generation()) == (moves, generation)
        late, early = reader_from(world, world.topic.start()), reader_from(world, 0)
        assert late.in_force == early.in_force is not None
        assert late.leader == early.leader

    run(tell)


@given(st.dictionaries(st.integers(0, 19), st.sampled_from("abcdef")), st.integers(0, 20), st.sets(st.sampled_from("abcdef"), min_size=1))
def test_an_assignment_is_fair_and_moves_as_little_as_can_be(before: dict[int, str], partitions: int, nodes: set[str]) -> None:
    owners = assign(before, partitions, nodes)
    assert is_fair(owners, partitions, nodes)
    kept = sorted((sum(before.get(p) == node for p in range(partitions)) for node in nodes), reverse=True)
    share, more = divmod(partitions, len(nodes))
    can_stay = sum(min(had, share + (place < more)) for place, had in enumerate(kept))
    assert sum(owners[p] == before.get(p) for p in owners) == can_stay
    assert assign(owners, partitions, nodes) == owners
