"""Triggers in an engine: a schedule starts real executions, each once, whatever dies; the example does what its first lines say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.commands import CreateExecution
from contracts.errors import LogUnreachable
from contracts.journal import Checkpoint
from contracts.times import rfc3339
from contracts.values import decode
from domain.definition.document import parse_document
from domain.execution.history import Entry, read_entries
from domain.expressions import parse_time
from tests.workers.harness import Bench
from workers.partition.resources import Resources

ROOT = Path(__file__).parents[2]
HOUR = 3_600_000
HOURLY: dict[str, Any] = {
    "name": "w",
    "triggers": [{"id": "hourly", "type": "schedule", "every": "1h", "catch_up": "last", "input": {"due": "{{ trigger.due }}"}}],
    "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": "{{ trigger.due }}"}}],
}


def created(bench: Bench) -> list[dict[str, Any]]:
    """What was started, in the order of the journal: id, workflow, input, trigger."""
    found = []
    for entry in read_entries(bench.opened.read("journal", 0), Checkpoint()):
        assert isinstance(entry, Entry)
        command = entry.decision.command
        if isinstance(command, CreateExecution) and entry.decision.events:
            said = {"workflow": command.workflow, "input": decode(command.input), "trigger": decode(command.trigger or b"null")}
            found.append({"id": entry.decision.execution, **said})
    return found


def until(bench: Bench, time: int) -> None:
    """Move from one due time to the next."""
    bench.move(time=False)
    while (due := bench.engine.next_due()) is not None and due <= time:
        bench.clock.set(max(due, bench.clock.now()))
        bench.move(time=False)
    bench.clock.set(time)
    bench.move(time=False)


def test_a_schedule_starts_an_execution_at_each_time_that_sees_when_it_was_due() -> None:
    bench = Bench()
    bench.publish(HOURLY)
    until(bench, 3 * HOUR)
    due = [rfc3339(HOUR * one) for one in (1, 2, 3)]
    found = created(bench)
    assert [one["input"] for one in found] == [{"due": one} for one in due]
    assert found[0]["trigger"] == {"id": "hourly", "type": "schedule", "by": None, "depth": 1, "due": due[0]}
    assert {bench.status(one["id"]) for one in found} == {"completed"}
    assert not bench.verify().divergences


def test_killed_and_begun_again_it_makes_up_for_the_last_time_and_starts_nothing_twice() -> None:
    bench = Bench()
    bench.publish(HOURLY)
    until(bench, HOUR)
    bench.clock.set(5 * HOUR + 90_000)
    bench.restart()
    until(bench, 6 * HOUR)
    bench.restart()
    until(bench, 6 * HOUR + 1_000)
    assert [one["input"]["due"] for one in created(bench)] == [rfc3339(HOUR * one) for one in (1, 5, 6)]


def test_a_log_that_does_not_answer_delays_a_start_and_loses_none() -> None:
    bench = Bench()
    bench.publish(HOURLY)
    until(bench, HOUR - 1)
    bench.log.faults = [LogUnreachable("gone")]  # type: ignore[attr-defined]  # a FaultyLog, as Bench makes it
    for _ in range(40):
        bench.clock.advance(1_000)
        bench.move(time=False)
        if not bench.engine.owner.is_in_charge:
            bench.engine.owner.claim()
    assert [one["input"]["due"] for one in created(bench)] == [rfc3339(HOUR)]


def test_what_cannot_be_sealed_yet_is_not_passed_over_and_that_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()  # no credentials are kept there
    token = {"type": "string", "writeOnly": True}
    bench.publish(HOURLY | {"input": {"type": "object", "properties": {"due": token}}})
    until(bench, HOUR + 10_000)
    states = Resources(bench.opened, bench.clock).triggers
    assert (created(bench), states.positions) == ([], {})
    assert [(one.reason, one.execution) for one in states.skipped("w.hourly")] == [("no_credential", "")]
    (line,) = [one for one in caplog.messages if "w.hourly" in one]
    assert "is tried again: credential for values marked secret: no credentials are kept here" in line


def test_an_input_that_is_nested_too_deep_is_listed_and_the_next_time_is_looked_at() -> None:
    bench = Bench()
    deep: Any = f"{{{{ {'[' * 60}trigger.due{']' * 60} }}}}"
    for _ in range(150):
        deep = [deep]
    bench.publish(HOURLY | {"triggers": [HOURLY["triggers"][0] | {"input": deep}]})
    until(bench, 2 * HOUR)
    assert [one.reason for one in Resources(bench.opened, bench.clock).triggers.skipped("w.hourly")] == ["input", "input"]


def test_an_execution_whose_id_is_known_is_not_started_again_by_another_version() -> None:
    bench = Bench()
    bench.publish(HOURLY)
    until(bench, HOUR)
    first = created(bench)
    bench.clock.set(HOUR - 10)
    bench.publish(HOURLY | {"description": "another"})
    bench.restart()
    until(bench, HOUR + 10)
    assert created(bench) == first


def test_the_nightly_report_is_made_each_night_from_monday_to_friday_also_over_the_change_of_the_clock() -> None:
    bench = Bench()
    bench.clock.set(parse_time("2027-03-25T12:00:00Z"))  # a Thursday; on Sunday summer time begins in Berlin
    bench.publish(parse_document((ROOT / "examples/nightly_report.yaml").read_text(), "yaml"))
    until(bench, parse_time("2027-03-31T12:00:00Z"))
    days = [one["input"]["day"] for one in created(bench)]
    assert days == [f"2027-03-{day}:00.000Z" for day in ("26T01:00", "29T00:00", "30T00:00", "31T00:00")]
    assert {bench.status(one["id"]) for one in created(bench)} == {"completed"}
