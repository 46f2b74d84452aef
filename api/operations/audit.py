"""The operation on the audit: who did what, of all that was asked from outside."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Query

from api import table_models as models
from api.bodies import milliseconds
from api.operations.operation import ClientMethod, Operation, Reply
from api.pages import LIST_MAX, read_cursor, read_filter, shown_cursor
from api.service import Service
from projections.audit import AUDIT as AUDIT_ROWS
from projections.audit import Wanted, audit_filter, audit_value, audit_where, merged


async def list_audit(
    service: Service,
    actor: Annotated[str | None, Query(max_length=400, description="only what this actor did")] = None,
    execution: Annotated[str | None, Query(max_length=400, description="only what was done to this execution")] = None,
    workflow: Annotated[str | None, Query(max_length=63, description="only what was done to this workflow and its executions")] = None,
    command: Annotated[str | None, Query(max_length=63, description="only this command", examples=["CancelExecution"])] = None,
    after: Annotated[datetime | None, Query(description="done at this time or later")] = None,
    before: Annotated[datetime | None, Query(description="done before this time")] = None,
    filter: Annotated[str | None, Query(description="only what this expression is true for")] = None,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 50,
) -> Reply:
    """Who did what, the latest first: to executions, definitions and dead letters."""
    times = milliseconds(after, "after"), milliseconds(before, "before")
    wanted = Wanted(actor, execution, workflow, command, *times, read_filter(audit_filter, filter, service.now()))
    place = read_cursor(cursor, AUDIT_ROWS)
    found = await service.rows(audit_where(wanted, place, limit + 1), execution)
    rows = zip(found.records, found.cursors, strict=True)
    page = merged(rows, await service.other_acts(), wanted, place, limit + 1)
    following = shown_cursor(page[limit - 1][1]) if len(page) > limit else None
    return Reply({"audit": [audit_value(row) for row, _ in page[:limit]], "next": following, "position": found.position}, found.position)


AUDIT: Final = (
    Operation(
        method="GET", path="/v1/audit", tag="audit", right="observe", do=list_audit, answer=models.AuditPage, problems=(404,),
        waits_for_position=True, client=ClientMethod("audit", says="Who did what, the latest first: `{audit, next, position}`."),
    ),
)  # fmt: skip
