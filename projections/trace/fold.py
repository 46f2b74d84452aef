"""The fold: the decisions of one execution, in their order, as columns of its events and of the states that they led to.

An interval is two rows: a node is in a state from the version of one of its changes until that of the next. What is folded only
grows, so whoever has all up to a version is told what came behind it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final

from contracts import events as e
from contracts.events import Event
from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.execution.evolve import evolve
from domain.execution.history import Entry, Folded, check_follows
from domain.execution.paths import HANDLER, is_undo, locate, node_path, owner_of, scope_path
from domain.execution.renaming import Renaming
from domain.execution.state import CANCELLED, COMPLETED, FAILED, PENDING, SKIPPED, Execution
from projections.run_events import ENDS, MOVES
from projections.trace.exits import NOWHERE, Exits
from projections.trace.grown import Moment
from projections.trace.places import ROOT, Places

BEGUN: Final = "begun"
"""The state of an attempt that a worker has begun; before, and where none says so, it is `active`."""
STATES: Final = (
    "created", "scheduled", "running", "paused", "incident", "completed", "failed", "cancelled", "terminated", "quarantined",
    "pending", "queued", "active", BEGUN, "retrying", "stopping", "lingering", "skipped", "renamed",
)  # fmt: skip
"""What an execution and a node may be, each by its place in here. `pending` is a node that is to begin anew, or may again;
`renamed` one that goes on under another name, by another version of the workflow."""
_CODE: Final = {state: code for code, state in enumerate(STATES)}
_PAST: Final = {COMPLETED: "completed", FAILED: "failed", SKIPPED: "skipped", CANCELLED: "cancelled"}
"""As what a node had ended that a fork took up."""
_OPEN: Final = frozenset({"pending", "queued", "active", BEGUN, "retrying", "incident", "stopping", "lingering"})
_UNSET: Final = -1
SAME_DECISION: Final = -1


class TraceFold:
    """Folds the decisions of one execution, in their order."""

    def __init__(self, folded: Folded) -> None:
        self._folded = folded
        self._moment = Moment()
        self.places, self.exits = Places(folded.graph, self._moment), Exits(self._moment)
        self.types: list[str] = []
        self.commands: list[str] = []
        self._type_codes: dict[type, int] = {}
        self._command_codes: dict[type, int] = {}
        self.decisions, self.offsets = array("i"), array("q")
        """Of each decision the version of its first event, and where it lies."""
        self.times, self.type_codes = array("q"), array("h")
        self.event_places, self.command_codes = array("i"), array("h")
        """Of each event its time, its type and its place, and the command of the decision that it is the first of."""
        self.change_versions, self.change_places, self.change_states = array("i"), array("i"), array("b")
        self.change_attempts, self.change_exits = array("i"), array("i")
        """Of each change: with which event whose state changed, to what, in which attempt, and by which exit it left."""
        self._states, self._attempts = array("b"), array("i")
        """By place, as it is now."""
        self._open: set[int] = set()
        self.incidents: dict[str, int] = {}

    @property
    def version(self) -> int:
        """That of the last event."""
        return self._folded.state.version

    @property
    def folded(self) -> Folded:
        """The execution after the last event."""
        return self._folded

    @property
    def is_ended(self) -> bool:
        """Whether the execution has ended."""
        return self._folded.state.is_ended

    def take(self, entry: Entry) -> None:
        """Fold the next decision, after checking that it follows. Raises LogCorrupt where it does not."""
        check_follows(self._folded, entry)
        self.decisions.append(entry.decision.first)
        self.offsets.append(entry.offset)
        self.add(entry.decision)
        self._folded.state.digest = entry.digest

    def add(self, decision: Decision) -> None:
        """Fold the next decision."""
        state, command = self._folded.state, self._command(decision)
        for event in decision.events:
            state.now = decision.now
            self._moment.version = state.version + 1
            self.times.append(decision.now)
            self.type_codes.append(self._type(type(event)))
            self.command_codes.append(command)
            command = SAME_DECISION
            self.event_places.append(self._place(event))
            self._folded.graph = self._evolve(self._folded.graph, state, event, decision)

    def changes_to(self, version: int) -> int:
        """How many changes came with the events up to this version."""
        return bisect_right(self.change_versions, version)

    def _command(self, decision: Decision) -> int:
        kind = type(decision.command)
        if kind not in self._command_codes:
            self._command_codes[kind] = len(self.commands)
            self.commands.append(kind.__name__)
        return self._command_codes[kind]

    def _type(self, kind: type) -> int:
        if kind not in self._type_codes:
            self._type_codes[kind] = len(self.types)
            self.types.append(kind.__name__)
        return self._type_codes[kind]

    # Where.

    def _place(self, event: Event) -> int:
        find = _PLACES.get(type(event))
        return self.places.run(getattr(event, "path", "")) if find is None else find(self, event)

    def raised(self, event: e.IncidentRaised) -> int:
        """Where an incident is, which its end does not say."""
        place = self.incidents[event.incident] = self.places.run(event.path)
        return place

    # What changes.

    def _evolve(self, graph: Graph, state: Execution, event: Event, decision: Decision) -> Graph:
        """Let the event change the state, and note what it is then."""
        status, open_before = state.status, list(state.runs) if isinstance(event, e.DefinitionChanged) else []
        if type(event) in MOVES:
            self._move(graph, state, event, decision)
        elif isinstance(event, e.NodesReset):
            self._reset(graph, state, event, decision)
        elif isinstance(event, e.PastTakenUp):
            evolve(graph, state, event, decision)
            self._taken_up(graph, state)
        else:
            graph = evolve(graph, state, event, decision)
            if isinstance(event, e.ScopeLeft):
                self._left(state, event)
            elif isinstance(event, e.DefinitionChanged):
                self._other_definition(graph, state, Renaming(event.names), open_before)
        if state.status != status or not self.change_versions:
            self._change(ROOT, state.status)
        if state.is_ended and self._open:
            for place in sorted(self._open):
                self._change(place, "cancelled", self._attempts[place])
        return graph

    def _move(self, graph: Graph, state: Execution, event: Any, decision: Decision) -> None:
        """A node has begun, goes on, or has ended."""
        path, kind = event.path, type(event)
        run = state.runs.get(path)
        attempt = run.attempt if run is not None else 0
        code = self._exit(graph, state, event) if kind in ENDS else NOWHERE
        evolve(graph, state, event, decision)
        if not path:
            return
        run, place = state.runs.get(path), self.places.run(path)
        if run is None:
            if kind in ENDS:
                self._change(place, ENDS[kind], attempt, code)
        elif kind is not e.NodeProgressed:
            self._change(place, run.status, run.attempt, code)
        elif event.progress is None and run.status == "active":
            self._change(place, BEGUN, run.attempt)

    def _exit(self, graph: Graph, state: Execution, event: Any) -> int:
        """By which edges the node leaves; nothing follows on one that is undone, or that a completed one around it has left behind."""
        if is_undo(event.path):
            return NOWHERE
        scope, node = locate(graph, state, event.path)
        return NOWHERE if event.path in scope.lingering else self.exits.of(node, event)

    def _reset(self, graph: Graph, state: Execution, event: e.NodesReset, decision: Decision) -> None:
        """A back edge is taken: its source has left by it, and all on the way to there is to begin anew, under its next path."""
        scope = state.scopes[event.scope]
        nodes = graph.bodies[scope.body].nodes
        edge = next(one for one in graph.bodies[scope.body].back_edges if one.number == event.edge)
        source = self.places.run(node_path(scope, edge.source))
        self._change(source, STATES[self._states[source]], self._attempts[source], self.exits.back(edge))
        skipped = [node for node in nodes if scope.nodes[node.index] == SKIPPED and node.index not in edge.resets]
        evolve(graph, state, event, decision)
        again = [nodes[index] for index in edge.resets] + [node for node in skipped if scope.nodes[node.index] == PENDING]
        for node in again:
            self._change(self.places.run(node_path(scope, node)), "pending")

    def _other_definition(self, graph: Graph, state: Execution, renaming: Renaming, open_before: list[str]) -> None:
        """What is called otherwise from here on goes on at another place, and what has ended in bodies that are open is there, too."""
        renamed = [(self.places.run(path), path) for path in open_before if renaming.path(path) != path]
        self.places.change(graph)
        self.exits.change()
        for place, _ in renamed:
            self._change(place, "renamed", self._attempts[place])
        if renaming:
            self._ended(graph, state, lambda path, status: path not in state.runs and self._status(path) != status)
        for _, path in renamed:
            run = state.runs[renaming.path(path)]
            self._change(self.places.run(run.path), run.status, run.attempt)

    def _taken_up(self, graph: Graph, state: Execution) -> None:
        """A fork is what its source was: what had ended in bodies that are open, and all that runs. What had left is in the source."""
        self._ended(graph, state, lambda path, _: path not in state.runs)
        for path, run in state.runs.items():
            self._change(self.places.run(path), run.status, run.attempt)
        for incident in state.incidents.values():
            self.incidents[incident.incident] = self.places.run(incident.path)

    def _ended(self, graph: Graph, state: Execution, tells: Callable[[str, str], bool]) -> None:
        """Note what had ended in bodies that are open, of the paths that it tells of."""
        for scope in sorted(state.scopes.values(), key=lambda one: (len(one.path), one.path)):
            for node in graph.bodies[scope.body].nodes:
                path, status = node_path(scope, node), _PAST.get(scope.nodes[node.index])
                if status is not None and tells(path, status):
                    self._change(self.places.run(path), status, 0, self.exits.past(node, scope.edges))

    def _status(self, path: str) -> str:
        """The state of a run as it is now; empty where nothing was there yet."""
        place = self.places.at(path)
        return "" if place is None or place >= len(self._states) or self._states[place] == _UNSET else STATES[self._states[place]]

    def _left(self, state: Execution, event: e.ScopeLeft) -> None:
        """With its last body a container has ended that had completed before."""
        owner = owner_of(event.scope) if event.scope not in ("", HANDLER) else ""
        if owner and owner not in state.runs and STATES[self._states[place := self.places.run(owner)]] == "lingering":
            self._change(place, "completed", self._attempts[place])

    def _change(self, place: int, status: str, attempt: int = 0, code: int = NOWHERE) -> None:
        """The state of a place changes with the last event; what is so already is no change, unless it leaves once more."""
        while len(self._states) < len(self.places):
            self._states.append(_UNSET)
            self._attempts.append(0)
        state = _CODE[status]
        if self._states[place] == state and self._attempts[place] == attempt and code == NOWHERE:
            return
        self._states[place], self._attempts[place] = state, attempt
        (self._open.add if status in _OPEN and place != ROOT else self._open.discard)(place)
        self.change_versions.append(self._moment.version)
        self.change_places.append(place)
        self.change_states.append(state)
        self.change_attempts.append(attempt)
        self.change_exits.append(code)


def _timer(fold: TraceFold, event: Any) -> int:
    return fold.places.run(event.timer.rpartition(":")[0])


def _scope(fold: TraceFold, event: Any) -> int:
    return fold.places.scope(event.scope)


_PLACES: Final[dict[type, Callable[[TraceFold, Any], int]]] = {
    **dict.fromkeys((e.TimerStarted, e.TimerFired, e.TimerCancelled), _timer),
    **dict.fromkeys((e.ScopeLeft, e.ScopeStopped, e.NodesReset, e.VariableSet), _scope),
    **dict.fromkeys((e.CompensationStarted, e.CompensationEnded), lambda fold, event: fold.places.run(event.by)),
    e.ScopeEntered: lambda fold, event: fold.places.scope(scope_path(event.owner, event.label, event.index)),
    e.IncidentRaised: lambda fold, event: fold.raised(event),
    e.IncidentResolved: lambda fold, event: fold.incidents.get(event.incident, ROOT),
}
"""Where an event happens that does not say it by its path."""
