"""The action that makes what executions said unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.commands import Command, EraseExecution
from domain.bulk.action import ENDED, Action, Aim, Row


def _commands(aim: Aim) -> Sequence[Command]:
    return (EraseExecution(str(aim.details.get("reason") or "")),) if aim.row.status in ENDED else ()


def _nothing_to_do(row: Row) -> str | None:
    return None if row.status in ENDED else f"it is {row.status}: what has ended is erased"


ERASE: Final = Action(
    name="erase",
    summary="make all that they said unreadable for ever; what was not sealed is passed over",
    commands=_commands,
    nothing_to_do=_nothing_to_do,
    takes=frozenset({"reason"}),
)
