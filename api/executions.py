"""`/v1/executions`: finding executions, reading them at any version, and steering them."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api import models
from api.answers import answer, body_of
from api.bodies import ReasonBody, ResolveBody, check_json, given, milliseconds, read_body, read_json
from api.problems import BadRequest, documented
from api.service import Given, NodeView, Service
from api.workflows import By, Key
from contracts.caller import Caller
from contracts.commands import (
    CancelExecution,
    Command,
    PauseExecution,
    ReleaseExecution,
    ResolveIncident,
    ResumeExecution,
    SendSignal,
    StartExecution,
    TerminateExecution,
)
from contracts.ports.read_models import Cursor
from projections.executions import executions_where, time_of
from projections.incidents import incident_value, incidents_where

LIST_MAX: Final = 500
HISTORY_MAX: Final = 5_000
OFFSET_MAX: Final = 2**62
VERSION_MAX: Final = 2**31

Id = Annotated[str, Path(max_length=400, description="the id of an execution", examples=[models.ID])]
MinPosition = Annotated[int | None, Query(ge=0, le=OFFSET_MAX, description="wait until what is read goes up to this position, at most 5 s")]
OnlyOpen = Annotated[bool, Query(alias="open", description="false shows the resolved ones, too")]
_CURSOR: Final = re.compile(r"e([0-9]{1,19})|t([0-9]{1,19})\.([0-9]{1,4})\.([0-9]{1,19})")
_NULL: Final = msgspec.Raw(b"null")


def execution_routes(service: Service) -> APIRouter:
    """The routes about executions."""

    async def reach(min_position: MinPosition = None) -> None:
        if min_position is not None:
            await service.reach(min_position)

    router = APIRouter(prefix="/v1", tags=["executions"])
    reading = APIRouter(dependencies=[Depends(reach)])
    _finding(reading, service)
    _reading(reading, service)
    _incidents(reading, service)
    router.include_router(reading)
    _steering(router, service)
    return router


def _finding(router: APIRouter, service: Service) -> None:
    @router.get("/executions", responses=documented(), response_model=models.ExecutionsPage)
    async def list_executions(
        workflow: Annotated[str | None, Query(description="only of this workflow")] = None,
        status: Annotated[list[models.STATUS] | None, Query(description="only of this status; may be repeated")] = None,
        parent: Annotated[str | None, Query(description="only the children of this execution")] = None,
        created_after: Annotated[datetime | None, Query(description="created at this time or later")] = None,
        created_before: Annotated[datetime | None, Query(description="created before this time")] = None,
        cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 50,
    ) -> Response:
        """List executions, the latest created first."""
        after, before = milliseconds(created_after, "created_after"), milliseconds(created_before, "created_before")
        query = executions_where(workflow, status or (), parent, after, before, _read_cursor(cursor), limit + 1)
        found = await service.find(query)
        following = _shown_cursor(found[limit - 1]["cursor"]) if len(found) > limit else None
        rows = [{name: value for name, value in row.items() if name != "cursor"} for row in found[:limit]]
        return answer({"executions": rows, "next": following, "position": service.projected}, service.projected)


def _shown_cursor(cursor: Cursor) -> str:
    text = f"e{cursor.number}" if cursor.time is None else f"t{cursor.time}.{cursor.partition}.{cursor.number}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> Cursor | None:
    """The row that a cursor stands for. Raises BadRequest for what is none."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    found = _CURSOR.fullmatch(text)
    if found is None or any(int(one) > OFFSET_MAX for one in found.groups() if one):
        raise BadRequest(422, "request.invalid", f"cursor: {cursor!r} is not one that a page has answered with")
    number, at, partition, number_there = found.groups()
    return Cursor(int(number)) if number else Cursor(int(number_there), int(at), int(partition))


def _reading(router: APIRouter, service: Service) -> None:
    @router.get("/executions/{execution}", responses=documented(404, 409), response_model=models.Execution)
    async def get_execution(execution: Id) -> Response:
        """An execution as it is now."""
        view = await service.view(execution)
        return answer(view, view.position)

    @router.get("/executions/{execution}/history", responses=documented(404), response_model=models.HistoryPage)
    async def get_history(
        execution: Id,
        start: Annotated[int, Query(alias="from", ge=1, le=VERSION_MAX, description="the version of the first event")] = 1,
        limit: Annotated[int, Query(ge=1, le=HISTORY_MAX)] = 1_000,
    ) -> Response:
        """Every event, in order; `next` is the version to go on from."""
        events, following = await service.history(execution, start, limit)
        value = {
            "events": [event.as_value() for event in events],
            "next": following,
            "position": (there := service.projected_of(execution)),
        }
        return answer(value, there)

    @router.get("/executions/{execution}/state", responses=documented(404), response_model=models.State)
    async def get_state(
        execution: Id,
        at: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="as it was after this event")] = None,
        whole: Annotated[bool, Query(description="show values of 64 KiB and more, too")] = False,
    ) -> Response:
        """All that an execution is, or was after an event: status, variables, timers, what it waits for."""
        value = await service.state(execution, at, whole)
        return answer({**value, "position": (there := service.projected_of(execution))}, there)

    @router.get("/executions/{execution}/nodes", responses=documented(404), response_model=models.Nodes)
    async def list_nodes(execution: Id) -> Response:
        """The nodes that have begun, with input, output and timing."""
        found = await service.nodes(execution)
        return answer({"nodes": [_node(one) for one in found], "position": (there := service.projected_of(execution))}, there)


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


