"""Starts: an execution is created, and begins at once, when it is told to, when it is time, or when it is its turn."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from contracts import commands as c
from contracts import events as e
from contracts.errors import ExpressionError, InvalidInput, Problem, Rejected
from contracts.failure import Failure
from contracts.system import BREAKER, SLOT
from contracts.values import NULL
from domain.definition.inputs import check_variables, taken_input
from domain.execution.decide import hold
from domain.execution.decide.breaker import begin_breaker
from domain.execution.deciding import Deciding, Handler
from domain.execution.facts.execution import request_of
from domain.execution.keeper import claim_in, is_keeper
from domain.execution.moves.budget import check_prices
from domain.execution.moves.dependency import await_others, waive_all
from domain.execution.moves.entry import begin_scope
from domain.execution.moves.forking import check_ids, go_on_from_past
from domain.execution.start_values import search_values, slot_of


def _create(ctx: Deciding, command: c.CreateExecution) -> None:
    state = ctx.state
    if state.version:
        if _is_of_parent(command.parent, state.parent) or request_of(command) == state.request:
            return
        raise Rejected(
            "already_exists", f"execution {state.execution} exists, and was started with another request", execution=state.execution
        )
    if command.workflow == BREAKER:
        begin_breaker(ctx, command.input)
        return
    if command.workflow == SLOT:
        ctx.emit(e.ExecutionCreated())
        ctx.emit(e.ExecutionQueued(claim_in(command.input).lane))
        return
    if command.fork is not None:
        check_ids(state.execution, command.fork)
    try:
        own = _taken(ctx, command)
    except ExpressionError as error:
        raise InvalidInput([Problem("", "json", str(error))]) from None
    if ctx.graph.spends:
        check_prices(ctx, command)
    ctx.emit(e.ExecutionCreated(own, search_values(ctx, command, own or command.input)))
    if (fork := command.fork) is not None:
        ctx.emit(e.ExecutionForked(fork.source, fork.version, fork.until))
    if command.awaits_quota:
        ctx.emit(e.AdmissionAwaited())
    else:
        _go_on(ctx, command.start_at, command.autostart)


def _go_on(ctx: Deciding, start_at: int | None, autostart: bool) -> None:
    """Nothing stands in the way of a new execution any more: it begins, or waits for its time, or for somebody who starts it."""
    if start_at is not None and start_at > ctx.now:
        ctx.emit(e.TimerStarted(":start_at", start_at))
    elif autostart:
        begin(ctx)


def _admit(ctx: Deciding, command: c.AdmitExecution) -> None:
    admission = ctx.state.admission
    if admission is None or hold.is_held(ctx):
        return
    ctx.emit(e.ExecutionAdmitted())
    _go_on(ctx, admission.start_at, admission.autostart)


def _is_of_parent(asking: c.Parent | None, parent: c.Parent | None) -> bool:
    """Whether a child is asked for again: it may have been created before its root was noted."""
    return asking is not None and parent is not None and replace(asking, root=parent.root) == parent


def _taken(ctx: Deciding, command: c.CreateExecution) -> bytes | None:
    """The input with the defaults of its schema, None where none is missing. Raises InvalidInput, ExpressionError."""
    given = ctx.parse(command.input)
    taken = taken_input(ctx.graph, given, len(ctx.load(command.input)))
    check_variables(ctx.graph, None if command.variables is None else ctx.parse(command.variables))
    return None if taken is given else ctx.keep(taken)


def _start(ctx: Deciding, command: c.StartExecution) -> None:
    admission = ctx.state.admission
    if admission is not None and ctx.graph.settings.quota is not None:
        said = f"execution {ctx.state.execution} waits for the quota of its workflow; start it when that has let it in"
        raise Rejected("awaits_quota", said, execution=ctx.state.execution, status=ctx.state.status)
    if admission is not None:  # whoever starts it says that nothing that is paused is in its way
        ctx.emit(e.ExecutionAdmitted())
    if ctx.state.is_dependent:  # whoever starts it does not wait for others
        waive_all(ctx)
    if not ctx.state.started_at and ctx.state.slot is None:
        begin(ctx)


def _grant_slot(ctx: Deciding, command: c.GrantSlot) -> None:
    if ctx.state.started_at or ctx.state.slot is None or hold.is_held(ctx):
        return
    if is_keeper(ctx.state):
        ctx.emit(e.SlotGranted())
    else:
        begin(ctx)


def _return_slot(ctx: Deciding, command: c.ReturnSlot) -> None:
    _check_keeper(ctx)
    ctx.emit(e.ExecutionCompleted(None, NULL))


def _reclaim_slot(ctx: Deciding, command: c.ReclaimSlot) -> None:
    _check_keeper(ctx)
    if not ctx.state.cancelling:
        ctx.emit(e.SlotReclaimed(command.reason))


def _refuse_slot(ctx: Deciding, command: c.RefuseSlot) -> None:
    """Of a keeper, and then of its execution; one that has its slot keeps it."""
    if ctx.state.started_at or ctx.state.slot is None or hold.is_held(ctx):
        return
    ctx.emit(e.SlotRefused(command.reason, command.message))
    if is_keeper(ctx.state):
        ctx.emit(e.ExecutionCompleted(None, NULL))
    else:
        ctx.emit(e.ExecutionFailed(Failure(command.reason, command.message)))


def _check_keeper(ctx: Deciding) -> None:
    if not is_keeper(ctx.state):
        raise Rejected("no_keeper", f"execution {ctx.state.execution} keeps no slot for another one", execution=ctx.state.execution)


def begin(ctx: Deciding) -> None:
    """Begin; or first wait for others that are to complete, or queue where so many of a kind may run at a time. A test run does neither."""
    counts = ctx.state.test is None
    past = None if ctx.state.forked is None else ctx.state.forked.past
    if counts and past is None and ctx.graph.after and ctx.state.awaited is None:
        await_others(ctx)
        return
    if counts and ctx.graph.settings.concurrency is not None and ctx.state.slot is None:
        ctx.emit(e.ExecutionQueued(slot_of(ctx.graph, ctx.state.input, ctx)))
        return
    ctx.emit(e.ExecutionStarted())
    if past is not None:
        go_on_from_past(ctx, past)
        return
    if ctx.graph.timeout_ms:
        ctx.emit(e.TimerStarted(":workflow", ctx.now + ctx.graph.timeout_ms))
    begin_scope(ctx, ctx.state.scopes[""])


HANDLERS: Final[dict[type, Handler]] = {
    c.CreateExecution: _create,
    c.StartExecution: _start,
    c.GrantSlot: _grant_slot,
    c.ReturnSlot: _return_slot,
    c.ReclaimSlot: _reclaim_slot,
    c.RefuseSlot: _refuse_slot,
    c.AdmitExecution: _admit,
}
