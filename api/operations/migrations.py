"""Migrations: executions go on by another version of their workflow. First it is planned, and rehearsed; then a bulk operation does it."""

from __future__ import annotations

import json
from typing import Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from api import bulk_models
from api.operations.bulk import begin_operation, rate_of
from api.operations.definitions import Name
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.starts import Key
from api.operations.what_if import ChangedExecution, Verdicts
from api.pages import filter_in
from api.problems import BadRequest
from api.service import Service
from api.what_if import MigrationAsked
from contracts.caller import Caller
from contracts.errors import Rejected
from domain.bulk.action import Which
from projections.execution_columns import execution_filter

NAMES_MAX: Final = 1_000
NAME_CHARS_MAX: Final = 1_000


class MigrationRequest(BaseModel):
    """Which executions are to go on by which version, and which nodes are called otherwise in it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"from_version": 3, "to_version": 4, "names": {"pay": "charge"}}}
    )

    from_version: int = Field(ge=1, le=2**31, description="the version that they go by")
    to_version: int = Field(ge=1, le=2**31, description="the version that they are to go by")
    names: dict[str, str] | None = Field(default=None, description="nodes that have another name in it: from the old to the new one")
    filter: str | None = Field(default=None, description="of the open executions of that version those for which it is true")


class PlanRequest(MigrationRequest):
    """The same; with `rehearse` each is also decided again by the version, over its own past."""

    rehearse: bool = False


class ApplyRequest(MigrationRequest):
    """The same, and how many executions a second."""

    rate: float | None = Field(default=None, description="so many executions a second, 0.1 to 5,000; 200 without it")


class MigrationBody(msgspec.Struct, forbid_unknown_fields=True):
    """What they have in common, as it is read."""

    from_version: int
    to_version: int
    names: dict[str, str] | None = None
    filter: str | None = None


class PlanBody(MigrationBody, forbid_unknown_fields=True):
    """See `PlanRequest`."""

    rehearse: bool = False


class ApplyBody(MigrationBody, forbid_unknown_fields=True):
    """See `ApplyRequest`."""

    rate: float | None = None


class ObstacleShown(BaseModel):
    """Why an execution cannot go on by the version as it is."""

    sort: Literal["mapping", "blocked"] = Field(
        description="`mapping`: a node needs a name; `blocked`: something has to end first, or change"
    )
    about: str = Field(description="the path of a node, or a variable; empty where it is the whole")
    why: str


class PlannedExecution(BaseModel):
    """What would become of one."""

    execution_id: str
    readiness: Literal["ready", "mapping", "blocked"]
    obstacles: list[ObstacleShown]
    rehearsal: ChangedExecution | None = Field(description="with `rehearse`: what the version would have made of its past")


class MigrationPlan(BaseModel):
    """What would become of them. The first 100 are told of one by one, those first that cannot."""

    workflow: str
    from_version: int
    to_version: int
    total: int
    ready: int = Field(description="they go on as they are")
    mapping: int = Field(description="nodes that are open in them need a name")
    blocked: int
    rehearsed: Verdicts | None = Field(description="with `rehearse`: how many executions there are of each verdict")
    executions: list[PlannedExecution]


async def plan_migration(service: Service, name: Name, body: Body) -> Reply:
    """Say of each open execution of a version whether it could go on by another one, as it is now. Nothing is written."""
    asked = body.read(PlanBody)
    (_, to) = await _versions(service, name, asked)
    if asked.filter is not None:
        filter_in(execution_filter, asked.filter, service.now(), "/filter")
    wanted = MigrationAsked(name, asked.to_version, to, asked.from_version, _names(asked), asked.rehearse, asked.filter, service.now())
    return Reply(msgspec.Raw(await service.plan_migration(wanted)))


async def begin_migration(caller: Caller, service: Service, name: Name, body: Body, key: Key = None) -> Reply:
    """Let each open execution of a version go on by another one, where it can; one that cannot stays as it is, alone."""
    asked = body.read(ApplyBody)
    before, to = await _versions(service, name, asked)
    if asked.filter is not None:
        filter_in(execution_filter, asked.filter, service.now(), "/filter")
    own = f"workflow == {json.dumps(name)} && version == {asked.from_version} && ended_at == null"
    filter_ = own if asked.filter is None else f"{own} && ({asked.filter})"
    filter_in(execution_filter, filter_, service.now(), "/filter")
    details = {
        "from": asked.from_version,
        "to": asked.to_version,
        "before": before,
        "definition": to,
        "names": [list(one) for one in _names(asked)],
    }
    return await begin_operation(caller, service, key, rate_of(asked.rate), "migrate", Which(filter_), details, None)


async def _versions(service: Service, name: str, asked: MigrationBody) -> tuple[str, str]:
    """The content hashes of both. Raises Rejected for a version that there is not, BadRequest where they are one."""
    await service.know(name)
    _, before = _resolve(service, name, asked.from_version)
    _, to = _resolve(service, name, asked.to_version)
    if before == to:
        raise BadRequest(422, "request.invalid", f"/to_version: version {asked.to_version} is what they go by already: say another one")
    return before, to


def _resolve(service: Service, name: str, version: int) -> tuple[int, str]:
    if version < 1:
        raise BadRequest(422, "request.invalid", f"versions count from 1, found {version}")
    try:
        return service.resolve(name, version)
    except Rejected as rejected:
        there = [one.version for one in service.versions(name)]
        near = min(there, key=lambda one: abs(one - version), default=None)
        more = "" if near is None else f"; the nearest one is {near}"
        raise Rejected(rejected.reason, rejected.message + more, workflow=name) from None


def _names(asked: MigrationBody) -> tuple[tuple[str, str], ...]:
    names = tuple((asked.names or {}).items())
    if len(names) > NAMES_MAX:
        raise BadRequest(422, "request.invalid", f"/names: {len(names):,} names are given, at most {NAMES_MAX:,} may be")
    for old, new in names:
        if not old or not new or max(len(old), len(new)) > NAME_CHARS_MAX:
            raise BadRequest(
                422, "request.invalid", f"/names: expected from the name of a node to another, found {old[:100]!r}: {new[:100]!r}"
            )
    return names


MIGRATIONS: Final = (
    Operation(
        method="POST", path="/v1/workflows/{name}/migrations/plan", tag="workflows", right="read", do=plan_migration, answer=MigrationPlan,
        takes=PlanRequest, is_required=True, problems=(404, 409, 415, 503),
        client=ClientMethod("plan_migration", says="Say of each open execution of a version whether it could go on by another one."),
    ),
    Operation(
        method="POST", path="/v1/workflows/{name}/migrations", tag="workflows", right="steer", do=begin_migration,
        answer=bulk_models.BulkOperation,
        status=201, takes=ApplyRequest, is_required=True, problems=(404, 409, 415),
        described={"responses": {200: {"model": bulk_models.BulkOperation, "description": "It repeats an earlier one."}}},
        client=ClientMethod("migrate", says="Let each open execution of a version go on by another one, where it can.", is_keyed=True),
    ),
)  # fmt: skip
