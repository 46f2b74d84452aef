"""The spans of one execution: itself, its nodes, their attempts; folded from its decisions when somebody asks, with the same ids each time.

    execution ─┬─ node ─┬─ attempt 1
               │        └─ attempt 2
               └─ container ─ node …          a child execution hangs on the attempt that started it

What began and has ended is a span. A node that only decides is as long as its decision: no time at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from contracts import events as e
from contracts.commands import CreateExecution, Parent, SendSignal
from contracts.errors import Rejected
from contracts.events import Event, carried_failure
from contracts.failure import Failure
from contracts.journal import Decision
from contracts.times import rfc3339
from contracts.trace import attempt_span, execution_span, node_span, trace_id
from domain.definition.graph import Graph
from domain.execution.history import Entry, GraphOf, graph_for, is_erasure
from domain.execution.paths import is_undo, owner_of
from domain.execution.react import node_of_path
from domain.execution.renaming import Renaming

Attribute: TypeAlias = str | int
CANCELLED: Final = "cancelled"


class Moment(NamedTuple):
    """Something that happened in a span, at a time in milliseconds since 1970."""

    time: int
    name: str
    attributes: dict[str, Attribute]


@dataclass(slots=True)
class Span:
    """From when to when something went on, in milliseconds since 1970; `end` is 0 while it does. `error` says what it ended by."""

    span: str
    parent: str
    name: str
    start: int
    end: int = 0
    error: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)


class SpanFold:
    """Folds the decisions of one execution, in their order."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.trace = ""
        """The id of the trace, once the first decision has been folded."""
        self.spans: list[Span] = []
        """In the order in which they began."""
        self._execution = ""
        self._nodes: dict[str, Span] = {}
        self._attempts: dict[str, Span] = {}
        self._runs: Counter[str] = Counter()
        self._started: dict[str, int] = {}

    def take(self, decision: Decision) -> None:
        """Fold the next one."""
        for event in decision.events:
            if isinstance(event, e.DefinitionChanged):
                self._change(event)
            note = _NOTES.get(type(event))
            if note is not None:
                note(self, event, decision)

    def _change(self, event: e.DefinitionChanged) -> None:
        """It goes by another definition, in which what is open may be called otherwise."""
        self._graph, renaming = self._graph.others(event.definition), Renaming(event.names)
        self._nodes, self._attempts = renaming.keys(self._nodes), renaming.keys(self._attempts)
        self._started = renaming.keys(self._started)

    # The execution.

    def created(self, event: e.ExecutionCreated, decision: Decision) -> None:
        """It begins with its creation: also what it waits for until its start is time."""
        command = decision.command
        assert isinstance(command, CreateExecution)
        self._execution = execution = decision.execution
        self.trace = trace_id(decision.correlation, execution)
        parent = command.parent
        above = command.span if parent is None else _span_of(parent) if decision.correlation else ""
        attributes: dict[str, Attribute] = {
            "refold.execution.id": execution,
            "refold.workflow.name": command.workflow,
            "refold.workflow.version": command.version,
        }
        self.spans.append(Span(execution_span(execution), above, command.workflow, decision.now, attributes=attributes))

    def happened(self, event: Event, decision: Decision) -> None:
        """Something that has no length."""
        self.spans[0].moments.append(Moment(decision.now, _MOMENTS[type(event)], _said(decision)))

    def ended(self, event: Event, decision: Decision) -> None:
        """It has ended, and all in it."""
        if isinstance(event, e.ExecutionQuarantined) and event.keeps:
            self.happened(event, decision)
            return
        whole, status = self.spans[0], _ENDS[type(event)]
        for path in list(self._nodes):
            self._end_node(path, decision.now, CANCELLED)
        whole.attributes["refold.execution.status"] = status
        whole.end = decision.now
        if isinstance(event, e.ExecutionFailed):
            whole.error = _words(event.failure)
        elif status != "completed":
            whole.error = status

    # Nodes.

    def node_queued(self, event: e.NodeQueued, decision: Decision) -> None:
        """A node waits for its turn."""
        self._node(event.path, decision.now)

    def node_started(self, event: e.NodeStarted, decision: Decision) -> None:
        """A node that takes time has begun."""
        self._node(event.path, decision.now)
        self._started[event.path] = event.attempt

    def _node(self, path: str, now: int) -> Span:
        node = self._nodes.get(path)
        if node is None:
            found = node_of_path(self._graph, path)
            type_ = "compensation" if is_undo(path) else found.type if found is not None else ""
            above = self._nodes.get(owner_of(path.rpartition("/")[0]), self.spans[0])
            self._runs[path] += 1
            attributes: dict[str, Attribute] = {"refold.node.path": path, "refold.node.type": type_}
            node = Span(node_span(self._execution, path, self._runs[path]), above.span, path.rpartition("/")[2], now, attributes=attributes)
            self._nodes[path] = node
            self.spans.append(node)
        return node

    def scheduled(self, event: e.NodeScheduled, decision: Decision) -> None:
        """An attempt is to run: it lasts from here on, so that waiting for a worker shows."""
        self._begin_attempt(event.path, event.attempt, decision.now)

    def _begin_attempt(self, path: str, number: int, now: int) -> Span:
        self._end_attempt(path, now, "lost")
        node = self._node(path, now)
        attributes: dict[str, Attribute] = {**node.attributes, "refold.attempt": number}
        span = attempt_span(self._execution, path, number)
        attempt = Span(span, node.span, f"{node.name} attempt {number}", now, attributes=attributes)
        self._attempts[path] = attempt
        self.spans.append(attempt)
        return attempt

    def progressed(self, event: e.NodeProgressed, decision: Decision) -> None:
        """A worker has begun with the attempt."""
        if event.path in self._attempts and event.progress is None:
            self._attempts[event.path].moments.append(
                Moment(decision.now, "begun", {"refold.worker": event.worker} if event.worker else {})
            )

    def retried(self, event: e.NodeRetried, decision: Decision) -> None:
        """An attempt has failed; another one follows."""
        self._node(event.path, decision.now)
        self._end_attempt(event.path, decision.now, _words(event.failure or carried_failure(decision.command)))

    def asked(self, event: e.ActivityAsked, decision: Decision) -> None:
        """An attempt has ended with questions; what is asked stands below the node."""
        self._end_attempt(event.path, decision.now, "")

    def needs_a_person(self, event: e.IncidentRaised, decision: Decision) -> None:
        """The node stops with an incident."""
        error = _words(event.failure or carried_failure(decision.command))
        if event.path:
            self._end_attempt(event.path, decision.now, error)
            self._node(event.path, decision.now).moments.append(Moment(decision.now, "incident", {"error": error}))

    def child_started(self, event: e.ChildStarted, decision: Decision) -> None:
        """The node waits for an execution."""
        attempt = self._begin_attempt(event.path, self._started.get(event.path, 1), decision.now)
        attempt.attributes["refold.child.id"] = event.child

    def completed(self, event: e.NodeCompleted, decision: Decision) -> None:
        """The node has ended well."""
        self._node(event.path, decision.now)
        self._end_node(event.path, decision.now, "")

    def failed(self, event: e.NodeFailed, decision: Decision) -> None:
        """The node has failed."""
        self._node(event.path, decision.now)
        self._end_node(event.path, decision.now, _words(event.failure or carried_failure(decision.command)))

    def left(self, event: e.NodeSkipped | e.NodeCancelled, decision: Decision) -> None:
        """What has not begun leaves no span."""
        if event.path in self._nodes:
            self._end_node(event.path, decision.now, "" if getattr(event, "output", None) is not None else CANCELLED)

    def _end_node(self, path: str, now: int, error: str) -> None:
        self._end_attempt(path, now, error)
        node = self._nodes.pop(path)
        node.end, node.error = now, error

    def _end_attempt(self, path: str, now: int, error: str) -> None:
        if path in self._attempts:
            attempt = self._attempts.pop(path)
            attempt.end, attempt.error = now, error


