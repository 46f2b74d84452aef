"""The nodes of one execution: what each got, what it gave, how it went; folded from its decisions when somebody asks.

Nothing of this is stored beside the journal: a node's values and times stand in the decisions, and whoever reads the
values has to fold them anyway (`docs/decisions/0023-nodes-are-folded-when-asked-for.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from contracts import events as e
from contracts.events import carried, carried_failure
from contracts.failure import Failure
from contracts.journal import Decision
from contracts.values import NULL
from domain.definition.graph import Graph
from domain.execution.evolve import evolve
from domain.execution.history import Entry, Folded, check_follows
from domain.execution.paths import is_undo, locate, plain_data
from domain.execution.react import input_of
from domain.execution.renaming import Renaming
from domain.execution.state import Execution, NodeRun
from projections.run_events import ENDS, GOES_ON

_End: TypeAlias = e.NodeCompleted | e.NodeFailed | e.NodeSkipped | e.NodeCancelled


@dataclass(slots=True)
class NodeRow:
    """A node that has begun, as it is after its last attempt. Times are milliseconds since 1970, 0 where there is none.

    `input` and `output` are stored values, `failure` is the one that it ended or stopped with.
    """

    path: str
    type: str
    started_at: int
    status: str = ""
    attempt: int = 1
    ended_at: int = 0
    input: bytes | None = None
    output: bytes | None = None
    failure: Failure | None = None


class NodeTrace:
    """Folds the decisions of one execution and notes what they say about its nodes."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeRow] = {}

    def rows(self) -> list[NodeRow]:
        """The nodes, in the order in which they began."""
        return list(self._nodes.values())

    def take(self, folded: Folded, entry: Entry) -> None:
        """Fold a decision, after checking that it follows. Raises LogCorrupt where it does not."""
        check_follows(folded, entry)
        decision, graph, state = entry.decision, folded.graph, folded.state
        if decision.events:
            state.now = decision.now
        for event in decision.events:
            graph = folded.graph = self.take_event(graph, state, event, decision)
        state.digest = entry.digest

    def at(self, path: str) -> NodeRow | None:
        """The node at a path, if it has begun."""
        return self._nodes.get(path)

    def take_event(self, graph: Graph, state: Execution, event: Any, decision: Decision) -> Graph:
        """Fold one event of a decision, and give the definition that the execution goes by then."""
        if type(event) in ENDS:
            self._end(graph, state, event, decision)
            evolve(graph, state, event, decision)
        elif type(event) in GOES_ON:
            self._begin(graph, state, event, decision)
        else:
            graph = evolve(graph, state, event, decision)
            if isinstance(event, e.PastTakenUp):
                for run in state.runs.values():
                    self._told(graph, self._at(graph, state, run.path, decision.now), run)
            elif isinstance(event, e.DefinitionChanged):
                self._rename(event, state)
        return graph

    def _rename(self, event: e.DefinitionChanged, state: Execution) -> None:
        """What is open may be called otherwise from here on; what has ended keeps the name that it had."""
        renaming, rows = Renaming(event.names), list(self._nodes.items())
        for path, row in rows if renaming else ():
            if (called := renaming.path(path)) != path and called in state.runs:
                row.path = called
        self._nodes = {row.path: row for _, row in rows}

    def _begin(self, graph: Graph, state: Execution, event: Any, decision: Decision) -> None:
        """The node has begun, or goes on."""
        path = event.path
        node = self._at(graph, state, path, decision.now) if path else None
        evolve(graph, state, event, decision)
        run = state.runs.get(path)
        if node is None or run is None:
            return
        self._told(graph, node, run)

    def _told(self, graph: Graph, node: NodeRow, run: NodeRun) -> None:
        """What is told of a node that runs."""
        node.status, node.attempt, node.ended_at, node.input = run.status, run.attempt, 0, input_of(graph.nodes[run.node], run)
        node.failure = None
        if run.last_failure is not None and run.status in ("retrying", "incident"):
            node.failure = run.last_failure.at(run.path, run.attempt)

    def _end(self, graph: Graph, state: Execution, event: Any, decision: Decision) -> None:
        """The node ends; one that has not begun begins with it."""
        run = state.runs.get(event.path)
        node = self._at(graph, state, event.path, decision.now)
        if run is None:
            node.input = _input(graph, state, event)
        node.status, node.ended_at = ENDS[type(event)], decision.now
        if isinstance(event, e.NodeFailed):
            failure = event.failure or carried_failure(decision.command)
            node.failure = None if failure is None else failure.at(event.path, node.attempt)
        elif isinstance(event, e.NodeCompleted):
            node.output, node.failure = _output(node, event, decision), event.failure
        elif isinstance(event, e.NodeCancelled):
            node.output, node.failure = event.output, None

    def _at(self, graph: Graph, state: Execution, path: str, now: int) -> NodeRow:
        """The node at a path; where none runs there, one that begins now, be it the first time or again."""
        node = self._nodes.get(path)
        if node is None or path not in state.runs:
            self._nodes.pop(path, None)
            node = self._nodes[path] = NodeRow(path, _type_of(graph, state, path), now)
        return node


def _type_of(graph: Graph, state: Execution, path: str) -> str:
    """The kind of the node at a path, whose body is open."""
    return "compensation" if is_undo(path) else locate(graph, state, path)[1].definition.type


def _input(graph: Graph, state: Execution, event: _End) -> bytes | None:
    """The input of a node that ends as it begins."""
    data: bytes | None = getattr(event, "data", None)
    if data is not None or isinstance(event, e.NodeSkipped) or is_undo(event.path):
        return data
    scope, node = locate(graph, state, event.path)
    return plain_data(graph, scope, node)


def _output(node: NodeRow, event: e.NodeCompleted, decision: Decision) -> bytes:
    output = event.output
    if output is None:
        output = node.input if event.passes else carried(decision.command)
    return NULL if output is None else output
