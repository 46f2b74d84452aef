"""Operations on costs: what asking models took, in calls, tokens and money, by day."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import Query

from api import cost_models
from api.operations.analytics import asked_windows
from api.operations.executions import VERSION_MAX
from api.operations.operation import ClientMethod, Operation, Reply
from api.problems import BadRequest
from api.service import Service
from contracts.times import rfc3339
from projections.cost_windows import ByDay, cost_windows, groups_in, names_system, only_of
from projections.costs import ROWS_MAX, costs_where


async def get_costs(
    service: Service,
    workflow: Annotated[str | None, Query(max_length=400, description="only of this workflow")] = None,
    version: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="only of this version")] = None,
    node: Annotated[str | None, Query(max_length=1_000, description="only of this node")] = None,
    model: Annotated[str | None, Query(max_length=400, description="only of this model, `provider:model`")] = None,
    prompt: Annotated[str | None, Query(max_length=100, description="only of this prompt, `reply`, or version of one, `reply@4`")] = None,
    since: Annotated[str | None, Query(alias="from", max_length=64, description="from the day of this time on")] = None,
    until: Annotated[str | None, Query(alias="to", max_length=64, description="before this time")] = None,
    by: Annotated[ByDay, Query(description="the windows, in UTC; `all` is one")] = "day",
    group: Annotated[
        str, Query(max_length=64, description="what is told apart: some of workflow, version, node, model, prompt; or nothing")
    ] = "workflow,model",
) -> Reply:
    """What asking models took, by day: calls, tokens, money at the recorded prices, time to the first token, repairs."""
    asked = asked_windows(service.now(), since, until, "day")
    try:
        apart = groups_in(group)
    except ValueError as error:
        raise BadRequest(422, "request.invalid", f"group: {error}") from None
    try:
        only = only_of(workflow, version, node, model, prompt)
    except ValueError as error:
        raise BadRequest(422, "request.invalid", f"prompt: {error}") from None
    found = await service.rows(costs_where(asked.begin, asked.end, only))
    if len(found.records) > ROWS_MAX:
        raise BadRequest(422, "request.invalid", f"more than {ROWS_MAX:,} days of nodes are to be added up: name a workflow, or less time")
    shown = await asyncio.to_thread(cost_windows, found.records, by, apart, names_system(workflow))
    value = {"from": rfc3339(asked.begin), "to": rfc3339(asked.end), "by": by, "windows": shown, "position": found.position}
    return Reply(value, found.position)


COST_OPERATIONS: Final = (
    Operation(
        method="GET", path="/v1/analytics/ai", tag="analytics", right="read", do=get_costs, answer=cost_models.Costs,
        waits_for_position=True,
        client=ClientMethod("costs", "windows", "What asking models took, by day: calls, tokens, money, time to the first token."),
    ),
)  # fmt: skip
