"""Operations that look at executions: lists, and one of them at any version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import Path, Query

from api import models
from api.bodies import milliseconds
from api.execution_book import NodeView
from api.operations.operation import ClientMethod, Operation, Reply
from api.pages import LIST_MAX, filter_in, read_cursor, read_filter, shown_cursor
from api.problems import BadRequest
from api.resources.view import VIEWS, Sort, View
from api.service import Service
from contracts.events import EVENTS
from contracts.ports.read_models import Query as RowQuery
from contracts.ports.where import all_of
from domain.definition.findings import nearest
from projections.execution_columns import execution_filter
from projections.executions import EXECUTIONS as EXECUTION_ROWS
from projections.executions import ExecutionRecord, executions_where, listed, time_of
from projections.trace.search import FAILURES, Sieve

HISTORY_MAX: Final = 5_000
EVENT_NAMES: Final = frozenset(one.__name__ for one in EVENTS)
VERSION_MAX: Final = 2**31

Id = Annotated[str, Path(max_length=400, description="the id of an execution", examples=[models.ID])]
ALL: Final = "true"
"""What a view without a filter takes."""
_NULL: Final = msgspec.Raw(b"null")


async def list_executions(
    service: Service,
    workflow: Annotated[str | None, Query(description="only of this workflow")] = None,
    status: Annotated[list[models.STATUS] | None, Query(description="only of this status; may be repeated")] = None,
    parent: Annotated[str | None, Query(description="only the children of this execution")] = None,
    created_after: Annotated[datetime | None, Query(description="created at this time or later")] = None,
    created_before: Annotated[datetime | None, Query(description="created before this time")] = None,
    filter: Annotated[str | None, Query(description="only those for which this expression is true")] = None,
    view: Annotated[str | None, Query(description="only those of this saved view")] = None,
    system: Annotated[bool, Query(description="show the engine's own workflows, too")] = False,
    sort: Annotated[Sort | None, Query(description="`-created_at`: the latest created first; `created_at`: the oldest")] = None,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 50,
) -> Reply:
    """List executions, the latest created first, unless `sort`, or that of the view, says otherwise."""
    after, before = milliseconds(created_after, "created_after"), milliseconds(created_before, "created_before")
    filter_ = read_filter(execution_filter, filter, service.now())
    query = executions_where(workflow, status or (), parent, after, before, limit=limit + 1, filter_=filter_)
    if view is not None:
        saved = await saved_view(service, view)
        of_view = filter_in(execution_filter, saved.filter or ALL, service.now(), "query/view")
        query = query._replace(where=all_of(query.where, of_view.where), is_turned=saved.sort == "created_at")
    if sort is not None:
        query = query._replace(is_turned=sort == "created_at")
    query = listed(query, workflow, filter if view is None else f"{filter or ''} {saved.filter or ''}", system)
    found = await service.find(query._replace(after=read_cursor(cursor, EXECUTION_ROWS, query.is_turned)))
    following = shown_cursor(found[limit - 1]["cursor"], query.is_turned) if len(found) > limit else None
    rows = [{name: value for name, value in row.items() if name != "cursor"} for row in found[:limit]]
    return Reply({"executions": rows, "next": following, "position": service.projected}, service.projected)


def executions_query(
    service: Service, workflow: str | None, status: Sequence[str], filter: str | None, limit: int, sort: str | None
) -> RowQuery[ExecutionRecord]:
    """The list as who watches it asks for it. Raises InvalidInput for a filter that cannot be asked."""
    query = executions_where(workflow, status, limit=limit, filter_=read_filter(execution_filter, filter, service.now()))
    return listed(query._replace(is_turned=sort == "created_at"), workflow, filter)


async def view_filter(service: Service, name: str) -> str:
    """The filter of a saved view. Raises Rejected where there is no such view."""
    return (await saved_view(service, name)).filter or ALL


async def saved_view(service: Service, name: str) -> View:
    """A saved view. Raises Rejected where there is none of that name."""
    return View.model_validate_json((await service.resource(VIEWS.name, name)).value or b"{}")


async def get_execution(service: Service, execution: Id) -> Reply:
    """An execution as it is now."""
    view = await service.view(execution)
    return Reply(view, view.position)


async def get_history(
    service: Service,
    execution: Id,
    start: Annotated[int, Query(alias="from", ge=1, le=VERSION_MAX, description="the version of the first event")] = 1,
    limit: Annotated[int, Query(ge=1, le=HISTORY_MAX)] = 1_000,
    type: Annotated[list[str] | None, Query(description="only events of this type; may be repeated")] = None,
    failed: Annotated[bool, Query(description="only events that tell of something that went wrong")] = False,
    node: Annotated[str | None, Query(max_length=2_000, description="only of this node of the definition: `each[]/charge`")] = None,
    path: Annotated[str | None, Query(max_length=2_000, description="only of the run, or the body, at this path: `each[3]/charge`")] = None,
) -> Reply:
    """Every event, in order, or those that are asked for; `next` is the version to go on from."""
    if type is None and not failed and node is None and path is None:
        events, following = await service.history(execution, start, limit)
    else:
        events, following = await service.search(execution, Sieve(_types(type, failed), path, node), start, limit)
    there = service.projected_of(execution)
    return Reply({"events": [event.as_value() for event in events], "next": following, "position": there}, there)


def _types(named: list[str] | None, failed: bool) -> frozenset[str] | None:
    """The types of events that are asked for; None: all. Raises BadRequest for one that there is not."""
    for name in named or ():
        if name not in EVENT_NAMES:
            near = nearest(name, EVENT_NAMES)
            fix = f"; did you mean {near}?" if near else ""
            raise BadRequest(422, "request.invalid", f"query/type: there is no event {name[:100]!r}{fix}")
    if named is None:
        return FAILURES if failed else None
    return frozenset(named) & FAILURES if failed else frozenset(named)


async def get_state(
    service: Service,
    execution: Id,
    at: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="as it was after this event")] = None,
    time: Annotated[datetime | None, Query(description="as it was at this time, after all that had been recorded by then")] = None,
    whole: Annotated[bool, Query(description="show values of 64 KiB and more, too")] = False,
) -> Reply:
    """All that an execution is, or was after an event, or at a time: status, variables, timers, what it waits for."""
    if at is not None and time is not None:
        raise BadRequest(422, "request.invalid", "query/time: give either at or time")
    value = await service.state(execution, at, whole, milliseconds(time, "time"))
    return Reply({**value, "position": (there := service.projected_of(execution))}, there)


async def list_nodes(
    service: Service,
    execution: Id,
    path: Annotated[str | None, Query(max_length=2_000, description="only this one")] = None,
    whole: Annotated[bool, Query(description="show values of 64 KiB and more, too")] = True,
) -> Reply:
    """The nodes that have begun, with input, output and timing."""
    found = await service.nodes(execution, path, whole)
    return Reply({"nodes": [_node(one) for one in found], "position": (there := service.projected_of(execution))}, there)


def _node(node: NodeView) -> dict[str, Any]:
    row = node.row
    return {
        "path": row.path,
        "type": row.type,
        "status": row.status,
        "attempt": row.attempt,
        "input": _NULL if node.input is None else msgspec.Raw(node.input),
        "output": _NULL if node.output is None else msgspec.Raw(node.output),
        "error": None if row.failure is None else row.failure.as_value(),
        "started_at": time_of(row.started_at),
        "ended_at": time_of(row.ended_at),
    }


EXECUTIONS: Final = (
    Operation(
        method="GET", path="/v1/executions", right="read", do=list_executions, answer=models.ExecutionsPage, problems=(404,),
        waits_for_position=True,
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}", right="read", do=get_execution, answer=models.Execution, problems=(404, 409),
        waits_for_position=True, client=ClientMethod("get"),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/history", right="read", do=get_history, answer=models.HistoryPage, problems=(404,),
        waits_for_position=True,
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/state", right="read", do=get_state, answer=models.State, problems=(404,),
        waits_for_position=True,
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/nodes", right="read", do=list_nodes, answer=models.Nodes, problems=(404,),
        waits_for_position=True, client=ClientMethod("nodes", "nodes"),
    ),
)  # fmt: skip
