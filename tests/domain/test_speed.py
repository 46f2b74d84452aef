"""The pure core stays fast: what a decision costs, measured in plain Python work of the same run and process.

CPU time and the least of many series, so that a busy machine changes little. The figure is not the point; a change that
makes deciding half as slow again is.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from contracts.commands import CompleteActivity, CreateExecution
from domain.decide import decide
from domain.definition.graph import Graph
from domain.evolve import initial
from tests.domain.spec import create, graph_of

SERIES = 40
STRAIGHT_MAX = 1.5 * 2.55
"""A decision of a sequence of activities, in units of `_unit`: half as much again as it was."""
LONG_MAX = 1.5 * 5.3
"""The same where every other node is a `merge`, so that nothing goes straight: two turns of nodes a decision."""


class _Thing:
    __slots__ = ("count", "name", "places")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.places: dict[str, int] = {}

    def put(self, place: str, number: int) -> int:
        self.count += 1
        if place not in self.places:
            self.places[place] = number
        return self.places.pop(place) + self.count


def _unit() -> None:
    """Work like that of the core: calls, attributes, small dicts and lists, a few objects."""
    things = [_Thing("a"), _Thing("b")]
    for number in range(10):
        thing = things[number & 1]
        if thing.put(thing.name, number) < 0:
            things.append(thing)


def _least(work: Callable[[], None], rounds: int) -> float:
    """CPU seconds of one call, in the quickest of the series."""
    series = []
    for _ in range(SERIES):
        begin = time.process_time()
        for _ in range(rounds):
            work()
        series.append((time.process_time() - begin) / rounds)
    return min(series)


def _units(graph: Graph, commands: list[CreateExecution | CompleteActivity]) -> float:
    """What one of these commands takes to decide on average."""

    def run() -> None:
        state = initial("x")
        for now, command in enumerate(commands):
            decide(graph, state, command, now)
        assert state.is_ended

    return _least(run, 50) / len(commands) / _least(_unit, 500)


def _row(kinds: tuple[str, ...]) -> tuple[Graph, list[CreateExecution | CompleteActivity]]:
    nodes = [{"id": f"n{index}", "type": kind} for index, kind in enumerate(kinds)]
    edges = [{"from": f"n{index - 1}", "to": f"n{index}"} for index in range(1, len(kinds))]
    reports = [CompleteActivity(f"n{index}", 1, b'{"a":1}') for index, kind in enumerate(kinds) if kind == "noop"]
    return graph_of({"nodes": nodes, "edges": edges}), [create({"a": 1}), *reports]


def test_deciding_a_sequence_of_activities_stays_cheap() -> None:
    assert _units(*_row(("noop",) * 10)) < STRAIGHT_MAX


def test_deciding_the_long_way_stays_cheap() -> None:
    assert _units(*_row(("noop", "merge") * 10)) < LONG_MAX
