"""The gateway between topics and workers over HTTP: what ends is told once to whoever takes tasks, and is not run again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from msgspec import Raw

from contracts.commands import CancelActivity, Command, Envelope, Limits, LoseActivity, RunActivity
from contracts.errors import LogError
from contracts.ports.activities import Report
from contracts.worker_protocol import Poll, Result, Step
from contracts.worker_topics import encode_cancellation, encode_task
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from tests.cluster.world import run
from workers.partition.round import Answer, Reply
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.tasks.dead_letters import DeadLetters
from workers.tasks.gateway import JOIN_AFTER_S, TICK_S, Gateway, LocalPartitions, TaskRoute
from workers.tasks.shared_leases import SharedTaskLeases


class Record(NamedTuple):
    content: bytes
    task: str
    partition: int = 0
    is_ahead: bool = False
    may_have_begun: bool = False


class Source:
    """Takes what a test gives it."""

    def __init__(self, routes: Iterable[TaskRoute], on_task: Callable[[Any], None]) -> None:
        self.routes, self.on_task = set(routes), on_task
        self.is_closed = False
        self.is_done: list[str] = []
        self.forgotten: list[str] = []
        self.refused: list[str] = []
        self.running: list[str] = []

    def start(self) -> None: ...

    def change(self, routes: Iterable[TaskRoute]) -> None:
        self.routes = set(routes)

    def begin(self, topic: str, partition: int, content: bytes, has_room: Callable[[str], bool]) -> str | None:
        return None

    def done(self, task: str) -> None:
        self.is_done.append(task)

    def forget(self, task: str) -> None:
        self.forgotten.append(task)

    def refuse(self, task: str, why: str) -> None:
        self.refused.append(task)

    def cancel(self, execution: str, path: str, attempt: int, sequence: int) -> list[str]:
        return self.running

    def wake(self) -> None: ...

    def look_at_local(self) -> None: ...

    async def close(self) -> None:
        self.is_closed = True


class World:
    """A gateway whose commands are decided at once, and whose records go out when a test lets them."""

    waits_for: bool | None = True
    """What is known here of activities that come through their topics; None: nobody owns their partition yet."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.told: list[Command] = []
        self.looking: list[Callable[[bool], None]] = []
        self.out: list[tuple[str, Callable[[LogError | None], None]]] = []
        clock, blobs, settings = ManualClock(1_000_000), MemoryBlobs(), ActivitySettings()
        self.clock = clock
        letters = DeadLetters(self._put, clock, 1_000_000, lambda: True)

        def leases(report: Report, on_routes: Callable[[], None], on_done: Callable[[str], None]) -> SharedTaskLeases:
            local = ActivityWorker({}, settings, report, clock, blobs)
            return SharedTaskLeases(local, (), settings, report, clock, blobs, on_routes, on_done)

        self.gateway = Gateway(self, (), leases, self, self, self._put, "g", letters)
        self.remote = self.gateway.remote
        self.gateway.start()

    def take(
        self,
        routes: Iterable[TaskRoute],
        on_task: Callable[[Any], None],
        has_room: Callable[[str], bool],
        local: LocalPartitions,
        letters: DeadLetters,
    ) -> Source:
        self.sources.append(Source(routes, on_task))
        return self.sources[-1]

    def home(self, execution: str) -> int:
        return 0

    def local(self) -> frozenset[int]:
        return frozenset()

    def look_up(self, activity: RunActivity, then: Callable[[bool], None]) -> None:
        if self.waits_for is None:
            self.looking.append(then)
        else:
            then(self.waits_for)

    def route(self, execution: str, command: Command, reply: Reply | None) -> None:
        self.told.append(command)
        if reply is not None:
            reply(Answer(execution, 1))

    def _put(self, topic: str, partition: int, content: bytes, then: Callable[[LogError | None], None]) -> None:
        self.out.append((topic, then))

    def poll(self, worker: str, *kinds: str, running: tuple[str, ...] = ()) -> list[str]:
        poll = Poll(protocol=1, worker=worker, kinds=kinds, credits=10, running=running)
        return [task.task for task in self.remote.poll(poll).tasks]

    def give(self, heartbeat: int | None = None, is_ahead: bool = False) -> str:
        activity = RunActivity("e", "n", 1, "charge", b"{}", b"1", limits=Limits(None, heartbeat))
        self.sources[-1].on_task(Record(encode_task(activity, b"{}", b"1"), "e/n@1", is_ahead=is_ahead))
        return "e/n@1"

    def report(self, worker: str, task: str) -> None:
        command = self.remote.receive(worker, Result(task=task, output=Raw(b"2")))
        assert not isinstance(command, str | None)
        self.gateway.submit(Envelope("", "e", command), lambda answer: self.remote.settle(task))


