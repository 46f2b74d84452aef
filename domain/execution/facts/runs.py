"""Runs: how a node begins and ends in the state; what the facts about nodes share.

The life of a run, by the events that move it. `none`: the node has not begun; `ended`: there is no run any more. The end of
the execution ends all of them. `tests/domain/test_run_life.py` collects which of these are taken, and compares.

    none        NodeQueued      → queued        its mutex is held, or it begins in the next turn
    none        NodeScheduled   → active        an activity
    none        NodeStarted     → active        a container, a wait, a child
    none        NodeRetried     → retrying      decided inline, and failed
    none        IncidentRaised  → incident      decided inline, and failed for good
    none        NodeHalted      → queued        a test run stops before it; or it halts by a breakpoint
    queued      NodeHalted      → queued
    queued      NodeScheduled   → active        it is its turn
    queued      NodeStarted     → active
    queued      NodeCompleted   → ended         decided inline
    queued      NodeRetried     → retrying
    queued      NodeFailed      → ended
    queued      NodeCancelled   → ended
    queued      IncidentRaised  → incident
    queued      ActivityReleased → active       the circuit breaker that held it lets it go on
    active      ActivityHeld    → queued        a circuit breaker lets nothing through
    active      NodeProgressed  → active
    active      NodeScheduled   → active        what its graph has asked is answered
    active      NodeCompleted   → ended
    active      NodeCompleted   → lingering     losers in it run on, and change nothing
    active      NodeRetried     → retrying
    active      NodeHalted      → queued        it has failed, and halts by a breakpoint
    active      NodeFailed      → ended
    active      NodeCancelled   → ended
    active      NodeStopped     → stopping      with clean-up of its own: of its bodies, of its child
    active      IncidentRaised  → incident
    retrying    NodeScheduled   → active        its next attempt
    retrying    NodeStarted     → active
    retrying    NodeCompleted   → ended         decided inline
    retrying    NodeRetried     → retrying
    retrying    NodeHalted      → queued
    retrying    NodeFailed      → ended
    retrying    NodeCancelled   → ended
    retrying    IncidentRaised  → incident
    incident    NodeRetried     → retrying      a person decides: again
    incident    NodeCompleted   → ended         or with an output of theirs
    incident    NodeFailed      → ended         or not at all
    incident    NodeCancelled   → ended
    stopping    NodeStopped     → stopping      and is to end otherwise
    stopping    NodeCompleted   → ended
    stopping    NodeRetried     → retrying
    stopping    NodeHalted      → queued
    stopping    NodeFailed      → ended
    stopping    NodeCancelled   → ended
    stopping    IncidentRaised  → incident
    lingering   ScopeLeft       → ended         the last of its losers has ended
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

from contracts.commands import Command
from contracts.failure import Failure
from contracts.values import NULL
from domain.definition.graph import Graph, Node
from domain.execution import edges
from domain.execution.facts import compensation
from domain.execution.paths import is_undo, locate, plain_data
from domain.execution.state import (
    COMPLETED,
    LIVE,
    Execution,
    NodeRun,
    Scope,
)


class Cause(Protocol):
    """What stands beside an event in its decision: the command, and the time it was decided at."""

    @property
    def command(self) -> Command:
        """What was asked."""

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""


Applier: TypeAlias = Callable[[Graph, Execution, Any, Cause], None]
"""Lets one kind of event change the state."""

UNPLACED: Final = Failure("unknown", "no failure was recorded")


def open_run(graph: Graph, state: Execution, path: str, data: bytes | None, cause: Cause) -> NodeRun:
    """The run at a path; a new one where the node has not begun yet."""
    run = state.runs.get(path)
    if run is not None:
        return run
    if state.undoing and is_undo(path):
        return compensation.open_run(graph, state, path, cause.now)
    scope, node = locate(graph, state, path)
    given = data if data is not None else plain_data(graph, scope, node)
    run = NodeRun(path, node.number, scope.path, "active", NULL if given is None else given, scope.tried + 1, scope.tried, cause.now)
    run.tried_inside = scope.tried
    if node.behind_error:
        run.inherited = edges.inherited_failure(scope, node)
    state.runs[path] = run
    if state.changed is not None:
        note_ran(state, node, path)
    scope.nodes[node.index] = LIVE
    scope.live[node.index] = path
    edges.forget_inputs(scope, node)
    if node.mutex is not None:
        queue = state.mutexes.setdefault(node.mutex, [])
        if path not in queue:
            queue.append(path)
    return run


def note_ran(state: Execution, node: Node, path: str) -> None:
    """A node has begun in an execution whose definition was changed: one that only the new one has is in the way of going back."""
    changed = state.changed
    if changed is not None and not changed.ran and node.number in changed.fresh:
        changed.ran = path


def linger(state: Execution, run: NodeRun, scope: Scope, node: Node) -> None:
    """The node has completed, and losers in it still run: its body waits for them, its successors do not."""
    run.status = "lingering"
    if run.path not in scope.lingering:
        scope.live.pop(node.index, None)
        scope.lingering.append(run.path)
        scope.nodes[node.index] = COMPLETED
    drop_waits(state, run.path)


def close_lingering(graph: Graph, state: Execution, run: NodeRun) -> None:
    """The last loser in the container has ended."""
    scope = state.scopes[run.scope]
    scope.lingering.remove(run.path)
    scope.used = max(scope.used, run.attempt, run.tried_inside)
    del state.runs[run.path]
    leave_mutex(state, graph.nodes[run.node], run.path)


def leave_mutex(state: Execution, node: Node, path: str) -> None:
    """The node lets go of its mutex."""
    if node.mutex is not None and path in (queue := state.mutexes.get(node.mutex, [])):
        queue.remove(path)
        if not queue:
            del state.mutexes[node.mutex]


def close_run(state: Execution, run: NodeRun, scope: Scope, node: Node, status: int) -> None:
    """The node has ended so."""
    path = run.path
    del state.runs[path]
    if path in scope.lingering:
        scope.lingering.remove(path)
    else:
        scope.live.pop(node.index, None)
        scope.nodes[node.index] = status
    used = run.attempt if run.attempt > run.tried_inside else run.tried_inside
    if used > scope.used:
        scope.used = used
    if state.timers or state.waiting:
        drop_waits(state, path)
    if node.mutex is not None:
        leave_mutex(state, node, path)


def drop_waits(state: Execution, path: str) -> None:
    """Nothing waits for anything at this path any more."""
    timers = state.timers
    if timers:
        for purpose in PURPOSES:
            timers.pop(path + purpose, None)
    if path in state.waiting:
        state.waiting.remove(path)


PURPOSES: Final = (
    ":start_to_close", ":heartbeat", ":schedule_to_start", ":schedule_to_close", ":retry", ":delay", ":timeout", ":child", ":turn", ":next",
    ":reminder", ":halt",
)  # fmt: skip
"""What a timer of a node may be for. All are looked for by name: an execution may have tens of thousands of timers."""


def drop_attempt_timers(state: Execution, path: str) -> None:
    """The limits of one attempt end with it; what spans all attempts stays."""
    for purpose in ("start_to_close", "schedule_to_start", "heartbeat", "retry", "turn", "next"):
        state.timers.pop(f"{path}:{purpose}", None)


def blank(graph: Graph, body: int) -> tuple[bytearray, bytearray, list[int], list[int]]:
    """Statuses and counters of a body in which nothing has happened."""
    compiled = graph.bodies[body]
    count = len(compiled.nodes)
    edge_count = compiled.edges[-1].number + 1 if compiled.edges else 0
    return bytearray(count), bytearray(edge_count), compiled.unresolved.copy(), [0] * count


def restate(state: Execution) -> None:
    """The status follows from what is open."""
    if state.is_ended:
        return
    if state.quarantine is not None:
        state.status = "quarantined"
    elif state.started_at:
        state.status = "paused" if state.paused else "incident" if state.incidents else "running"
