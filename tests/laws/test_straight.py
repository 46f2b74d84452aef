"""The straight way (`domain/straight.py`) is the long way, for any definition and any order of arrivals."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts import commands as c
from contracts.events import NodeCompleted
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph
from domain.definition.validate import check
from tests.domain.spec import World, graph_of, redecide, slow
from tests.laws.test_laws import walk

_PLAIN = ("retry", "on_error", "priority", "queue", "timeout")
_SPECIAL = ("when", "timeouts", "mutex", "compensate", "config", "cache", "losers", "error edge", "when edge", "back edge", "branch", "end")


def long_way(graph: Graph) -> Graph:
    """The same definition, with nothing that goes straight."""
    graph = compile_definition(graph.definition, graph.definition_hash, graph.version)
    for node in graph.nodes:
        node.following = None
    return graph


def check_long_way(world: World) -> None:
    """Every decision comes out the same when it is made the long way."""
    for subject in world.subjects.values():
        redecide(long_way(subject.graph), subject.decisions, subject.blobs, subject.limits)


def _special(what: str, node: dict[str, Any]) -> None:
    """Something that keeps a node from the straight way, or looks as if it did."""
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
    for what in draw(st.lists(st.sampled_from((*_PLAIN, *_SPECIAL)), max_size=3)):
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
def test_the_straight_way_is_the_long_way(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    check_long_way(walk(definition, chance))


def test_a_sequence_of_activities_goes_straight() -> None:
    edges = [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]
    graph = graph_of({"nodes": [{"id": "a", "type": "work"}, {"id": "b", "type": "work"}, {"id": "c", "type": "work"}], "edges": edges})
    assert [node.following and node.following.id for node in graph.nodes] == ["b", "c", None]


def test_what_was_held_in_a_pause_says_its_output() -> None:
    definition = {"nodes": [{"id": "a", "type": "work"}, {"id": "b", "type": "work"}], "edges": [{"from": "a", "to": "b"}]}
    world = World(definition, acts={"work": slow(10, 7)})
    world.at(5, c.PauseExecution()).at(20, c.ResumeExecution()).start({"n": 1})
    assert [event.output for event in world.events(NodeCompleted)] == [b"7", None]
    check_long_way(world)
