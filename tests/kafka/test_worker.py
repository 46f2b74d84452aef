"""Workers on Kafka without a server: nothing is lost, little runs twice, and a stop is a stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

import refold
from brokers.cluster import Cluster
from refold.worker import kafka as kafka_worker
from tests.kafka.played_engine import Notes, PlayedEngine, process, until, working
from tests.kafka.topics import new_topics

PARTITIONS = 4


@pytest.fixture
def engine(broker: str) -> Iterator[PlayedEngine]:
    played = PlayedEngine(new_topics(broker, PARTITIONS), PARTITIONS)
    yield played
    played.close()


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def output_of(engine: PlayedEngine, task: str) -> Any:
    output = engine.until_ended([task])[task].output
    assert isinstance(output, Raw)
    return json.loads(bytes(output))


def error_of(engine: PlayedEngine, task: str) -> Any:
    return engine.until_ended([task])[task].error


# Running.


def test_tasks_run_and_their_results_are_appended_beside_their_execution(engine: PlayedEngine) -> None:
    @refold.activity
    def double(given: int) -> int:
        return 2 * given

    @refold.activity
    async def halve(given: int) -> float:
        return given / 2

    with working(engine, double, halve, name="w-1"):
        first, second = engine.send(1, 21, "double"), engine.send(1, 21, "halve")
        assert [output_of(engine, task) for task in first + second] == [42, 10.5]
    assert {one.worker for one in engine.results()} == {"w-1"}


def test_what_a_function_raises_is_reported(engine: PlayedEngine) -> None:
    @refold.activity
    def divide(given: Any) -> float:
        return 1 / 0

    with working(engine, divide):
        [task] = engine.send(1, 1, "divide")
        assert (error_of(engine, task).type, error_of(engine, task).message) == ("ZeroDivisionError", "division by zero")


def test_a_result_that_no_record_takes_is_a_failure_and_holds_up_no_other(engine: PlayedEngine) -> None:
    @refold.activity
    def grow(given: int) -> str:
        return "x" * given

    with working(engine, grow):
        [huge] = engine.send(1, 9 * 1024 * 1024, "grow")
        [large] = engine.send(1, 7 * 1024 * 1024, "grow")
        [small] = engine.send(1, 1, "grow")
        assert output_of(engine, small) == "x"
        assert error_of(engine, huge).type == "output.too_large"
        assert not error_of(engine, huge).retryable
        assert len(output_of(engine, large)) == 7 * 1024 * 1024


def test_a_backlog_of_thousands_is_worked_off_once(engine: PlayedEngine) -> None:
    runs: list[str] = []

    @refold.activity
    def note(given: Any, context: refold.ActivityContext) -> None:
        runs.append(context.task)

    tasks = engine.send(5_000, {"filling": "x" * 500})
    with working(engine, note):
        engine.until_ended(tasks)
    assert sorted(runs) == sorted(tasks)
    with working(engine, note):  # all of it is committed: nothing comes again
        last = engine.send(PARTITIONS, None)
        engine.until_ended(last)
    assert sorted(runs) == sorted(tasks + last)


def test_no_more_are_in_hand_than_there_are_credits(engine: PlayedEngine) -> None:
    running, most = set(), []

    @refold.activity
    async def note(given: Any, context: refold.ActivityContext) -> None:
        running.add(context.task)
        most.append(len(running))
        await asyncio.sleep(0)
        running.discard(context.task)

    tasks = engine.send(300, None)
    with working(engine, note, concurrency=1, credits=7):
        engine.until_ended(tasks)
    assert max(most) <= 7


def test_a_task_that_was_sent_twice_runs_once(engine: PlayedEngine) -> None:
    runs: list[str] = []
    go = threading.Event()

    @refold.activity
    def note(given: Any, context: refold.ActivityContext) -> None:
        runs.append(context.task)
        go.wait(30)

    with working(engine, note):
        tasks = engine.send(PARTITIONS, None)
        until(lambda: len(runs) == PARTITIONS)
        engine.repeat(tasks)  # while they run
        others = engine.send(PARTITIONS, None)
        until(lambda: len(runs) == 2 * PARTITIONS)
        go.set()
        engine.until_ended(tasks + others)
        engine.repeat(tasks)  # after they have ended
        last = engine.send(PARTITIONS, None)
        engine.until_ended(last)
        until(lambda: engine.is_all_committed("note"))
    assert sorted(runs) == sorted(tasks + others + last)


# Sharing.


def test_two_workers_share_the_partitions_and_run_nothing_twice(engine: PlayedEngine, notes: Notes) -> None:
    with process(engine), process(engine):
        until(lambda: engine.living_workers() == 2)
        until(lambda: is_shared(engine, notes))
        before = set(notes.begun())
        tasks = engine.send(400, notes.given(0.01))
        engine.until_ended(tasks)
        assert {task: count for task, count in notes.begun().items() if task not in before} == dict.fromkeys(tasks, 1)
        assert len(notes.processes()) == 2


def is_shared(engine: PlayedEngine, notes: Notes) -> bool:
    """Whether two workers take tasks by now."""
    engine.until_ended(engine.send(PARTITIONS, notes.given()))
    last = notes.lines()[-2 * PARTITIONS :]
    return len({process for _, _, process in last}) == 2


def test_what_a_killed_worker_had_in_hand_runs_again_and_hardly_anything_else(engine: PlayedEngine, notes: Notes) -> None:
    with process(engine, "--concurrency", "10") as first, process(engine, "--concurrency", "10"):
        until(lambda: is_shared(engine, notes))
        before = set(notes.begun())
        tasks = engine.send(300, notes.given(0.25))
        until(lambda: len(notes.ended().keys() - before) > 60)
        first.kill()
        first.wait()
        in_flight = notes.running_in(first.pid)
        engine.until_ended(tasks)
        begun = notes.begun()
        twice = {task for task in tasks if begun[task] == 2}
        assert all(begun[task] in (1, 2) for task in tasks)
        assert in_flight <= twice
        assert len(in_flight) >= 5
        just_ended = {task for what, task, where in notes.lines() if what == "end" and where == first.pid}
        assert twice - in_flight <= just_ended
        assert len(twice - in_flight) <= 15, "of what had ended only that of the last moments"


def test_what_was_done_behind_one_that_takes_long_does_not_run_again(engine: PlayedEngine, notes: Notes, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with process(engine) as first:
        long = engine.send(PARTITIONS, notes.given(gate=str(gate)))
        short = engine.send(200, notes.given())
        engine.until_ended(short)
        until(lambda: engine.committed_count("note") == len(short))
        first.kill()
    gate.touch()
    with process(engine):
        engine.until_ended(long)
        until(lambda: engine.is_all_committed("note"))
    assert notes.begun() == dict.fromkeys(short, 1) | dict.fromkeys(long, 2)


def test_what_runs_here_runs_on_when_somebody_joins_and_is_killed(engine: PlayedEngine, notes: Notes, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with process(engine) as first:
        tasks = engine.send(4 * PARTITIONS, notes.given(gate=str(gate)))
        until(lambda: len(notes.begun()) == len(tasks))
        with process(engine) as second:

            def moved_to_it() -> set[int]:
                return {engine.partition_of[task] for _, task, where in notes.lines() if where == second.pid}

            until(lambda: len(moved_to_it()) == PARTITIONS // 2)  # what was moved begins there
            moved = moved_to_it()
            second.kill()
            second.wait()
        others = engine.send(PARTITIONS, notes.given())
        engine.until_ended(others)
        gate.touch()
        engine.until_ended(tasks)
        assert all(where != first.pid or count == 1 for (where, _), count in notes.begun_in().items()), (
            "a task was begun twice in one worker"
        )
        stayed = [task for task in tasks if engine.partition_of[task] not in moved]
        assert [notes.begun()[task] for task in stayed] == [1] * len(stayed)


def test_what_ends_soon_is_not_begun_again_where_its_partition_goes(engine: PlayedEngine, notes: Notes) -> None:
    with process(engine, "--concurrency", "10") as first:
        tasks = engine.send(400, notes.given(0.3))
        until(lambda: len(notes.ended()) > 10)
        with process(engine, "--concurrency", "10") as second:
            until(lambda: second.pid in notes.processes())
            engine.until_ended(tasks)
            assert first.poll() is None
            assert notes.begun() == dict.fromkeys(tasks, 1)


def test_a_worker_that_was_frozen_longer_than_a_session_takes_part_again(engine: PlayedEngine, notes: Notes) -> None:
    with process(engine, "--concurrency", "4") as first, process(engine, "--concurrency", "4"):
        until(lambda: is_shared(engine, notes))
        first.send_signal(signal.SIGSTOP)
        tasks = engine.send(40, notes.given(0.02))
        engine.until_ended(tasks)
        first.send_signal(signal.SIGCONT)
        until(lambda: is_shared(engine, notes))


# Stopping.


def test_sigterm_ends_what_runs_and_hands_back_what_waits(engine: PlayedEngine, notes: Notes, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with process(engine, "--concurrency", "2") as first:
        tasks = engine.send(40, notes.given(gate=str(gate)))
        until(lambda: len(notes.begun()) == 2)
        running = set(notes.begun())
        first.terminate()
        until(lambda: engine.members()[-1]["workers"][0]["running"] == 2)  # what had not begun is out of its hands
        gate.touch()
        assert first.wait(20) == 0
        assert set(engine.ends()) == running
        assert engine.members()[-1]["leaving"]
    with process(engine):
        engine.until_ended(tasks)
    assert notes.begun() == dict.fromkeys(tasks, 1)


def test_what_does_not_end_within_the_grace_runs_elsewhere(engine: PlayedEngine) -> None:
    begun = threading.Event()

    @refold.activity(name="hang")
    async def hang() -> str:
        begun.set()
        await asyncio.Event().wait()
        return "never"

    with working(engine, hang, stop_grace_s=0.1):
        [task] = engine.send(1, None, "hang")
        assert begun.wait(30)
    with working(engine, refold.activity(name="hang")(lambda: "went on")):
        assert output_of(engine, task) == "went on"


@pytest.mark.parametrize("is_async", [False, True])
def test_a_cancellation_reaches_the_function_in_less_than_a_second(engine: PlayedEngine, is_async: bool) -> None:
    begun, heard = threading.Event(), threading.Event()

    @refold.activity(name="hang")
    def hang(context: refold.ActivityContext) -> None:
        begun.set()
        if context.wait_cancelled(30):
            heard.set()

    @refold.activity(name="hang")
    async def hang_async() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.set()
            raise

    with working(engine, hang_async if is_async else hang):
        [task] = engine.send(1, None, "hang")
        assert begun.wait(30)
        until(lambda: engine.living_workers() == 1)
        engine.cancel(task.partition("/")[0], "n", 2)  # another attempt
        engine.cancel(task.partition("/")[0], "n", 1)
        assert heard.wait(20)
        until(lambda: engine.is_all_committed("hang"))
    assert engine.ends() == {}


def test_what_runs_long_and_gives_heartbeats_is_handed_over(engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_worker, "HAND_OVER_AFTER_S", 0.5)
    go = threading.Event()

    @refold.activity(name="long")
    def long(context: refold.ActivityContext) -> str:
        while not go.is_set():
            context.heartbeat(0.5, "half")
            context.wait_cancelled(0.05)
        return "done"

    with working(engine, long):
        [task] = engine.send(1, None, "long", heartbeat_ms=3_000)
        [other] = engine.send(1, None, "long")
        until(lambda: any(one.task == task and one.started for one in engine.results()))
        until(lambda: engine.committed_count("long") == 1)  # though both run
        until(lambda: len([one for one in engine.results() if one.task == task and one.progress == 0.5]) >= 3)
        assert not any(one.started for one in engine.results() if one.task == other)
        go.set()
        assert output_of(engine, task) == output_of(engine, other) == "done"


# Brokers.


def test_a_broker_that_is_killed_and_comes_back_costs_no_task(cluster: Cluster, notes: Notes) -> None:
    engine = PlayedEngine(new_topics(cluster.bootstrap, 2), 2)
    try:
        with process(engine, "--concurrency", "4"):
            tasks = engine.send(200, notes.given(0.1))
            until(lambda: len(notes.ended()) > 20)
            cluster.nodes[0].kill()
            until(lambda: not notes.running_in(next(iter(notes.processes()))))  # it has run dry
            cluster.nodes[0].start()
            cluster.nodes[0].wait()
            engine.until_ended(tasks)
            assert set(notes.begun()) == set(tasks)
            assert max(notes.begun().values()) == 1, "the worker knows what it has run"
    finally:
        engine.close()


def test_a_worker_waits_for_a_broker_that_is_not_there_yet(cluster: Cluster, notes: Notes) -> None:
    engine = PlayedEngine(new_topics(cluster.bootstrap, 2), 2)
    try:
        tasks = engine.send(4, notes.given())
        cluster.nodes[0].kill()
        with process(engine):
            cluster.nodes[0].start()
            cluster.nodes[0].wait()
            engine.until_ended(tasks)
    finally:
        engine.close()


# Being known, and being wrong.


def test_a_worker_says_that_it_is_there(engine: PlayedEngine) -> None:
    with working(engine, refold.activity(name="a")(lambda: None), name="w-1", queues=("gpu", "default")):
        until(engine.living_workers)
    first, *_, last = engine.members()
    assert (first["heartbeat"], first["node"], first["roles"], first["leaving"], last["leaving"]) == (1, "w-1", ["activities"], False, True)
    assert first["incarnation"] == last["incarnation"]
    [row] = first["workers"]
    assert (row["worker"], row["kinds"], row["queues"], row["running"]) == ("w-1", ["a"], ["gpu", "default"], 0)


def test_a_task_of_another_version_stays_where_it_is_and_what_comes_behind_it_runs(engine: PlayedEngine) -> None:
    engine.send(1, None, "a")
    topic = engine.address.topic("activities.default.a")
    engine.append({(topic, 0): [b'{"protocol":2,"what":"ever"}']})
    with working(engine, refold.activity(name="a")(lambda: None)):
        engine.until_ended(engine.send(2 * PARTITIONS, None, "a"))
        until(lambda: engine.committed_count("a") == 2 * PARTITIONS + 1)
    assert engine.committed()[".activities.default.a:0"][0] == 0, "it counts as done"
    assert engine.records("dead-letters") == []


def test_a_record_that_is_no_task_is_left_out(engine: PlayedEngine) -> None:
    with working(engine, refold.activity(name="a")(lambda: "ran")):
        tasks = engine.send(PARTITIONS, None, "a")
        topic = engine.address.topic("activities.default.a")
        engine.append({(topic, partition): [b"rubbish", b'{"protocol":1}'] for partition in range(PARTITIONS)})
        tasks += engine.send(PARTITIONS, None, "a")
        engine.until_ended(tasks)
        until(lambda: engine.committed_count("a") == 4 * PARTITIONS)


def nothing() -> None:
    pass


def test_a_log_that_is_not_there_is_said_and_waited_for(broker: str, caplog: pytest.LogCaptureFixture) -> None:
    worker = refold.Worker([refold.activity(name="a")(nothing)], log=f"kafka://{broker}/nothing-{os.urandom(4).hex()}")
    thread = threading.Thread(target=lambda: asyncio.run(worker.serve()), daemon=True)
    thread.start()
    until(lambda: "there is no log at" in caplog.text and "refold kafka init --log" in caplog.text)
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()


def test_several_processes_work_with_a_name_each(engine: PlayedEngine, notes: Notes) -> None:
    with process(engine, "--processes", "2", "--name", "w") as minder:
        until(lambda: engine.living_workers() == 2)
        assert {one["node"] for one in engine.members()} == {"w-1", "w-2"}
        until(lambda: is_shared(engine, notes))
        minder.terminate()
        assert minder.wait(20) == 0
    assert engine.living_workers() == 0
