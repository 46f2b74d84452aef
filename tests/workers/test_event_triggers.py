"""Event triggers in an engine: an event that a filter takes starts one execution, whatever dies; chains have an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.definitions import WorkflowDefinition
from contracts.errors import Overloaded
from contracts.triggers import DEPTH_MAX, PAUSES, Trigger, Triggered
from domain.definition.document import parse_document
from infra.credentials.master_keys import KeyFile
from infra.credentials.recorder import in_memory
from infra.credentials.store import CredentialStore
from infra.server.trigger_firing import Firing
from tests.workers.harness import Bench
from tests.workers.test_triggers import ROOT, created
from workers.partition.resources import Resources
from workers.triggers.dependencies import Dependencies
from workers.triggers.directory import Directory
from workers.triggers.events import Events
from workers.triggers.firing import Outcome, Then

IMPORT: dict[str, Any] = {
    "name": "import",
    "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": {"rows": "{{ input.rows }}"}}}],
}
BIG = "x" * 100_000
AFTER: dict[str, Any] = {
    "name": "report",
    "triggers": [
        {
            "id": "after_import",
            "type": "event",
            "filter": "event.type == 'execution.completed' && event.workflow == 'import'",
            "input": {"rows": "{{ event.data.output.rows }}"},
        }
    ],
    "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": "{{ trigger.event.id }}"}}],
}


def reports(bench: Bench) -> list[dict[str, Any]]:
    return [one for one in created(bench) if (one["trigger"] or {}).get("type") == "event"]


def test_the_end_of_another_workflow_starts_one_with_its_output() -> None:
    bench = Bench()
    bench.publish(IMPORT, AFTER)
    bench.move()
    first = bench.start("import", {"rows": 7})
    bench.move()
    (found,) = reports(bench)
    assert found["input"] == {"rows": 7}
    assert found["trigger"]["event"]["type"] == "execution.completed"
    assert found["trigger"]["event"]["subject"] == first
    assert "rows" not in found["trigger"]["event"]["data"]["output"]
    assert bench.status(found["id"]) == "completed"
    assert not bench.verify().divergences


def test_killed_at_any_step_it_goes_on_where_it_was_and_starts_each_once() -> None:
    bench = Bench()
    bench.publish(IMPORT, AFTER)
    started = []
    for number in range(20):
        started.append(bench.start("import", {"rows": number}))
        for _ in range(number % 7):
            bench.engine.step()
        bench.restart()
        if bench.status(started[-1]) == "unknown":  # killed before it was stored
            started.pop()
    bench.move()
    found = reports(bench)
    assert sorted(one["trigger"]["event"]["subject"] for one in found) == sorted(started)
    assert len({one["id"] for one in found}) == len(found) == len(started) > 5
    assert not bench.verify().divergences


def test_a_new_trigger_begins_with_its_publication_and_a_paused_one_passes_over_what_comes() -> None:
    bench = Bench()
    bench.publish(IMPORT)
    bench.start("import", {"rows": 1})
    bench.move()
    bench.clock.advance(10)
    bench.publish(AFTER)
    bench.move()
    assert reports(bench) == []
    bench.start("import", {"rows": 2})
    bench.move()
    opened_resources(bench).write(PAUSES, "report.after_import", b"{}", "ada")
    bench.restart()
    bench.clock.advance(10)
    bench.start("import", {"rows": 3})
    bench.move()
    bench.clock.advance(10)
    opened_resources(bench).delete(PAUSES, "report.after_import", "ada")
    bench.restart()
    bench.clock.advance(10)
    bench.start("import", {"rows": 4})
    bench.move()
    assert [one["input"]["rows"] for one in reports(bench)] == [2, 4]


def opened_resources(bench: Bench) -> Resources:
    return Resources(bench.opened, bench.clock)


def test_a_position_is_kept_and_what_was_removed_since_is_not_started_again() -> None:
    bench = Bench()
    bench.publish(IMPORT, AFTER)
    bench.start("import", {"rows": 1})
    bench.move()
    states = opened_resources(bench).triggers
    assert states.positions["events/0"] > 0
    assert states.last["report.after_import"].execution == reports(bench)[0]["id"]


def listed(bench: Bench, name: str) -> list[tuple[str, int]]:
    return [(one.reason, one.count) for one in opened_resources(bench).triggers.skipped(name)]


def test_a_chain_that_nothing_ends_is_cut_after_32_triggers_and_says_so() -> None:
    bench = Bench()
    again = {"id": "again", "type": "event", "filter": "event.type == 'execution.completed' && event.workflow == 'loop'", "input": {}}
    bench.publish({"name": "loop", "triggers": [again], "nodes": [{"id": "n", "type": "noop"}]})
    bench.move()
    bench.start("loop")
    bench.move()
    assert [one["trigger"]["depth"] for one in reports(bench)] == list(range(1, DEPTH_MAX + 1))
    assert listed(bench, "loop.again") == [("too_deep", 1)]


def test_the_depth_goes_through_sub_workflows() -> None:
    bench = Bench()
    hears = {"id": "hears", "type": "event", "filter": "event.type == 'execution.completed' && event.workflow == 'leaf'", "input": {}}
    call = {"id": "n", "type": "sub_workflow", "config": {"workflow": "leaf"}}
    bench.publish({"name": "leaf", "nodes": [{"id": "n", "type": "noop"}]}, {"name": "calls", "triggers": [hears], "nodes": [call]})
    bench.move()
    bench.start("leaf")
    bench.move()
    assert [one["trigger"]["depth"] for one in reports(bench)] == list(range(1, DEPTH_MAX + 1))


def test_a_filter_that_fails_says_so_once_and_starts_nothing() -> None:
    bench = Bench()
    trigger = {"id": "t", "type": "event", "filter": "event.type == 'execution.completed' && event.data.search.rows > 'x'"}
    counted = {**IMPORT, "settings": {"search": {"rows": "input.rows"}}}
    bench.publish(counted, {"name": "hears", "triggers": [trigger], "nodes": [{"id": "n", "type": "noop"}]})
    bench.move()
    for rows in (1, 2):
        bench.start("import", {"rows": rows})
        bench.move()
    bench.restart()
    bench.start("import", {"rows": 3})
    bench.move()
    assert listed(bench, "hears.t") == [("filter", 1)]
    assert reports(bench) == []


def test_an_input_that_cannot_be_filled_in_is_listed() -> None:
    bench = Bench()
    bench.publish({**IMPORT, "nodes": [{"id": "n", "type": "noop"}]}, AFTER)
    bench.move()
    bench.start("import", {})
    bench.move()
    assert listed(bench, "report.after_import") == [("expression", 1)]


def test_an_input_that_is_nested_too_deep_is_listed_and_holds_nothing_up() -> None:
    bench = Bench()
    deeper = {**AFTER["triggers"][0], "input": {"rows": {"a": {"b": "{{ event.data.output.rows }}"}}}}
    bench.publish(IMPORT, {**AFTER, "triggers": [deeper]})
    bench.move()
    deep: Any = 1
    for _ in range(196):
        deep = [deep]
    for rows in ([[deep]], deep):
        bench.start("import", {"rows": rows})
        bench.move()
    assert listed(bench, "report.after_import") == [("input", 1)]
    assert len(reports(bench)) == 1


def test_what_cannot_be_started_just_now_is_tried_again_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, busy = Firing.__call__, [Outcome(error=Overloaded("too much waits"), is_final=False)] * 5

    def fire(self: Firing, trigger: Trigger, said: Triggered, given: bytes, then: Then) -> None:
        if busy:
            then(busy.pop())
        else:
            real(self, trigger, said, given, then)

    monkeypatch.setattr(Firing, "__call__", fire)
    bench = Bench()
    bench.publish(IMPORT, AFTER)
    bench.move()
    bench.start("import", {"rows": 1})
    for _ in range(6):
        bench.move()
        bench.clock.advance(1_000)
    assert [one["input"] for one in reports(bench)] == [{"rows": 1}]
    [line] = [one for one in caplog.messages if "report.after_import" in one]
    assert line.endswith("starts nothing yet, it is tried again: too much waits")


def test_an_output_that_lies_among_the_blobs_is_read() -> None:
    bench = Bench()
    counts = {**AFTER["triggers"][0], "input": {"size": "{{ size(event.data.output.rows) }}"}}
    bench.publish({**IMPORT, "nodes": [{**IMPORT["nodes"][0], "config": {"operation": "value", "value": {"rows": BIG}}}]})
    bench.publish({**AFTER, "triggers": [counts]})
    bench.start("import", {})
    bench.move()
    assert [one["input"] for one in reports(bench)] == [{"size": len(BIG)}]


def test_an_exception_at_any_place_is_logged_and_the_events_are_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for place in ("_hearing", "_look", "_known", "_start", "_answered", "_started", "_finish", "_noted", "_subscribe"):
        with monkeypatch.context() as patched:
            bench = Bench()
            bench.publish(IMPORT, AFTER)
            real, faults = getattr(Events, place), list[Exception]([ZeroDivisionError(place)])

            def broken(self: Events, *args: Any, real: Any = real, faults: list[Exception] = faults) -> Any:
                if faults:
                    raise faults.pop()
                return real(self, *args)

            patched.setattr(Events, place, broken)
            for rows in (1, 2):
                bench.start("import", {"rows": rows})
                bench.move()
            bench.clock.advance(2_000)
            bench.move()
        assert sorted(one["input"]["rows"] for one in reports(bench)) == [1, 2], place
        assert f"ZeroDivisionError: {place}" in caplog.text


def test_the_example_makes_a_summary_of_each_import_that_brought_any_rows() -> None:
    bench = Bench()
    bench.publish({**IMPORT, "settings": {"search": {"rows": "input.rows"}}})
    bench.publish(parse_document((ROOT / "examples/after_import.yaml").read_text(), "yaml"))
    for rows in (0, 3):
        bench.start("import", {"rows": rows})
        bench.move()
    assert [one["input"] for one in reports(bench)] == [{"rows": 3}]


def test_a_stored_filter_that_cannot_be_read_is_in_nobodys_way() -> None:
    bench = Bench()
    bench.publish(IMPORT, {**AFTER, "name": "odd", "triggers": [{"id": "t", "type": "event", "filter": "event.type =="}]}, AFTER)
    catalog = bench.engine.catalog
    found = Dependencies(catalog, Directory(catalog, opened_resources(bench)))
    assert [(one.source, one.target) for one in found.all().dependencies] == [("import", "report")]
    assert found.endless(WorkflowDefinition.model_validate({**IMPORT, "triggers": AFTER["triggers"]}))[0].rule == "endless"
    bench.start("import", {"rows": 1})
    bench.move()
    assert len(reports(bench)) == 1


SECRET: dict[str, Any] = {
    **AFTER,
    "name": "sealed",
    "input": {"type": "object", "properties": {"rows": {"type": "string", "writeOnly": True}}},
}


def inputs_of(bench: Bench, workflow: str) -> list[Any]:
    return [one["input"]["rows"] for one in reports(bench) if one["workflow"] == workflow]


def test_a_start_that_waits_for_a_credential_holds_no_other_trigger_and_is_listed(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()  # no credentials are kept there
    bench.publish(IMPORT, SECRET, AFTER)
    for rows in ("a", "b", "c"):
        bench.start("import", {"rows": rows})
        bench.move()
        bench.clock.advance(1_000)
    assert (inputs_of(bench, "report"), inputs_of(bench, "sealed")) == (["a", "b", "c"], [])
    (waits,) = opened_resources(bench).triggers.skipped("sealed.after_import")
    assert (waits.reason, waits.execution) == ("no_credential", "")
    assert "no credentials are kept here" in waits.message
    assert len([one for one in caplog.messages if "sealed.after_import" in one]) == 1


def test_what_waited_for_a_credential_starts_once_it_is_there_each_once_whatever_died_meanwhile(tmp_path: Path) -> None:
    bench = Bench()
    bench.publish(IMPORT, SECRET, AFTER)
    for number in range(6):
        bench.start("import", {"rows": str(number)})
        for _ in range(number):
            bench.engine.step()
        bench.move()
        bench.restart()
    assert (inputs_of(bench, "report"), inputs_of(bench, "sealed")) == ([str(number) for number in range(6)], [])
    bench.credentials = CredentialStore(in_memory(), KeyFile(tmp_path / "master.key"), bench.clock)
    bench.credentials.sealed_values.load()
    bench.restart()
    bench.start("import", {"rows": "6"})
    bench.move()
    bench.restart()
    bench.move()
    assert inputs_of(bench, "report") == [str(number) for number in range(7)]
    sealed = inputs_of(bench, "sealed")
    assert len(sealed) == len(set(sealed)) == 7
    assert all(one.startswith("~refold-sealed") for one in sealed)
    assert not bench.verify().divergences


def test_a_trigger_whose_workflow_gets_a_secret_goes_on_where_all_were_and_keeps_its_place_without_it() -> None:
    bench = Bench()
    bench.publish(IMPORT, AFTER, {**SECRET, "input": {}})
    bench.start("import", {"rows": "plain"})
    bench.move()
    bench.clock.advance(10)
    bench.publish(SECRET)
    bench.move()
    bench.start("import", {"rows": "waits"})
    bench.move()
    bench.restart()
    bench.start("import", {"rows": "waits too"})
    bench.move()
    assert inputs_of(bench, "sealed") == ["plain"]
    positions = opened_resources(bench).triggers.positions
    assert 0 < positions["events/0/sealed.after_import"] < positions["events/0"]


def test_what_comes_before_the_keys_of_secrets_are_at_hand_is_not_passed_over(tmp_path: Path) -> None:
    bench = Bench()
    bench.credentials = CredentialStore(in_memory(), KeyFile(tmp_path / "master.key"), bench.clock)
    bench.restart()
    bench.publish(IMPORT, SECRET)
    bench.start("import", {"rows": "a"})
    bench.move()
    bench.credentials.sealed_values.load()
    bench.clock.advance(1_000)
    bench.move()
    assert len(inputs_of(bench, "sealed")) == 1
