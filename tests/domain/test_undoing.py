# ruff: noqa: E501 - a node of a definition stands on one line
"""What may undo a node beside an activity: a child, a variable, a signal."""

from typing import Any

import pytest

from contracts import commands as c
from contracts.events import ChildCancelRequested, ChildStarted, IncidentRaised, VariableSet
from contracts.journal import SCHEMA
from domain.definition.validate import check
from domain.execution.limits import SCHEMA_OF_UNTOLD
from domain.replay.verify import Verifier
from tests.domain.spec import World, entries_of, run, slow

UNDO = """
nodes:
  - {id: a, type: a, compensate: %s}
  - {id: c, type: compensate}
edges: [{from: a, to: c}]
"""
CHILD = "{type: sub_workflow, config: {workflow: undo, input: {was: '{{ nodes.a.output }}'}%s}%s}"


def with_child(config: str = "", more: str = "", child: str = "nodes: [{id: n, type: n}]", given: Any = 5) -> World:
    return World(UNDO % (CHILD % (config, more)), {"undo": child}).start(given)


def test_a_child_undoes_a_node_and_is_waited_for() -> None:
    world = with_child()
    assert (world.status, world.output, world.ran) == ("completed", ["a"], ["a", "x~a.compensate:n"])
    assert world.value(world.state("x~a.compensate").input) == {"was": 5}


def test_a_child_that_is_detached_is_not_waited_for() -> None:
    world = with_child(", mode: detached, on_parent_close: abandon", child="nodes: [{id: w, type: wait_signal, config: {name: go}}]")
    assert (world.status, world.output, world.state("x~a.compensate").status) == ("completed", ["a"], "running")


def test_a_child_that_fails_is_an_incident_and_a_retry_starts_another_one() -> None:
    child = "variables: {ok: false}\nsettings: {on_failure: fail}\nnodes: [{id: n, type: bad}]"
    world = with_child(child=child)
    assert world.failure is not None
    assert (world.status, world.failure.type, world.failure.cause and world.failure.cause.type) == ("incident", "child.failed", "boom")
    world.send(c.ResolveIncident("1", "retry"))
    assert [event.child for event in world.events(ChildStarted)] == ["x~a.compensate", "x~a.compensate@2"]
    assert world.send(c.ResolveIncident("2", "skip")).output == ["a"]


def test_a_child_is_tried_again_by_the_policy_of_the_compensation() -> None:
    world = with_child(more=", retry: {max_attempts: 3}", child="settings: {on_failure: fail}\nnodes: [{id: n, type: bad}]")
    assert (world.status, len(world.events(ChildStarted))) == ("incident", 3)


@pytest.mark.parametrize(
    ("config", "more", "error"), [("", ", timeout: 5s", "timeout.start_to_close"), (", timeout: 5s", "", "child.timeout")]
)
def test_a_child_that_takes_too_long_is_cancelled_first(config: str, more: str, error: str) -> None:
    world = with_child(config, more, child="nodes: [{id: w, type: wait_signal, config: {name: go}}]")
    assert (world.status, world.error, world.state("x~a.compensate").status) == ("incident", error, "cancelled")
    assert [event.path for event in world.events(ChildCancelRequested)] == ["a.compensate"]


def test_a_child_that_undoes_is_waited_for_by_a_cancel_and_closed_by_a_terminate() -> None:
    text = "nodes: [{id: a, type: a, compensate: %s}, {id: w, type: wait_signal, config: {name: go}}]" % (CHILD % ("", ""))
    child = "nodes: [{id: w, type: wait_signal, config: {name: go}}]"
    world = World(text, {"undo": child}).at(5, c.CancelExecution()).start()
    assert (world.status, world.waits) == ("running", ["child x~a.compensate"])
    ended = World(text, {"undo": child}).at(5, c.CancelExecution()).at(9, c.TerminateExecution()).start()
    assert (ended.status, ended.state("x~a.compensate").status) == ("terminated", "cancelled")
    world.go_on()
    world.send(c.SendSignal("s", "go", b"1"), execution="x~a.compensate")
    assert world.status == "cancelled"


VARIABLE = "variables: {v: 1}\n" + UNDO % "{type: set_variable, config: {name: v, value: '{{ nodes.a.output }}'}}"


def test_a_variable_is_set_back() -> None:
    world = run(VARIABLE + "output: ['{{ vars.v }}', '{{ nodes.c.output }}']", 7)
    assert world.output == [7, ["a"]]


def test_a_value_that_looks_like_a_template_is_none() -> None:
    assert run(VARIABLE + "output: '{{ vars.v }}'", "{{ vars.v }}").output == "{{ vars.v }}"


def test_several_variables_are_set_and_who_waits_for_one_is_asked() -> None:
    text = """
    variables: {v: 1, w: 2}
    nodes:
      - {id: a, type: a, compensate: {type: set_variable, config: {values: {v: 8, w: 9}}}}
      - {id: u, type: wait_until, config: {condition: vars.v == 8}}
      - {id: c, type: compensate}
    edges: [{from: a, to: c}]
    output: ["{{ vars.v }}", "{{ vars.w }}"]
    """
    assert run(text).output == [8, 9]


def test_a_variable_whose_body_has_been_left_is_let_go() -> None:
    text = """
    variables: {v: 1}
    nodes:
      - {id: f, type: repeat, config: {times: 1, body: {variables: {v: 5}, nodes: [{id: a, type: a, compensate: {type: set_variable, config: {name: v, value: 6}}}]}}}
      - {id: c, type: compensate}
    edges: [{from: f, to: c}]
    output: "{{ vars.v }}"
    """
    world = run(text)
    assert (world.status, world.output) == ("completed", 1)


