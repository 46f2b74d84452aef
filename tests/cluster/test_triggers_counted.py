"""Triggers of workflows whose executions are counted: what they start lies where it is counted, whichever process fires."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import infra.server.parts  # noqa: F401 - before what its parts are made of
from api.service import Start
from contracts.caller import ENGINE, Caller
from contracts.commands import Command, PauseExecution, ResumeExecution
from contracts.definitions import WorkflowDefinition
from contracts.errors import NoCredential, Overloaded, RecordTooLarge, RefoldError, Rejected
from contracts.ids import counted_in, partition_of
from contracts.triggers import Trigger, Triggered
from infra.clock import SystemClock
from infra.log.memory import MemoryLog
from infra.server.cluster.start_ids import ask_and_start
from infra.server.late_start import LateStart
from infra.server.parts.triggers import SharedAdvance
from infra.server.trigger_firing import Firing
from tests.cluster.memory import memory_cluster
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources
from workers.partition.round import Answer, Reply
from workers.triggers.firing import Outcome

PARTITIONS = 4
WAIT: dict[str, Any] = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}
OFTEN = Trigger("w.often", "often", "w", "schedule", b"{}", 0)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"quota": {"open": 2}}, "quota_exceeded"), ({"concurrency": {"limit": 2, "policy": "reject"}}, "concurrency_limit")],
)
def test_what_fires_by_itself_starts_where_its_workflow_is_counted(tmp_path: Path, settings: dict[str, Any], reason: str) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            await cluster.publish({"name": "w", "nodes": [WAIT], "settings": settings})
            heard: list[Outcome] = []
            for number in range(4):
                for built in cluster.living.values():
                    fire = Firing(built.catalog, built.router.send, None, built.began_with)
                    fire(OFTEN, Triggered(OFTEN.name, str(number), b"{}"), b"{}", heard.append)
            await cluster.until(lambda: len(heard) == 8)
            started = {one.execution for one in heard if one.error is None}
            assert {getattr(one.error, "reason", "") for one in heard} == {"", reason}
            assert (len(started), set(cluster.statuses())) == (2, started)
            assert {partition_of(name, PARTITIONS) for name in started} == {counted_in("w", PARTITIONS)}

    asyncio.run(story())


@pytest.mark.parametrize("policy", ["skip", "queue"])
def test_whichever_process_fires_it_knows_that_one_is_paused_and_so_does_the_next_owner(tmp_path: Path, policy: str) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            await cluster.publish({"name": "w", "nodes": [WAIT], "settings": {"while_paused": policy}})

            async def fire(number: int) -> list[Outcome]:
                heard: list[Outcome] = []
                asked = list(cluster.living.values())
                for built in asked:
                    fire = Firing(built.catalog, built.router.send, None, built.began_with)
                    fire(OFTEN, Triggered(OFTEN.name, str(number), b"{}"), b"{}", heard.append)
                await cluster.until(lambda: len(heard) == len(asked))
                return heard

            outcomes = await fire(0)
            assert [one.error for one in outcomes] == [None, None]
            first = outcomes[0].execution
            await give(cluster, first, PauseExecution())
            heard = await fire(1)
            await cluster.kill("a")
            heard += await fire(2)
            if policy == "skip":
                assert [(getattr(one.error, "reason", ""), one.is_final) for one in heard] == [("while_paused", True)] * 3
                assert cluster.statuses() == {first: "paused"}
            else:
                assert sorted(cluster.statuses().values()) == ["created", "created", "paused"]
            await give(cluster, first, ResumeExecution())
            await fire(3)
            await cluster.until(lambda: set(cluster.statuses().values()) == {"running"})
            assert len(cluster.statuses()) == {"skip": 2, "queue": 4}[policy]

    asyncio.run(story())


async def give(cluster: Any, execution: str, command: Command) -> None:
    heard: list[Any] = []
    service = next(iter(cluster.living.values())).service
    service.begin_give(execution, command, ENGINE, heard.append)
    await cluster.until(lambda: bool(heard))
    assert not isinstance(heard[0], Exception), heard


def test_a_cause_is_one_execution_within_its_quota_whoever_is_asked(tmp_path: Path) -> None:
    async def story() -> None:
        async with memory_cluster(tmp_path, "a", "b", partitions=PARTITIONS) as cluster:
            await cluster.publish({"name": "w", "nodes": [WAIT], "triggers": [], "settings": {"quota": {"open": 3}}})
            asked = [(node, number) for number in range(6) for node in "ab"]
            starts = (
                cluster.living[node].service.start(Start("w", trigger=Triggered("w.hook", f"hook/{number}", b"{}")), 0)
                for node, number in asked
            )
            outcomes = await asyncio.gather(*starts, return_exceptions=True)
            refused = [one for one in outcomes if isinstance(one, Rejected)]
            assert {(one.reason, one.details["retry_after_s"]) for one in refused} == {("quota_exceeded", 5)}
            assert len(cluster.statuses()) == 3
            assert len([one for one in outcomes if not isinstance(one, BaseException)]) == 6, "both who asked for the same hear of it"

    asyncio.run(story())


def test_where_there_is_no_room_to_ask_nothing_is_started_under_another_id() -> None:
    begun: list[str] = []
    heard: list[object] = []

    def begin(name: str) -> Any:
        begun.append(name)
        return lambda: None

    ask_and_start(
        "new", "old", lambda name, command, reply: reply(Answer(name, 0, error=Overloaded("no room"))), LateStart(begin, heard.append)
    )
    assert (begun, [type(one) for one in heard]) == ([], [Overloaded])


@pytest.mark.parametrize(
    ("error", "is_final"),
    [(RecordTooLarge("a decision of 2 MB"), True), (Overloaded("no room"), False), (NoCredential("k", "there is no master key"), False)],
)
def test_what_never_fits_is_not_fired_each_second(error: RefoldError, is_final: bool) -> None:
    catalog = Catalog(MemoryLog(), SystemClock())
    catalog.publish(WorkflowDefinition.model_validate({"name": "w", "nodes": [WAIT]}))
    heard: list[Outcome] = []

    def send(execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        assert reply is not None
        reply(Answer(execution, 0, error=error))

    Firing(catalog, send)(OFTEN, Triggered(OFTEN.name, "now", b"{}"), b"{}", heard.append)
    assert [one.is_final for one in heard] == [is_final]


def test_a_schedule_goes_on_as_soon_as_its_partition_has_another_owner(tmp_path: Path) -> None:
    often = {"id": "often", "type": "schedule", "every": "1s"}

    async def story() -> None:
        async with memory_cluster(tmp_path, "a", partitions=PARTITIONS) as cluster:
            await cluster.publish({"name": "w", "nodes": [WAIT], "triggers": [often], "settings": {"quota": {"open": 1}}})
            await cluster.until(lambda: cluster.living["a"].service.trigger("w.often").last)
            await cluster.kill("a")
            service = (await cluster.start("b")).service
            await cluster.until(lambda: service.trigger("w.often").skipped)
            assert service.trigger("w.often").skipped[0].reason in ("quota_exceeded", "missed")

    asyncio.run(story())


def test_a_fault_that_nobody_expected_is_told_to_who_waits_for_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Resources, *said: Any) -> None:
        raise ZeroDivisionError

    async def story() -> None:
        async with memory_cluster(tmp_path, "a", partitions=PARTITIONS) as cluster:
            heard: list[bool] = []
            note = SharedAdvance(cluster.living["a"], lambda: None)
            with monkeypatch.context() as patched:
                patched.setattr(Resources, "advance", broken)
                note({"w.often": 1}, (), heard.append)
                await cluster.until(lambda: heard)
            note({"w.often": 1}, (), heard.append)
            await cluster.until(lambda: len(heard) == 2)
            assert heard == [False, True]

    asyncio.run(story())
