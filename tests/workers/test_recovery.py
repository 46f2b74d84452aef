"""Recovery: a new owner finds everything again, from the journal alone or from a snapshot, and sends what may not be out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contracts.codec import pack
from contracts.commands import CancelExecution, CompleteActivity, Envelope, PauseExecution, ResumeExecution, SendSignal
from contracts.dead_letter import DeadLetter
from domain.execution.react import outstanding
from tests.workers.harness import Bench, sequence
from workers.partition import decider
from workers.partition.command_outbox import CommandOutbox
from workers.partition.recovery import Recovered
from workers.partition.snapshot import decode_snapshot

CHILD = sequence("noop", name="child")
PARENT = {"name": "w", "nodes": [{"id": "c", "type": "sub_workflow", "config": {"workflow": "child"}}]}
WAIT = {"name": "w", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}


def states(bench: Bench) -> dict[str, bytes]:
    return {folded.state.execution: pack(folded.state) for folded in bench.engine.owner.executions.open()}


def owed(bench: Bench, execution: str) -> list[Any]:
    """What a new owner would run for it."""
    folded = bench.engine.owner.executions.get(execution)
    assert folded is not None
    return outstanding(folded.graph, folded.state)


@pytest.mark.parametrize("steps", range(1, 12))
def test_parent_and_child_end_well_wherever_the_process_dies(steps: int) -> None:
    bench = Bench()
    bench.publish(CHILD, PARENT)
    execution = bench.start(execution="p")
    for _ in range(steps):
        bench.engine.step()
    bench.restart()
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.events("p~c").count("ExecutionCreated") == 1
    assert bench.events(execution).count("ChildCompleted") == 1
    assert bench.verify().divergences == []


@pytest.mark.parametrize("steps", range(1, 8))
def test_a_signal_between_executions_arrives_once_wherever_the_process_dies(steps: int) -> None:
    bench = Bench()
    sender: dict[str, Any] = {
        "name": "sender",
        "nodes": [
            {"id": "s", "type": "emit_signal", "config": {"execution": "r", "name": "go", "payload": 5}},
            {"id": "n", "type": "noop"},
        ],
        "edges": [{"from": "s", "to": "n"}],
    }
    bench.publish(WAIT, sender)
    bench.start(execution="r")
    bench.move()
    bench.start("sender", execution="s")
    for _ in range(steps):
        bench.engine.step()
    bench.restart()
    bench.move()
    assert bench.status("r") == "completed"
    assert bench.events("r").count("SignalReceived") == 1


def test_a_child_of_an_unknown_workflow_fails_its_parent() -> None:
    bench = Bench()
    bench.publish({**PARENT, "settings": {"on_failure": "fail"}})
    execution = bench.start()
    bench.move()
    assert bench.status(execution) == "failed"
    assert bench.verify().divergences == []


def test_a_child_that_refuses_its_input_fails_its_parent() -> None:
    bench = Bench()
    child = {**CHILD, "input": {"type": "object", "required": ["amount"]}}
    bench.publish(child, {**PARENT, "settings": {"on_failure": "fail"}})
    execution = bench.start()
    bench.move()
    assert bench.status(execution) == "failed"


def test_cancelling_a_parent_cancels_its_child_first() -> None:
    bench = Bench()
    bench.publish({**WAIT, "name": "child"}, PARENT)
    execution = bench.start(execution="p")
    bench.move()
    bench.ask(execution, CancelExecution())
    bench.move()
    assert (bench.status("p"), bench.status("p~c")) == ("cancelled", "cancelled")


def test_what_was_reported_in_a_pause_is_not_asked_for_again() -> None:
    bench = Bench()
    bench.publish(sequence("far_away"))
    bench.engine.worker.run = lambda activity: None  # type: ignore[method-assign]  # it has gone to a worker elsewhere
    execution = bench.start()
    bench.move()
    bench.ask(execution, PauseExecution())
    assert len(owed(bench, execution)) == 1
    bench.engine.owner.report(execution, CompleteActivity("n0", 1, b"1"))
    bench.move()
    assert owed(bench, execution) == []
    bench.restart()
    assert owed(bench, execution) == []
    bench.ask(execution, ResumeExecution())
    assert bench.status(execution) == "completed"


def test_folding_from_a_snapshot_is_folding_from_the_beginning() -> None:
    bench = Bench()
    bench.publish(WAIT, sequence("noop", name="short"))
    for _ in range(5):
        bench.start()
        bench.start("short")
    bench.move()
    bench.engine.owner.snapshot()
    for _ in range(5):
        bench.start()
    bench.move()
    live = states(bench)
    bench.restart()
    assert states(bench) == live
    bench.snapshots.save(0, b"not a snapshot")
    bench.restart()
    assert states(bench) == live


def test_what_was_on_its_way_at_a_snapshot_is_sent_again() -> None:
    bench = Bench()
    bench.publish(CHILD, PARENT)
    bench.start(execution="p")
    bench.engine.step()
    bench.engine.owner.snapshot()
    bench.restart()
    bench.move()
    assert bench.status("p") == "completed"


def test_a_snapshot_of_another_journal_is_thrown_away() -> None:
    other = Bench()
    other.publish(WAIT)
    for _ in range(3):
        other.start()
    other.move()
    other.engine.owner.snapshot()
    content = other.snapshots.load(0)
    assert content is not None
    bench = Bench()
    bench.publish(WAIT)
    bench.start(execution="mine")
    for _ in range(5):
        bench.start()
    bench.move()
    bench.snapshots.save(0, content)
    bench.restart()
    assert bench.status("mine") == "running"
    assert len(bench.engine.owner.executions) == 6


def test_a_snapshot_of_another_schema_is_no_snapshot() -> None:
    bench = Bench()
    bench.engine.owner.snapshot()
    content = bench.snapshots.load(0)
    assert decode_snapshot(content) is not None
    assert decode_snapshot((content or b"").replace(content[2:18] if content else b"", b"0" * 16)) is None


def test_idle_executions_are_packed_and_found_again() -> None:
    bench = Bench(live_max=10)
    bench.publish(WAIT)
    names = [bench.start() for _ in range(50)]
    bench.move()
    assert len(bench.engine.owner.executions._packed) >= 39
    for name in names:
        assert bench.ask(name, SendSignal("s", "go", b"1")).error is None
    assert {bench.status(name) for name in names} == {"completed"}


def test_a_long_history_is_summed_up_and_stays_provable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decider, "ROLL_EVERY_EVENTS", 100)
    bench = Bench()
    loop = {"id": "l", "type": "repeat", "config": {"times": 60, "body": {"nodes": [{"id": "n", "type": "noop"}]}}}
    bench.publish({"name": "w", "nodes": [loop]})
    execution = bench.start()
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.events(execution).count("HistoryRolled") >= 2
    assert bench.verify().divergences == []


def test_a_signal_that_nobody_can_be_given_becomes_a_dead_letter() -> None:
    bench = Bench()
    emit = {"id": "s", "type": "emit_signal", "config": {"execution": "nobody", "name": "go", "payload": 5}}
    bench.publish({"name": "w", "nodes": [emit]})
    execution = bench.start()
    bench.move()
    assert bench.status(execution) == "completed"
    letters = [msgspec.msgpack.decode(content, type=DeadLetter) for _, content in bench.log.read("dead-letters", 0)]
    assert [(letter.origin, letter.reason) for letter in letters] == [(execution, "there is no execution nobody")]


def test_of_two_commands_of_one_decision_the_one_that_is_out_is_not_sent_again() -> None:
    bench = Bench()
    command_outbox = CommandOutbox(bench.engine.catalog, Recovered(bench.engine.owner.executions))
    first, second = (command_outbox.take(Envelope(name, "r", SendSignal(name, "go", b"1")), 7) for name in ("first", "second"))
    assert first is not None
    assert second is not None
    command_outbox.delivered(first)
    command_outbox.delivered(first)
    assert [envelope.id for _, envelope in command_outbox.undelivered()] == ["second"]
    assert command_outbox.dispatched_to(9) == 7
    command_outbox.delivered(second)
    assert command_outbox.dispatched_to(9) == 9
