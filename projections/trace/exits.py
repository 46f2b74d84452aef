"""Exits: by which edges a node left, and which it did not take as their `when` did not hold; few for a definition, so each has a number."""

from __future__ import annotations

from typing import Any, Final

from contracts import events as e
from domain.definition.graph import ERROR_PORT, Edge, Node
from domain.execution.paths import body_in_definition
from domain.execution.state import TAKEN
from projections.trace.grown import Grown, Moment

NOWHERE: Final = 0
_OUT: Final = ("out",)


class Exits:
    """The edges of a definition that nodes came to, and the exits that are made of them."""

    def __init__(self, moment: Moment) -> None:
        self.edges, self.exits = Grown[dict[str, Any]](moment), Grown[dict[str, list[int]]](moment)
        self.exits.add({"taken": [], "untaken": []})
        self._edge_codes: dict[tuple[int, int], int] = {}
        self._codes: dict[tuple[int, tuple[str, ...], tuple[int, ...]], int] = {}
        self._back_codes: dict[int, int] = {}

    def of(self, node: Node, event: Any) -> int:
        """The number of the exit by which a node leaves with the event that ends it."""
        match event:
            case e.NodeCompleted():
                return self._of(node, event.ports or _OUT, event.untaken)
            case e.NodeFailed() if event.edge:
                return self._of(node, (ERROR_PORT,), event.untaken)
            case e.NodeCancelled() if event.output is not None:
                return self._of(node, node.ports[:1], ())
            case _:
                return NOWHERE

    def _of(self, node: Node, ports: tuple[str, ...], untaken: tuple[int, ...]) -> int:
        key = (node.number, ports, untaken)
        code = self._codes.get(key)
        if code is None:
            taken = [edge for edge in node.outgoing if not edge.is_back and edge.port in ports and edge.number not in untaken]
            code = self._codes[key] = self._add(taken, [edge for edge in node.outgoing if edge.number in untaken])
        return code

    def past(self, node: Node, edges: bytearray) -> int:
        """The number of the exit by which a node had left that a fork took up, of which nothing but the states of edges is known."""
        taken = [edge for edge in node.outgoing if edges[edge.number] == TAKEN]
        key = (node.number, (), tuple(edge.number for edge in taken))
        if key not in self._codes:
            self._codes[key] = self._add(taken, [])
        return self._codes[key]

    def change(self) -> None:
        """From here on the edges are those of another definition."""
        for codes in (self._edge_codes, self._codes, self._back_codes):
            codes.clear()

    def back(self, edge: Edge) -> int:
        """The number of the exit by which a node leaves by a back edge."""
        number = self._edge(edge)
        if number not in self._back_codes:
            self._back_codes[number] = self._add([edge], [])
        return self._back_codes[number]

    def _add(self, taken: list[Edge], untaken: list[Edge]) -> int:
        if not taken and not untaken:
            return NOWHERE
        return self.exits.add({"taken": [self._edge(edge) for edge in taken], "untaken": [self._edge(edge) for edge in untaken]})

    def _edge(self, edge: Edge) -> int:
        body = edge.source.body
        code = self._edge_codes.get((body.number, edge.number))
        if code is None:
            code = self._edge_codes[body.number, edge.number] = self.edges.add({
                "body": body_in_definition(body), "from": edge.source.id, "port": edge.port, "to": edge.target.id,
                "when": edge.definition.when, "back": edge.is_back,
            })  # fmt: skip
        return code
