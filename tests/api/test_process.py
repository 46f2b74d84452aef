"""A process is a list of parts: who is made, and in what order they are moved, begun and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from contracts.definitions import WorkflowDefinition
from contracts.ports.feed import Selector, Told
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from infra.files.snapshots import MemorySnapshots
from infra.log.memory import MemoryLog
from infra.server.alone import Alone
from infra.server.engine import Engine
from infra.server.parts import PARTS
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from infra.server.process import Process
from infra.server.wiring import build_alone
from infra.settings.model import EngineSettings


class Noted(Running):
    """Says what is done with it, and fails where a test wants it to."""

    def __init__(self, name: str, said: list[str], fails: str, context: Context) -> None:
        self._name, self._said, self._fails = name, said, fails

    def _say(self, what: str) -> None:
        self._said.append(f"{what} {self._name}")
        if what == self._fails:
            raise RuntimeError(f"{self._name} cannot {what}")

    async def start(self) -> None:
        self._say("start")

    async def drain(self, stop_s: float) -> None:
        self._say("drain")

    async def stop(self) -> None:
        await asyncio.sleep(0)
        self._say("stop")


class Counter(Running):
    """Counts decisions, a second at a time."""

    def __init__(self, seconds: list[int], context: Context) -> None:
        self._seconds, self._clock, self._count = seconds, context.clock, 0
        self._due = self._clock.now() + 1_000
        context.feed.subscribe(Selector(), self._take)

    def _take(self, told: Sequence[Told]) -> None:
        self._count += len(told)

    def step(self) -> bool:
        if self._clock.now() < self._due:
            return False
        self._seconds.append(self._count)
        self._count, self._due = 0, self._due + 1_000
        return True

    def next_due(self) -> int | None:
        return self._due


def _alone(threads: bool = False) -> Alone:
    settings = EngineSettings(threads=threads)
    alone = build_alone(settings, MemoryLog(), MemoryBlobs(), MemorySnapshots(), ManualClock(1_000_000))
    alone.owner.claim()
    return alone


def _context(alone: Alone) -> Context:
    return Context(
        clock=alone.clock, roles=("owner",), wake=alone.waker.wake, send=alone.owner.send, feed=Engine(alone, ()).feed, alone=alone
    )  # fmt: skip


def _process(said: list[str], **fails: str) -> Process:
    context = _context(_alone())
    parts = [Part(name, (), partial(Noted, name, said, fails.get(name, ""))) for name in ("a", "b", "c")]
    return Process(context, [*parts, Part("d", ("api",), partial(Noted, "d", said, ""))])


def test_parts_begin_in_order_and_end_in_the_reverse_one_and_those_of_other_roles_are_not_made() -> None:
    async def story() -> list[str]:
        said: list[str] = []
        process = _process(said)
        await process.start()
        await process.drain(1.0)
        await process.stop()
        return said

    began, drained, stopped = (["start a", "start b", "start c"], ["drain c", "drain b", "drain a"], ["stop c", "stop b", "stop a"])
    assert asyncio.run(story()) == began + drained + stopped


def test_a_process_that_ends_now_has_cancelled_its_activities_before_it_is_asked_for_anything_else() -> None:
    alone = _alone(threads=True)
    engine = Engine(alone)
    sleeps = {"source": "import time; time.sleep(600)", "sandbox": "process"}
    engine.publish(WorkflowDefinition.model_validate({"name": "w", "nodes": [{"id": "a", "type": "code", "config": sleeps}]}))
    name = engine.start("w")
    while alone.worker.last_heartbeat(name, "a", 1) is None:
        engine.step()
    asyncio.run(Process(_context(alone)).stop())
    assert alone.worker.last_heartbeat(name, "a", 1) is None
    engine.stop()


def test_all_parts_end_though_who_waits_for_it_is_cancelled() -> None:
    async def story() -> list[str]:
        said: list[str] = []
        stopping = asyncio.ensure_future(_process(said).stop())
        await asyncio.sleep(0)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        return said

    assert asyncio.run(story()) == ["stop c", "stop b", "stop a"]


def test_what_a_part_fails_with_at_the_end_is_raised_when_all_have_ended() -> None:
    async def story() -> list[str]:
        said: list[str] = []
        process = _process(said, c="drain", b="stop")
        with pytest.raises(RuntimeError, match="c cannot drain"):
            await process.drain(1.0)
        with pytest.raises(RuntimeError, match="b cannot stop"):
            await process.stop()
        return said

    assert asyncio.run(story()) == ["drain c", "drain b", "drain a", "stop c", "stop b", "stop a"]


def test_a_part_that_cannot_begin_is_raised_and_those_behind_it_do_not_begin() -> None:
    async def story() -> list[str]:
        said: list[str] = []
        with pytest.raises(RuntimeError, match="b cannot start"):
            await _process(said, b="start").start()
        return said

    assert asyncio.run(story()) == ["start a", "start b"]


def test_a_part_that_steps_is_moved_with_the_engine_and_hears_of_its_decisions() -> None:
    alone, seconds = _alone(), list[int]()
    engine = Engine(alone, (*PARTS, Part("counter", ("owner",), partial(Counter, seconds))))
    engine.publish(WorkflowDefinition.model_validate({"name": "w", "nodes": [{"id": "d", "type": "delay", "config": {"for": "1500ms"}}]}))
    engine.start("w")
    for _ in range(4):
        while engine.step():
            pass
        assert isinstance(alone.clock, ManualClock)
        due = engine.next_due()
        assert due is not None
        alone.clock.set(due)
    assert seconds[:2] == [1, 1], "created in the first second, ended in the second"
