"""Aging: the most urgent go first, and nothing waits for ever behind them, in whichever of the queues it waits."""

from __future__ import annotations

from contracts.commands import RunActivity
from contracts.ids import activity_key
from refold.aging import ROUND_EVERY, Aging
from refold.worker.pool import Waiting
from tests.kafka.test_worker_parts import HIGH, LOW, PLAIN, ready
from workers.tasks.queue import LeasedTask, TaskQueue

MANY = 3 * ROUND_EVERY


def task(name: str, priority: int) -> LeasedTask:
    return LeasedTask(RunActivity(name, "n", 1, "k", b"{}", b"null", priority=priority), ord(name[0]))


def test_where_all_are_as_urgent_the_order_stays() -> None:
    aging = Aging()
    assert [aging.first(1) for _ in range(MANY)] == [0] * MANY


def test_of_so_many_turns_one_goes_round_the_levels() -> None:
    aging = Aging()
    found = [aging.first(3) for _ in range(MANY)]
    assert [found.count(level) for level in range(3)] == [MANY - 2, 1, 1]


def test_a_worker_elsewhere_gets_the_least_urgent_though_urgent_tasks_never_end() -> None:
    queue = TaskQueue()
    for name, priority in (("low", 0), ("middle", 5)):
        queue.add(task(name, priority))
    given = []
    for number in range(MANY):
        queue.add(task(f"urgent{number}", 9))
        taken = queue.take([("default", "k")])
        assert taken is not None
        given.append(taken.task)
    assert activity_key("low", "n", 1) in given
    assert activity_key("middle", "n", 1) in given
    assert given[: ROUND_EVERY - 1] == [activity_key(f"urgent{number}", "n", 1) for number in range(ROUND_EVERY - 1)]


def test_a_pool_runs_the_least_urgent_though_urgent_ones_never_end() -> None:
    waiting = Waiting[str]()
    waiting.add("low", 0)
    waiting.add("middle", 5)
    given = []
    for _ in range(MANY):
        waiting.add("urgent", 9)
        given.append(waiting.take())
    assert {"low", "middle"} < set(given)
    assert len([one for one in given if one == "urgent"]) == MANY - 2


def test_a_worker_on_kafka_gives_out_the_least_urgent_though_urgent_tasks_never_end() -> None:
    reader = ready(HIGH, PLAIN, LOW)
    reader.read(LOW, "low")
    reader.read(PLAIN, "plain")
    given = []
    for number in range(MANY):
        reader.read(HIGH, f"high{number}")
        given += reader.give(1)
    assert {"low", "plain"} < set(given)
    assert len(given) == MANY