def test_a_variable_is_let_go_where_the_execution_has_ended_already() -> None:
    text = "settings: {on_failure: fail, compensate_on_failure: true}\nvariables: {v: 1}\nnodes: [{id: a, type: a, compensate: {type: set_variable, config: {name: v, value: 6}}}, {id: b, type: bad}]\nedges: [{from: a, to: b}]"
    world = run(text)
    assert (world.status, len(world.events(VariableSet))) == ("failed", 1)


def test_a_thousand_variables_are_set_back_in_one_decision() -> None:
    body = "{nodes: [{id: s, type: set_variable, config: {name: v, value: '{{ iteration.index }}'}, compensate: {type: set_variable, config: {name: v, value: '{{ iteration.index }}'}}}]}"
    text = f"variables: {{v: 0}}\nnodes: [{{id: l, type: repeat, config: {{times: 2000, body: {body}}}}}, {{id: c, type: compensate}}]\nedges: [{{from: l, to: c}}]\noutput: '{{{{ vars.v }}}}'"
    assert run(text).output == 0


def test_a_signal_undoes_a_node() -> None:
    text = UNDO % "{type: emit_signal, config: {execution: x, name: undone, payload: '{{ nodes.a.output }}'}}"
    world = run(
        text.replace("{id: c, type: compensate}", "{id: c, type: compensate}\n  - {id: w, type: wait_signal, config: {name: undone}}"), 3
    )
    assert (world.status, world.output) == ("completed", {"c": ["a"], "w": 3})


def test_what_was_filled_in_and_does_not_fit_is_an_incident_of_the_undoing() -> None:
    world = run(UNDO % "{type: emit_signal, config: {execution: x, name: '{{ nodes.a.output }}'}}", "a/b")
    assert world.failure is not None
    assert (world.status, world.failure.type, world.failure.node) == ("incident", "expression", "a.compensate")
    assert world.send(c.ResolveIncident("1", "fail")).output == []


@pytest.mark.parametrize(
    ("undo", "path", "rule"),
    [
        ({"type": "try", "config": {}}, "nodes[0].compensate.type", "compensate_kind"),
        ({"type": "delay", "config": {"for": "1s"}}, "nodes[0].compensate.type", "compensate_kind"),
        ({"type": "sub_workflow", "config": {}}, "nodes[0].compensate.config.workflow", "missing_field"),
        ({"type": "sub_workflow", "config": {"workflow": "w", "timeout": "101000d"}}, "nodes[0].compensate.config.timeout", "duration"),
        ({"type": "set_variable", "config": {"name": "no", "value": 1}}, "nodes[0].compensate.config.name", "unknown_variable"),
        ({"type": "emit_signal", "config": {"execution": "x", "name": "a/b"}}, "nodes[0].compensate.config.name", "signal_name"),
    ],
)
def test_a_compensation_that_cannot_be_is_told(undo: dict[str, Any], path: str, rule: str) -> None:
    problems = check({"name": "w", "nodes": [{"id": "a", "type": "a", "compensate": undo}]}, {}, strict_kinds=False).problems
    assert [(problem.path, problem.rule) for problem in problems] == [(path, rule)]


LISTENING = """
variables: {n: 0, v: 0}
nodes:
  - {id: t, type: delay, config: {for: 1s}}
  - {id: a, type: %s, compensate: {type: undo}}
  - {id: c, type: compensate}
  - {id: w, type: delay, config: {for: 50ms}}
  - {id: s, type: set_variable, config: {name: v, value: 1}}
edges: [{from: a%s, to: c}, {from: w, to: s}]
"""


@pytest.mark.parametrize(
    ("kind", "port"), [("wait_until, config: {condition: 'vars.n == 0'}", ".met"), ("cancel, config: {nodes: [t]}", "")]
)
def test_who_is_undone_is_told_nothing_any_more(kind: str, port: str) -> None:
    world = run(LISTENING % (kind, port), acts={"undo": slow(100)})
    assert (world.status, world.ran) == ("completed", ["a.compensate"])


ASKED_ONCE_MORE = """
variables: {v: 0}
nodes:
  - {id: a, type: wait_until, config: {condition: '1 / (1 - vars.v) == 1'}, compensate: {type: undo}}
  - {id: s, type: set_variable, config: {name: v, value: 2}}
  - {id: c, type: compensate}
  - {id: w, type: delay, config: {for: 50ms}}
  - {id: z, type: set_variable, config: {name: v, value: 1}}
edges: [{from: a.met, to: s}, {from: s, to: c}, {from: w, to: z}]
"""
"""The condition of the node that is being undone has no value any more when `v` is 1."""


def test_a_history_in_which_somebody_undone_was_told_is_what_was_decided_then() -> None:
    now = World(ASKED_ONCE_MORE, acts={"undo": slow(100)}).start()
    assert (now.status, now.paths(IncidentRaised)) == ("completed", [])
    before = World(ASKED_ONCE_MORE, acts={"undo": slow(100)}, undone_are_told=True).start()
    assert before.paths(IncidentRaised) == ["a.compensate"]
    subject = before.subjects["x"]
    for schema in range(1, SCHEMA + 1):
        verifier = Verifier({subject.state.definition: subject.graph}.__getitem__)
        verifier.run(entries_of(subject, schema))
        assert (schema, bool(verifier.divergences)) == (schema, schema >= SCHEMA_OF_UNTOLD)
