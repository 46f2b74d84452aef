"""What the events of compensation mean: which nodes can be undone, which are being undone, and for whom."""

from __future__ import annotations

from contracts.values import NULL
from domain.definition.graph import Graph
from domain.execution.paths import UNDO_SUFFIX, owner_of, undone_node
from domain.execution.state import Compensation, Execution, NodeRun, Undoing


def find(state: Execution, name: str) -> Compensation | None:
    """The compensation of that name; while one is being undone and a later one of its name waits, the former."""
    return next((c for c in state.compensations if c.name == name), None)


def name_of(path: str) -> str:
    """The name of the compensation that an undoing path belongs to."""
    return path.removesuffix(UNDO_SUFFIX)


def register(state: Execution, compensation: Compensation) -> None:
    """A node has completed. One of the same name is replaced: in language 1 each try of a container takes the place of the one before."""
    kept = [c for c in state.compensations if c.name != compensation.name or c.started]
    state.compensations = [*kept, compensation]


def begin(state: Execution, by: str, paths: tuple[str, ...]) -> None:
    """An undoing has begun: of all that is registered for these nodes, in the order of the paths."""
    mine = [c for c in state.compensations if not c.started and c.path in paths]
    for compensation in mine:
        compensation.started = True
    state.undoing.append(Undoing(by, [c.name for c in reversed(mine)]))
    state.undone = state.undone or not by


def open_run(graph: Graph, state: Execution, path: str, now: int) -> NodeRun:
    """The undoing of one node runs."""
    found = find(state, name_of(path))
    tried = found.tried if found else 0
    run = NodeRun(path, found.node if found else 0, "", "active", NULL, tried + 1, tried, scheduled_at=now)
    run.config = found.config if found else None
    state.runs[path] = run
    return run


def end(graph: Graph, state: Execution, path: str, done: bool) -> None:
    """The undoing of one node has ended; what is undone cannot be undone again."""
    run = state.runs.pop(path, None)
    for timer in [name for name in state.timers if name.startswith(path + ":")]:
        del state.timers[timer]
    name = name_of(path)
    if (found := find(state, name)) is not None:
        state.compensations.remove(found)
    if run is not None and not graph.rules.every_run_is_undone:
        _count(state, name, run.attempt)
    undoing = next((undoing for undoing in state.undoing if undoing.paths[:1] == [name]), None)
    if undoing is not None:
        del undoing.paths[0]
        if done:
            undoing.done.append(undone_node(path))


def _count(state: Execution, path: str, attempt: int) -> None:
    """In language 1 a node may be undone once more under the same path: with other attempts, as those of nodes are."""
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
