"""The fast path (`domain/execution/moves/fast_path.py`) is the long way, for any definition and any order of arrivals."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts import commands as c
from contracts.definitions import WorkflowDefinition
from contracts.events import NodeCompleted
from domain.definition.canonical import published
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph
from domain.definition.validate import check
from domain.nodes import KINDS
from tests.domain.spec import World, redecide, slow
from tests.laws.test_laws import walk

_PLAIN = ("retry", "on_error", "priority", "queue", "timeout")
_SPECIAL = ("when", "timeouts", "mutex", "compensate", "config", "cache", "losers", "error edge", "when edge", "back edge", "branch", "end")


def long_way(graph: Graph) -> Graph:
    """The same definition, with nothing that takes the fast path."""
    graph = compile_definition(graph.definition, graph.definition_hash, graph.version)
    for node in graph.nodes:
        node.following = None
    return graph


def check_long_way(world: World) -> None:
    """Every decision comes out the same when it is made the long way."""
    for subject in world.subjects.values():
        redecide(long_way(subject.graph), subject.decisions, subject.blobs, subject.limits)


def _special(what: str, node: dict[str, Any]) -> None:
    """Something that keeps a node from the fast path, or looks as if it did."""
    fields: dict[str, Any] = {
        "when": "data.n == 1",
        "timeout": "50ms",
        "timeouts": {"schedule_to_start": "20ms"},
        "mutex": "one",
        "compensate": {"type": "undo"},
        "config": {"n": "{{ data }}"},
        "cache": {"ttl": "1h", "key": "{{ data.n }}"},
        "losers": "cancel",
        "retry": {"max_attempts": 2, "initial_delay": "5ms"},
        "on_error": "continue",
        "priority": 2,
        "queue": "other",
    }
    if what in fields:
        node[what] = fields[what]


@st.composite
def chains(draw: st.DrawFn) -> dict[str, Any]:
    """A chain of activities, or two beside each other; here and there a node or an edge is special."""
    count = draw(st.integers(3, 6))
    apart = draw(st.integers(1, 2 * count))
    nodes: list[dict[str, Any]] = [{"id": f"n{i}", "type": "work"} for i in range(count)]
    edges: list[dict[str, Any]] = [{"from": f"n{i - 1}", "to": f"n{i}"} for i in range(1, count) if i != apart]
    for what in draw(st.lists(st.sampled_from((*_PLAIN, *_SPECIAL)), max_size=4)):
        _special(what, draw(st.sampled_from(nodes[:count])))
        edge = draw(st.sampled_from(edges[: count - 2]))
        if what == "error edge":
            edge["from"] = edge["from"].partition(".")[0] + ".error"
        elif what == "when edge":
            edge["when"] = "data.n == 1"
        elif what == "back edge":
            edges.append({"from": edge["to"], "to": edge["from"].partition(".")[0], "back": True, "max_iterations": 2})
        elif what == "branch":
            edges.append({"from": edge["from"], "to": f"n{count - 1}"})
        elif what == "end":
            nodes.append({"id": f"end{len(nodes)}", "type": "end"})
            edges.append({"from": edge["from"], "to": nodes[-1]["id"]})
    return {"name": "w", "nodes": nodes, "edges": edges, "settings": {"on_failure": "fail"}}


EXAMPLES = 5_000 if settings.get_current_profile_name() == "long" else 500


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(chains(), st.randoms(use_true_random=False))
def test_the_fast_path_is_the_long_way(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    check_long_way(walk(definition, chance))


def _followed(change: Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]) -> list[str | None]:
    """By which node each of three in a row is followed on the fast path."""
    nodes: list[dict[str, Any]] = [{"id": name, "type": "work"} for name in "abc"]
    edges: list[dict[str, Any]] = [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]
    change(nodes, edges)
    graph = compile_definition(published(WorkflowDefinition.model_validate({"name": "w", "nodes": nodes, "edges": edges})))
    return [node.following.id if node.following is not None else None for node in graph.nodes[:3]]


@pytest.mark.parametrize("what", _PLAIN)
def test_a_sequence_of_activities_takes_the_fast_path(what: str) -> None:
    assert _followed(lambda nodes, edges: _special(what, nodes[1])) == ["b", "c", None]


@pytest.mark.parametrize("what", ["when", "timeouts", "config", "cache"])
def test_what_is_asked_when_a_node_begins_keeps_the_node_before_it_from_the_fast_path(what: str) -> None:
    assert _followed(lambda nodes, edges: _special(what, nodes[1])) == [None, "c", None]


@pytest.mark.parametrize("what", ["mutex", "compensate"])
def test_what_is_asked_at_both_ends_of_a_node_keeps_both_from_the_fast_path(what: str) -> None:
    assert _followed(lambda nodes, edges: _special(what, nodes[1])) == [None, None, None]


@pytest.mark.parametrize("more", [{"when": "data.n == 1"}, {"from": "a.error"}])
def test_an_edge_that_may_not_be_taken_is_not_on_the_fast_path(more: dict[str, Any]) -> None:
    assert _followed(lambda nodes, edges: edges[0].update(more)) == [None, "c", None]


def test_control_flow_is_not_on_the_fast_path() -> None:
    assert _followed(lambda nodes, edges: nodes[1].update(type="merge")) == [None, None, None]


def test_what_branches_or_joins_is_not_on_the_fast_path() -> None:
    assert _followed(lambda nodes, edges: edges.append({"from": "a", "to": "c"})) == [None, None, None]


def test_what_goes_back_is_not_on_the_fast_path() -> None:
    assert _followed(lambda nodes, edges: edges.append({"from": "b", "to": "a", "back": True})) == [None, None, None]


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.hears_changes or kind.hears_ends])
def test_nothing_takes_the_fast_path_where_a_node_looks_up_when_another_has_ended(kind: str) -> None:
    config = {"nodes": ["a"]} if kind == "cancel" else {"condition": "true"}
    assert _followed(lambda nodes, edges: nodes.append({"id": "d", "type": kind, "config": config})) == [None, None, None]


def test_what_was_held_in_a_pause_says_its_output() -> None:
    definition = {"nodes": [{"id": "a", "type": "work"}, {"id": "b", "type": "work"}], "edges": [{"from": "a", "to": "b"}]}
    world = World(definition, acts={"work": slow(10, 7)})
    world.at(5, c.PauseExecution()).at(20, c.ResumeExecution()).start({"n": 1})
    assert [event.output for event in world.events(NodeCompleted)] == [b"7", None]
    check_long_way(world)
