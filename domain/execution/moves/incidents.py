"""Resolving: how a person lets a stopped path go on, after changing variables if need be."""

from __future__ import annotations

from contracts import events as e
from contracts.commands import RaiseIncident, ResolveIncident
from contracts.errors import Rejected
from contracts.values import NULL
from domain.execution.deciding import Deciding
from domain.execution.moves import compensation
from domain.execution.moves.advance import restart
from domain.execution.moves.budget import check_raise, raise_limits
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.withdrawal import withdraw
from domain.execution.paths import is_undo
from domain.execution.state import Incident, NodeRun, Scope


def check(ctx: Deciding, command: ResolveIncident) -> None:
    """Raise Rejected for an incident that is not open, a port or a variable that the node does not have."""
    incident = ctx.state.incidents.get(command.incident)
    if incident is None:
        known = ", ".join(ctx.state.incidents) or "none"
        raise Rejected("unknown_incident", f"execution {ctx.state.execution} has no open incident {command.incident}; open: {known}")
    run = ctx.state.runs[incident.path]
    _check_port(ctx, run, command)
    check_raise(command.budget, incident)
    changed_variables(ctx, run, command.variables)


def resolve(ctx: Deciding, command: ResolveIncident) -> None:
    """Let the path of an incident go on: `retry` it, `skip` the node with a given output and port, or let it `fail`."""
    incident = ctx.state.incidents[command.incident]
    run = ctx.state.runs[incident.path]
    changes = changed_variables(ctx, run, command.variables)
    ctx.emit(e.IncidentResolved(command.incident, command.action))
    if command.budget is not None:
        raise_limits(ctx, command.budget, incident)
    for scope, name, value in changes:
        ctx.emit(e.VariableSet(scope, name, value))
        ctx.changed = True
    if is_undo(run.path):
        _resolve_undo(ctx, run, incident, command)
    elif command.action == "retry":
        _retry(ctx, run)
    elif command.action == "skip":
        ports = (command.port,) if command.port is not None else ctx.graph.nodes[run.node].ports[:1] or None
        complete(ctx, run, command.output if command.output is not None else NULL, ports)
    else:
        fail(ctx, run, incident.failure, final=True)


def _retry(ctx: Deciding, run: NodeRun) -> None:
    due = ctx.now
    ctx.emit(e.NodeRetried(run.path, run.attempt + 1, due, run.last_failure))
    ctx.emit(e.TimerFired(f"{run.path}:retry", due))
    restart(ctx, run)


def _resolve_undo(ctx: Deciding, run: NodeRun, incident: Incident, command: ResolveIncident) -> None:
    if command.action == "retry":
        ctx.emit(e.NodeRetried(run.path, run.attempt + 1, ctx.now, incident.failure))
        ctx.emit(e.TimerFired(f"{run.path}:retry", ctx.now))
        compensation.attempt_again(ctx, run)
    elif command.action == "skip":
        ctx.emit(e.NodeCompleted(run.path, command.output if command.output is not None else NULL))
        compensation.proceed(ctx)
    else:
        compensation.given_up(ctx, run.path, incident.failure)


def _check_port(ctx: Deciding, run: NodeRun, command: ResolveIncident) -> None:
    ports = ctx.graph.nodes[run.node].ports
    if command.port is not None and command.port not in ports:
        raise Rejected("bad_port", f"{run.path} has no port {command.port}; it has {', '.join(ports) or 'none'}")


def changed_variables(ctx: Deciding, run: NodeRun, variables: bytes | None) -> list[tuple[str, str, bytes]]:
    """Scope, name and value of each variable that the person changes; each is written where it is declared."""
    if variables is None:
        return []
    given = ctx.parse(variables)
    if not isinstance(given, dict):
        raise Rejected("input.invalid", f"variables: expected an object, found {type(given).__name__}")
    return [(_declaring_scope(ctx, run, name), name, ctx.keep(value)) for name, value in given.items()]


def _declaring_scope(ctx: Deciding, run: NodeRun, name: str) -> str:
    scope: Scope | None = ctx.state.scopes.get(run.scope)
    while scope is not None:
        if name in scope.variables:
            return scope.path
        scope = ctx.state.scopes[scope.parent] if scope.parent is not None else None
    raise Rejected("unknown_variable", f"{run.path} sees no variable {name}")


def raise_from_engine(ctx: Deciding, command: RaiseIncident) -> None:
    """What a command led to could not be stored: the node it was about needs a person."""
    run = ctx.state.runs.get(command.path)
    if run is None or run.bodies:
        run = next((run for run in ctx.state.runs.values() if not run.bodies and run.status in ("active", "retrying", "incident")), None)
    if run is None:
        ctx.emit(e.ExecutionQuarantined(command.failure.message, command.keeps))
        return
    if run.status == "incident":
        return
    withdraw(ctx, run, command.failure.type)
    ctx.emit(e.IncidentRaised(str(ctx.state.incidents_raised + 1), run.path, command.failure))
