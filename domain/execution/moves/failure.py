"""Failure: what a failure of a node leads to.

retries → error edge → the node's `on_error` → enclosing `try` → `settings.on_error` → compensation → incident or failed
"""

from __future__ import annotations

import hashlib
from typing import Any

from contracts import values
from contracts.debugging import FailedAttempt
from contracts.errors import ExpressionError
from contracts.events import Ending, IncidentRaised, NodeFailed, NodeRetried
from contracts.failure import NEVER_RETRIED_BY_DEFAULT, Failure, matches
from domain.definition.graph import ERROR_PORT, Compiled, Edge, Node, RetryPolicy
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import kind_of
from domain.execution.memo import TryMemo
from domain.execution.moves.cycles import spent, take_back
from domain.execution.moves.ending import TOO_LARGE, At, end_aside, end_well, place_of
from domain.execution.moves.halting import halts_failed
from domain.execution.moves.losers import is_ignored_loser
from domain.execution.moves.stop import end_cancelled, stop_run, stop_scope
from domain.execution.moves.withdrawal import withdraw
from domain.execution.state import NodeRun, Scope


def fail_expression(ctx: Deciding, at: At, error: Exception) -> None:
    """An expression of the node could not be evaluated, or not with the values that it was given."""
    fail(ctx, at, Failure(getattr(error, "type", "expression"), str(error)))


def fail(
    ctx: Deciding, at: At, failure: Failure, retryable: bool = True, final: bool = False, continues: bool = True, not_before: int = 0
) -> None:
    """The present attempt of the node has failed. `final`: nobody is asked again; not `continues`: `on_error: continue` was asked.

    Where another attempt follows, it is due at `not_before` at the earliest.
    """
    scope = place_of(ctx, at)[0]
    run = ctx.state.runs.get(at.path)
    if run is not None:
        withdraw(ctx, run, failure.type)
    if scope.ending is not None and run is not None:
        end_cancelled(ctx, run)
    elif run is not None and run.bodies and run.status == "active":
        stop_run(ctx, run, Ending("failed", failure.at(at.path, at.attempt), final=final))
    elif ctx.state.debugged is None or not halts_failed(ctx, at, FailedAttempt(failure, retryable, final, continues, not_before)):
        go_on_failed(ctx, at, failure, retryable, final, continues, not_before)


def go_on_failed(ctx: Deciding, at: At, failure: Failure, retryable: bool, final: bool, continues: bool, not_before: int) -> None:
    """What the failure of an attempt leads to: another one, or whoever takes it."""
    scope, node = place_of(ctx, at)
    run = ctx.state.runs.get(at.path)
    if not final and retryable and (due := _retry_due(ctx, at, node, run, failure)):
        ctx.emit(NodeRetried(at.path, at.attempt + 1, max(due, not_before), ctx.failure_unless_carried(failure), _recorded(ctx, at)))
    else:
        _fail_for_good(ctx, at, explained(ctx, scope, failure), final, continues)


def _recorded(ctx: Deciding, at: At) -> bytes | None:
    """The data as an event has to say it, of a node that has not begun."""
    return at.recorded if isinstance(at, Ready) and at.path not in ctx.state.runs else None


def _fail_for_good(ctx: Deciding, at: At, failure: Failure, final: bool, continues: bool) -> None:
    """No attempt follows: whoever takes the failure first has it."""
    scope, node = place_of(ctx, at)
    if at.path in scope.lingering:
        _emit_failed(ctx, at, failure)
        end_aside(ctx, scope, node, at.path)
        return
    if node.has_error_edge:
        left = _leave_by_error(ctx, at, failure)
        if left is None:
            return
        failure = left
    placed = failure.at(at.path, at.attempt)
    if not final and continues and _goes_on(ctx, at, node, failure, placed):
        return
    is_ignored = is_ignored_loser(ctx, scope, node.index)
    if not is_ignored and not final and (node.definition.on_error == "incident" or not _is_handled_above(ctx, scope, placed)):
        raise_incident(ctx, at, failure, _recorded(ctx, at))
        return
    _emit_failed(ctx, at, failure)
    _after(ctx, at, scope, node)
    if not is_ignored:
        stop_scope(ctx, scope, Ending("failed", placed, final=final))


def _emit_failed(ctx: Deciding, at: At, failure: Failure) -> None:
    ctx.emit(NodeFailed(at.path, ctx.failure_unless_carried(failure), False, (), _recorded(ctx, at)))


def _leave_by_error(ctx: Deciding, at: At, failure: Failure) -> Failure | None:
    """The node leaves by its error edges; else its failure as it is then: none is taken, or one too often."""
    scope, node = place_of(ctx, at)
    placed = failure.at(at.path, at.attempt)
    judged = _error_edges(ctx, at, node, placed)
    if judged is None:
        return failure
    untaken, backs = judged
    if (limit := spent(scope, backs)) is not None:
        return caused(limit, placed)
    ctx.emit(NodeFailed(at.path, ctx.failure_unless_carried(failure), True, untaken, _recorded(ctx, at)))
    take_back(ctx, scope, backs)
    _after(ctx, at, scope, node)
    return None


