"""Operations on resources: of each kind its list, and looking at one, writing it, and deleting it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from api import models
from api.bodies import check_json
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.preconditions import IfMatch, etag_of, write
from api.problems import BadRequest
from api.resources import KINDS
from api.resources.kind import Offered, ResourceKind
from api.service import Service
from contracts.caller import Caller
from contracts.ports.workers import TaskEndpoint
from contracts.resources import NAME_PATTERN, VALUE_BYTES_MAX, Resource, is_resource_name
from contracts.times import rfc3339

Do: TypeAlias = Callable[..., Awaitable[Reply]]
REVISION_MAX: Final = 2**53

Name = Annotated[str, Path(max_length=63, description=f"its name: `{NAME_PATTERN}`", examples=["late-orders"])]
Revision = Annotated[
    int | None, Query(ge=0, le=REVISION_MAX, description="only where this is its revision still; 0: only where there is none")
]


class ResourceBase(BaseModel):
    """A resource, as it was written last."""

    name: str
    revision: int = Field(description="counts how often it was written; a write with `?revision=` is refused where it is another by now")
    written_by: str = Field(description="who has written it")
    written_at: models.Time


class Deleted(BaseModel):
    """A resource is no more."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "late-orders", "revision": 3}})

    name: str
    revision: int


def operations_of(kind: ResourceKind) -> tuple[Operation, ...]:
    """The four operations of a kind."""

    async def list_them(service: Service, task_endpoint: TaskEndpoint | None) -> Reply:
        offered = _offered(task_endpoint)
        return Reply({kind.name: [await shown(kind, service, found, offered) for found in await service.resources(kind.name)]})

    async def get_one(service: Service, task_endpoint: TaskEndpoint | None, name: Name) -> Reply:
        return await _reply(kind, service, task_endpoint, await service.resource(kind.name, name))

    async def put_one(
        caller: Caller, service: Service, task_endpoint: TaskEndpoint | None, name: Name, body: Body,
        revision: Revision = None, if_match: IfMatch = None,
    ) -> Reply:  # fmt: skip
        if not is_resource_name(name):
            raise BadRequest(422, "request.invalid", f"{name!r} cannot be the name of a {kind.one}; expected {NAME_PATTERN}")
        value = read_value(kind, body.json() or b"{}", service.now())
        if kind.system:
            await service.prepare(kind.system)
        return await _reply(kind, service, task_endpoint, await write(service, kind.name, name, value, caller, revision, if_match))

    async def delete_one(caller: Caller, service: Service, name: Name, revision: Revision = None, if_match: IfMatch = None) -> Reply:
        gone = await write(service, kind.name, name, None, caller, revision, if_match)
        return Reply({"name": gone.name, "revision": gone.revision})

    for do, named, doc in (
        (list_them, f"list_{kind.name}", f"All {kind.name}, by name."),
        (get_one, f"get_{kind.one}", f"A {kind.one}."),
        (put_one, f"put_{kind.one}", f"Make a {kind.one}, or let it be this from now on; the same again writes nothing."),
        (delete_one, f"delete_{kind.one}", f"Delete a {kind.one}; again, once it was deleted, is the same."),
    ):
        do.__name__, do.__doc__ = named, doc
    return _declared(kind, list_them, get_one, put_one, delete_one)


def _declared(kind: ResourceKind, list_them: Do, get_one: Do, put_one: Do, delete_one: Do) -> tuple[Operation, ...]:
    one, many = _answers_of(kind)
    path, of_one = f"/v1/{kind.name}", f"/v1/{kind.name}/{{name}}"
    return (
        Operation(
            method="GET", path=path, tag=kind.name, right="read", do=list_them, answer=many, client=ClientMethod(kind.name, kind.name),
        ),
        Operation(
            method="GET", path=of_one, tag=kind.name, right="read", do=get_one, answer=one, problems=(404,), client=ClientMethod(kind.one),
        ),
        Operation(
            method="PUT", path=of_one, tag=kind.name, right=kind.right, do=put_one, answer=one, takes=kind.model, is_required=True,
            problems=(404, 409, 412, 415), client=ClientMethod(f"put_{kind.one}"),
        ),
        Operation(
            method="DELETE", path=of_one, tag=kind.name, right=kind.right, do=delete_one, answer=Deleted, problems=(404, 409, 412),
            client=ClientMethod(f"delete_{kind.one}"),
        ),
    )  # fmt: skip


def _answers_of(kind: ResourceKind) -> tuple[Any, Any]:
    """The models of one, and of all."""
    fields: dict[str, Any] = {"value": (kind.model, ...)}
    base = ResourceBase if kind.beside is None else (ResourceBase, kind.beside)
    one = create_model(f"{kind.model.__name__}Resource", __base__=base, __doc__=f"A {kind.one} with its name.", **fields)
    of_many: dict[str, Any] = {kind.name: (list[one], ...)}  # type: ignore[valid-type]  # made just now
    return one, create_model(f"{kind.model.__name__}Resources", __doc__="By their names.", **of_many)


def read_value(kind: ResourceKind, content: bytes, now_ms: int) -> bytes:
    """The JSON to store of what a caller has sent. Raises InvalidInput, or BadRequest where it is no JSON."""
    try:
        found = kind.model.model_validate_json(check_json(content))
    except ValidationError as error:
        raise misfit(error) from None
    kind.check(found, now_ms)
    value = found.model_dump_json(exclude_none=True, by_alias=True).encode()
    if len(value) > VALUE_BYTES_MAX:
        raise BadRequest(422, "too_large", f"a {kind.one} has {len(value):,} bytes of JSON; {VALUE_BYTES_MAX:,} are the most")
    return value


def misfit(error: ValidationError) -> BadRequest:
    """What does not fit, and where."""
    problems = [
        {"path": "".join(f"/{part}" for part in one["loc"]), "rule": "shape", "message": one["msg"], "fix": ""} for one in error.errors()
    ]
    said = "; ".join(f"{one['path'] or 'body'}: {one['message']}" for one in problems[:3])
    return BadRequest(422, "request.invalid", said, problems=problems)


async def _reply(kind: ResourceKind, service: Service, task_endpoint: TaskEndpoint | None, found: Resource) -> Reply:
    return Reply(await shown(kind, service, found, _offered(task_endpoint)), etag=etag_of(found))


def _offered(task_endpoint: TaskEndpoint | None) -> Offered:
    return None if task_endpoint is None else frozenset(kind for worker in task_endpoint.workers().workers for kind in worker.kinds)


async def shown(kind: ResourceKind, service: Service, found: Resource, offered: Offered) -> dict[str, Any]:
    """A resource, as JSON shows it, with what is told beside it."""
    return {**resource_value(found), **await kind.look(service, found, offered)}


def resource_value(found: Resource) -> dict[str, Any]:
    """A resource, as JSON shows it."""
    return {
        "name": found.name,
        "revision": found.revision,
        "written_by": found.actor,
        "written_at": rfc3339(found.written_at),
        "value": msgspec.Raw(found.value or b"null"),
    }


RESOURCES: Final = tuple(operation for kind in KINDS for operation in operations_of(kind))
