"""Stop: how a body and what runs in it is brought to an end, with clean-up.

stop_scope ─► ScopeStopped ─► cancel_run for each node that lives in it
cancel_run ─► NodeCancelled                      for what holds nothing
           └► NodeStopped ─► stop_scope …        for a container; `finish_stopped` when its last body has left
"""

from __future__ import annotations

from contracts.events import Ending, IncidentResolved, NodeCancelled, NodeStopped, ScopeStopped
from domain.execution.deciding import NODE_STOPPED, Deciding
from domain.execution.kind import kind_of
from domain.execution.state import NodeRun, Scope

CANCELLED_ENDING = Ending("cancelled")


def stop_scope(ctx: Deciding, scope: Scope, ending: Ending) -> None:
    """The body is going to end so; the first ending it was given stays."""
    if scope.ending is not None:
        return
    ctx.emit(ScopeStopped(scope.path, ending))
    for path in [*scope.live.values(), *scope.lingering]:
        if path in ctx.state.runs:
            cancel_run(ctx, ctx.state.runs[path])
    ctx.touch(scope.path)


def stop_run(ctx: Deciding, run: NodeRun, ending: Ending) -> None:
    """The container is going to end so, once its bodies have; a `finally` that runs is left to run."""
    ctx.emit(NodeStopped(run.path, ending))
    stop_bodies(ctx, run)
    ctx.follow_up(NODE_STOPPED, run.path)


def stop_bodies(ctx: Deciding, run: NodeRun) -> None:
    """Cancel what runs in the container, but for a `finally`."""
    for scope in [scope for scope in ctx.state.scopes.values() if scope.owner == run.path]:
        if scope.label != "finally":
            stop_scope(ctx, scope, CANCELLED_ENDING)


def cancel_run(ctx: Deciding, run: NodeRun, ending: Ending = CANCELLED_ENDING) -> None:
    """Nobody wants the node any more: end it, with its clean-up; `completed` as if it had completed with that output."""
    node = ctx.graph.nodes[run.node]
    if run.status == "stopping":
        return
    if run.status == "lingering":
        stop_bodies(ctx, run)
        return
    if run.status == "incident":
        settle_incidents(ctx, run)
    elif run.bodies:
        stop_run(ctx, run, ending)
        return
    elif run.status == "active" and kind_of(node).on_cancel(ctx, run, ending):
        return
    end_cancelled(ctx, run, ending.output)


def settle_incidents(ctx: Deciding, run: NodeRun) -> None:
    """A node that goes away takes its incidents along."""
    for incident in [i for i in ctx.state.incidents.values() if i.path == run.path]:
        ctx.emit(IncidentResolved(incident.incident, "cancelled"))


def end_cancelled(ctx: Deciding, run: NodeRun, output: bytes | None = None) -> None:
    """The node is cancelled now, its clean-up done; with an output it counts as completed."""
    scope = ctx.state.scopes[run.scope]
    node = ctx.graph.nodes[run.node]
    ctx.emit(NodeCancelled(run.path, output))
    ctx.note_end(scope, node, run.path)
