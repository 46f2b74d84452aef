"""A quarantine that keeps: nothing of the execution moves, what comes is kept, and a release goes on from there."""

from __future__ import annotations

import pytest

from contracts import commands as c
from contracts.commands import Command
from contracts.errors import Rejected
from contracts.events import ChildCancelRequested
from contracts.failure import Failure
from tests.domain.spec import World, never, signal, slow

PARENT = "nodes: [{id: s, type: sub_workflow, config: {workflow: child}}]"
SET_ASIDE = c.QuarantineExecution("a bug", True)


def test_what_comes_meanwhile_is_kept_and_taken_up_by_the_release() -> None:
    text = "nodes: [{id: a, type: a}, {id: d, type: delay, config: {for: 2s}}, {id: w, type: wait_signal, config: {name: go}}]"
    world = World(text, acts={"a": slow(1_000, "late")}).at(5, SET_ASIDE).at(6, signal("go", 7)).start()
    assert (world.status, world.state().quarantine, world.waits) == ("quarantined", "a bug", ["release"])
    assert world.send(c.ReleaseExecution()).output == {"a": "late", "d": {"waited": 2.0}, "w": 7}


def test_what_could_not_be_decided_is_decided_by_the_release() -> None:
    held = c.QuarantineExecution("a bug", True, c.CompleteActivity("a", 1, b"5"))
    world = World("nodes: [{id: a, type: never}]").at(5, held).start()
    assert world.status == "quarantined"
    assert world.send(c.ReleaseExecution(), c.ReleaseExecution()).output == 5


@pytest.mark.parametrize("command", [c.PauseExecution(), c.ResumeExecution(), c.CancelExecution(), c.StartExecution()])
def test_what_would_move_it_is_refused_and_says_the_way_out(command: Command) -> None:
    world = World("nodes: [{id: a, type: never}]").at(5, SET_ASIDE, command).start()
    _, refused = world.rejections[-1]
    assert (refused.reason, world.status) == ("quarantined", "quarantined")
    assert "release" in refused.message


def test_one_that_was_paused_is_paused_again() -> None:
    world = World("nodes: [{id: a, type: a}]", acts={"a": slow(100, 1)}).at(5, c.PauseExecution(), SET_ASIDE).start()
    assert world.send(c.ReleaseExecution()).status == "paused"
    assert world.send(c.ResumeExecution()).output == 1


def test_one_that_waits_for_its_time_begins_after_the_release() -> None:
    world = World("nodes: [{id: a, type: a}]").at(5, SET_ASIDE).start(start_at=1_005_000)
    assert (world.status, world.ran) == ("quarantined", [])
    assert world.send(c.ReleaseExecution()).status == "completed"


def test_a_parent_goes_on_waiting_and_hears_of_the_end() -> None:
    world = World(PARENT, {"child": "nodes: [{id: a, type: a}]"}, {"a": slow(1_000, 5)})
    world.at(5, SET_ASIDE, execution="x~s").start()
    assert (world.status, world.state("x~s").status) == ("running", "quarantined")
    assert world.send(c.ReleaseExecution(), execution="x~s").output == 5


def test_a_parent_that_is_set_aside_keeps_its_children() -> None:
    world = World(PARENT, {"child": "nodes: [{id: a, type: a}]"}, {"a": slow(1_000, 5)}).at(5, SET_ASIDE).start()
    assert (world.events(ChildCancelRequested), world.state("x~s").status) == ([], "completed")
    assert world.send(c.ReleaseExecution()).output == 5


def test_it_can_be_terminated_instead() -> None:
    world = World(PARENT, {"child": "nodes: [{id: a, type: never}]"}).at(5, SET_ASIDE).at(9, c.TerminateExecution()).start()
    assert (world.status, world.state("x~s").status) == ("terminated", "cancelled")


def test_too_much_where_no_node_is_to_blame_sets_it_aside() -> None:
    too_much = c.RaiseIncident("", Failure("output.too_large", "too much"), True)
    world = World("nodes: [{id: a, type: never}]").at(5, too_much).start(autostart=False)
    assert (world.status, world.state().quarantine) == ("quarantined", "too much")
    assert world.send(c.ReleaseExecution(), c.StartExecution()).status == "running"


def test_one_that_is_not_set_aside_is_not_released() -> None:
    world = World("nodes: [{id: a, type: never}]").at(5, c.ReleaseExecution()).start()
    assert (world.status, world.rejections) == ("running", [])


def test_one_that_an_older_version_ended_stays_ended() -> None:
    world = World("nodes: [{id: a, type: never}]").at(5, c.QuarantineExecution("bug"), c.ReleaseExecution()).start()
    assert world.status == "quarantined"
    assert isinstance(world.rejections[-1][1], Rejected)
    assert world.waits == []


def test_a_signal_that_nobody_waits_for_yet_is_there_after_the_release() -> None:
    text = "nodes: [{id: a, type: a}, {id: w, type: wait_signal, config: {name: go}}]\nedges: [{from: a, to: w}]"
    world = World(text, acts={"a": never}).at(5, SET_ASIDE, signal("go", 1)).start()
    world.send(c.CompleteActivity("a", 1, b"2"))
    assert world.send(c.ReleaseExecution()).output == 1
