"""What exists is never unknown: who reads right after an answer waits for the read models, whatever has become of it since."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from api.service import Start
from contracts.commands import SendSignal
from contracts.definitions import WorkflowDefinition
from infra.clock import SystemClock
from infra.server.alone_service import AloneService
from infra.server.driver import Driver
from infra.server.engine import Engine
from infra.server.progress import Progress
from infra.server.projector_process import ProjectorProcess
from infra.server.read_threads import ReadThreads
from infra.server.reader_wiring import open_partitioned_reader, open_projectors
from infra.server.wiring import open_alone
from infra.settings.model import EngineSettings
from projections.executions import executions_where
from projections.incidents import incidents_where
from projections.waits import waits_where
from workers.reading.projection import HELD_FROM

from .conftest import WAITS


async def read_while_it_ends(data: Path, name: str) -> list[Any]:
    """What is read about an execution that was open when it was asked for, and has ended before the rows were looked at."""
    settings = EngineSettings(data=data, threads=False)
    driver = Driver(SystemClock(), asyncio.get_running_loop().create_future())
    with open_alone(settings, waker=driver) as alone, open_partitioned_reader(settings) as reader:
        reads = ReadThreads(reader.courtesy)
        engine = Engine(alone)
        driver.start(engine)
        progress = Progress(lambda: {0: alone.owner.position}, lambda partition: reads.run_list(reader.checkpoint_of, partition))
        service = AloneService(alone, engine.feed, reader, reads, progress, settings)
        with open_projectors(settings, progress.note) as projectors:
            await service.publish(WorkflowDefinition.model_validate(WAITS), activate=False)
            projectors.look_at_all()
            await service.start(Start("waits", execution=name), 0)
            asked = [
                service.history(name, 1, 100),
                service.state(name, None, False),
                service.nodes(name),
                service.rows(incidents_where(is_open=True), name),
            ]
            reading = [asyncio.ensure_future(one) for one in asked]
            await asyncio.sleep(0)
            reads.pool.submit(list).result()  # all rows were looked at, and it was not among them
            engine.send(name, SendSignal("s-1", "approved", b"null"))
            while engine.step():
                pass
            assert name in engine.owner.executions.ended
            await asyncio.sleep(0)
            projectors.look_at_all()
            try:
                found: list[Any] = await asyncio.gather(*reading)
                return found
            finally:
                driver.stop()
                service.close()


async def list_beside_a_reader(data: Path) -> tuple[bool, int]:
    """Whether a history that is being folded had arrived before a list did, and how long that list was."""
    settings, may_go_on = EngineSettings(data=data, threads=False), threading.Event()
    driver = Driver(SystemClock(), asyncio.get_running_loop().create_future())
    with open_alone(settings, waker=driver) as alone, open_partitioned_reader(settings) as reader:
        reads = ReadThreads(reader.courtesy)
        engine = Engine(alone)
        driver.start(engine)
        progress = Progress(lambda: {0: alone.owner.position}, lambda partition: reads.run_list(reader.checkpoint_of, partition))
        service = AloneService(alone, engine.feed, reader, reads, progress, settings)
        with open_projectors(settings, progress.note) as projectors:
            await service.publish(WorkflowDefinition.model_validate(WAITS), activate=False)
            await service.start(Start("waits", execution="e"), 0)
            projectors.look_at_all()
            await asyncio.sleep(0)
            reads.pool.submit(may_go_on.wait)
            history = asyncio.ensure_future(service.history("e", 1, 100))
            try:
                async with asyncio.timeout(30):
                    found = await service.find(executions_where())
                return history.done(), len(found)
            finally:
                may_go_on.set()
                await history
                driver.stop()
                service.close()


def test_a_history_that_is_being_folded_holds_no_list(tmp_path: Path) -> None:
    assert asyncio.run(list_beside_a_reader(tmp_path / "data")) == (False, 1)


def test_what_ends_while_it_is_read_is_not_unknown(tmp_path: Path) -> None:
    (events, _), state, nodes, incidents = asyncio.run(read_while_it_ends(tmp_path / "data", "e-1"))
    assert events[-1].type == "ExecutionCompleted"
    assert (state["status"], len(nodes), incidents.records) == ("completed", 2, [])


async def waits_while_held_back(data: Path) -> tuple[bool, int, int]:
    """Whether a list of what is held back came before it was stored, how long it was then, and how long one of executions was before."""
    settings = EngineSettings(data=data, threads=False)
    driver = Driver(SystemClock(), asyncio.get_running_loop().create_future())
    with open_alone(settings, waker=driver) as alone, open_partitioned_reader(settings) as reader:
        reads = ReadThreads(reader.courtesy)
        engine = Engine(alone)
        driver.start(engine)
        progress = Progress(
            lambda: {0: alone.owner.position},
            lambda partition: reads.run_list(reader.checkpoint_of, partition),
            lambda note: ProjectorProcess(data, 0, note),  # never begun: the projectors are moved here
        )
        service = AloneService(alone, engine.feed, reader, reads, progress, settings)
        with open_projectors(settings, progress.note) as projectors:
            await service.publish(WorkflowDefinition.model_validate(WAITS), activate=False)
            await service.start(Start("waits", execution="e"), 0)
            projectors.look_at_all()
            for number in range(HELD_FROM):
                await service.start(Start("waits", execution=f"e-{number}"), 0)
            projectors.look([0], may_hold=True)
            executions = len(await service.find(executions_where(limit=1_000)))
            waits = asyncio.ensure_future(service.rows(waits_where(limit=1_000)))
            for _ in range(10):
                await asyncio.sleep(0)
                reads.pool.submit(list).result()
            came = waits.done()
            projectors.look([0])
            found = len((await waits).records)
            driver.stop()
            service.close()
            return came, found, executions


def test_a_list_of_rows_that_are_held_back_waits_until_they_go_as_far_as_others(tmp_path: Path) -> None:
    assert asyncio.run(waits_while_held_back(tmp_path / "data")) == (False, HELD_FROM + 1, HELD_FROM + 1)