def spans_of(entries: Iterable[Entry], graph_of: GraphOf) -> SpanFold:
    """The spans that the decisions of one execution tell of, the first one included. Raises Rejected where it was erased."""
    found: SpanFold | None = None
    for entry in entries:
        command = entry.decision.command
        if found is None:
            if is_erasure(entry):
                name = entry.decision.execution
                raise Rejected("erased", f"execution {name} was erased: where its time went is not known any more", execution=name)
            assert isinstance(command, CreateExecution), "an execution begins with its creation"
            found = SpanFold(graph_for(command.definition, command.test, graph_of))
        found.take(entry.decision)
    assert found is not None, "an execution has a decision"
    return found


def trace_value(fold: SpanFold) -> dict[str, Any]:
    """A trace, as JSON shows it."""
    return {"trace_id": fold.trace, "spans": [_value(span) for span in fold.spans]}


def _value(span: Span) -> dict[str, Any]:
    return {
        "span_id": span.span,
        "parent_span_id": span.parent or None,
        "name": span.name,
        "started_at": rfc3339(span.start),
        "ended_at": rfc3339(span.end) if span.end else None,
        "error": span.error or None,
        "attributes": span.attributes,
        "events": [{"time": rfc3339(one.time), "name": one.name, "attributes": one.attributes} for one in span.moments],
    }


def _span_of(parent: Parent) -> str:
    return attempt_span(parent.execution, parent.path, parent.attempt)


def _said(decision: Decision) -> dict[str, Attribute]:
    command = decision.command
    return {"refold.signal.name": command.name} if isinstance(command, SendSignal) else {}


def _words(failure: Failure | None) -> str:
    return "" if failure is None else f"{failure.type}: {failure.message}"


_ENDS: Final[dict[type, str]] = {
    e.ExecutionCompleted: "completed",
    e.ExecutionFailed: "failed",
    e.ExecutionCancelled: "cancelled",
    e.ExecutionTerminated: "terminated",
    e.ExecutionQuarantined: "quarantined",
}
_MOMENTS: Final[dict[type, str]] = {
    e.ExecutionStarted: "started",
    e.ExecutionPaused: "paused",
    e.ExecutionResumed: "resumed",
    e.ExecutionCancelRequested: "cancel requested",
    e.ExecutionQueued: "queued",
    e.ExecutionQuarantined: "quarantined",
    e.ExecutionReleased: "released",
    e.SignalReceived: "signal",
    e.IncidentResolved: "incident resolved",
}
_NOTES: Final[dict[type, Callable[[SpanFold, Any, Decision], None]]] = {
    **dict.fromkeys(_MOMENTS, SpanFold.happened),
    **dict.fromkeys(_ENDS, SpanFold.ended),
    e.ExecutionCreated: SpanFold.created,
    e.NodeQueued: SpanFold.node_queued,
    e.NodeStarted: SpanFold.node_started,
    e.NodeScheduled: SpanFold.scheduled,
    e.NodeProgressed: SpanFold.progressed,
    e.NodeRetried: SpanFold.retried,
    e.ActivityAsked: SpanFold.asked,
    e.NodeCompleted: SpanFold.completed,
    e.NodeFailed: SpanFold.failed,
    e.NodeSkipped: SpanFold.left,
    e.NodeCancelled: SpanFold.left,
    e.IncidentRaised: SpanFold.needs_a_person,
    e.ChildStarted: SpanFold.child_started,
}
"""What each event says of spans; the others say nothing."""
