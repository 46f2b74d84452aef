"""Actions on the life of executions: stopping, holding, going on."""

from __future__ import annotations

from typing import Final

from contracts.commands import (
    CancelExecution,
    PauseExecution,
    ReleaseExecution,
    ResumeExecution,
    StartExecution,
    TerminateExecution,
)
from domain.bulk.action import Action, Aim, Row, has_ended

_REASON: Final = frozenset({"reason"})


def _reason(aim: Aim) -> str:
    return str(aim.details.get("reason") or "")


def _is_held(row: Row) -> str | None:
    return "it is paused already" if row.status == "paused" else has_ended(row)


def _is_not(status: str) -> str:
    return f"it is not {status}"


CANCEL: Final = Action(
    name="cancel",
    summary="stop with clean-up and compensation",
    commands=lambda aim: [CancelExecution(_reason(aim))],
    nothing_to_do=has_ended,
    takes=_REASON,
)
TERMINATE: Final = Action(
    name="terminate",
    summary="stop now; nothing more runs",
    commands=lambda aim: [TerminateExecution(_reason(aim))],
    nothing_to_do=has_ended,
    takes=_REASON,
)
PAUSE: Final = Action(
    name="pause",
    summary="hold: nothing new begins",
    commands=lambda aim: [PauseExecution(_reason(aim))],
    nothing_to_do=_is_held,
    takes=_REASON,
    undone_by="resume",
)
RESUME: Final = Action(
    name="resume",
    summary="let what is paused go on",
    commands=lambda aim: [ResumeExecution()],
    nothing_to_do=lambda row: has_ended(row) or (None if row.status == "paused" else _is_not("paused")),
    undone_by="pause",
)
START: Final = Action(
    name="start",
    summary="start what was created only, or for a later time",
    commands=lambda aim: [StartExecution()],
    nothing_to_do=lambda row: has_ended(row) or (None if row.status in ("created", "scheduled") else "it has started already"),
)
RELEASE: Final = Action(
    name="release",
    summary="let what was set aside (quarantined) go on",
    commands=lambda aim: [ReleaseExecution()],
    nothing_to_do=lambda row: has_ended(row) or (None if row.status == "quarantined" else _is_not("quarantined")),
)
