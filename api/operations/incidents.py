"""Operations on incidents: what needs a person, and how it is resolved."""

from __future__ import annotations

from typing import Annotated, Final, Literal, cast

from fastapi import Path, Query

from api import list_models, models
from api.bodies import ResolveBody, given
from api.operations.commands import give
from api.operations.executions import Id
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.page import CursorText, FilterText, Limit, page_of
from api.pages import read_cursor, read_filter
from api.problems import BadRequest
from api.service import Service
from contracts.caller import Caller
from contracts.commands import ResolveIncident
from contracts.errors import InvalidInput
from contracts.usage import Allowance
from domain.definition.budgets import limits_in
from projections.executions import but_tests
from projections.incidents import CAUSES_MAX, cause_value, incident_filter, incident_value, incidents_where
from projections.incidents import INCIDENTS as INCIDENT_ROWS

OnlyOpen = Annotated[bool, Query(alias="open", description="false shows the resolved ones, too")]


async def list_incidents(
    service: Service, is_open: OnlyOpen = True, filter: FilterText = None, cursor: CursorText = None, limit: Limit = 50
) -> Reply:
    """What needs a person, of all executions, the oldest first."""
    return await _found(service, None, is_open, filter, cursor, limit)


async def list_incidents_of_execution(
    service: Service, execution: Id, is_open: OnlyOpen = True, filter: FilterText = None, cursor: CursorText = None, limit: Limit = 50
) -> Reply:
    """What needs a person in this execution, the oldest first."""
    return await _found(service, execution, is_open, filter, cursor, limit)


async def _found(service: Service, execution: str | None, is_open: bool, filter: str | None, cursor: str | None, limit: int) -> Reply:
    filter_ = read_filter(incident_filter, filter, service.now())
    query = incidents_where(is_open, read_cursor(cursor, INCIDENT_ROWS), limit + 1, filter_)
    query = but_tests(query, filter) if execution is None else query
    return page_of("incidents", await service.rows(query, execution), limit, incident_value)


async def list_incident_causes(
    service: Service, is_open: OnlyOpen = True, filter: FilterText = None, limit: Annotated[int, Query(ge=1, le=CAUSES_MAX)] = CAUSES_MAX
) -> Reply:
    """What needs a person by its cause, that with the most incidents first: workflow, node, type of error, shape of the message."""
    query = incidents_where(is_open, limit=limit, filter_=read_filter(incident_filter, filter, service.now()))
    found = await service.causes(but_tests(query, filter))
    return Reply({"causes": [cause_value(*one) for one in found.records], "position": found.position}, found.position)


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
    limits = _limits(bytes(said.budget))
    return await give(caller, service, execution, ResolveIncident(incident, action, output, said.port, variables, limits))


def _limits(said: bytes) -> Allowance | None:
    """Other limits of a budget, None where nothing is said of them."""
    try:
        return limits_in(said) if said and said != b"null" else None
    except InvalidInput as error:
        raise BadRequest(422, "request.invalid", f"/budget: {error}") from None


INCIDENTS: Final = (
    Operation(
        method="GET", path="/v1/incidents", right="read", do=list_incidents, answer=list_models.Incidents, waits_for_position=True,
    ),
    Operation(
        method="GET", path="/v1/incidents/causes", right="read", do=list_incident_causes, answer=list_models.Causes,
        waits_for_position=True, client=ClientMethod("incident_causes", "causes"),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/incidents", right="read", do=list_incidents_of_execution,
        answer=list_models.Incidents, problems=(404,), waits_for_position=True,
    ),
    Operation(
        method="POST", path="/v1/executions/{execution}/incidents/{incident}/resolve", right="steer", do=resolve_incident,
        answer=models.Given, takes=models.ResolveRequest, is_required=True, problems=(404, 409, 415),
    ),
)  # fmt: skip
