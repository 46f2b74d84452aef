"""Operations that debug a living execution: where it halts, what is seen and changed there, and how it goes on."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api import models
from api.bodies import EMPTY, BreakpointBody, given
from api.debugger_models import BreakpointRequest
from api.debugging import breakpoints_in, check_may_debug
from api.operations.commands import give
from api.operations.executions import Id
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.person import GroupsHeader, PersonHeader, person_of
from api.problems import BadRequest
from api.service import Service
from contracts import values
from contracts.caller import Caller
from contracts.commands import ChangeBreakpoints, ChangeHalted, ReleaseHalt
from contracts.debugging import Release
from contracts.errors import InvalidInput, Problem
from contracts.failure import Failure
from contracts.values import BLOB_BYTES_MIN_DEFAULT

RESULTS_MAX: Final = 100
ACTIONS: Final = get_args(Release)
_AT: Final = "the halt as the caller has seen it (`at` of the halt): 409 where it is over, or was changed since"
Whole = Annotated[bool, Query(description="show values of 64 KiB and more, too")]


class BreakpointsRequest(BaseModel):
    """What is taken away, and then set."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"set": [{"node": "charge", "if": "data.amount > 100"}]}})

    set: list[BreakpointRequest] | None = Field(default=None, description="of two with the same name the later one counts")
    remove: list[str] | None = Field(default=None, description="the names of breakpoints that are taken away; `*` is all of them")


class BreakpointsBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    set: list[BreakpointBody] | None = None
    remove: list[str] | None = None


class ErrorRequest(BaseModel):
    """What a node is to fail by."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"type": "card.declined", "message": "no"}})

    type: str = Field(default="debugged", max_length=200)
    message: str = Field(default="a person let it fail", max_length=2_000)


class ReleaseRequest(BaseModel):
    """How a halted node goes on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"path": "charge", "action": "over", "at": 12}})

    path: str | None = Field(default=None, description="the halted node; without it all go on that halt, which `continue` alone can say")
    action: Release = Field(
        default="continue",
        description="`continue`; to where the next node begins: in its body or child (`into`), behind it (`over`), behind what is around "
        "it (`out`), or to the node `to`; or it does not run, and is to `complete` or to `fail`; `retry` makes a failed attempt again",
    )
    to: str | None = Field(default=None, description="with `to`: the node before which it halts once")
    output: Any = Field(default=None, description="with `complete`: what the node gives")
    port: str | None = Field(default=None, description="with `complete`: the port that it leaves by")
    error: ErrorRequest | None = Field(default=None, description="with `fail`: what it fails by")
    at: int | None = Field(default=None, ge=1, le=2**31, description=_AT)


class ReleaseBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    path: str | None = None
    action: str = "continue"
    to: str | None = None
    output: msgspec.Raw = EMPTY
    port: str | None = None
    error: ErrorBody | None = None
    at: int | None = None


class ErrorBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a node is to fail by."""

    type: str = "debugged"
    message: str = "a person let it fail"


class ChangeRequest(BaseModel):
    """What a halted node is about to see."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"path": "charge", "variables": {"limit": 5}, "at": 12}})

    path: str = Field(description="the halted node")
    variables: dict[str, Any] | None = Field(default=None, description="new values, each where its name is declared")
    data: Any = Field(default=None, description="what the node begins with, in place of what has come to it; null leaves it as it is")
    results: dict[str, Any] | None = Field(
        default=None, description="by the path of a node that has ended: what it has given, as others read it"
    )
    at: int | None = Field(default=None, ge=1, le=2**31, description=_AT)


class ChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    path: str
    variables: msgspec.Raw = EMPTY
    data: msgspec.Raw = EMPTY
    results: dict[str, msgspec.Raw] | None = None
    at: int | None = None


class BreakpointView(BaseModel):
    """A breakpoint as it is set."""

    model_config = ConfigDict(populate_by_name=True)

    name: str = Field(description="by which it is taken away: `charge`, `failure:charge`, `change:total`, `to:charge`")
    on: Literal["begin", "failure", "change"]
    node: str | None = Field(description="`*` is every one")
    variable: str | None
    condition: str | None = Field(alias="if")
    halts: Literal["branch", "all"]
    timeout_ms: int
    once: bool = Field(description="whether it is gone once it has held: what a run to a node ends at")
    by: str | None


class HaltView(BaseModel):
    """A node that stands."""

    path: str
    node: str = Field(description="as the definition calls it")
    type: str
    attempt: int
    breakpoint: str = Field(description="the name of the breakpoint; of a step `step:` and where it began")
    detail: str | None = Field(description="why the condition could not be asked, so that it halts")
    halts: Literal["branch", "all"]
    by: str | None = Field(description="who has set the breakpoint, or made the step")
    since: models.Time
    until: models.Time = Field(description="when it goes on by itself")
    at: int = Field(description="which halt it is, to be said by whoever acts on what they have seen")
    changed_by: str | None
    error: models.Failure | None = Field(description="what the attempt has failed by, where it halts at that")
    data: Any
    variables: dict[str, Any]
    ports: list[str]
    has_body: bool = Field(description="whether there is anything to step into")


class HaltOverView(BaseModel):
    """A halt that is over."""

    path: str
    at: int
    ended_at: models.Time
    how: str = Field(description="an `action`, or `timeout`, or `gone`: the node has ended otherwise")
    by: str | None


