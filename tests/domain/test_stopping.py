# ruff: noqa: E501 - a node of a definition stands on one line
"""Pause, resume, cancel, terminate."""

import pytest

from contracts import commands as c
from contracts.events import CommandHeld
from tests.domain.spec import Spec, World, run, signal, slow

TWO = "nodes: [{id: a, type: a}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
SAGA = """
nodes:
  - {id: a, type: a, compensate: {type: undo}}
  - {id: b, type: b, compensate: {type: undo}}
  - {id: t, type: try, config: {body: {nodes: [{id: n, type: never}]}, catch: [{errors: ["*"], body: {nodes: [{id: h, type: h}]}}], finally: {nodes: [{id: z, type: z}]}}}
edges: [{from: a, to: b}, {from: b, to: t}]
"""


def test_a_pause_keeps_results_and_schedules_nothing_new() -> None:
    world = World(TWO, acts={"a": slow(10, 1)}).at(5, c.PauseExecution("lunch")).start()
    assert (world.status, world.ran, len(world.events(CommandHeld))) == ("paused", ["a"], 1)
    assert (world.send(c.ResumeExecution()).status, world.ran) == ("completed", ["a", "b"])


def test_a_result_that_comes_twice_in_a_pause_is_kept_once() -> None:
    done = c.CompleteActivity("a", 1, b"1")
    Spec(TWO).given(c.PauseExecution(), done).when(done).then()


def test_a_pause_before_the_start_is_refused() -> None:
    Spec(TWO, created=False).given(c.CreateExecution("w", 1, "h", b"1", autostart=False)).when(c.PauseExecution()).then_rejected(
        "not_started"
    )


def test_a_cancel_in_a_pause_cleans_up_and_ends() -> None:
    world = World(SAGA).at(5, c.PauseExecution()).at(9, c.CancelExecution()).start()
    assert (world.status, world.ran[3:]) == ("cancelled", ["t.finally/z", "b.compensate", "a.compensate"])


def test_a_cancel_runs_finally_then_undoes_newest_first_each_once_and_catches_nothing() -> None:
    world = World(SAGA).at(5, c.CancelExecution("enough")).at(6, c.CancelExecution("again")).start()
    assert (world.status, world.ran[3:]) == ("cancelled", ["t.finally/z", "b.compensate", "a.compensate"])
    assert world.state().reason == "enough"


def test_a_cancel_tells_the_worker() -> None:
    world = World(SAGA).at(5, c.CancelExecution()).start()
    assert c.CancelActivity("x", "t.body/n", 0) in world.cancelled


def test_a_terminate_ends_at_once_and_runs_nothing() -> None:
    world = World(SAGA).at(5, c.TerminateExecution("now")).start()
    assert (world.status, len(world.ran), world.took_ms) == ("terminated", 3, 5)
    assert world.cancelled == [c.CancelActivity("x", "", 0)]


def test_a_terminate_ends_a_cancel_under_way() -> None:
    world = World(SAGA, acts={"z": slow(9_000)}).at(5, c.CancelExecution()).at(9, c.TerminateExecution()).start()
    assert (world.status, world.took_ms) == ("terminated", 9)


@pytest.mark.parametrize("command", [c.CancelExecution(), c.PauseExecution(), c.ResumeExecution(), c.TerminateExecution(), signal("go")])
def test_an_ended_execution_takes_nothing(command: c.Command) -> None:
    world = run(TWO).send(command)
    assert [rejected.reason for _, rejected in world.rejections] == ["already_ended"]


def test_a_late_result_of_a_cancelled_node_changes_nothing() -> None:
    world = World(SAGA.replace("type: never", "type: n"), acts={"n": slow(50), "z": slow(100)}).at(5, c.CancelExecution()).start()
    assert (world.status, [rejected.reason for _, rejected in world.rejections]) == ("cancelled", ["stale_attempt"])


def test_a_cancel_ends_a_retry_that_waits() -> None:
    world = World("nodes: [{id: a, type: bad, retry: {max_attempts: 9}}]").at(500, c.CancelExecution()).start()
    assert (world.status, world.ran) == ("cancelled", ["a"])


def test_what_completed_in_a_pause_before_a_cancel_is_undone_too() -> None:
    world = World(SAGA, acts={"a": slow(10)}).at(5, c.PauseExecution()).at(50, c.CancelExecution()).start()
    assert (world.status, world.ran) == ("cancelled", ["a", "a.compensate"])


def test_a_resume_takes_up_what_came_in_the_order_it_came() -> None:
    world = World(
        "nodes: [{id: a, type: a}, {id: b, type: b}, {id: j, type: j, aggregate: first}]\nedges: [{from: a, to: j}, {from: b, to: j}]",
        acts={"a": slow(9, 1), "b": slow(7, 2)},
    )
    assert world.at(5, c.PauseExecution()).at(50, c.ResumeExecution()).start().output == 2
