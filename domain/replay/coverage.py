"""Coverage from production: which nodes, edges, cases and error edges of a definition recorded executions have taken, and how many of them.

What none has taken is a dead branch, or one that waits for its day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.execution.evolve import graph_after
from domain.testing.coverage import Taken, places_of
from domain.testing.found import Happened


class Place(NamedTuple):
    """Something that can be taken, by its sort, and how many executions have: each counts once."""

    sort: str
    name: str
    executions: int


class Covering:
    """Counts what executions take of one definition."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._taken: Counter[str] = Counter()
        self.executions = 0
        """How many have gone by it."""

    def take(self, begun_by: Graph, decisions: Iterable[Decision]) -> None:
        """The decisions of an execution, from its first one on, and the definition that it began by. What it did by another is left out."""
        graph, taken, goes_by_it = begun_by, Taken(), False
        for decision in decisions:
            graph = graph_after(graph, decision)
            if graph.definition_hash == self._graph.definition_hash:
                goes_by_it = True
                taken.take([Happened("", graph, decision)])
        self.executions += goes_by_it
        self._taken.update(taken.seen)

    def places(self) -> list[Place]:
        """All that there is, in the order of the definition."""
        return [Place(sort, name, self._taken[key]) for sort, all_ in places_of(self._graph).items() for name, key in all_]
