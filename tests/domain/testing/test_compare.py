"""What is otherwise than expected is told as what was expected and what was found; what is not asked for may be anything."""

from __future__ import annotations

import pytest

from domain.testing.compare import duration_text
from domain.testing.coverage import Taken
from tests.domain.spec import graph_of
from tests.domain.testing.trying import case, results, told

FLOW = """
variables: {v: 1}
nodes:
  - {id: a, type: act}
  - {id: big, type: condition, config: {expression: "data.n > 1"}}
  - {id: set, type: set_variable, config: {name: v, value: 2}}
  - {id: done, type: end, config: {outcome: done, output: {n: "{{ nodes.a.output.n }}", list: [1, {x: 1, y: 2}]}}}
  - {id: rescue, type: noop}
edges: [{from: a, to: big}, {from: big.true, to: set}, {from: big.false, to: done}, {from: set, to: done}, {from: a.error, to: rescue}]
"""
DIFFERENT = [
    ("{outcome: null}", ("outcome", None, "done")),
    ("{output: {n: 5}}", ("output", {"n": 5}, {"n": 5, "list": [1, {"x": 1, "y": 2}]})),
    ("{has: {n: 6}}", ("output.n", 6, 5)),
    ("{has: {m: 6}}", ("output.m", 6, "no such field")),
    ("{has: {list: [1, {x: 2}]}}", ("output.list[1].x", 2, 1)),
    ("{has: {list: [1]}}", ("output.list", [1], [1, {"x": 1, "y": 2}])),
    ("{status: failed}", ("status", "failed", "completed")),
    ("{error: x}", ("error", "x", "no failure")),
    ("{variables: {v: 1}}", ("variables.v", 1, 2)),
    ("{ran: [rescue]}", ("ran", "rescue ran", "it did not")),
    ("{did_not_run: [set]}", ("did_not_run", "set did not run", "it did")),
    ("{order: [set, a]}", ("order[1]", "a begins behind set", "they began in the order a, big, set, done")),
    ("{order: [a, rescue]}", ("order[1]", "rescue begins behind a", "it did not run")),
    ("{path: [a]}", ("path", ["a"], ["a", "big", "set", "done"])),
    ("{calls: []}", ("calls", "none", "a")),
    ("{calls: [{node: a, config: {x: 1}}]}", ("calls[0].config.x", 1, "no such field")),
    ("{calls: [{node: a}, {node: a}]}", ("calls[1]", "a", "no further call")),
    ("{called: {a: 2}}", ("called.a", "2 times", "once")),
    ("{events: [NodeFailed]}", ("events[0]", "NodeFailed", "no such event")),
    ("{events: [ExecutionCompleted, NodeCompleted]}", ("events[1]", "NodeCompleted behind ExecutionCompleted", "4 such events in all")),
    ("{waiting: [pause]}", ("status", "created or incident or paused or running or scheduled", "completed")),
    ("{lasted: 1s}", ("lasted", "1s", "0s")),
    ("{holds: ['execution.output.n == 6']}", ("holds[0]", "execution.output.n == 6", "it is false")),
]


@pytest.mark.parametrize(("expect", "difference"), DIFFERENT, ids=[one[0] for one in DIFFERENT])
def test_what_is_otherwise_is_told(expect: str, difference: tuple[object, ...]) -> None:
    found = told(case(FLOW, f"{{mocks: {{a: {{output: {{n: 5}}}}}}, expect: {expect}}}"))
    assert found[0] == difference


def test_a_whole_number_is_the_same_as_one_with_a_fraction_of_nothing() -> None:
    result = case(FLOW, "{mocks: {a: {output: {n: 5.0}}}, expect: {has: {n: 5}, variables: {v: 2.0}}}")
    assert told(result) == []


def test_a_case_that_says_nothing_expects_that_it_completes() -> None:
    assert case(FLOW, "{mocks: {a: {output: {n: 1}}}}").verdict == "passed"
    failed = case(FLOW, "{mocks: {a: {output: {m: 1}}}}")
    assert told(failed)[0][:2] == ("status", "completed")
    assert str(told(failed)[0][2]).startswith("incident: expression")


@pytest.mark.parametrize(("ms", "text"), [(0, "0s"), (90_000, "1m30s"), (86_400_001, "1d1ms"), (500, "500ms")])
def test_a_duration_is_told_as_it_is_written(ms: int, text: str) -> None:
    assert duration_text(ms) == text


def test_coverage_counts_nodes_edges_cases_and_error_edges() -> None:
    taken = Taken()
    (small,) = results(FLOW, "cases: [{name: a, mocks: {a: {output: {n: 1}}}}]")
    assert small.found is not None
    taken.take(small.found.happened)
    graph = graph_of(FLOW)
    parts = {part.sort: (part.taken, part.there, part.missing) for part in taken.of(graph).parts}
    assert parts == {
        "nodes": (3, 5, ("set", "rescue")),
        "edges": (2, 4, ("big.true -> set", "set -> done")),
        "cases": (1, 2, ("big.true",)),
        "error edges": (0, 1, ("a.error -> rescue",)),
    }
    for one in results(FLOW, "cases: [{name: a, mocks: {a: {output: {n: 2}}}}, {name: b, mocks: {a: {error: x}}}]"):
        assert one.found is not None
        taken.take(one.found.happened)
    assert all(part.missing == () for part in taken.of(graph).parts)