def explained(ctx: Deciding, scope: Scope, failure: Failure) -> Failure:
    """The failure; in a catch, a `finally` or the workflow's error handler with the one before as its cause."""
    if not ctx.graph.rules.causes_are_kept:
        return failure
    here: Scope | None = scope
    while here is not None:
        before = here.failure if here.label != "finally" else _failure_before(ctx.state.runs[here.owner])
        if before is not None:
            return failure.because(before)
        here = None if here.parent is None else ctx.state.scopes[here.parent]
    return failure


def _failure_before(run: NodeRun) -> Failure | None:
    """The failure that a `try` whose clean-up runs is about to end by."""
    ending = run.ending or (run.memo.ending if isinstance(run.memo, TryMemo) else None)
    return None if ending is None else ending.failure


def caused(failure: Failure, cause: Failure) -> Failure:
    """The failure, with what led to it."""
    return Failure(failure.type, failure.message, failure.details).because(cause)


def _after(ctx: Deciding, at: At, scope: Scope, node: Node) -> None:
    ctx.changed = True
    ctx.note_end(scope, node, at.path)


def raise_incident(ctx: Deciding, at: At, failure: Failure, recorded: bytes | None = None) -> None:
    """The node's path stops here and needs a person; the other branches go on."""
    name = str(ctx.state.incidents_raised + 1)
    ctx.emit(IncidentRaised(name, at.path, ctx.failure_unless_carried(failure), recorded))


def _goes_on(ctx: Deciding, at: At, node: Node, failure: Failure, placed: Failure) -> bool:
    if node.definition.on_error != "continue" or not node.ports:
        return False
    ports = ("out",) if "out" in node.ports else node.ports[:1]
    refusal = end_well(ctx, at, values.encode({"error": placed.as_value()}), ports, failure)
    if refusal is not None:
        fail(ctx, at, refusal, continues=refusal.type == TOO_LARGE)
    return True


# Retrying.


def _retry_due(ctx: Deciding, at: At, node: Node, run: NodeRun | None, failure: Failure) -> int:
    """When the next attempt is due; 0 when there is none."""
    if node.retry is None or node.kind.fails_on_purpose or failure.type == "timeout.schedule_to_close":
        return 0
    tried = run.tried if run is not None else at.scope.tried if isinstance(at, Ready) else 0
    return retry_due(ctx, node.retry, at.path, at.attempt, at.attempt - tried, failure)


def retry_due(ctx: Deciding, policy: RetryPolicy, path: str, attempt: int, attempts: int, failure: Failure) -> int:
    """When attempt `attempt + 1` is due by the policy after so many attempts; 0 when it is not to be."""
    if attempts >= policy.max_attempts:
        return 0
    if failure.type == "cancelled" and not ctx.graph.rules.cancelled_is_a_failure:
        return 0
    if any(matches(pattern, failure.type) for pattern in policy.never):
        return 0
    if policy.on is None:
        if failure.type in NEVER_RETRIED_BY_DEFAULT:
            return 0
    elif not any(matches(pattern, failure.type) for pattern in policy.on):
        return 0
    return ctx.now + _delay_ms(policy, attempts, f"{ctx.state.execution}/{path}@{attempt}")


def _delay_ms(policy: RetryPolicy, attempts: int, key: str) -> int:
    """The pause before the next attempt; its jitter derives from the ids, so that it is the same at each replay."""
    delay = min(policy.initial_ms * policy.multiplier ** min(attempts - 1, 1000), float(policy.max_ms))
    if policy.jitter:
        share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
        delay *= 1 - policy.jitter * share
    return max(int(delay), 1)


# Who handles it.


def _error_edges(ctx: Deciding, at: At, node: Node, failure: Failure) -> tuple[tuple[int, ...], list[Edge]] | None:
    """The error edges that are not taken, and the back edges that are; None when none is, and the failure goes on."""
    untaken: list[int] = []
    taken: list[Edge] = []
    value = failure.as_value()
    for edge in node.outgoing:
        if edge.port == ERROR_PORT:
            if edge.when is None or _holds(ctx, at, edge.when, value):
                taken.append(edge)
            else:
                untaken.append(edge.number)
    return (tuple(untaken), [edge for edge in taken if edge.is_back]) if taken else None


def _holds(ctx: Deciding, at: At, when: Compiled, failure: dict[str, Any]) -> bool:
    """Whether an error edge's `when` holds; one that cannot be asked does not."""
    frame = (ctx.frame(at) if isinstance(at, Ready) else ctx.frame_of(at)).having(error=failure, data=failure)
    try:
        return ctx.evaluate(when, frame) is True
    except ExpressionError:
        return False


def _is_handled_above(ctx: Deciding, scope: Scope, failure: Failure) -> bool:
    """Whether somebody around the body takes the failure: a try, a retry, an error edge, or the workflow itself."""
    here: Scope | None = scope
    while here is not None:
        if here.ending is not None:
            return True
        owner = ctx.state.runs.get(here.owner)
        if owner is None:
            break
        node = ctx.graph.nodes[owner.node]
        around = ctx.state.scopes[owner.scope]
        if owner.path in around.lingering or is_ignored_loser(ctx, around, node.index):
            return True
        if kind_of(node).handles(ctx, owner, here, failure) or node.has_error_edge or node.definition.on_error != "fail":
            return True
        if _retry_due(ctx, owner, node, owner, failure):
            return True
        here = around
    settings = ctx.graph.settings
    if here is None or here.path != "":
        return True
    return settings.on_failure == "fail" or settings.on_error is not None or settings.compensate_on_failure
