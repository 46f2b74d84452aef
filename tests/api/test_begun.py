"""A start that is durable is answered as one, also where nothing more can be read of it just now."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from api.operations.starts import _status_of
from api.service import Start, Started, Unavailable
from contracts.definitions import WorkflowDefinition
from contracts.errors import LogUnreachable, RefoldError
from infra.server.engine import Engine
from infra.server.reader_wiring import positions_of
from infra.server.starts import Outcome, Starts
from infra.server.wiring import open_alone
from infra.settings.model import EngineSettings
from projections.view import ExecutionView

BIG = "x" * 70_000
ENDS = {"name": "ends", "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": "{{ input.text }}"}}]}
"""It ends in its first decision, and its output is read where it was stored."""


async def outcomes(data: Path, error: RefoldError, waits: tuple[float, ...]) -> list[Outcome]:
    """What the same start hears, one time after the other, while the error is all that reading says."""

    async def view(execution: str, offset: int) -> ExecutionView:
        raise error

    settings, told = EngineSettings(data=data, threads=False), list[Outcome]()
    with open_alone(settings) as alone:
        engine = Engine(alone)
        engine.publish(WorkflowDefinition.model_validate(ENDS))
        starts = Starts(engine.owner, alone.catalog, positions_of(settings), view, alone.new_execution_id, engine.sealing)
        for wait_s in waits:
            starts.begin(Start("ends", msgspec.json.encode({"text": BIG}), execution="e"), wait_s, told.append)
            while engine.step():
                pass
            await asyncio.gather(*starts.reading)
    return told


@pytest.mark.parametrize(("wait_s", "status"), [(5.0, 202), (0.0, 201)])
def test_a_new_execution_is_answered_though_its_rows_are_late(tmp_path: Path, wait_s: float, status: int) -> None:
    error = Unavailable("behind", "rows are late")
    begun, again = asyncio.run(outcomes(tmp_path / "data", error, (wait_s, wait_s)))
    assert isinstance(begun, Started)
    assert (begun.view.execution_id, begun.view.workflow, begun.view.version, begun.view.status) == ("e", "ends", 1, "running")
    assert (begun.view.position > 0, _status_of(begun, bool(wait_s))) == (True, status)
    assert again is error, "it was there before: nobody is misled into starting another one"


def test_that_the_log_cannot_be_read_is_told(tmp_path: Path) -> None:
    error = LogUnreachable("nobody answers")
    assert asyncio.run(outcomes(tmp_path / "data", error, (5.0,))) == [error]
