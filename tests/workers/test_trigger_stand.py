"""The stand of triggers: what one process has written, another one knows as soon as it is asked with that stand."""

from __future__ import annotations

import asyncio

import pytest

from contracts.caller import Caller
from contracts.errors import Rejected
from contracts.triggers import PAUSES, TRIGGERS
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from infra.server.catalog_service import CatalogService
from infra.settings.model import EngineSettings
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources

ANN = Caller("ann")
HOURLY = b'{"workflow": "report", "trigger": {"type": "schedule", "cron": "0 * * * *"}}'


def process(log: MemoryLog) -> CatalogService:
    """One that hears of what others write a moment later, as on a log that is far away."""
    clock = ManualClock(1_000)
    return CatalogService(Catalog(log, clock), Resources(log, clock, is_followed=True), EngineSettings())


def test_another_process_reads_on_for_whoever_asks_with_the_stand() -> None:
    log = MemoryLog()
    one, other = process(log), process(log)

    async def run() -> None:
        await one.write_resource(TRIGGERS, "hourly", HOURLY, ANN)
        await one.write_resource(PAUSES, "hourly", b"{}", ANN)
        assert list(other.triggers()) == [], "it has not heard of it"
        await other.know_triggers(one.triggers_stand)
        assert (list(other.triggers()), other.trigger("hourly").paused is not None) == (["hourly"], True)
        await other.know_triggers(0)
        with pytest.raises(Rejected, match=r"goes up to 2; 3 is not there yet"):
            await other.know_triggers(3)

    asyncio.run(run())
