"""The gateway between topics and workers over HTTP: what ends is told once to whoever takes tasks, and is not run again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from contracts.commands import Command, Envelope, Limits, RunActivity
from contracts.errors import LogError
from contracts.worker_protocol import Poll, Result
from contracts.worker_topics import encode_task
from infra.blobs import MemoryBlobs
from infra.clock import ManualClock
from infra.cluster.gateway import JOIN_AFTER_S, TICK_S, Gateway, Near
from tests.cluster.world import run
from workers.activity_settings import ActivitySettings
from workers.activity_worker import ActivityWorker
from workers.round import Answer, Reply
from workers.shared_remote import SharedRemoteWorkers


class Record(NamedTuple):
    content: bytes
    task: str
    partition: int = 0


class Source:
    """Takes what a test gives it, and takes its time to leave."""

    def __init__(self, on_task: Callable[[Any], None]) -> None:
        self.on_task = on_task
        self.is_done: list[str] = []
        self.forgotten: list[str] = []

    def start(self) -> None: ...

    def begin(self, topic: str, partition: int, content: bytes, has_room: Callable[[str], bool]) -> str | None:
        return None

    def done(self, task: str) -> None:
        self.is_done.append(task)

    def forget(self, task: str) -> None:
        self.forgotten.append(task)

    def cancel(self, execution: str, path: str, attempt: int, sequence: int) -> list[str]:
        return []

    def wake(self) -> None: ...

    def look_near(self) -> None: ...

    async def close(self) -> None:
        await asyncio.sleep(1.0)


class World:
    """A gateway whose commands are decided at once, and whose records go out when a test lets them."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.told: list[Command] = []
        self.out: list[tuple[str, Callable[[LogError | None], None]]] = []
        clock, blobs, settings = ManualClock(1_000_000), MemoryBlobs(), ActivitySettings()
        self.clock = clock
        self.gateway = Gateway(self._make, (), lambda: True, self._route, self._put, lambda execution: 0, frozenset, "g")
        local = ActivityWorker({}, settings, self.gateway.report, clock, blobs)
        self.remote = SharedRemoteWorkers(local, (), settings, self.gateway.report, clock, blobs)
        self.gateway.start(self.remote)

    def _make(self, places: Iterable[Any], on_task: Callable[[Any], None], has_room: Callable[[str], bool], near: Near) -> Source:
        self.sources.append(Source(on_task))
        return self.sources[-1]

    def _route(self, execution: str, command: Command, reply: Reply | None) -> None:
        self.told.append(command)
        if reply is not None:
            reply(Answer(execution, 1))

    def _put(self, topic: str, partition: int, content: bytes, then: Callable[[LogError | None], None]) -> None:
        self.out.append((topic, then))

    def poll(self, worker: str, kind: str, running: tuple[str, ...] = ()) -> list[str]:
        poll = Poll(protocol=1, worker=worker, kinds=(kind,), credits=10, running=running)
        return [task.task for task in self.remote.poll(poll).tasks]

    def give(self, heartbeat: int | None = None) -> str:
        activity = RunActivity("e", "n", 1, "charge", b"{}", b"1", limits=Limits(None, heartbeat))
        self.sources[-1].on_task(Record(encode_task(activity, b"{}", b"1"), "e/n@1"))
        return "e/n@1"

    def report(self, worker: str, task: str) -> None:
        command = self.remote.receive(worker, Result(task=task, output=b"2"))  # type: ignore[arg-type]
        assert not isinstance(command, str | None)
        self.gateway.submit(Envelope("", "e", command), lambda answer: self.remote.settle(task))


async def with_a_task() -> tuple[World, str]:
    world = World()
    world.poll("w", "charge")
    await asyncio.sleep(2 * JOIN_AFTER_S)
    task = world.give()
    assert world.poll("w", "charge") == [task]
    return world, task


def test_what_ends_while_one_source_follows_another_is_told_to_the_next() -> None:
    async def story() -> None:
        world, task = await with_a_task()
        world.poll("other", "ship")
        await asyncio.sleep(2 * JOIN_AFTER_S)
        world.report("w", task)
        assert len(world.sources) == 1, "the first one is leaving"
        await asyncio.sleep(2.0)
        assert world.sources[1].is_done == [task]
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


def test_signs_of_life_do_not_pile_up_while_nothing_goes_out() -> None:
    async def story() -> None:
        world = World()
        world.poll("w", "charge")
        await asyncio.sleep(2 * JOIN_AFTER_S)
        world.give(heartbeat=60_000)
        for _ in range(5):
            world.clock.advance(1_000)
            world.poll("w", "charge", ("e/n@1",))
            await asyncio.sleep(TICK_S)
        assert len(world.out) == 1
        world.out[0][1](None)
        await asyncio.sleep(2 * TICK_S)
        assert len(world.out) == 2
        await world.gateway.close()

    run(story)
