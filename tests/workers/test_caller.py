"""Who asked: it stands in the decision that came of it, and all that this has set off goes back to the same request."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.caller import Caller
from contracts.commands import CancelExecution, Command, CreateExecution, PauseExecution, ResumeExecution, SendSignal
from contracts.events import ExecutionPaused
from contracts.journal import Decision
from domain.execution.facts import APPLIERS
from projections.history import HistoryEvent, HistoryPresenter
from tests.workers.harness import Bench, sequence

ADA, BOB = Caller("ada", "request-1"), Caller("bob", "request-2")
WAIT: dict[str, Any] = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}
CHILD = {"name": "child", "nodes": [WAIT, {"id": "a", "type": "noop"}], "edges": [{"from": "wait.received", "to": "a"}]}
PARENT = {"name": "parent", "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "child"}}]}
EMITS = {"name": "emits", "nodes": [{"id": "e", "type": "emit_signal", "config": {"execution": "waits", "name": "go"}}]}


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.publish(CHILD, PARENT, EMITS, sequence("noop", "noop"))
    return made


def decisions(bench: Bench, execution: str) -> list[Decision]:
    return [entry.decision for entry in bench.entries(execution)]


def history(bench: Bench, execution: str) -> list[HistoryEvent]:
    presenter = HistoryPresenter()
    return [event for decision in decisions(bench, execution) for event in presenter.present(decision)]


def said_by(bench: Bench, execution: str, command: type[Command]) -> tuple[str, str]:
    made = next(one for one in decisions(bench, execution) if isinstance(one.command, command))
    return made.actor, made.correlation


def test_the_first_decision_says_who_asked_and_the_next_ones_only_where_it_is_another(bench: Bench) -> None:
    bench.start("child", execution="x", caller=ADA)
    bench.move()
    bench.ask("x", PauseExecution(), BOB)
    bench.ask("x", ResumeExecution(), ADA)
    bench.move()
    found = [(one.actor, one.correlation) for one in decisions(bench, "x")]
    assert found == [("ada", "request-1"), ("bob", "request-2"), ("ada", "")]


def test_what_the_engine_goes_on_with_is_nobodys_and_goes_back_to_the_start(bench: Bench) -> None:
    bench.start("w", execution="x", caller=ADA)
    bench.move()
    events = history(bench, "x")
    assert {event.correlation_id for event in events} == {"request-1"}
    assert events[0].actor == "ada"
    assert events[-1].actor is None
    assert {(one.actor, one.correlation) for one in decisions(bench, "x")[1:]} == {("", "")}


def test_a_child_and_what_it_reports_go_back_to_the_request_that_began_its_parent(bench: Bench) -> None:
    bench.start("parent", execution="x", caller=ADA)
    bench.move()
    assert said_by(bench, "x~sub", CreateExecution) == ("", "request-1")
    bench.ask("x~sub", SendSignal("s", "go", b"1"), BOB)
    bench.move()
    assert bench.status("x") == "completed"
    assert {event.correlation_id for event in history(bench, "x~sub") if event.actor == "bob"} == {"request-2"}
    assert history(bench, "x~sub")[-1].correlation_id == "request-1"
    assert {event.correlation_id for event in history(bench, "x")} == {"request-1"}


def test_a_signal_from_another_execution_goes_back_to_what_began_that(bench: Bench) -> None:
    bench.start("child", execution="waits", caller=ADA)
    bench.move()
    bench.start("emits", execution="x", caller=BOB)
    bench.move()
    assert said_by(bench, "waits", SendSignal) == ("", "request-2")


def test_a_child_that_is_stopped_with_its_parent_goes_back_to_whoever_stopped_that(bench: Bench) -> None:
    bench.start("parent", execution="x", caller=ADA)
    bench.move()
    bench.ask("x", CancelExecution("enough"), BOB)
    bench.move()
    assert said_by(bench, "x", CancelExecution) == ("bob", "request-2")
    assert said_by(bench, "x~sub", CancelExecution) == ("", "request-2")


def test_one_that_makes_room_for_another_goes_back_to_that(bench: Bench) -> None:
    bench.publish({"name": "one", "nodes": [WAIT], "settings": {"concurrency": {"limit": 1, "policy": "replace"}}})
    bench.start("one", execution="old", caller=ADA)
    bench.move()
    bench.start("one", execution="new", caller=BOB)
    bench.move()
    assert said_by(bench, "old", CancelExecution) == ("", "request-2")


def test_what_is_sent_again_after_a_takeover_goes_back_to_the_same_request() -> None:
    bench = Bench()
    bench.publish(CHILD, PARENT)
    bench.start("parent", execution="x", caller=ADA)
    bench.engine.step()
    bench.restart()
    bench.move()
    assert said_by(bench, "x~sub", CreateExecution) == ("", "request-1")
    assert bench.verify().divergences == []
    folded = bench.engine.owner.executions.get("x~sub")
    assert folded is not None
    assert folded.state.correlation == "request-1"


def test_a_line_of_the_log_about_a_command_says_which_request_it_is_part_of(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(*_: Any) -> None:
        raise TypeError("planted")

    bench.start("child", execution="x", caller=ADA)
    bench.move()
    monkeypatch.setitem(APPLIERS, ExecutionPaused, planted)
    bench.ask("x", PauseExecution(), BOB)
    line = next(record for record in caplog.records if "cannot be decided" in record.message)
    assert (line.__dict__["execution"], line.__dict__["correlation_id"]) == ("x", "request-2")
