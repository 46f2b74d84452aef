"""`continue`: ends this iteration of the nearest loop; open `finally` bodies run first."""

from __future__ import annotations

from domain.nodes.leaving import Leaving


class Continue(Leaving):
    """Ends this iteration of the nearest loop."""

    name = "continue"
    summary = "ends this iteration of the nearest loop"
    category = "loops"
    icon = "skip-forward"
    ending = "continued"
