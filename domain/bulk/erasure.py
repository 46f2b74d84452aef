"""The action that makes what executions said unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.commands import Command, EraseExecution
from domain.bulk.action import Action, Aim, must_have_ended


def _commands(aim: Aim) -> Sequence[Command]:
    return (EraseExecution(str(aim.details.get("reason") or "")),) if must_have_ended(aim.row) is None else ()


ERASE: Final = Action(
    name="erase",
    summary="make all that they said unreadable for ever; what was not sealed is passed over",
    commands=_commands,
    nothing_to_do=must_have_ended,
    takes=frozenset({"reason"}),
)
