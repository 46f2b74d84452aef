"""How a breakpoint is shown."""

from __future__ import annotations

from typing import Any

from contracts.debugging import Breakpoint


def breakpoint_value(one: Breakpoint) -> dict[str, Any]:
    """A breakpoint, as JSON shows it."""
    is_change = one.on == "change"
    return {
        "name": one.name,
        "on": one.on,
        "node": None if is_change else one.target or "*",
        "variable": one.target if is_change else None,
        "if": one.condition or None,
        "halts": one.halts,
        "timeout_ms": one.timeout_ms,
        "once": one.once,
        "by": one.by or None,
    }
