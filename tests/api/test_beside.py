"""The projector beside a server, and those who wait for it: it is begun again whatever ends it, and who waits is bounded."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from contracts.definitions import WorkflowDefinition
from contracts.errors import LogUnreachable
from contracts.journal import Checkpoint
from infra.server.engine import Engine
from infra.server.parts.projector import Projector
from infra.server.progress import Progress
from infra.server.projector_process import LOAD_FROM, LOAD_WITHIN_S, TELL_AFTER_S, TELL_UNDER_LOAD_S, ProjectorProcess
from infra.server.wiring import open_engine
from infra.settings.model import EngineSettings
from workers.reading.projection import HELD_FROM

from .conftest import WAITS

TOO_LONG = "x" * 200_000
"""Longer than any argument may be: the system begins no process with it."""


def _process(data: Path, *more: str) -> ProjectorProcess:
    return ProjectorProcess(data, 0, lambda *_: None, more)


async def _until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not met():
            await asyncio.sleep(0)


def test_a_projector_that_the_system_does_not_begin_is_begun_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        failures: list[Exception] = []
        process = _process(tmp_path, TOO_LONG)
        projector = Projector(process, failures.append)
        await projector.start()
        await _until(lambda: process.restarts == 2)
        await projector.stop()
        assert failures == []

    asyncio.run(story())
    assert "the projector cannot be begun: " in caplog.text


def test_a_projector_that_says_what_nobody_understands_ends_the_server(tmp_path: Path) -> None:
    async def story() -> list[Exception]:
        failures: list[Exception] = []
        projector = Projector(_process(tmp_path, "--help"), failures.append)
        await projector.start()
        await _until(lambda: bool(failures))
        await projector.stop()
        return failures

    (failure,) = asyncio.run(story())
    assert isinstance(failure, ValueError)


def test_who_asks_for_a_look_while_one_is_under_way_shares_the_next(tmp_path: Path) -> None:
    async def story() -> None:
        process = _process(tmp_path)
        first, *others = [process.look() for _ in range(1_000)]
        assert len({first, *others}) == 2
        running = asyncio.ensure_future(process.run())
        async with asyncio.timeout(30):
            await first
            await others[0]
            await process.look()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with open_engine(EngineSettings(data=tmp_path, threads=False)):
        asyncio.run(story())


def test_who_has_the_same_rows_made_anew_meanwhile_shares_that(tmp_path: Path) -> None:
    async def story() -> None:
        process = _process(tmp_path)
        same = {process.rebuild(names) for names in (["executions", "search"], ["search", "executions"]) * 500}
        other = process.rebuild(["search"])
        assert len(same | {other}) == 2
        running = asyncio.ensure_future(process.run())
        async with asyncio.timeout(30):
            await asyncio.gather(*same, other)
        assert process.rebuild(["search"]) is not other
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with open_engine(EngineSettings(data=tmp_path, threads=False)):
        asyncio.run(story())


def test_who_waited_in_vain_for_the_read_models_is_forgotten() -> None:
    async def nobody_answers(partition: int) -> Checkpoint:
        raise LogUnreachable("nobody answers")

    async def story(checkpoint_of: Callable[[int], Awaitable[Checkpoint]]) -> int:
        progress = Progress(dict, checkpoint_of)
        for _ in range(100):
            with pytest.raises(TimeoutError):
                await progress.reach(0, 1, 0)
        gc.collect()
        return sum(isinstance(one, asyncio.Future) for one in gc.get_objects())

    assert asyncio.run(story(nobody_answers)) < 20


def test_a_projector_stores_what_it_holds_back_for_who_wants_all(tmp_path: Path) -> None:
    async def story(engine: Engine) -> list[tuple[int, int, int]]:
        told: list[tuple[int, int, int]] = []
        process = ProjectorProcess(tmp_path, 0, lambda *said: told.append(said))
        running = asyncio.ensure_future(process.run())
        async with asyncio.timeout(30):
            await process.look()
            for number in range(HELD_FROM):
                engine.start("waits", execution=f"e-{number}")
            while engine.step():
                pass
            process.tell()
            await _until(lambda: told[-1][1] == engine.owner.position)
            process.tell(of_all=True)
            await _until(lambda: told[-1][2] == engine.owner.position)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return told

    with open_engine(EngineSettings(data=tmp_path, threads=False)) as engine:
        engine.publish(WorkflowDefinition.model_validate(WAITS))
        told = asyncio.run(story(engine))
        assert any(lagging < offset for _, offset, lagging in told)
        assert told[-1] == (0, engine.owner.position, engine.owner.position)


def test_what_comes_under_load_is_collected_for_longer_until_less_comes(tmp_path: Path) -> None:
    process = ProjectorProcess(tmp_path, 0, lambda *_: None)
    pauses = []
    for offset in (0, LOAD_FROM - 1, 2 * LOAD_FROM - 1, 2 * LOAD_FROM):
        process._hear([b"0", b"%d" % offset, b"0"])
        pauses.append(process._pause_s())
    assert pauses == [TELL_AFTER_S, TELL_AFTER_S, TELL_UNDER_LOAD_S, TELL_AFTER_S]


def test_what_comes_alone_after_much_has_come_is_told_of_soon(tmp_path: Path) -> None:
    now = [0.0]
    process = ProjectorProcess(tmp_path, 0, lambda *_: None, now=lambda: now[0])
    pauses = []
    for offset, at in ((0, 0.0), (LOAD_FROM, LOAD_WITHIN_S), (2 * LOAD_FROM, 2 * LOAD_WITHIN_S + 0.1)):
        process._hear([b"0", b"%d" % offset, b"0"])
        now[0] = at
        pauses.append(process._pause_s())
    assert pauses == [TELL_AFTER_S, TELL_UNDER_LOAD_S, TELL_AFTER_S]
