"""What recorded executions have taken of a definition, as JSON shows it."""

from __future__ import annotations

from typing import Any

from domain.replay.coverage import Covering


def coverage_value(workflow: str, version: int, covering: Covering) -> dict[str, Any]:
    """How much of each sort was taken, each place with its count, and those that none has taken."""
    places = covering.places()
    sorts = dict.fromkeys(place.sort for place in places)
    return {
        "workflow": workflow,
        "version": version,
        "executions": covering.executions,
        "parts": [
            {
                "sort": sort,
                "there": sum(place.sort == sort for place in places),
                "taken": sum(place.sort == sort and place.executions > 0 for place in places),
            }
            for sort in sorts
        ],
        "places": [place._asdict() for place in places],
        "never_taken": [{"sort": place.sort, "name": place.name} for place in places if not place.executions],
    }
