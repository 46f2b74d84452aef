"""What would become of executions that go on by another version of their workflow, as JSON shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from domain.replay.migrate import Planned
from domain.replay.what_if import VERDICTS
from projections.comparisons import comparison_value


def plan_value(workflow: str, before: int, version: int, planned: Sequence[Planned], most: int) -> dict[str, Any]:
    """All of them added up, and `most` of them one by one: first those that cannot, then those that would have been otherwise."""
    ready = Counter(one.readiness for one in planned)
    rehearsed = [one.rehearsal for one in planned if one.rehearsal is not None]
    verdicts = Counter(one.verdict for one in rehearsed)
    shown = sorted(planned, key=lambda one: (one.readiness == "ready", one.rehearsal is None or one.rehearsal.verdict == "unchanged"))
    return {
        "workflow": workflow,
        "from_version": before,
        "to_version": version,
        "total": len(planned),
        "ready": ready["ready"],
        "mapping": ready["mapping"],
        "blocked": ready["blocked"],
        "rehearsed": {verdict: verdicts[verdict] for verdict in VERDICTS} if rehearsed else None,
        "executions": [planned_value(one) for one in shown[:most]],
    }


def planned_value(one: Planned) -> dict[str, Any]:
    """One of them."""
    return {
        "execution_id": one.execution,
        "readiness": one.readiness,
        "obstacles": [obstacle._asdict() for obstacle in one.obstacles],
        "rehearsal": None if one.rehearsal is None else comparison_value(one.rehearsal),
    }
