"""The engine's own workflows: their names, and those of the activities that nobody else may use."""

from __future__ import annotations

from typing import Final

SYSTEM_PREFIX: Final = "refold."
"""What no workflow and no activity kind of a user may begin with."""
BULK: Final = "refold.bulk"
NOTIFY: Final = "refold.notify"
"""Tells people of a human task by one channel."""
SLOT: Final = "refold.slot"
"""Of executions that ask for a slot in the place of one elsewhere (`domain/execution/keeper.py`); no definition has this name."""
BREAKER: Final = "refold.breaker"
"""Of circuit breakers that have counted failures, or are open (`domain/execution/breaker.py`)."""
HEAL: Final = "refold.heal"
"""Suggests a change for what has failed, asks a person, and goes on with it (`domain/heal`)."""
HEAL_SLOT: Final = "refold.heal_slot"
"""One for each change that was made of a day without asking anybody."""
SYSTEM_WORKFLOWS: Final[tuple[str, ...]] = (BULK, NOTIFY, SLOT, BREAKER, HEAL, HEAL_SLOT)
"""Lists of executions and workflows leave them out unless they are asked for."""


def is_system(name: str) -> bool:
    """Whether a workflow, or a kind, is the engine's own."""
    return name.startswith(SYSTEM_PREFIX)
