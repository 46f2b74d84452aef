"""The events that change what a run of a node is: whoever shows runs looks at the same ones."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.events import Event

ENDS: Final[dict[type[Event], str]] = {
    e.NodeCompleted: "completed",
    e.NodeFailed: "failed",
    e.NodeSkipped: "skipped",
    e.NodeCancelled: "cancelled",
}
"""With these it ends, as what they say."""
GOES_ON: Final[frozenset[type[Event]]] = frozenset({
    e.NodeQueued, e.NodeHalted, e.NodeScheduled, e.NodeStarted, e.NodeRetried, e.NodeStopped, e.IncidentRaised, e.ActivityHeld,
    e.ActivityReleased, e.ActivityAsked,
})  # fmt: skip
"""With these it begins, or is in another state from now on."""
MOVES: Final[frozenset[type[Event]]] = GOES_ON | ENDS.keys() | {e.NodeProgressed}
"""All of them, also those that only say how far it is."""
