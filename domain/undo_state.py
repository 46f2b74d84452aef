"""What the events of compensation mean: which nodes can be undone, which are being undone, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.values import NULL
from domain.places import owner_of
from domain.state import Compensation, Execution, NodeRun, Undoing

if TYPE_CHECKING:
    from domain.definition.graph import Graph

UNDO_LENGTH = len(".compensate")


def undone_node(path: str) -> str:
    """The path of the node that an undoing path belongs to."""
    return path[:-UNDO_LENGTH]


def find(state: Execution, path: str) -> Compensation | None:
    """The compensation registered for the run at a node's path; while one is being undone and a later one waits, the former."""
    return next((c for c in state.compensations if c.path == path), None)


def register(state: Execution, compensation: Compensation) -> None:
    """A node has completed. A container that is tried again runs it again at its path: that is one run, to be undone once."""
    kept = [c for c in state.compensations if c.path != compensation.path or c.started]
    state.compensations = [*kept, compensation]


def begin(state: Execution, by: str, paths: tuple[str, ...]) -> None:
    """An undoing has begun."""
    state.undoing.append(Undoing(by, list(paths)))
    state.undone = state.undone or not by
    for compensation in state.compensations:
        if compensation.path in paths:
            compensation.started = True


def open_run(graph: Graph, state: Execution, path: str, now: int) -> NodeRun:
    """The undoing of one node runs."""
    found = find(state, undone_node(path))
    tried = found.tried if found else 0
    run = NodeRun(path, found.node if found else 0, "", "active", NULL, tried + 1, tried, scheduled_at=now)
    run.config = found.config if found else None
    state.runs[path] = run
    return run


def end(state: Execution, path: str, done: bool) -> None:
    """The undoing of one node has ended; what is undone cannot be undone again."""
    run = state.runs.pop(path, None)
    for timer in [name for name in state.timers if name.startswith(path + ":")]:
        del state.timers[timer]
    undone = undone_node(path)
    if (found := find(state, undone)) is not None:
        state.compensations.remove(found)
    if run is not None:
        _count(state, undone, run.attempt)
    undoing = next((undoing for undoing in state.undoing if undoing.paths[:1] == [undone]), None)
    if undoing is not None:
        del undoing.paths[0]
        if done:
            undoing.done.append(undone)


def _count(state: Execution, path: str, attempt: int) -> None:
    """A container around may be tried again, and the node be undone once more: with other attempts, as those of nodes are."""
    for compensation in state.compensations:
        if compensation.path == path:
            compensation.tried = max(compensation.tried, attempt)
    around = path.rpartition("/")[0]
    while around:
        if (scope := state.scopes.get(around)) is not None:
            scope.used = max(scope.used, attempt)
            scope.undone[path] = max(scope.undone.get(path, 0), attempt)
            return
        if (owner := state.runs.get(owner_of(around))) is not None:
            owner.tried_inside = max(owner.tried_inside, attempt)
            return
        around = around.rpartition("/")[0]


def finish(state: Execution, by: str) -> None:
    """An undoing has ended."""
    state.undoing = [undoing for undoing in state.undoing if undoing.by != by]
