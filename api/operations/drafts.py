"""Operations on drafts: texts of definitions that somebody is writing, kept as they were typed, also where nothing can be made of them."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.bodies import check_json
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.resources import Deleted, Name, ResourceBase, Revision, misfit
from api.preconditions import IfMatch, etag_of, write
from api.problems import BadRequest
from api.service import Service
from contracts.caller import Caller
from contracts.errors import Rejected
from contracts.resources import NAME_PATTERN, Resource, is_resource_name
from contracts.times import rfc3339

KIND: Final = "drafts"
TEXT_BYTES_MAX: Final = 512 * 1024
"""So long a text may be."""
VALUE_BYTES_MAX: Final = 900_000
"""So long it may be as JSON, with all else: a record of Kafka takes 1 MiB, unless it was told otherwise."""
DRAFTS_MAX: Final = 200
_EXAMPLE: Final[dict[str, Any]] = {"text": "name: order # not yet\nnodes: [", "syntax": "yaml", "workflow": "order", "base_version": 3}
_SHOWN: Final[dict[str, Any]] = {"name": "order", "revision": 7, "written_by": "anonymous", "written_at": "2026-11-21T08:00:00.000Z"}


class DraftRequest(BaseModel):
    """A text, and what it began as."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    text: str = Field(description="as it was typed")
    syntax: Literal["yaml", "json"] = "yaml"
    workflow: str | None = Field(default=None, max_length=63, description="the workflow that it is to be a version of")
    base_version: int | None = Field(default=None, ge=1, le=2**31, description="the version of it that it began as")


class DraftRow(ResourceBase):
    """A draft, without its text."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_SHOWN, "syntax": "yaml", "workflow": "order", "base_version": 3, "bytes": 30}}
    )

    syntax: Literal["yaml", "json"]
    workflow: str | None
    base_version: int | None
    bytes: int = Field(description="how long the text is, in UTF-8")


class Draft(DraftRow):
    """A draft."""

    model_config = ConfigDict(json_schema_extra={"example": {**_SHOWN, **_EXAMPLE, "bytes": 30}})

    text: str


class Drafts(BaseModel):
    """All drafts, by name."""

    drafts: list[DraftRow]


async def list_drafts(service: Service) -> Reply:
    """All drafts, by name, without their texts."""
    shown = [_shown(one) for one in await service.resources(KIND)]
    return Reply({"drafts": [{name: value for name, value in one.items() if name != "text"} for one in shown]})


async def get_draft(service: Service, name: Name) -> Reply:
    """A draft with its text."""
    return _reply(await service.resource(KIND, name))


async def put_draft(caller: Caller, service: Service, name: Name, body: Body, revision: Revision = None, if_match: IfMatch = None) -> Reply:
    """Keep a text; one that is there is changed only as the caller has seen it. The same again writes nothing."""
    if not is_resource_name(name):
        raise BadRequest(422, "request.invalid", f"{name!r} cannot be the name of a draft; expected {NAME_PATTERN}")
    value = _read(body.json() or b"{}")
    there = await service.resources(KIND)
    if len(there) >= DRAFTS_MAX and all(one.name != name for one in there):
        raise Rejected("too_many", f"there are {DRAFTS_MAX} drafts already, the most there may be: publish or delete some")
    seen = 0 if revision is None and if_match is None else revision
    return _reply(await write(service, KIND, name, value, caller, seen, if_match))


async def delete_draft(caller: Caller, service: Service, name: Name, revision: Revision = None, if_match: IfMatch = None) -> Reply:
    """Delete a draft; again, once it was deleted, is the same."""
    gone = await write(service, KIND, name, None, caller, revision, if_match)
    return Reply({"name": gone.name, "revision": gone.revision})


def _read(content: bytes) -> bytes:
    """The JSON to store of what a caller has sent."""
    try:
        asked = DraftRequest.model_validate_json(check_json(content))
    except ValidationError as error:
        raise misfit(error) from None
    size = len(asked.text.encode())
    value = asked.model_dump_json(exclude_none=True).encode()
    if size > TEXT_BYTES_MAX or len(value) > VALUE_BYTES_MAX:
        raise BadRequest(413, "too_large", f"/text: {TEXT_BYTES_MAX:,} bytes are the most a draft may have, found {size:,}")
    return value


def _reply(found: Resource) -> Reply:
    return Reply(_shown(found), etag=etag_of(found))


def _shown(found: Resource) -> dict[str, Any]:
    value = msgspec.json.decode(found.value or b"{}")
    written = {"name": found.name, "revision": found.revision, "written_by": found.actor, "written_at": rfc3339(found.written_at)}
    said = {name: value.get(name) for name in ("syntax", "workflow", "base_version", "text")}
    return {**written, **said, "bytes": len(value.get("text", "").encode())}


DRAFTS: Final = (
    Operation(
        method="GET", path="/v1/drafts", tag="drafts", right="read", do=list_drafts, answer=Drafts, client=ClientMethod("drafts", "drafts"),
    ),
    Operation(
        method="GET", path="/v1/drafts/{name}", tag="drafts", right="read", do=get_draft, answer=Draft, problems=(404,),
        client=ClientMethod("draft"),
    ),
    Operation(
        method="PUT", path="/v1/drafts/{name}", tag="drafts", right="define", do=put_draft, answer=Draft, takes=DraftRequest,
        is_required=True, problems=(409, 412, 413, 415), client=ClientMethod("put_draft"),
    ),
    Operation(
        method="DELETE", path="/v1/drafts/{name}", tag="drafts", right="define", do=delete_draft, answer=Deleted, problems=(404, 409, 412),
        client=ClientMethod("delete_draft"),
    ),
)  # fmt: skip
