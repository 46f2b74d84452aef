"""`accept-loss`: says what a log has lost, and goes on without it if told to. What was accepted stays in the journal, for ever."""

from __future__ import annotations

from typing import Any

from contracts.lost import Lost
from infra.files.data_folder import DataFolder
from infra.server.loss import accept, look
from refold.cli.commands.output import FAILED, OK, say, say_json
from refold.cli.commands.where import folder_of
from refold.cli.options import Where


def accept_loss(where: Where, yes: bool, as_json: bool) -> int:
    """Say what is lost; with `yes` take what is there for all there is. Raises LogError where the log is damaged otherwise."""
    folder = DataFolder(folder_of(where, "what a log has lost is told of a data folder").data)
    lost, doubt = look(folder)
    is_bad = bool(lost or doubt)
    if is_bad and yes:
        accept(folder)
    if as_json:
        say_json({"lost": [_value(one) for one in lost], "doubt": doubt or None, "accepted": is_bad and yes})
    else:
        _say(lost, doubt, yes)
    return FAILED if is_bad and not yes else OK


def _value(lost: Lost) -> dict[str, Any]:
    return {"topic": lost.topic, "partition": lost.partition, "first": None if lost.is_other else lost.first, "end": lost.end}


def _say(lost: list[Lost], doubt: str, yes: bool) -> None:
    for one in lost:
        say(str(one))
    if doubt:
        say(doubt)
    if not lost and not doubt:
        say("nothing is lost")
    elif yes:
        say("accepted: the log goes on without it; what was lost stands in the journal")
    else:
        say("nothing was changed; put a backup of the whole folder in its place, or go on without what is gone: --yes")
