"""Incidents: a person decides how a path goes on, or the engine raises one."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from domain.execution.decide import hold
from domain.execution.deciding import Deciding, Handler
from domain.execution.moves import incidents


def _resolve(ctx: Deciding, command: c.ResolveIncident) -> None:
    incidents.check(ctx, command)
    if not hold.is_held(ctx):
        incidents.resolve(ctx, command)


HANDLERS: Final[dict[type, Handler]] = {
    c.ResolveIncident: _resolve,
    c.RaiseIncident: incidents.raise_from_engine,
}
