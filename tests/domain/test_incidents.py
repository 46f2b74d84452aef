# ruff: noqa: E501 - a node of a definition stands on one line
"""Incidents: a path that stops, and the three ways to go on."""

from typing import Any, Literal

from contracts import commands as c
from contracts.events import IncidentResolved, NodeSkipped
from tests.domain.spec import World, fails, run

ONE = "variables: {v: 1}\nnodes: [{id: a, type: a, config: {v: '{{ vars.v }}'}, retry: {max_attempts: 2}}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
PICKY = {"a": lambda call: 5 if call.config["v"] == 2 else fails()(call)}


def stopped(text: str = ONE, acts: Any = None, **more: Any) -> World:
    world = World(text, acts=acts or PICKY, **more).start()
    assert world.status == "incident"
    return world


def test_a_retry_makes_attempts_anew() -> None:
    world = stopped()
    assert world.send(c.ResolveIncident("1", "retry")).status == "incident"
    assert world.ran == ["a", "a@2", "a@3", "a@4"]


def test_a_retry_after_changing_a_variable_sees_the_new_value() -> None:
    world = stopped().send(c.ResolveIncident("1", "retry", None, None, b'{"v":2}'))
    assert (world.status, world.ran, world.output) == ("completed", ["a", "a@2", "a@3", "b"], 5)


def test_a_skip_completes_the_node_with_the_given_output() -> None:
    world = stopped().send(c.ResolveIncident("1", "skip", b'{"by":"hand"}'))
    assert (world.status, world.output) == ("completed", {"by": "hand"})


def test_a_skip_leaves_by_the_given_port() -> None:
    text = "nodes: [{id: c, type: condition, config: {expression: 'input.no'}}, {id: y, type: y}, {id: n, type: n}]\nedges: [{from: c.true, to: y}, {from: c.false, to: n}]"
    assert run(text, {}).send(c.ResolveIncident("1", "skip", None, "false")).ran == ["n"]
    assert run(text, {}).send(c.ResolveIncident("1", "skip")).ran == ["y"]


def test_a_port_that_the_node_does_not_have_is_refused() -> None:
    world = stopped().send(c.ResolveIncident("1", "skip", None, "sideways"))
    assert [rejected.reason for _, rejected in world.rejections] == ["bad_port"]


def test_a_fail_goes_up_and_ends_the_execution() -> None:
    world = stopped().send(c.ResolveIncident("1", "fail"))
    assert (world.status, world.error, world.paths(NodeSkipped)) == ("failed", "boom", [])


def test_an_incident_that_is_not_open_is_refused() -> None:
    world = stopped().send(c.ResolveIncident("7", "retry"))
    assert [rejected.reason for _, rejected in world.rejections] == ["unknown_incident"]


def test_an_unknown_variable_is_refused_and_nothing_changes() -> None:
    world = stopped().send(c.ResolveIncident("1", "retry", None, None, b'{"w":2}'))
    assert ([rejected.reason for _, rejected in world.rejections], list(world.state().incidents)) == (["unknown_variable"], ["1"])


def test_several_incidents_are_resolved_each_by_itself() -> None:
    world = run("nodes: [{id: a, type: bad}, {id: b, type: bad}]").send(c.ResolveIncident("2", "skip", b"2"))
    assert (world.status, list(world.state().incidents)) == ("incident", ["1"])
    assert world.send(c.ResolveIncident("1", "skip", b"1")).output == {"a": 1, "b": 2}


def test_an_incident_of_a_container_is_resolved_on_the_container() -> None:
    text = "nodes: [{id: f, type: for_each, on_error: incident, config: {items: [1], body: {nodes: [{id: a, type: a}]}}}]"
    world = World(text, acts={"a": fails(times=1)}).start()
    assert world.waits == ["incident f"]
    assert world.send(c.ResolveIncident("1", "retry")).output == ["ok"]


def test_a_failing_undoing_is_an_incident_and_each_resolution_goes_on() -> None:
    text = "nodes: [{id: a, type: a, compensate: {type: undo}}, {id: b, type: b, compensate: {type: undo}}, {id: n, type: never}]\nedges: [{from: a, to: b}, {from: b, to: n}]"
    ways: list[tuple[Literal["retry", "skip", "fail"], list[str]]] = [
        ("retry", ["b.compensate", "b.compensate@2"]), ("skip", ["b.compensate"]), ("fail", ["b.compensate"]),
    ]  # fmt: skip
    for action, undone in ways:
        world = World(text, acts={"b.compensate": fails(times=1)}).at(5, c.CancelExecution()).start()
        assert (world.status, world.waits) == ("incident", ["incident b.compensate"])
        world.send(c.ResolveIncident("1", action))
        assert (world.status, world.ran[3:]) == ("cancelled", [*undone, "a.compensate"])


def test_a_resolution_in_a_pause_is_kept_until_it_is_resumed() -> None:
    world = stopped().send(c.PauseExecution(), c.ResolveIncident("1", "skip", b"3"))
    assert (world.status, world.ran) == ("paused", ["a", "a@2"])
    assert world.send(c.ResumeExecution()).output == 3


def test_a_cancel_takes_an_incident_along() -> None:
    world = stopped().send(c.CancelExecution())
    assert (world.status, world.events(IncidentResolved)) == ("cancelled", [IncidentResolved("1", "cancelled")])


def test_an_engine_that_cannot_store_a_result_raises_an_incident_on_the_node() -> None:
    from contracts.failure import Failure

    world = World("nodes: [{id: a, type: never}]").at(5, c.RaiseIncident("a", Failure("output.too_large", "too much"))).start()
    assert (world.status, world.error, world.waits) == ("incident", "output.too_large", ["incident a"])


def test_a_quarantine_is_final() -> None:
    world = World("nodes: [{id: a, type: never}]").at(5, c.QuarantineExecution("bug")).start()
    assert (world.status, world.state().reason) == ("quarantined", "bug")
