"""Preview: when the schedules of a definition would be due, before it is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.triggers import name_in
from domain.triggers.moments import next_times
from domain.triggers.schedule import SCHEDULE

NEXT_TIMES: Final = 10
"""So many times are told."""


def next_runs(workflow: str, triggers: Sequence[Mapping[str, Any]], now_ms: int, most: int = NEXT_TIMES) -> dict[str, list[int]]:
    """By id, of triggers in which nothing is wrong, when each schedule fires next, its jitter included."""
    found: dict[str, list[int]] = {}
    for said in triggers:
        if said.get("type") == SCHEDULE.name:
            config = SCHEDULE.read(said)
            moments = SCHEDULE.moments(name_in(workflow, config.id), config)
            found[config.id] = [due + moments.jitter_ms for due in next_times(moments, now_ms - moments.jitter_ms, most)]
    return found
