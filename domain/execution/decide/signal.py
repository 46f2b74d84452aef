"""Signals: one comes in."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from domain.execution.deciding import Handler
from domain.execution.moves import signals

HANDLERS: Final[dict[type, Handler]] = {
    c.SendSignal: signals.receive,
}
