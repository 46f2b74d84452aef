"""Operations on incidents: what needs a person, and how it is resolved."""

from __future__ import annotations

from typing import Annotated, Final, Literal, cast

from fastapi import Path, Query

from api import models
from api.bodies import ResolveBody, given
from api.operations.commands import give
from api.operations.executions import Id
from api.operations.operation import Body, Operation, Reply
from api.problems import BadRequest
from api.service import Service
from contracts.caller import Caller
from contracts.commands import ResolveIncident
from projections.incidents import incident_value, incidents_where

OnlyOpen = Annotated[bool, Query(alias="open", description="false shows the resolved ones, too")]


async def list_incidents(service: Service, is_open: OnlyOpen = True) -> Reply:
    """What needs a person, of all executions, up to 1,000."""
    return await _found(service, None, is_open)


async def list_incidents_of_execution(service: Service, execution: Id, is_open: OnlyOpen = True) -> Reply:
    """What needs a person in this execution."""
    return await _found(service, execution, is_open)


async def _found(service: Service, execution: str | None, is_open: bool) -> Reply:
    found = await service.rows(incidents_where(is_open), execution)
    return Reply({"incidents": [incident_value(one) for one in found.records], "position": found.position}, found.position)


async def resolve_incident(
    caller: Caller, service: Service, execution: Id, incident: Annotated[str, Path(max_length=200)], body: Body
) -> Reply:
    """Resolve an incident, and let its path go on."""
    said = body.read(ResolveBody)
    if said.action not in ("retry", "skip", "fail"):
        raise BadRequest(422, "request.invalid", f"/action: expected retry, skip or fail, found {said.action!r}")
    action = cast(Literal["retry", "skip", "fail"], said.action)
    variables = None if bytes(said.variables) == b"null" else given(said.variables, "/variables")
    output = given(said.output, "/output")
    return await give(caller, service, execution, ResolveIncident(incident, action, output, said.port, variables))


INCIDENTS: Final = (
    Operation(
        method="GET", path="/v1/incidents", right="read", do=list_incidents, answer=models.Incidents, waits_for_position=True,
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/incidents", right="read", do=list_incidents_of_execution, answer=models.Incidents,
        problems=(404,), waits_for_position=True,
    ),
    Operation(
        method="POST", path="/v1/executions/{execution}/incidents/{incident}/resolve", right="steer", do=resolve_incident,
        answer=models.Given, takes=models.ResolveRequest, is_required=True, problems=(404, 409, 415),
    ),
)  # fmt: skip
