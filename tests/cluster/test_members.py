"""Members of a cluster: who is there, who owns what, and how long it takes; on a topic in memory, in time that passes by itself."""

from __future__ import annotations

import asyncio

import pytest

from contracts.members import Assignment, encode_member_record
from tests.cluster.world import World, run
from workers.cluster.members import NameTaken


def test_one_node_alone_owns_everything_at_once() -> None:
    async def story() -> None:
        world = World()
        world.start("a")
        assert await world.until(lambda: world.is_shared_out("a")) < 0.5

    run(story)


def test_three_that_start_together_share_the_partitions_out() -> None:
    async def story() -> None:
        world = World()
        world.start("a", "b", "c")
        assert await world.until(lambda: world.is_shared_out("a", "b", "c")) < 2.5
        generation = world.generation()
        await world.pass_time(60)
        assert world.generation() == generation, "nothing has happened, so nothing changes"
        assert all(len(one.taken) <= 8 for one in world.living)

    run(story)


def test_a_newcomer_gets_its_share_in_a_hand_over_of_less_than_a_second() -> None:
    async def story() -> None:
        world = World()
        world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        await world.pass_time(30)
        (newcomer,) = world.start("c")
        assert await world.until(lambda: world.is_shared_out("a", "b", "c")) < 0.5
        assert len(newcomer.taken) == 2, "the fewest that make it even"

    run(story)


def test_what_a_killed_node_had_is_taken_over_within_a_session() -> None:
    async def story() -> None:
        world = World()
        a, _, _ = world.start("a", "b", "c")
        await world.until(lambda: world.is_shared_out("a", "b", "c"))
        await world.pass_time(20)
        a.kill()
        assert 5.0 < await world.until(lambda: world.is_shared_out("b", "c")) < 6.1

    run(story)


def test_a_killed_node_is_not_believed_to_hold_its_partitions_until_they_are_taken_over() -> None:
    async def story() -> None:
        world = World()
        a, b = world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        await world.pass_time(20)
        partition = next(iter(a.held))
        assert b.members.is_held_elsewhere(partition)
        assert not a.members.is_held_elsewhere(partition), "it is held here"
        a.kill()
        assert await world.until(lambda: not b.members.is_held_elsewhere(partition)) < 5.0
        await world.until(lambda: partition in b.held)
        assert not b.members.is_held_elsewhere(partition)

    run(story)


def test_one_that_leaves_hands_over_in_less_than_a_second() -> None:
    async def story() -> None:
        world = World()
        a, _, _ = world.start("a", "b", "c")
        await world.until(lambda: world.is_shared_out("a", "b", "c"))
        begin = asyncio.get_running_loop().time()
        await a.leave()
        await world.until(lambda: world.is_shared_out("b", "c"))
        assert asyncio.get_running_loop().time() - begin < 0.5

    run(story)


def test_the_last_one_leaves_without_waiting_for_anybody() -> None:
    async def story() -> None:
        world = World()
        (a,) = world.start("a")
        await world.until(lambda: world.is_shared_out("a"))
        begin = asyncio.get_running_loop().time()
        await a.leave()
        assert asyncio.get_running_loop().time() - begin < 0.5

    run(story)


def test_a_killed_node_that_comes_back_under_its_name_goes_on_with_what_it_had() -> None:
    async def story() -> None:
        world = World()
        a, b = world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        generation = world.generation()
        a.kill()
        world.start("a")
        assert await world.until(lambda: world.is_shared_out("a", "b")) < 2.0
        assert world.generation() == generation
        assert len(b.taken) <= 8
        assert not list(world.refused())

    run(story)


def test_the_second_of_two_living_processes_under_one_name_is_refused_and_told_of_both() -> None:
    async def story() -> None:
        world = World()
        first, _ = world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        (second,) = world.start("a")
        await world.until(second.running.done)
        with pytest.raises(NameTaken, match=r"process a0 at http://a, which goes on, and process a2 at http://a, which ends"):
            second.running.result()
        second.kill()
        assert not second.taken
        assert not first.running.done()
        assert world.is_shared_out("a", "b")

    run(story)


def test_a_frozen_node_whose_name_was_taken_goes_when_it_thaws() -> None:
    async def story() -> None:
        world = World()
        first, _ = world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        first.freeze()
        await world.pass_time(20)
        world.start("a")
        await world.pass_time(5)
        first.thaw()
        await world.until(first.running.done)
        first.kill()
        assert len(list(world.refused())) == 1
        await world.until(lambda: world.is_shared_out("a", "b"))

    run(story)


def test_a_node_whose_appends_hang_loses_its_partitions_and_takes_none_before_it_has_heard_itself() -> None:
    async def story() -> None:
        world = World()
        a, _, _ = world.start("a", "b", "c")
        await world.until(lambda: world.is_shared_out("a", "b", "c"))
        a.freeze()
        await world.until(lambda: sum(len(one.held) for one in world.living if one is not a) == 8, 7.5)
        mark = a.members.mark()
        assert a.held, "it knows of nothing"
        assert not a.members.is_fresh
        assert not any(a.members.may_take(partition) for partition in range(8))
        assert not a.members.confirmed_since(mark)
        a.thaw()
        await world.until(lambda: a.members.confirmed_since(mark))
        await world.until(lambda: world.is_shared_out("a", "b", "c"), 3.0)

    run(story)


