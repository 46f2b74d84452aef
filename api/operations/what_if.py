"""The operation of what-if: a version decides over recorded executions, and what would change is said."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import parse
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.test_runs import definition_asked
from api.pages import read_filter
from api.plans import check_one_source
from api.problems import BadRequest
from api.service import Service
from api.what_if import WhatIfAsked
from domain.definition.unpublished import content_of
from domain.expressions import parse_time
from domain.replay.what_if import Verdict
from projections.definitions import version_in
from projections.execution_columns import execution_filter

LAST_DEFAULT: Final = 200
LAST_MAX: Final = 5_000


class WhatIfRequest(BaseModel):
    """Which version is to decide, and over which recorded executions."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"workflow": "hello", "version": 3, "last": 100}})

    definition: str | None = Field(default=None, description="the text of a definition, as it stands")
    syntax: Literal["yaml", "json"] = "yaml"
    draft: str | None = Field(default=None, description="or the name of a draft")
    workflow: str | None = Field(default=None, description="or a workflow, in a `version` or the active one")
    version: int | None = Field(default=None, ge=1, le=2**31)
    against: str | None = Field(default=None, description="the workflow whose executions count; its own without it")
    last: int = Field(default=LAST_DEFAULT, ge=1, le=LAST_MAX, description="so many that began last")
    since: datetime | None = Field(default=None, description="of those that began then or later")
    filter: str | None = Field(default=None, description="of those for which it is true")


class WhatIfBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    definition: str | None = None
    syntax: Literal["yaml", "json"] = "yaml"
    draft: str | None = None
    workflow: str | None = None
    version: int | None = None
    against: str | None = None
    last: int = LAST_DEFAULT
    since: str | None = None
    filter: str | None = None


class NewCallShown(BaseModel):
    """A call whose answer nobody knows."""

    sort: Literal["activity", "child", "signal"]
    path: str
    attempt: int
    name: str = Field(description="the kind of an activity, the workflow of a child, the name of a signal")
    why: Literal["never_asked", "asked_otherwise", "never_answered"]


class CallShown(BaseModel):
    """A call that was recorded and is not made any more."""

    sort: Literal["activity", "child", "signal"]
    path: str
    attempt: int
    name: str


class EndShown(BaseModel):
    """Where an execution stands, or how it has ended."""

    status: str
    outcome: str | None
    error: str | None = Field(description="the type of its failure, or of its first open incident")


class RefusedShown(BaseModel):
    """A recorded command that does not fit any more."""

    command: str
    reason: str


class ChangedExecution(BaseModel):
    """One that would not be as it was."""

    execution_id: str
    verdict: Verdict
    before: EndShown
    after: EndShown | None
    first_difference: str | None = Field(description="the path of the first node that would end otherwise")
    new_calls: list[NewCallShown]
    vanished_calls: list[CallShown]
    refused: list[RefusedShown]
    reason: str | None = Field(description="why it could not be decided")


class NewCallsOfNode(BaseModel):
    """New calls of a node, in all executions."""

    node: str
    name: str
    why: Literal["never_asked", "asked_otherwise", "never_answered"]
    count: int


class VanishedCallsOfNode(BaseModel):
    """Calls of a node that are not made any more, in all executions."""

    node: str
    name: str
    count: int


class Verdicts(BaseModel):
    """How many executions there are of each verdict."""

    unchanged: int
    path: int = Field(description="the same end by another path")
    output: int
    outcome: int
    new_calls: int = Field(description="they stop at a call whose answer nobody knows")
    not_decided: int


class WhatIf(BaseModel):
    """What would change. Of the executions that would, the first 100 are told of one by one."""

    workflow: str
    version: int | None = Field(description="null where it is not published")
    hash: str
    against: str
    compared: int
    verdicts: Verdicts
    new_calls: list[NewCallsOfNode]
    vanished_calls: list[VanishedCallsOfNode]
    executions: list[ChangedExecution]


async def what_if(service: Service, body: Body) -> Reply:
    """Let a version decide over recorded executions, with the answers that they hold, and compare. Nobody is called, nothing is written."""
    asked = parse(body.json() or b"{}", WhatIfBody)
    check_one_source(asked)
    if not 1 <= asked.last <= LAST_MAX:
        raise BadRequest(422, "request.invalid", f"/last: expected 1 to {LAST_MAX:,}, found {asked.last:,}")
    since = _since(asked.since)
    read_filter(execution_filter, asked.filter, service.now())
    name, start, _ = await definition_asked(service, asked)
    content = content_of(start.plan.definition) if start.plan.definition else version_in(service.versions(name), start.version).content
    wanted = WhatIfAsked(
        name, start.version, start.definition, content, asked.against or name, asked.last, since, asked.filter, service.now()
    )  # fmt: skip
    return Reply(msgspec.Raw(await service.what_if(wanted)))


def _since(text: str | None) -> int:
    try:
        return 0 if text is None else parse_time(text)
    except ValueError as error:
        raise BadRequest(422, "request.invalid", f"/since: {error}") from None


WHAT_IF: Final = (
    Operation(
        method="POST", path="/v1/what-if", tag="definitions", right="read", do=what_if, answer=WhatIf, takes=WhatIfRequest,
        is_required=True, problems=(404, 409, 415, 503),
        client=ClientMethod("what_if", says="Let a version decide over recorded executions, and compare."),
    ),
)  # fmt: skip
