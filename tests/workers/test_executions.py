"""Executions in memory: which activities they wait for, and how far the journal speaks of them."""

from __future__ import annotations

from contracts.commands import CompleteActivity, PauseExecution, RunActivity
from tests.workers.harness import Bench, sequence

SLOW = sequence("slow", "slow")


def running() -> tuple[Bench, str]:
    bench = Bench()
    bench.publish(SLOW)
    bench.engine.worker.run = lambda activity: None  # type: ignore[method-assign]  # it has gone to a worker elsewhere
    execution = bench.start()
    bench.move(time=False)
    return bench, execution


def waits_for(bench: Bench, execution: str, path: str, attempt: int = 1) -> bool:
    return bench.engine.owner.executions.waits_for(RunActivity(execution, path, attempt, "slow", b"{}", b"null"))


def test_an_activity_is_waited_for_from_its_decision_to_its_end() -> None:
    bench, execution = running()
    assert waits_for(bench, execution, "n0")
    assert not waits_for(bench, execution, "n0", attempt=2)
    assert not waits_for(bench, execution, "n1")
    bench.ask(execution, CompleteActivity("n0", 1, b"1"))
    assert not waits_for(bench, execution, "n0")
    assert waits_for(bench, execution, "n1")
    bench.ask(execution, CompleteActivity("n1", 1, b"1"))
    assert bench.status(execution) == "completed"
    assert not waits_for(bench, execution, "n1")


def test_a_result_that_came_in_a_pause_is_not_waited_for() -> None:
    bench, execution = running()
    bench.ask(execution, PauseExecution())
    assert waits_for(bench, execution, "n0")
    bench.ask(execution, CompleteActivity("n0", 1, b"1"))
    assert not waits_for(bench, execution, "n0")


def test_of_an_execution_that_is_not_known_nobody_says_that_it_waits_for_nothing() -> None:
    assert waits_for(Bench(), "nobody", "n0")


def test_how_far_the_journal_speaks_of_an_execution_is_known_while_it_is_open_and_after_its_end() -> None:
    bench, execution = running()
    executions = bench.engine.owner.executions
    assert executions.offset_after(execution) == bench.engine.owner.position > 0
    bench.ask(execution, CompleteActivity("n0", 1, b"1"))
    bench.ask(execution, CompleteActivity("n1", 1, b"1"))
    assert bench.status(execution) == "completed"
    assert executions.offset_after(execution) == bench.engine.owner.position
    assert executions.offset_after("nobody") == 0
