"""A server whose build has raised a read model: its list is answered as it was, and says up to where that goes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from api.service import Rows, Start
from contracts.definitions import WorkflowDefinition
from infra.clock import SystemClock
from infra.server import reader_wiring
from infra.server.alone_service import AloneService
from infra.server.driver import Driver
from infra.server.engine import Engine
from infra.server.progress import Progress
from infra.server.read_threads import ReadThreads
from infra.server.reader_wiring import open_partitioned_reader, open_projectors
from infra.server.wiring import open_alone
from infra.settings.model import EngineSettings
from projections.executions import READ_MODEL as EXECUTIONS
from projections.executions import executions_where
from projections.incidents import READ_MODEL as INCIDENTS
from projections.incidents import IncidentRecord, incidents_where
from tests.workers.test_projector import STUCK
from workers.reading import projector


async def incidents_of(data: Path, start: str, is_built: bool) -> tuple[Rows[IncidentRecord], int, int]:
    """The list of incidents after an execution more; how many executions there are, and up to where those go."""
    settings, reads = EngineSettings(data=data, threads=False), ReadThreads()
    driver = Driver(SystemClock(), asyncio.get_running_loop().create_future())
    with open_alone(settings, waker=driver) as alone, open_partitioned_reader(settings) as reader:
        engine = Engine(alone)
        driver.start(engine)
        progress = Progress(lambda: {0: alone.owner.position}, lambda partition: reads.run_list(reader.checkpoint_of, partition))
        service = AloneService(alone, engine.feed, reader, reads, progress, settings)
        with open_projectors(settings, progress.note) as projectors:
            await service.publish(WorkflowDefinition.model_validate(STUCK), activate=False)
            await service.start(Start("stuck", execution=start), 0)
            while engine.step():
                pass
            projectors.look_at_all()
            while is_built and projectors.is_building:
                projectors.build()
            try:
                return await service.rows(incidents_where(is_open=True)), len(await service.find(executions_where())), service.projected
            finally:
                driver.stop()
                service.close()


def test_the_list_of_a_raised_read_model_says_how_far_it_goes_until_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, _, there = asyncio.run(incidents_of(tmp_path, "a", is_built=False))
    assert ([one.execution for one in before.records], before.position) == (["a"], there)
    for module in (reader_wiring, projector):
        monkeypatch.setattr(module, "READ_MODELS", (EXECUTIONS, replace(INCIDENTS, version=2)))
    found, executions, there = asyncio.run(incidents_of(tmp_path, "b", is_built=False))
    assert ([one.execution for one in found.records], executions) == (["a"], 2)
    assert found.position == before.position < there
    found, executions, there = asyncio.run(incidents_of(tmp_path, "c", is_built=True))
    assert ([one.execution for one in found.records], executions, found.position) == (["a", "b", "c"], 3, there)
