"""What an expression would give at a node of an execution, as it was when the node began, or when it had ended: for who writes another one.

history ─PreviewFold─► where the node stood, and how all nodes before it ended ─► the state after that event ─see─► names ─► values

A state keeps only what the expressions of its own definition can still read; what it has let go is put back from the history.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from contracts import values
from contracts.errors import ExpressionError, InvalidInput
from contracts.events import NodeSkipped, VariableSet
from contracts.failure import Failure
from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.execution.history import Entry, Folded, check_follows
from domain.execution.names import Frame, names_for
from domain.execution.paths import is_undo
from domain.execution.state import COMPLETED, Ended, Execution, Scope
from domain.expressions import UNITS_MAX, Meter, Program, program, value
from projections.nodes import NodeTrace
from projections.run_events import ENDS, GOES_ON

UNITS_OF_ALL: Final = 1_000_000
"""All that is asked at once may cost so much, as in a decision."""
SHOWN_BYTES_MAX: Final = 16 * 1024
"""A value that is longer as JSON is shown by its beginning."""
_NUMBERS: Final = re.compile(r"(?<!\.catch)\[\d+\]")


def node_of(path: str) -> str:
    """What a run at a path is called in the definition: `each[3]/charge#1` is `each[]/charge`."""
    return "/".join(part.partition("#")[0] for part in _NUMBERS.sub("[]", path).split("/"))


class Standpoint(NamedTuple):
    """Where an expression stands: after which event, in which body, at which run, and what came in to it.

    `path` is None where the node has not run: then the expression is asked at the end of the body that it is in.
    """

    version: int
    scope: str
    path: str | None = None
    data: bytes | None = None


class _End(NamedTuple):
    version: int
    status: str
    output: bytes | None
    failure: Failure | None


class PreviewFold:
    """Folds the decisions of an execution, and notes where a node began last, and how all nodes ended.

    The node is called as in the definition (`each[]/charge`) or by the path of a run (`each[3]/charge`); with `at` nothing behind
    that event counts.
    """

    def __init__(self, folded: Folded, node: str, at: int | None = None) -> None:
        self._folded, self._node, self._at = folded, node, at
        self._nodes = NodeTrace()
        self._ends: dict[tuple[str, str], list[_End]] = {}
        self._before = folded.state.version
        """The event after which the node of the next one begins."""
        self._id = node.rpartition("/")[2].partition("#")[0]
        self._found: Standpoint | None = None
        self._ended: Standpoint | None = None
        self._open: dict[str, int] = {}
        """Of each body the last event in it at which it was open; the last one last."""

    @property
    def version(self) -> int:
        """Up to which event it is folded."""
        return self._folded.state.version

    def take(self, entry: Entry) -> None:
        """Fold a decision, after checking that it follows; one behind `at` is not looked at. Raises LogCorrupt where it does not follow."""
        decision, state = entry.decision, self._folded.state
        if self._at is not None and state.version >= self._at:
            return
        check_follows(self._folded, entry)
        if decision.events:
            state.now = decision.now
        for event in decision.events:
            if self._at is None or state.version < self._at:
                self._take(self._folded.graph, state, event, decision)
                if not isinstance(event, VariableSet):  # which is of the node whose event follows
                    self._before = state.version
        state.digest = entry.digest

    def _take(self, graph: Graph, state: Execution, event: Any, decision: Decision) -> None:
        path = event.path if type(event) in ENDS or type(event) in GOES_ON else ""
        begins = path not in state.runs and not isinstance(event, NodeSkipped)
        self._folded.graph = self._nodes.take_event(graph, state, event, decision)
        if not path or is_undo(path):
            return
        scope, _, name = path.rpartition("/")
        name = name.partition("#")[0]
        row, run = self._nodes.at(path), state.runs.get(path)
        if row is not None and type(event) in ENDS:
            ends = self._ends.setdefault((scope, name), [])
            ends.append(_End(state.version, row.status, row.output, row.failure))
            if row.status == "completed" and name == self._id and self._node in (path, node_of(path)):
                self._ended = Standpoint(state.version, scope, path, row.output)
        if begins and name == self._id and self._node in (path, node_of(path)):
            data = run.data if run is not None else None if row is None else row.input
            self._found = Standpoint(self._before, scope, path, data)
        if scope in state.scopes:
            self._open.pop(scope, None)
            self._open[scope] = state.version

    def standpoint(self, ended: bool = False) -> Standpoint | None:
        """Where the node began last, or where it was completed last, with what it gave, as its edges see it.

        Of one that has not run (or was not completed) the end of the body that it is in; None before anything has begun.
        """
        found = self._ended if ended else self._found
        if found is not None:
            return found
        bodies = {node_of(scope): Standpoint(version, scope) for scope, version in self._open.items()}
        around = self._node
        while around:
            around = around.rpartition("/")[0]
            found = bodies.get(node_of(around))
            if found is not None:
                is_open = found.scope in self._folded.state.scopes
                return found._replace(version=self.version) if is_open else found
        return None

    def give_back(self, folded: Folded, standpoint: Standpoint) -> None:
        """Let a state, folded to a standpoint, have what ended nodes gave, also where nothing of its definition reads it."""
        scope: Scope | None = folded.state.scopes.get(standpoint.scope)
        while scope is not None:
            for name, index in folded.graph.bodies[scope.body].index_of.items():
                kept = scope.ended.get(index)
                if kept is None or (kept.output is None and scope.nodes[index] == COMPLETED):
                    ends = self._ends.get((scope.path, name), [])
                    before = bisect_right(ends, standpoint.version, key=lambda end: end.version)
                    if before:
                        end = ends[before - 1]
                        scope.ended[index] = Ended(end.version, end.output, end.failure if end.status == "failed" else None)
            scope = None if scope.parent is None else folded.state.scopes[scope.parent]


class Asked(NamedTuple):
    """What is asked: an expression without braces, or a text with templates."""

    text: str
    is_template: bool


class Given(NamedTuple):
    """What one gave as JSON, whole or its beginning as a text, of how many bytes; or why it gave nothing."""

    value: bytes | None = None
    size: int = 0
    beginning: str | None = None
    error: str | None = None


class Preview(NamedTuple):
    """What all gave, and where they were asked."""

    standpoint: Standpoint
    given: list[Given]


class Seen:
    """An execution at a standpoint: what expressions see there. `read` gives the parsed JSON of a stored value."""

    def __init__(self, folded: Folded, standpoint: Standpoint, read: Callable[[bytes], Any]) -> None:
        self.graph, self.state = folded.graph, folded.state
        self._read, self._parsed = read, dict[bytes, Any]()
        scope = self.state.scopes[standpoint.scope]
        node = None
        if standpoint.path is not None:
            body = self.graph.bodies[scope.body]
            node = body.nodes[body.index_of[standpoint.path.rpartition("/")[2].partition("#")[0]]]
        self._standpoint, self._frame = standpoint, Frame(scope, node, standpoint.data, standpoint.path or "")

    def parse(self, value: bytes) -> Any:
        """The parsed value. Raises ExpressionError for what cannot be read."""
        if value not in self._parsed:
            try:
                self._parsed[value] = self._read(value)
            except InvalidInput as error:
                raise ExpressionError(f"a value cannot be read: {error}") from None
        return self._parsed[value]

    def preview(self, asked: Iterable[Asked]) -> Preview:
        """What all of them give. Together they have so much room as one decision has."""
        units, given = UNITS_OF_ALL, list[Given]()
        for one in asked:
            meter = Meter(min(units, UNITS_MAX))
            units -= meter.left
            given.append(self._ask(one, meter))
            units += max(0, meter.left) - 1
        return Preview(self._standpoint, given)

    def _ask(self, asked: Asked, meter: Meter) -> Given:
        try:
            one = value(asked.text) if asked.is_template else program(asked.text)
            known = [name for name in one.references if self._frame.node is not None or name.root != "data"]
            names = names_for(self, known, self._frame)
            found = values.written(one.evaluate(names, meter) if isinstance(one, Program) else one.render(names, meter))
        except (ExpressionError, InvalidInput) as error:
            return Given(error=str(error))
        if len(found) <= SHOWN_BYTES_MAX:
            return Given(found, len(found))
        return Given(None, len(found), found[:SHOWN_BYTES_MAX].decode("utf-8", "ignore"))
