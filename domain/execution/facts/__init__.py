"""Facts: what each kind of event does to the state. Total over all stored history: nothing here refuses anything."""

from __future__ import annotations

from typing import Final

from domain.execution.facts import bodies, breakers, debugging, definition, execution, forks, nodes, tasks, trouble, usage, waits
from domain.execution.facts.runs import Applier

APPLIERS: Final[dict[type, Applier]] = {
    **execution.APPLIERS,
    **bodies.APPLIERS,
    **nodes.APPLIERS,
    **waits.APPLIERS,
    **trouble.APPLIERS,
    **tasks.APPLIERS,
    **breakers.APPLIERS,
    **usage.APPLIERS,
    **forks.APPLIERS,
    **debugging.APPLIERS,
    **definition.APPLIERS,
}
"""What each kind of event does to the state."""
