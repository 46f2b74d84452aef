"""A worker that is lost with an activity: it runs again as another attempt, and that is no try of the node's own."""

from __future__ import annotations

from contracts.commands import CompleteActivity, LoseActivity
from tests.workers.harness import Bench

REMOTE = {"name": "w", "nodes": [{"id": "n", "type": "far_away"}], "settings": {"on_failure": "fail"}}


def running() -> tuple[Bench, str]:
    bench = Bench()
    bench.publish(REMOTE)
    bench.engine.worker.run = lambda activity: None  # type: ignore[method-assign]  # it has gone to a worker elsewhere
    execution = bench.start()
    bench.move()
    return bench, execution


def test_it_runs_again_as_another_attempt_without_a_retry_policy() -> None:
    bench, execution = running()
    bench.engine.owner.report(execution, LoseActivity("n", 1, "somewhere"))
    bench.move()
    folded = bench.engine.owner.executions.get(execution)
    assert folded is not None
    assert (folded.state.runs["n"].status, folded.state.runs["n"].attempt) == ("active", 2)


def test_the_late_result_of_the_lost_attempt_changes_nothing() -> None:
    bench, execution = running()
    bench.engine.owner.report(execution, LoseActivity("n", 1))
    bench.engine.owner.report(execution, CompleteActivity("n", 1, b'"late"'))
    bench.engine.owner.report(execution, CompleteActivity("n", 2, b'"right"'))
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.entries(execution)[-1].decision.command == CompleteActivity("n", 2, b'"right"')
    assert bench.verify().divergences == []


def test_an_activity_that_workers_die_of_fails() -> None:
    bench, execution = running()
    for attempt in range(1, 12):
        bench.engine.owner.report(execution, LoseActivity("n", attempt))
        bench.move()
    assert bench.status(execution) == "failed"
    assert bench.verify().divergences == []