class Debugger(BaseModel):
    """What whoever debugs an execution looks at."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "execution_id": models.ID, "status": "running", "at": 12,
                "breakpoints": [
                    {"name": "charge", "on": "begin", "node": "charge", "variable": None, "if": None, "halts": "branch",
                     "timeout_ms": 3_600_000, "once": False, "by": "ada"}
                ],
                "halts": [], "ended": [], "may_change": True, "position": 42,
            }
        }
    )  # fmt: skip

    execution_id: str
    status: str
    at: int = Field(description="the version of its last event")
    breakpoints: list[BreakpointView]
    halts: list[HaltView]
    ended: list[HaltOverView] = Field(description="the last that are over, the latest first")
    may_change: bool = Field(description="whether executions may be debugged on this server (setting `debugger`)")
    position: int


async def get_debugger(service: Service, execution: Id, whole: Whole = False) -> Reply:
    """The breakpoints of an execution, where it halts, since when, by whom and until when, and what is seen there."""
    found = await service.debugger(execution, whole)
    there = service.projected_of(execution)
    return Reply({**found, "may_change": service.may_debug, "position": there}, there)


async def change_breakpoints(
    caller: Caller, service: Service, request: Request, execution: Id, body: Body, person: PersonHeader = None, groups: GroupsHeader = None
) -> Reply:
    """Take breakpoints away, and set others. They hold until they are taken away, also through restarts."""
    asked = body.read(BreakpointsBody)
    by = person_of(caller, request, person, groups).name
    if asked.set:
        check_may_debug(service)
    found = breakpoints_in(asked.set or (), by, "/set")
    return await give(caller._replace(actor=by), service, execution, ChangeBreakpoints(found, tuple(asked.remove or ()), by))


async def release_halt(
    caller: Caller, service: Service, request: Request, execution: Id, body: Body, person: PersonHeader = None, groups: GroupsHeader = None
) -> Reply:
    """Let a halted node go on, step, run to a node, or end as the caller says. Who comes second is told what has happened."""
    asked = body.read(ReleaseBody)
    if asked.action not in ACTIONS:
        raise BadRequest(422, "request.invalid", f"/action: expected one of {', '.join(ACTIONS)}, found {asked.action[:100]!r}")
    if asked.action != "continue":
        check_may_debug(service)
    if (asked.action == "to") != (asked.to is not None):
        raise BadRequest(422, "request.invalid", "/to: expected with the action `to`, and with no other")
    _check_at(asked.at)
    by = person_of(caller, request, person, groups).name
    failure = None if asked.error is None else Failure(asked.error.type[:200], asked.error.message[:2_000])
    action: Any = asked.action
    output = given(asked.output, "/output") if bytes(asked.output) else None
    command = ReleaseHalt(asked.path or "", action, asked.to or "", output, asked.port, failure, asked.at or 0, by)
    return await give(caller._replace(actor=by), service, execution, command)


async def change_halted(
    caller: Caller, service: Service, request: Request, execution: Id, body: Body, person: PersonHeader = None, groups: GroupsHeader = None
) -> Reply:
    """Change what a halted node is about to see. The history says who has, and what."""
    asked = body.read(ChangeBody)
    check_may_debug(service)
    _check_at(asked.at)
    by = person_of(caller, request, person, groups).name
    variables, data = _said(asked.variables, "/variables"), _said(asked.data, "/data")
    results = tuple((path, _result(path, value)) for path, value in (asked.results or {}).items())
    if len(results) > RESULTS_MAX:
        raise BadRequest(422, "request.invalid", f"/results: {len(results)} are given, at most {RESULTS_MAX} may be")
    if variables is None and data is None and not results:
        raise BadRequest(422, "request.invalid", "expected `variables`, `data` or `results`: there is nothing to change")
    command = ChangeHalted(asked.path, variables, data, results, asked.at or 0, by)
    return await give(caller._replace(actor=by), service, execution, command)


def _check_at(at: int | None) -> None:
    if at is not None and not 1 <= at <= 2**62:
        raise BadRequest(422, "request.invalid", f"/at: events count from 1, found {at}")


def _said(value: msgspec.Raw, at: str) -> bytes | None:
    return None if not bytes(value) or bytes(value) == values.NULL else given(value, at)


def _result(path: str, value: msgspec.Raw) -> bytes:
    found = given(value, f"/results/{path}") or values.NULL
    if len(found) >= BLOB_BYTES_MIN_DEFAULT:
        said = f"{len(found):,} bytes are given; a result has less than {BLOB_BYTES_MIN_DEFAULT:,}"
        raise InvalidInput([Problem(f"/results/{path}", "too_large", said, "change `data` of the halted node")])
    return found


DEBUGGER: Final = (
    Operation(
        method="GET", path="/v1/executions/{execution}/debugger", tag="debugger", right="read", do=get_debugger, answer=Debugger,
        problems=(404,), client=ClientMethod("debugger"),
    ),
    Operation(
        method="POST", path="/v1/executions/{execution}/breakpoints", tag="debugger", right="steer", do=change_breakpoints,
        answer=models.Given, takes=BreakpointsRequest, problems=(404, 409, 415),
        client=ClientMethod("change_breakpoints", says="Take breakpoints away, and set others: `[{node, if, halts, timeout}]`."),
    ),
    Operation(
        method="POST", path="/v1/executions/{execution}/halts/release", tag="debugger", right="steer", do=release_halt,
        answer=models.Given, takes=ReleaseRequest, problems=(404, 409, 415),
        client=ClientMethod("release_halt", says="Let a halted node go on, step, run to a node, or end as you say."),
    ),
    Operation(
        method="POST", path="/v1/executions/{execution}/halts/change", tag="debugger", right="steer", do=change_halted,
        answer=models.Given, takes=ChangeRequest, is_required=True, problems=(404, 409, 415),
        client=ClientMethod("change_halted", says="Change what a halted node is about to see."),
    ),
)  # fmt: skip
