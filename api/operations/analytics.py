"""Operations on analytics: how many executions and nodes began and ended, and how long that took, by hour or by day."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Query

from api import server_models
from api.bodies import milliseconds
from api.operations.executions import VERSION_MAX
from api.operations.operation import ClientMethod, Operation, Reply
from api.problems import BadRequest
from api.service import Service
from contracts.times import rfc3339
from projections.analytics import EXECUTIONS_NODE, ROWS_MAX, analytics_where
from projections.analytics_windows import DAY_MS, SPAN_MAX, SYSTEM, Asked, Group, by_default, windows

TIME_END: Final = 253_370_764_800_000
"""The year 9999 in milliseconds since 1970: the last window that is asked for ends in a year that has a name."""


async def get_analytics(
    service: Service,
    workflow: Annotated[str | None, Query(max_length=400, description="only of this workflow")] = None,
    version: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="only of this version")] = None,
    node: Annotated[str | None, Query(max_length=1_000, description="of this node, in place of the executions")] = None,
    since: Annotated[str | None, Query(alias="from", max_length=64, description="from the hour of this time on")] = None,
    until: Annotated[str | None, Query(alias="to", max_length=64, description="before this time")] = None,
    by: Annotated[Literal["hour", "day", "all"], Query(description="the windows, in UTC; `all` is one")] = "day",
    group: Annotated[str, Query(max_length=64, description="what is told apart: some of workflow, version, node; or nothing")] = "workflow",
) -> Reply:
    """What happened in hours or days: begun, ended by status and outcome, percentiles of durations and waits, retries, incidents."""
    asked = asked_windows(service.now(), since, until, by)
    apart = _group(group, node)
    query = analytics_where(asked.begin, asked.end, workflow, version, None if apart.node else node or EXECUTIONS_NODE)
    found = await service.rows(query)
    if len(found.records) > ROWS_MAX:
        raise BadRequest(422, "request.invalid", f"more than {ROWS_MAX:,} hours of nodes are to be added up: name a workflow, or less time")
    has_system = workflow is not None and workflow.startswith(SYSTEM)
    shown = await asyncio.to_thread(windows, found.records, by, apart, has_system)
    value = {"from": rfc3339(asked.begin), "to": rfc3339(asked.end), "by": by, "windows": shown, "position": found.position}
    return Reply(value, found.position)


def _group(said: str, node: str | None) -> Group:
    names = [name.strip() for name in said.split(",") if name.strip()]
    if unknown := [name for name in names if name not in Group._fields]:
        raise BadRequest(422, "request.invalid", f"group: expected some of {', '.join(Group._fields)}, found {unknown[0]!r}")
    return Group(**{name: name in names for name in Group._fields})._replace(node="node" in names and node is None)


def asked_windows(now: int, since: str | None, until: str | None, by: Literal["hour", "day", "all"]) -> Asked:
    """The whole windows of a time that is asked about. Raises BadRequest."""
    begin, end = _time(since, "from"), _time(until, "to")
    asked = by_default(now, begin, end, by)
    if asked.end <= asked.begin:
        raise BadRequest(422, "request.invalid", f"from: {rfc3339(asked.begin)} is not before {rfc3339(asked.end)}")
    if asked.end - asked.begin > SPAN_MAX[by]:
        raise BadRequest(422, "request.invalid", f"from: by {by} at most {SPAN_MAX[by] // DAY_MS} days are told at once")
    return asked


def _time(text: str | None, field: str) -> int | None:
    try:
        time = None if text is None else milliseconds(datetime.fromisoformat(text), field)
    except (ValueError, OverflowError, OSError):
        raise BadRequest(422, "request.invalid", f"{field}: expected a time like 2026-11-21T08:00:00Z, found {text!r}") from None
    if field == "to" and time is not None and not 0 <= time < TIME_END:
        raise BadRequest(422, "request.invalid", f"{field}: expected a time in the years 1970 to 9998, found {text!r}")
    return time


ANALYTICS_OPERATIONS: Final = (
    Operation(
        method="GET", path="/v1/analytics", tag="analytics", right="read", do=get_analytics, answer=server_models.Analytics,
        waits_for_position=True,
        client=ClientMethod("analytics", "windows", "What happened in hours or days: begun, ended, percentiles, retries, incidents."),
    ),
)  # fmt: skip
