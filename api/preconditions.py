"""Preconditions: what is there is tagged with its revision (`ETag`), and with `If-Match` written only as the caller has seen it."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Header

from api.problems import BadRequest
from api.service import Service
from contracts.caller import Caller
from contracts.errors import Rejected
from contracts.resources import Resource

PRECONDITIONS: Final = ("If-Match", "If-None-Match", "If-Unmodified-Since")
"""What a request may make a write depend on."""
_TAG: Final = re.compile(r'(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"')

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=1_000, description="only where its `ETag` is one of these still; `*`: where there is one"),
]


def etag_of(found: Resource) -> str:
    """The tag of a resource as it is: its revision."""
    return f'"{found.revision}"'


async def write(
    service: Service, kind: str, name: str, value: bytes | None, caller: Caller, revision: int | None, if_match: str | None
) -> Resource:
    """Write a resource, where it is as the caller has seen it. Raises Rejected for another `revision`, BadRequest (412) for another tag."""
    if if_match is None:
        return await service.write_resource(kind, name, value, caller, revision)
    if revision is not None:
        raise BadRequest(422, "request.invalid", "give If-Match or `?revision=`, not both")
    wanted = _tags(if_match)
    before = await _now(service, kind, name)
    if before is None or (wanted is not None and etag_of(before) not in wanted):
        raise _overtaken(kind, name, if_match, before)
    try:
        return await service.write_resource(kind, name, value, caller, before.revision)
    except Rejected as rejected:
        if rejected.reason != "overtaken":
            raise
        raise _overtaken(kind, name, if_match, await _now(service, kind, name)) from None


async def _now(service: Service, kind: str, name: str) -> Resource | None:
    return next((one for one in await service.resources(kind) if one.name == name), None)


def _tags(if_match: str) -> set[str] | None:
    """The tags in a header, those alone that are strong, as a write asks for; None for `*`."""
    if if_match.strip() == "*":
        return None
    parts = [_TAG.fullmatch(part.strip()) for part in if_match.split(",")]
    if any(part is None for part in parts):
        raise BadRequest(422, "request.invalid", f'If-Match: expected tags such as "3", or *, found {if_match[:100]!r}')
    return {part[0] for part in parts if part is not None and not part["weak"]}


def _overtaken(kind: str, name: str, if_match: str, before: Resource | None) -> BadRequest:
    there = "there is none" if before is None else f"it is at revision {before.revision}, written by {before.actor or 'the engine'}"
    headers = None if before is None else {"ETag": etag_of(before)}
    said = f"{kind}/{name}: If-Match expected {if_match[:100]}, and {there}: look at it again"
    return BadRequest(412, "overtaken", said, headers, revision=None if before is None else before.revision)
