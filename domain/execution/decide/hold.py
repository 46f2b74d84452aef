"""Hold: in a pause what comes in is kept, and decided when the execution goes on."""

from __future__ import annotations

from contracts.events import CommandHeld
from domain.execution.deciding import Deciding


def is_held(ctx: Deciding) -> bool:
    """Whether the execution is paused; then the command is kept, once."""
    if not ctx.state.paused:
        return False
    if ctx.command not in ctx.state.held:
        ctx.emit(CommandHeld())
    return True
