"""The operations that go on from what is recorded: a new execution from any event of another one, or in the place of its failure."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from api import models
from api.bodies import given
from api.operations.executions import Id
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.starts import Key
from api.problems import BadRequest
from api.service import Service, Start
from contracts.caller import Caller
from contracts.errors import Rejected
from domain.replay.edits import EDITS_MAX, Edit
from domain.replay.forking import Made, Wish
from domain.replay.rerun import Version

_SETS: Final = (
    "what is set before it goes on, by path: `variables.NAME`, `nodes.PATH.output`, `input`, each with the way to a part of it behind"
)
_VERSION: Final = "the version of the workflow that it goes by: what is recorded is decided again by it; without it that of its source"


class ForkRequest(BaseModel):
    """From which event a new execution goes on, and what is to be otherwise."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"at": 12, "set": {"variables.limit": 5}}})

    at: int | None = Field(
        default=None, ge=1, le=2**31, description="after this event, and what was decided with it; without it after the last one"
    )
    set: dict[str, Any] | None = Field(default=None, description=_SETS)
    version: int | None = Field(default=None, ge=1, le=2**31, description=_VERSION)
    until: int | None = Field(
        default=None, ge=1, le=2**31, description="what is recorded up to this event decides on before it begins; from there on it lives"
    )
    id: str | None = Field(default=None, description="an id of your own, which counts for more than an `Idempotency-Key`")


class RetryRequest(BaseModel):
    """What is to be otherwise."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"set": {"input.card": "4242"}}})

    set: dict[str, Any] | None = Field(default=None, description=_SETS)
    version: int | None = Field(default=None, ge=1, le=2**31, description=_VERSION)
    id: str | None = Field(default=None, description="an id of your own, which counts for more than an `Idempotency-Key`")


class ForkBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    at: int | None = None
    set: dict[str, msgspec.Raw] | None = None
    version: int | None = None
    until: int | None = None
    id: str | None = None


class RetryBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    set: dict[str, msgspec.Raw] | None = None
    version: int | None = None
    id: str | None = None


class Forked(BaseModel):
    """The new execution, and where it comes from."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "execution_id": models.ID, "status": "running", "source": "order-7", "at": 12, "children": [], "new_calls": [],
                "position": 42,
            }
        }
    )  # fmt: skip

    execution_id: str
    status: str
    source: str
    at: int = Field(description="after which event of its source it begins, the last one of a decision")
    children: list[str] = Field(description="the children that were open there, and are forked with it")
    new_calls: list[str] = Field(description="the nodes that ask for something that its source never asked for")
    position: int


async def fork_execution(caller: Caller, service: Service, execution: Id, body: Body, key: Key = None) -> Reply:
    """Go on from any event of an execution, in any state, as a new one. The source stays as it is; effects from there on are new ones."""
    asked = body.read(ForkBody)
    _check_positive(asked.at, "/at")
    _check_positive(asked.until, "/until")
    wish = await _wish(service, execution, asked.set, asked.version)
    made = await _made(service, wish._replace(at=asked.at, until=asked.until))
    return await _begun(caller, service, made, key, asked.id)


async def retry_execution(caller: Caller, service: Service, execution: Id, body: Body, key: Key = None) -> Reply:
    """Go on, as a new execution, in the place of a failure: all results that it had before are kept, and what failed is done again."""
    asked = body.read(RetryBody)
    wish = await _wish(service, execution, asked.set, asked.version)
    made = await _made(service, wish, retries=True)
    return await _begun(caller, service, made, key, asked.id)


def _check_positive(version: int | None, at: str) -> None:
    if version is not None and version < 1:
        raise BadRequest(422, "request.invalid", f"{at}: events count from 1, found {version}")


async def _wish(service: Service, execution: str, sets: dict[str, msgspec.Raw] | None, version: int | None) -> Wish:
    """What is to be otherwise. Raises Rejected for a version that there is not."""
    if sets is not None and len(sets) > EDITS_MAX:
        raise BadRequest(422, "request.invalid", f"/set: {len(sets):,} are given, at most {EDITS_MAX:,} may be")
    edits = tuple(Edit(path, given(value, f"/set/{path}") or b"null") for path, value in (sets or {}).items())
    by = None if version is None else await _version(service, (await service.executed_definition(execution)).workflow, version)
    return Wish(execution, edits=edits, version=by)


async def _made(service: Service, wish: Wish, retries: bool = False) -> Made:
    """The creation of the fork. Raises Rejected, which says where the archive of what is not in the log any more is."""
    try:
        return await service.forked(wish.execution, wish, retries)
    except Rejected as rejected:
        bundle = await service.archive_desk.holding(wish.execution) if rejected.reason == "unknown_execution" else ""
        if not bundle:
            raise
        said = f"execution {wish.execution} is not in the log any more, but archived: it is in the bundle {bundle}, which goes on nowhere"
        raise Rejected("archived_execution", said, execution=wish.execution, bundle=bundle) from None


async def _version(service: Service, workflow: str, version: int) -> Version:
    await service.know(workflow)
    try:
        number, hash_ = service.resolve(workflow, version)
    except Rejected as rejected:
        there = [one.version for one in service.versions(workflow)]
        near = min(there, key=lambda one: abs(one - version), default=None)
        more = "" if near is None else f"; the nearest one is {near}"
        raise Rejected(rejected.reason, rejected.message + more, workflow=workflow) from None
    graph = await service.compute(service.compiled, workflow, number)
    if graph is None:
        raise Rejected("unknown_version", f"version {number} of workflow {workflow} is of a newer language", workflow=workflow)
    return Version(graph, workflow, number, hash_)


async def _begun(caller: Caller, service: Service, made: Made, key: str | None, own: str | None) -> Reply:
    creation = made.creation
    assert creation.fork is not None, "it is no fork"
    started = await service.start(Start(creation.workflow, execution=own, key=None if own else key, caller=caller, fork=creation), 0)
    value = {
        "execution_id": started.view.execution_id, "status": started.view.status, "source": creation.fork.source, "at": made.at,
        "children": list(made.forked), "new_calls": list(made.called), "position": started.view.position,
    }  # fmt: skip
    return Reply(value, started.view.position, 201 if started.created else 200)


_NEW: Final[dict[int | str, dict[str, Any]]] = {200: {"model": Forked, "description": "It repeats an earlier request."}}

FORKS: Final = (
    Operation(
        method="POST", path="/v1/executions/{execution}/fork", right="start", do=fork_execution, answer=Forked, takes=ForkRequest,
        problems=(404, 409, 413, 415), status=201, described={"responses": _NEW},
        client=ClientMethod("fork", says="Go on from an event of an execution, as a new one.", is_keyed=True),
    ),
    Operation(
        method="POST", path="/v1/executions/{execution}/retry", right="start", do=retry_execution, answer=Forked, takes=RetryRequest,
        problems=(404, 409, 413, 415), status=201, described={"responses": _NEW},
        client=ClientMethod("retry", says="Go on in the place of a failure, as a new execution that keeps all results.", is_keyed=True),
    ),
)  # fmt: skip
