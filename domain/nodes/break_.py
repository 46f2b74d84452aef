"""`break`: ends the nearest loop; open `finally` bodies run first."""

from __future__ import annotations

from domain.nodes.leaving import Leaving


class Break(Leaving):
    """Ends the nearest loop."""

    name = "break"
    summary = "ends the nearest loop"
    category = "loops"
    icon = "log-out"
    ending = "broken"