def test_an_outage_of_all_moves_nothing() -> None:
    async def story() -> None:
        world = World()
        everybody = world.start("a", "b", "c")
        await world.until(lambda: world.is_shared_out("a", "b", "c"))
        generation = world.generation()
        for one in everybody:
            one.refuses = True
        await world.pass_time(120)
        for one in everybody:
            one.refuses = False
        await world.pass_time(10)
        assert world.is_shared_out("a", "b", "c")
        assert world.generation() == generation

    run(story)


@pytest.mark.parametrize("jump_ms", [-3_600_000, -7_000, 2_900, 3_600_000])
def test_a_brokers_clock_that_jumps_moves_nothing(jump_ms: int) -> None:
    async def story() -> None:
        world = World()
        world.start("a", "b", "c")
        await world.until(lambda: world.is_shared_out("a", "b", "c"))
        generation = world.generation()
        world.topic.skew_ms += jump_ms
        await world.pass_time(20)
        assert world.is_shared_out("a", "b", "c")
        assert world.generation() == generation

    run(story)


def test_partitions_that_are_added_are_shared_out() -> None:
    async def story() -> None:
        world = World(4)
        everybody = world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        before = {one: set(one.held) for one in everybody}
        world.partitions = 12
        await world.until(lambda: world.is_shared_out("a", "b"), 2.0)
        assert all(before[one] <= set(one.held) for one in everybody)

    run(story)


def test_partitions_with_no_living_owner_wait_for_one() -> None:
    async def story() -> None:
        world = World()
        (a,) = world.start("a")
        world.start("gate", roles=("api",))
        await world.until(lambda: world.is_shared_out("a", "gate") or bool(a.held))
        a.kill()
        await world.pass_time(30)
        assert not any(world.holders().values())
        world.start("b")
        await world.until(lambda: all(held == ["b"] for held in world.holders().values()), 3.0)

    run(story)


@pytest.mark.parametrize("pause_s", [0.0, 3.0, 7.0, 3_000.0])
@pytest.mark.parametrize("names", [("a", "b", "c"), ("d", "e", "f")])
def test_when_all_were_killed_the_next_ones_go_on(pause_s: float, names: tuple[str, ...]) -> None:
    async def story() -> None:
        world = World()
        everybody = world.start("a", "b", "c")
        await world.until(lambda: world.is_shared_out("a", "b", "c"))
        for one in everybody:
            one.kill()
        await world.pass_time(pause_s)
        world.start(*names)
        await world.until(lambda: world.is_shared_out(*names), 8.0)

    run(story)


def test_a_topic_that_was_made_anew_is_read_from_its_beginning() -> None:
    async def story() -> None:
        world = World()
        everybody = world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        await world.pass_time(5)
        world.topic.records.clear()
        for one in everybody:
            one.reading.cancel()
            one.reading = asyncio.ensure_future(one._read(0))
        await world.until(lambda: world.is_shared_out("a", "b"), 5.0)

    run(story)


def test_what_two_write_that_lead_at_once_comes_to_one_result() -> None:
    async def story() -> None:
        world = World(2)
        world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        generation = world.generation() + 1
        for owners in ({0: "b", 1: "a"}, {0: "a", 1: "b"}):
            world.topic.put(encode_member_record(Assignment(generation=generation, leader="x", owners=owners)))
        await world.until(lambda: world.is_shared_out("a", "b") and world.generation() == generation, 3.0)
        assert world.holders() == {0: ["b"], 1: ["a"]}

    run(story)


def test_one_that_does_not_let_go_is_waited_for_a_second() -> None:
    async def story() -> None:
        world = World(2)
        a, b = world.start("a", "b")
        await world.until(lambda: world.is_shared_out("a", "b"))
        partition = next(iter(a.held))
        a.on_change = lambda: None  # type: ignore[method-assign]  # it does not let go
        owners = {partition: "b", 1 - partition: "a"}
        world.topic.put(encode_member_record(Assignment(generation=world.generation() + 1, leader="x", owners=owners)))
        assert 0.9 < await world.until(lambda: partition in b.held) < 1.2

    run(story)


def test_what_nobody_can_read_is_passed_over_and_counted() -> None:
    async def story() -> None:
        world = World()
        (a,) = world.start("a")
        for junk in (
            b"",
            b"{",
            b"\xff",
            b"[]",
            b'{"heartbeat":2,"node":"z"}',
            b'{"heartbeat":1}',
            b'{"assignment":{"generation":-1}}',
            b"[" * 9999,
        ):
            world.topic.put(junk)
        await world.until(lambda: world.is_shared_out("a"))
        assert a.members.membership.unreadable == 8

    run(story)
