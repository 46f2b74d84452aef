"""The action that sends a signal: to each execution one, under an id of its own."""

from __future__ import annotations

from typing import Final

from contracts import values
from contracts.commands import SendSignal
from domain.bulk.action import Action, Aim, has_ended


def _signal(aim: Aim) -> list[SendSignal]:
    return [SendSignal(aim.key, str(aim.details["signal"]), values.written(aim.details.get("payload")))]


SIGNAL: Final = Action(
    name="signal",
    summary="send a signal",
    commands=_signal,
    nothing_to_do=has_ended,
    takes=frozenset({"signal", "payload"}),
    needs=frozenset({"signal"}),
)
