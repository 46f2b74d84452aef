"""Definitions: an execution goes on by another version of its workflow, and goes back."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts.errors import Rejected
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding, Handler
from domain.execution.moves.changing import go_on_by


def _change(ctx: Deciding, command: c.ChangeDefinition) -> None:
    state = ctx.state
    if state.definition == command.definition:
        return
    if state.definition != command.before:
        said = f"execution {state.execution} goes by version {state.workflow_version} now, which is not the one that it was to leave"
        raise Rejected("other_version", said, execution=state.execution, version=state.workflow_version)
    go_on_by(ctx, _other(ctx, command.definition), command.version, command.definition, command.names, is_undone=False)


def _revert(ctx: Deciding, command: c.RevertDefinition) -> None:
    state, changed = ctx.state, ctx.state.changed
    if state.definition != command.definition:
        return
    if changed is None:
        said = f"execution {state.execution} has not come to version {state.workflow_version} from another one that it could go back to"
        raise Rejected("not_migrated", said, execution=state.execution, version=state.workflow_version)
    if changed.ran:
        said = f"{changed.ran} has begun in it, which version {changed.version} has not"
        raise Rejected(
            "has_run", f"execution {state.execution} cannot go back to version {changed.version}: {said}", execution=state.execution
        )
    go_on_by(ctx, _other(ctx, changed.definition), changed.version, changed.definition, changed.names, is_undone=True)


def _other(ctx: Deciding, definition: str) -> Graph:
    try:
        return ctx.graph.others(definition)
    except KeyError:
        said = f"the definition {definition[:12]} is not known here: publish it first, or ask again in a moment"
        raise Rejected("unknown_definition", said, definition=definition) from None


HANDLERS: Final[dict[type, Handler]] = {
    c.ChangeDefinition: _change,
    c.RevertDefinition: _revert,
}
