"""Actions on incidents: all that are open of an execution are resolved in one way."""

from __future__ import annotations

from typing import Final, Literal

from contracts.commands import ResolveIncident
from domain.bulk.action import Action, Aim, Row, has_ended


def _nothing(row: Row) -> str | None:
    return has_ended(row) or (None if row.incidents else "it has no open incident")


def _resolve(aim: Aim, action: Literal["retry", "fail"]) -> list[ResolveIncident]:
    return [ResolveIncident(incident, action) for incident in aim.row.incidents]


RETRY: Final = Action(
    name="retry",
    summary="try again what has an open incident",
    commands=lambda aim: _resolve(aim, "retry"),
    nothing_to_do=_nothing,
    resolves=True,
)
FAIL: Final = Action(
    name="fail",
    summary="let what has an open incident fail",
    commands=lambda aim: _resolve(aim, "fail"),
    nothing_to_do=_nothing,
    resolves=True,
)
