"""Places: where events happen, each with a number, and all as columns: what it lies in, its name, and which node of the definition it is.

0  (the execution)
1  └ each            name `each`,   node 0
2    └ each[3]       name `[]`,     number 3
3      └ each[3]/n#1 name `n`,      number 1, node 1
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Final

from domain.definition.graph import Body, Graph, Node
from domain.execution.paths import HANDLER, ITERATION, UNDO_SUFFIX, body_named, is_undo, node_in_definition, owner_of, undone_node
from projections.trace.grown import Grown, Moment

ROOT: Final = 0
NO_NODE: Final = -1


class Places:
    """The places of an execution, in the order in which they were come upon."""

    def __init__(self, graph: Graph, moment: Moment) -> None:
        self._graph, self._moment = graph, moment
        self.names, self.nodes = Grown[str](moment), Grown[dict[str, str]](moment)
        """Names, and the nodes of the definition that were come upon: what they are called, and their kind."""
        self.parent, self.name, self.node = array("i"), array("i"), array("i")
        self.parent_steps, self.number_steps = array("i"), array("i")
        """The parent, and the number of an iteration or a run, as differences from those of the place before of the same name."""
        self._parents, self._numbers = array("i"), array("i")
        """By name, of the last place that has it."""
        self.paths: list[str] = []
        self._versions = array("i")
        self._name_codes: dict[str, int] = {}
        self._node_codes: dict[tuple[int, bool], int] = {}
        self._runs: dict[str, int] = {}
        self._scopes: dict[str, int] = {"": ROOT}
        self._bodies: dict[int, Body] = {ROOT: graph.root}
        self._add("", ROOT, "", 0, NO_NODE)

    def at(self, path: str) -> int | None:
        """The number of a run or a body, by its path, where it was come upon."""
        return self._runs.get(path, self._scopes.get(path))

    def of_node(self, path: str) -> set[int]:
        """The numbers of all runs of a node of the definition."""
        codes = {code for code, node in enumerate(self.nodes.items) if node["path"] == path}
        return {place for place, code in enumerate(self.node) if code in codes}

    def change(self, graph: Graph) -> None:
        """From here on places are of another definition; a place that this one has not stays what it was."""
        self._graph = graph
        bodies = {place: body_named(graph, path) for path, place in self._scopes.items()}
        self._bodies |= {place: body for place, body in bodies.items() if body is not None}
        self._node_codes.clear()

    def __len__(self) -> int:
        return len(self.parent)

    def known_at(self, version: int) -> int:
        """How many places had been come upon with the events up to this version."""
        return bisect_right(self._versions, version)

    def run(self, path: str) -> int:
        """The number of a run of a node, by its path; of an empty path that of the execution."""
        if not path:
            return ROOT
        place = self._runs.get(path)
        return self._add_run(path) if place is None else place

    def scope(self, path: str) -> int:
        """The number of a body, by its path."""
        place = self._scopes.get(path)
        return self._add_scope(path) if place is None else place

    def _add_run(self, path: str) -> int:
        around, _, last = path.rpartition("/")
        parent = self.scope(around)
        body, is_undone = self._bodies[parent], is_undo(path)
        name, _, number = (last, "", "") if is_undone else last.partition("#")
        node = body.nodes[body.index_of[(undone_node(last) if is_undone else name).partition("#")[0]]]
        self._runs[path] = place = self._add(path, parent, name, int(number or 0), self._code_of(node, is_undone))
        return place

    def _add_scope(self, path: str) -> int:
        if path == HANDLER:
            assert self._graph.handler is not None
            self._scopes[path] = place = self._add(path, ROOT, HANDLER, 0, NO_NODE)
            self._bodies[place] = self._graph.handler
            return place
        owner = owner_of(path)
        parent, label = self.run(owner), path[len(owner) :].removeprefix(".")
        is_iteration = path[len(owner)] == "["
        name, number = (ITERATION, int(label[1:-1])) if is_iteration else (label, 0)
        self._scopes[path] = place = self._add(path, parent, name, number, NO_NODE)
        around = self._bodies[self.parent[parent]]
        self._bodies[place] = around.nodes[around.index_of[owner.rpartition("/")[2].partition("#")[0]]].bodies[name]
        return place

    def _add(self, path: str, parent: int, name: str, number: int, node: int) -> int:
        self.paths.append(path)
        code = self._name_codes.get(name)
        if code is None:
            code = self._name_codes[name] = self.names.add(name)
            self._parents.append(0)
            self._numbers.append(0)
        for column, value in ((self.parent, parent), (self.name, code), (self.node, node)):
            column.append(value)
        self.parent_steps.append(parent - self._parents[code])
        self.number_steps.append(number - self._numbers[code])
        self._parents[code], self._numbers[code] = parent, number
        self._versions.append(self._moment.version)
        return len(self.parent) - 1

    def _code_of(self, node: Node, is_undone: bool) -> int:
        key = (node.number, is_undone)
        code = self._node_codes.get(key)
        if code is None:
            path = node_in_definition(node)
            shown = {"path": f"{path}{UNDO_SUFFIX}", "type": "compensation"} if is_undone else {"path": path, "type": node.type}
            code = self._node_codes[key] = self.nodes.add(shown)
        return code
