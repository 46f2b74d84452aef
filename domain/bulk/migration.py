"""The actions that let executions go on by another version of their workflow, and back. They are asked for apart: by `Migration`s."""

from __future__ import annotations

from typing import Final

from contracts.commands import ChangeDefinition, RevertDefinition
from domain.bulk.action import Action, Aim, has_ended


def _change(aim: Aim) -> list[ChangeDefinition]:
    said = aim.details
    names = tuple((str(old), str(new)) for old, new in said["names"])
    return [ChangeDefinition(int(said["to"]), str(said["definition"]), str(said["before"]), names)]


MIGRATE: Final = Action(
    name="migrate",
    summary="go on by another version of the workflow",
    commands=_change,
    nothing_to_do=has_ended,
    takes=frozenset({"from", "to", "before", "definition", "names"}),
    needs=frozenset({"from", "to", "before", "definition", "names"}),
    undone_by="go back",
    asked_apart="POST /v1/workflows/{name}/migrations",
)
GO_BACK: Final = Action(
    name="go back",
    summary="go back to the version of the workflow from before a migration",
    commands=lambda aim: [RevertDefinition(str(aim.details["definition"]))],
    nothing_to_do=has_ended,
    takes=frozenset({"definition"}),
    needs=frozenset({"definition"}),
    asked_apart="POST /v1/operations/{operation}/undo",
)
