"""The story of an execution: which node ran from when to when, how each ended, and which way it left; from its events alone.

decisions ─take─► lives of nodes, bodies, back edges     no state is folded: 100,000 events are told in the time that reading them takes
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contracts import events as e
from contracts.events import Event, carried_failure
from contracts.failure import Failure
from contracts.journal import Decision
from domain.definition.graph import ERROR_PORT, Edge, Graph, Node
from domain.execution.paths import body_named, is_undo, scope_path
from domain.execution.renaming import Renaming

OUT: Final = ("out",)
TOLD_MAX: Final = 40
"""Of the events of a run so many are told: the first one, and the last ones."""
ENDS: Final[dict[type[Event], str]] = {
    e.NodeCompleted: "completed",
    e.NodeFailed: "failed",
    e.NodeSkipped: "skipped",
    e.NodeCancelled: "cancelled",
}
_BEGINS: Final = frozenset({e.NodeQueued, e.NodeHalted, e.NodeScheduled, e.NodeStarted, e.NodeRetried, e.IncidentRaised, e.NodePinned})
_OVERALL: Final = frozenset({
    e.ExecutionCreated, e.ExecutionStarted, e.ExecutionPaused, e.ExecutionResumed, e.ExecutionCancelRequested, e.ExecutionCancelled,
    e.ExecutionTerminated, e.ExecutionCompleted, e.ExecutionFailed, e.ExecutionQuarantined, e.ExecutionReleased, e.ExecutionEnding,
    e.DefinitionChanged,
})  # fmt: skip
"""What is told of the execution as a whole."""


class Told(NamedTuple):
    """An event that is told of: its version and type, when it was (milliseconds since 1970), by which command, and who asked."""

    version: int
    type: str
    at: int
    command: str
    actor: str


class Life:
    """A run of a node, from its first event to its last. `ended` is 0 while it goes on; `ports` are those that it left by."""

    __slots__ = ("begun", "ended", "events", "failure", "how", "is_taken", "path", "ports", "untaken")

    def __init__(self, path: str, begun: int) -> None:
        self.path, self.begun, self.ended, self.how = path, begun, 0, ""
        self.ports: tuple[str, ...] = ()
        self.untaken: tuple[int, ...] = ()
        self.is_taken = False
        """Whether a failure was taken by an error edge."""
        self.failure: Failure | None = None
        self.events: list[Told] = []

    def leaves_by(self, edge: Edge) -> bool:
        """Whether it has left by an edge."""
        return bool(self.ended) and edge.port in self.ports and edge.number not in self.untaken


class Stay(NamedTuple):
    """That a body was open: from which event to which (0: it is), and how it ended."""

    entered: int
    left: int
    how: str


class Story:
    """Takes decisions in their order, up to an event."""

    def __init__(self, graph: Graph, at: int | None = None, version: int = 0) -> None:
        self.graph, self._at = graph, at
        self.version, self.begins = version, version
        """The last event that was taken, and the one before the first: what was before a history was summed up is not known."""
        self.overall: list[Told] = []
        self._lives: dict[tuple[str, str], list[Life]] = {}
        self._runs: dict[str, Life] = {}
        self._stays: dict[str, list[Stay]] = {"": []}
        self._resets: dict[str, list[tuple[int, Edge]]] = {}
        self._incidents: dict[str, str] = {}

    def take(self, decision: Decision) -> bool:
        """Take a decision; False where nothing is left to take behind it."""
        for number, event in enumerate(decision.events, decision.first):
            if self._at is not None and number > self._at:
                return False
            self.version = number
            self._take(number, event, decision)
        return self._at is None or self.version < self._at

    # Asking.

    def paths(self) -> Iterator[str]:
        """The paths of all runs."""
        return iter(self._runs)

    def run(self, path: str) -> Life | None:
        """The last run at a path."""
        return self._runs.get(path)

    def last_of(self, node: Node) -> Life | None:
        """The last run of a node of the definition, in any of its bodies: one that goes on before those that have ended."""
        of_node = (one for (scope, name), one in self._lives.items() if name == node.id and body_named(self.graph, scope) is node.body)
        return max((one[-1] for one in of_node), key=lambda life: (not life.ended, life.begun), default=None)

    def before(self, scope: str, node: Node, version: int) -> Life | None:
        """The run of a node in a body as it counted before an event: None where it had not begun, or was to begin anew."""
        lives = self._lives.get((scope, node.id), [])
        found = bisect_right(lives, version - 1, key=lambda life: life.begun)
        life = lives[found - 1] if found else None
        since = max(self.entered(scope, version), self._reset(scope, node, version))
        return life if life is not None and life.begun > since else None

    def entered(self, scope: str, version: int) -> int:
        """The event with which a body was entered that was open before another one; 0 where that is not known."""
        stays = [stay for stay in self._stays.get(scope, ()) if stay.entered < version]
        return stays[-1].entered if stays else 0

    def stay(self, scope: str) -> Stay | None:
        """How a body was open last."""
        stays = self._stays.get(scope)
        return stays[-1] if stays else None

    def back(self, scope: str, node: Node, version: int) -> tuple[int, Edge] | None:
        """The back edge by which a node begins anew, and its event, as it was before an event."""
        found = [one for one in self._resets.get(scope, ()) if one[0] < version and one[1].target is node]
        return found[-1] if found else None

    def bodies_of(self, owner: str) -> list[str]:
        """The bodies of a container that were entered."""
        return [scope for scope in self._stays if scope.startswith((f"{owner}[", f"{owner}."))]

    def _reset(self, scope: str, node: Node, version: int) -> int:
        found = [at for at, edge in self._resets.get(scope, ()) if at < version and node.index in edge.resets]
        return found[-1] if found else 0

    # Taking.

    def _take(self, version: int, event: Any, decision: Decision) -> None:
        kind = type(event)
        if isinstance(event, e.DefinitionChanged):
            self._change(event)
        if kind in ENDS:
            self._end(version, event, decision)
        elif kind is e.ScopeEntered:
            self._stays.setdefault(scope_path(event.owner, event.label, event.index), []).append(Stay(version, 0, ""))
        elif kind is e.ScopeLeft:
            stays = self._stays.setdefault(event.scope, [])
            stays[-1:] = [Stay(stays[-1].entered if stays else 0, version, event.ending.status)]
        elif kind is e.NodesReset:
            body = body_named(self.graph, event.scope)
            assert body is not None, "a back edge of a body that is not there"
            edge = next(one for one in body.back_edges if one.number == event.edge)
            self._resets.setdefault(event.scope, []).append((version, edge))
        elif kind in _OVERALL:
            self.overall.append(_told(version, event, decision))
            if kind is e.ExecutionStarted:
                self._stays[""] = [Stay(version, 0, "")]
        elif path := self._path_of(event):
            self._go_on(version, event, decision, path)

    def _change(self, event: e.DefinitionChanged) -> None:
        """From here on nodes are those of another definition, and may be called otherwise."""
        self.graph, renaming = self.graph.others(event.definition), Renaming(event.names)
        self._runs, self._stays, self._resets = renaming.keys(self._runs), renaming.keys(self._stays), renaming.keys(self._resets)
        self._incidents = {name: renaming.path(path) for name, path in self._incidents.items()}
        named = {(scope, name): renaming.path(f"{scope}/{name}" if scope else name) for scope, name in self._lives}
        self._lives = {(called.rpartition("/")[0], called.rpartition("/")[2]): self._lives[key] for key, called in named.items()}

    def _path_of(self, event: Any) -> str:
        """The path of the run that an event is about; empty where it is about none."""
        if isinstance(event, e.IncidentRaised):
            self._incidents[event.incident] = event.path
        if isinstance(event, e.IncidentResolved):
            return self._incidents.get(event.incident, "")
        timer = getattr(event, "timer", None)
        return timer.rpartition(":")[0] if timer else getattr(event, "path", "")

    def _go_on(self, version: int, event: Any, decision: Decision, path: str) -> None:
        life = self._runs.get(path)
        if life is None or (life.ended and type(event) in _BEGINS):
            life = self._begin(path, version)
        _note(life, _told(version, event, decision))
        if isinstance(event, e.IncidentRaised | e.NodeRetried):
            life.failure = event.failure or carried_failure(decision.command)

    def _begin(self, path: str, version: int) -> Life:
        life = self._runs[path] = Life(path, version)
        scope, _, name = path.rpartition("/")
        key = scope, name if is_undo(path) else name.partition("#")[0]
        self._lives.setdefault(key, []).append(life)
        return life

    def _end(self, version: int, event: Any, decision: Decision) -> None:
        life = self._runs.get(event.path)
        if life is None or life.ended:
            life = self._begin(event.path, version)
        _note(life, _told(version, event, decision))
        life.ended, life.how = version, ENDS[type(event)]
        match event:
            case e.NodeCompleted():
                life.ports, life.untaken, life.failure = event.ports or OUT, event.untaken, event.failure
            case e.NodeFailed():
                life.ports, life.untaken, life.is_taken = ((ERROR_PORT,) if event.edge else ()), event.untaken, event.edge
                life.failure = event.failure or carried_failure(decision.command) or life.failure
            case e.NodeCancelled() if event.output is not None:
                node = None if is_undo(event.path) else _node(self.graph, event.path)
                life.ports = () if node is None else node.ports[:1]


def _node(graph: Graph, path: str) -> Node | None:
    scope, _, name = path.rpartition("/")
    body = body_named(graph, scope)
    return None if body is None else body.nodes[body.index_of[name.partition("#")[0]]]


def _told(version: int, event: Any, decision: Decision) -> Told:
    return Told(version, type(event).__name__, decision.now, type(decision.command).__name__, decision.actor)


def _note(life: Life, told: Told) -> None:
    life.events.append(told)
    if len(life.events) > 2 * TOLD_MAX:
        life.events[1:-TOLD_MAX] = []