def _incidents(router: APIRouter, service: Service) -> None:
    async def answered(execution: str | None, is_open: bool) -> Response:
        found = await service.rows(incidents_where(is_open), execution)
        there = service.projected if execution is None else service.projected_of(execution)
        return answer({"incidents": [incident_value(one) for one in found], "position": there}, there)

    @router.get("/incidents", responses=documented(), response_model=models.Incidents)
    async def list_incidents(is_open: OnlyOpen = True) -> Response:
        """What needs a person, of all executions, up to 1,000."""
        return await answered(None, is_open)

    @router.get("/executions/{execution}/incidents", responses=documented(404), response_model=models.Incidents)
    async def list_incidents_of_execution(execution: Id, is_open: OnlyOpen = True) -> Response:
        """What needs a person in this execution."""
        return await answered(execution, is_open)


def given_value(done: Given) -> dict[str, Any]:
    """What a command that was taken is answered with."""
    return {"execution_id": done.execution, "status": done.status, "position": done.position}


def _steering(router: APIRouter, service: Service) -> None:
    async def reason_of(request: Request) -> str:
        return (await read_body(request, ReasonBody)).reason

    described: dict[str, Any] = {"responses": documented(404, 409, 415), "response_model": models.Given}
    with_reason = body_of(models.ReasonRequest)

    async def steer(execution: str, command: Command, by: Caller) -> Response:
        done = await service.give(execution, command, by)
        return answer(given_value(done), done.position)

    @router.post("/executions/{execution}/start", **described)
    async def start_created_execution(execution: Id, by: By) -> Response:
        """Start an execution that was created with `autostart: false`, or for a later time."""
        return await steer(execution, StartExecution(), by)

    @router.post("/executions/{execution}/pause", **described, openapi_extra=with_reason)
    async def pause_execution(execution: Id, request: Request, by: By) -> Response:
        """Hold an execution: nothing new begins until it is resumed."""
        return await steer(execution, PauseExecution(await reason_of(request)), by)

    @router.post("/executions/{execution}/resume", **described)
    async def resume_execution(execution: Id, by: By) -> Response:
        """Let a paused execution go on."""
        return await steer(execution, ResumeExecution(), by)

    @router.post("/executions/{execution}/release", **described)
    async def release_execution(execution: Id, by: By) -> Response:
        """Let an execution that the engine has set aside (`quarantined`) go on, once the cause is mended."""
        return await steer(execution, ReleaseExecution(), by)

    @router.post("/executions/{execution}/cancel", **described, openapi_extra=with_reason)
    async def cancel_execution(execution: Id, request: Request, by: By) -> Response:
        """Stop an execution with clean-up and compensation."""
        return await steer(execution, CancelExecution(await reason_of(request)), by)

    @router.post("/executions/{execution}/terminate", **described, openapi_extra=with_reason)
    async def terminate_execution(execution: Id, request: Request, by: By) -> Response:
        """Stop an execution now; nothing more runs."""
        return await steer(execution, TerminateExecution(await reason_of(request)), by)

    payload = {"requestBody": {"required": False, "content": {"application/json": {"schema": {}, "example": {"by": "Ada"}}}}}

    @router.post("/executions/{execution}/signals/{name}", **described, openapi_extra=payload)
    async def signal_execution(
        execution: Id, name: Annotated[str, Path(min_length=1, max_length=200)], request: Request, by: By, key: Key = None
    ) -> Response:
        """Send a signal; the body is its payload, `null` without one. The same `Idempotency-Key` twice is one signal."""
        content = check_json(await read_json(request) or b"null")
        return await steer(execution, SendSignal(key or service.new_id(), name, content), by)

    @router.post(
        "/executions/{execution}/incidents/{incident}/resolve",
        **described,
        openapi_extra=body_of(models.ResolveRequest, required=True),
    )
    async def resolve_incident(execution: Id, incident: Annotated[str, Path(max_length=200)], request: Request, by: By) -> Response:
        """Resolve an incident, and let its path go on."""
        body = await read_body(request, ResolveBody)
        if body.action not in ("retry", "skip", "fail"):
            raise BadRequest(422, "request.invalid", f"/action: expected retry, skip or fail, found {body.action!r}")
        action = cast(Literal["retry", "skip", "fail"], body.action)
        variables = None if bytes(body.variables) == b"null" else given(body.variables, "/variables")
        output = given(body.output, "/output")
        return await steer(execution, ResolveIncident(incident, action, output, body.port, variables), by)
