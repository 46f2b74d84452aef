"""`set_variable`: gives variables new values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from contracts.definitions import Identifier, Marker, Model, Value
from contracts.errors import ExpressionError
from contracts.events import VariableSet
from domain.definition.graph import Body
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.paths import undone_node
from domain.execution.state import NodeRun, Scope


class SetVariable(Kind):
    """Sets one variable, or several."""

    name = "set_variable"
    summary = "gives variables new values"
    category = "data"
    icon = "pencil"
    begins_with = '{"name": "x", "value": null}'
    can_undo = True

    class Config(Model):
        """`name` and `value`, or `values` by name. Without `scope` the nearest body that declares the name is meant."""

        name: Identifier | None = None
        value: Value = None
        values: Annotated[dict[Identifier, Any] | None, Field(min_length=1), Marker("value")] = None
        scope: Literal["node", "loop", "workflow"] | None = None

        @model_validator(mode="after")
        def _one_form(self) -> SetVariable.Config:
            if (self.name is None) == (self.values is None):
                raise ValueError("expected either `name` with `value`, or `values`")
            if self.name is not None and "value" not in self.model_fields_set:
                raise ValueError("expected a `value` beside `name`")
            return self

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Evaluate all, then set all; the output is the value, or the values by name."""
        config, fields, frame = ready.node.config, ready.node.fields, ctx.frame(ready)
        if config.name is not None:
            output = ctx.evaluate(fields["value"], frame)
            new = {config.name: output}
        else:
            output = new = ctx.evaluate(fields["values"], frame)
        for name, value in new.items():
            ctx.emit(VariableSet(scope_for(ctx, ready.scope, name, config.scope).path, name, ctx.keep(value)))
        ctx.changed = True
        complete(ctx, ready, ctx.keep(output))

    def undo(self, ctx: Deciding, run: NodeRun, config: Any, filled: dict[str, Any]) -> bytes | None:
        """Set them where they were declared for the node that is undone; what its body declared is gone with it."""
        output = filled["value"] if config.name is not None else filled["values"]
        new = {config.name: output} if config.name is not None else output
        for name, value in new.items():
            if (scope := _scope_around(ctx, run, name, config.scope)) is not None:
                ctx.emit(VariableSet(scope.path, name, ctx.keep(value)))
                ctx.changed = True
        return ctx.keep(output)


def _scope_around(ctx: Deciding, run: NodeRun, name: str, which: str | None) -> Scope | None:
    """The body around a node that has ended which a variable is written to; None where that has been left."""
    body: Body | None = ctx.graph.nodes[run.node].body
    path = undone_node(run.path).rpartition("/")[0]
    while body is not None:
        scope = ctx.state.scopes.get(path)
        declares = name in body.variables or (scope is not None and name in scope.variables)
        here = {"node": True, "loop": body.label == "[]", "workflow": body.owner is None, None: declares}
        if here[which]:
            return scope
        body, path = body.owner.body if body.owner is not None else None, path.rpartition("/")[0]
    return None


def scope_for(ctx: Deciding, scope: Scope, name: str, which: str | None) -> Scope:
    """The body that a variable is written to."""
    here: Scope | None = scope
    if which == "node":
        return scope
    while here is not None:
        outermost = here.parent is None
        if (which == "workflow" and outermost) or (which == "loop" and here.label == "[]") or (which is None and name in here.variables):
            return here
        here = None if here.parent is None else ctx.state.scopes[here.parent]
    raise ExpressionError(f"`{name}` is declared nowhere around {scope.path or 'the workflow'}")
