"""Entry: a body begins. Its variables get their first values, and the nodes without incoming edges their turn."""

from __future__ import annotations

from contracts.errors import ExpressionError
from contracts.events import Ending, ScopeEntered, VariableSet
from contracts.failure import Failure
from domain.execution.deciding import Deciding
from domain.execution.moves.stop import stop_scope
from domain.execution.names import Frame
from domain.execution.paths import scope_path
from domain.execution.state import Scope


def enter_scope(ctx: Deciding, owner: str, label: str, index: int = 0, given: bytes | None = None) -> None:
    """A body of a container begins."""
    ctx.emit(ScopeEntered(owner, label, index, given))
    begin_scope(ctx, ctx.state.scopes[scope_path(owner, label, index)])


def begin_scope(ctx: Deciding, scope: Scope) -> None:
    """The first moves of a body that is open."""
    body = ctx.graph.bodies[scope.body]
    try:
        _set_variables(ctx, scope)
    except ExpressionError as error:
        ctx.touch(scope.path)
        stop_scope(ctx, scope, Ending("failed", Failure(error.type, str(error), node=scope.path)))
        return
    for index in body.starts:
        ctx.consider(scope, body.nodes[index])
    ctx.touch(scope.path)


def _set_variables(ctx: Deciding, scope: Scope) -> None:
    """The variables that the body declares get their first values; those of the workflow may come with the start."""
    given = {}
    if scope.path == "" and ctx.state.initial_variables is not None:
        given = ctx.parse(ctx.state.initial_variables)
    for name, initial in ctx.graph.bodies[scope.body].variables.items():
        value = given[name] if name in given else ctx.evaluate(initial, Frame(scope))
        ctx.emit(VariableSet(scope.path, name, ctx.keep(value)))
