"""The action that archives what has ended before its retention is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.commands import ArchiveExecution, Command
from domain.bulk.action import Action, Aim, must_have_ended


def _commands(aim: Aim) -> Sequence[Command]:
    return (ArchiveExecution(),) if must_have_ended(aim.row) is None else ()


ARCHIVE: Final = Action(
    name="archive",
    summary="write what has ended into a bundle and remove it, before its retention is over",
    commands=_commands,
    nothing_to_do=must_have_ended,
    removes=True,
)
