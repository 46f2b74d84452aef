"""The table of edges over which something is offered (`ai_*`): which kind may stand at which end. A kind that comes adds itself here.

Where such an edge leads to a kind that takes offers, nothing flows: what stands at its beginning runs when it is asked. Any other
activity finds in `data`, under the type of the edge, what the node at its beginning gave.
"""

from __future__ import annotations

from typing import Final, NamedTuple

ACTIVITIES: Final = "activity"
"""Stands for all kinds of activities."""
PLAIN: Final = frozenset({ACTIVITIES, "sub_workflow"})
"""What may stand before an activity that finds in its `data` what was given."""


class Ends(NamedTuple):
    """Which kinds may stand at the beginning of an edge, and which take what it offers."""

    sources: frozenset[str]
    targets: frozenset[str]


AI_EDGES: Final[dict[str, Ends]] = {
    "ai_tool": Ends(PLAIN, frozenset({"agent"})),
}
"""By the type of the edge; a type that is missing is taken by activities alone."""


def takes_offers(type_: str, target: str) -> bool:
    """Whether a kind takes what an edge of this type offers: then nothing flows over it."""
    return type_ in AI_EDGES and target in AI_EDGES[type_].targets
