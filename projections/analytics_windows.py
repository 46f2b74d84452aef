"""Windows of analytics: the rows of hours added up, by hour, by day or over all, for those by whom it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from contracts.times import rfc3339
from projections.analytics import EXECUTIONS_NODE, HOUR_MS, AnalyticsRecord, Tally
from projections.sketch import Sketch

DAY_MS: Final = 24 * HOUR_MS
By: TypeAlias = Literal["hour", "day", "all"]
SYSTEM: Final = "refold."
"""Names of workflows that are the engine's own begin so: they are shown where they are named."""


SPAN_MAX: Final = {"hour": 31 * DAY_MS, "day": 400 * DAY_MS, "all": 400 * DAY_MS}
"""So much time is told of at once."""
SPAN: Final = {"hour": DAY_MS, "day": 30 * DAY_MS, "all": 30 * DAY_MS}
"""So much where nobody says from when."""


class Asked(NamedTuple):
    """Whole windows: from `begin` to before `end`, in milliseconds since 1970."""

    begin: int
    end: int


def by_default(now: int, begin: int | None, end: int | None, by: By) -> Asked:
    """The windows of that time; without an end up to the present one, without a beginning as many as one looks at."""
    size = HOUR_MS if by in ("hour", "all") else DAY_MS
    last = now + 1 if end is None else end
    first = last - 1 - SPAN[by] + size if begin is None else begin
    return Asked(first - first % size, last + -last % size)


class Group(NamedTuple):
    """What is told apart beside the window."""

    workflow: bool = True
    version: bool = False
    node: bool = False


def begin_of(time_ms: int, by: By) -> int:
    """When the window begins that a time is in (UTC); of all there is one."""
    return 0 if by == "all" else time_ms - time_ms % (DAY_MS if by == "day" else HOUR_MS)


def windows(records: Iterable[AnalyticsRecord], by: By, group: Group, has_system: bool = False) -> list[dict[str, Any]]:
    """The windows in their order, each as JSON shows it; `has_system`: also of the engine's own workflows."""
    found: dict[tuple[Any, ...], Tally] = {}
    for record in records:
        if record.workflow.startswith(SYSTEM) and not has_system:
            continue
        if group.node and record.node == EXECUTIONS_NODE:
            continue
        key = (
            begin_of(record.hour, by),
            record.workflow if group.workflow else "",
            record.version if group.version else 0,
            record.node if group.node else "",
        )
        tally = found.get(key)
        if tally is None:
            tally = found[key] = Tally()
        tally.add(record)
    return [_window(key, found[key], by, group) for key in sorted(found)]


def _window(key: tuple[Any, ...], tally: Tally, by: By, group: Group) -> dict[str, Any]:
    at, workflow, version, node = key
    return {
        "at": None if by == "all" else rfc3339(at),
        "workflow": workflow if group.workflow else None,
        "version": version if group.version else None,
        "node": node if group.node else None,
        "started": tally.started,
        "ended": {status: sum(outcomes.values()) for status, outcomes in sorted(tally.ended.items())},
        "outcomes": _outcomes(tally),
        "retries": tally.retries,
        "incidents": tally.incidents,
        "duration": spread(tally.duration),
        "queue": spread(tally.queue),
        "waiting": spread(tally.waiting),
        "resolving": spread(tally.resolving),
    }


def _outcomes(tally: Tally) -> dict[str, int]:
    """How many there are of each outcome that has a name."""
    found: dict[str, int] = {}
    for outcomes in tally.ended.values():
        for outcome, count in outcomes.items():
            if outcome:
                found[outcome] = found.get(outcome, 0) + count
    return dict(sorted(found.items()))


def spread(sketch: Sketch) -> dict[str, Any] | None:
    """How a measure is spread, in milliseconds; None where there was nothing to measure."""
    count = sketch.count
    if not count:
        return None
    return {
        "count": count,
        "mean_ms": round(sketch.total / count, 3),
        "p50_ms": sketch.percentile(0.5),
        "p95_ms": sketch.percentile(0.95),
        "p99_ms": sketch.percentile(0.99),
    }