async def with_a_task() -> tuple[World, str]:
    world = World()
    world.poll("w", "charge")
    await asyncio.sleep(2 * JOIN_AFTER_S)
    task = world.give()
    assert world.poll("w", "charge") == [task]
    return world, task


def test_a_worker_with_other_kinds_changes_what_is_taken_and_nothing_begins_anew() -> None:
    async def story() -> None:
        world, task = await with_a_task()
        world.poll("other", "ship")
        await asyncio.sleep(2 * JOIN_AFTER_S)
        assert [source.routes for source in world.sources] == [{("default", "charge"), ("default", "ship")}]
        world.report("w", task)
        assert world.sources[0].is_done == [task]
        world.poll("w")
        world.poll("other")
        await asyncio.sleep(2 * TICK_S)
        assert world.sources[0].is_closed, "nobody is left who takes anything"
        await world.gateway.close()

    run(story)


def test_a_task_whose_end_is_durable_is_not_run_again_when_its_record_comes_again() -> None:
    """Whoever took it before was killed before it had committed that."""

    async def story() -> None:
        world = World()
        world.waits_for = False
        world.poll("w", "charge")
        await asyncio.sleep(2 * JOIN_AFTER_S)
        task = world.give()
        assert world.poll("w", "charge") == []
        assert world.sources[0].is_done == [task]
        assert world.give(is_ahead=True) == task
        assert world.poll("w", "charge") == [task], "its owner has just called for it"
        await world.gateway.close()

    run(story)


def test_a_task_that_has_ended_and_comes_again_is_not_run_again() -> None:
    async def story() -> None:
        world, task = await with_a_task()
        world.report("w", task)
        assert world.sources[0].is_done == [task]
        world.give()
        assert world.poll("w", "charge") == []
        assert world.sources[0].is_done == [task, task]
        assert len(world.told) == 1
        await world.gateway.close()

    run(story)


def test_a_task_that_is_cancelled_while_nobody_owns_its_partition_is_not_run() -> None:
    async def story() -> None:
        world = World()
        world.waits_for = None
        world.poll("w", "charge")
        await asyncio.sleep(2 * JOIN_AFTER_S)
        task = world.give()
        assert world.poll("w", "charge") == []
        world.sources[0].running.append(task)
        cancellation = encode_cancellation(CancelActivity("e", "n", 1))
        world.gateway.on_cancellations("cancellations", 0, [(0, 0, cancellation)], 1)
        world.looking[0](True)
        assert world.poll("w", "charge") == []
        assert world.sources[0].is_done == [task]
        await world.gateway.close()

    run(story)


def test_signs_of_life_do_not_pile_up_while_nothing_goes_out() -> None:
    async def story() -> None:
        world = World()
        world.poll("w", "charge")
        await asyncio.sleep(2 * JOIN_AFTER_S)
        world.give(heartbeat=60_000)
        for _ in range(5):
            world.clock.advance(1_000)
            world.poll("w", "charge", running=("e/n@1",))
            await asyncio.sleep(TICK_S)
        assert len(world.out) == 1
        world.out[0][1](None)
        await asyncio.sleep(2 * TICK_S)
        assert len(world.out) == 2
        await world.gateway.close()

    run(story)


def test_a_task_that_may_have_begun_elsewhere_is_said_to_be_one_with_the_steps_of_its_record() -> None:
    async def story() -> None:
        world = World()
        world.poll("w", "charge")
        await asyncio.sleep(2 * JOIN_AFTER_S)
        record = encode_task(RunActivity("e", "n", 1, "charge", b"{}", b"1"), b"{}", b"1", steps={"pay": b"7"})
        world.sources[-1].on_task(Record(record, "e/n@1", may_have_begun=True))
        (task,) = world.remote.poll(Poll(protocol=1, worker="w", kinds=("charge",), credits=10)).tasks
        assert (task.steps, task.may_have_begun) == ({"pay": Raw(b"7")}, True)
        await world.gateway.close()

    run(story)


def test_what_a_worker_does_not_have_any_more_and_took_steps_begins_anew() -> None:
    async def story() -> None:
        world, task = await with_a_task()
        world.remote.receive("w", Result(task=task, step=Step(name="pay", output=Raw(b"7"))))
        assert world.poll("w", "charge") == []
        await asyncio.sleep(0)
        assert world.told == [LoseActivity("n", 1, "w", True)]
        assert world.sources[0].is_done == [task]
        await world.gateway.close()

    run(story)
