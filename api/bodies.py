"""Bodies: read once, checked once. JSON that belongs to users is passed through as the bytes that came."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import msgspec
from fastapi import Request

from api.problems import BadRequest
from contracts.errors import InvalidInput
from contracts.value_check import check, oddity_of, read

T = TypeVar("T")
EMPTY: Final = msgspec.Raw(b"")
STARTS_MAX: Final = 1_000
"""So many executions may be started by one request."""


class BreakpointBody(msgspec.Struct, forbid_unknown_fields=True):
    """Where an execution is to halt."""

    node: str | None = None
    variable: str | None = None
    on: Literal["begin", "failure"] = "begin"
    condition: str | None = msgspec.field(default=None, name="if")
    halts: Literal["branch", "all"] = "branch"
    timeout: str | None = None


class StartBody(msgspec.Struct, forbid_unknown_fields=True):
    """What an execution is started with."""

    input: msgspec.Raw = EMPTY
    variables: msgspec.Raw = EMPTY
    execution_id: str | None = None
    autostart: bool = True
    start_at: datetime | None = None
    priority: int | None = None
    breakpoints: list[BreakpointBody] | None = None


class BatchBody(msgspec.Struct, forbid_unknown_fields=True):
    """Many at once, each to be read by itself."""

    executions: list[msgspec.Raw]


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why."""

    reason: str = ""


class ActivateBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which version."""

    version: int


class ResolveBody(msgspec.Struct, forbid_unknown_fields=True):
    """How an incident is resolved."""

    action: str
    output: msgspec.Raw = EMPTY
    port: str | None = None
    variables: msgspec.Raw = EMPTY
    budget: msgspec.Raw = EMPTY


class DelegateBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who is to be asked instead."""

    to: str
    comment: str = ""


class AnswerBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a person answers."""

    port: str
    data: msgspec.Raw = EMPTY
    comment: str = ""
    content: msgspec.Raw = EMPTY


class CommentBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a person says."""

    comment: str


class ResumeBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a person answers to what an execution waits for; nothing at all lets a paused one go on."""

    approved: bool | None = None
    resume_data: msgspec.Raw = EMPTY
    output_port: str | None = None
    task: str | None = None


def media_type_of(request: Request) -> str:
    """The content type without its parameters; empty where none is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether the type is JSON. A body without a type is not taken for it: a page of another site may send that unasked."""
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def wrong_type(media_type: str, *expected: str) -> BadRequest:
    """A body whose content type is none of those that are read."""
    found = media_type or f"none: say `Content-Type: {expected[0]}`"
    return BadRequest(415, "content_type", f"expected the content type {' or '.join(expected)}, found {found}")


def parse(content: bytes, shape: type[T], at: str = "") -> T:
    """The JSON in its shape; where it is a part of a body, the one at the JSON pointer `at`."""
    try:
        content.decode()
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        is_misfit = isinstance(error, msgspec.ValidationError)
        if (not is_misfit or "out of range" in str(error)) and (odd := oddity_of(content, at)) is not None:
            raise InvalidInput([odd]) from None
        raise (_misfit(error, at) if isinstance(error, msgspec.ValidationError) else _not_json(content, error)) from None


def check_json(content: bytes) -> bytes:
    """The same bytes, which are a value: looked at once, and never again until an expression reads them."""
    read_json(content)
    return content


def read_json(content: bytes) -> Any:
    """The value that the bytes are. Raises BadRequest, InvalidInput."""
    try:
        return read(content)
    except InvalidInput as error:
        if error.problems[0].rule == "json":
            parse(content, Any)  # says in which line and column
        raise


def _misfit(error: msgspec.ValidationError, at: str) -> BadRequest:
    said, _, path = str(error).partition(" - at `$")
    pointer = at + re.sub(r"\.|\[(\d+|\.\.\.)\]", lambda found: f"/{found[1]}" if found[1] else "/", path.rstrip("`"))
    problems = [{"path": pointer, "rule": "shape", "message": said, "fix": ""}]
    return BadRequest(422, "request.invalid", f"{pointer or 'body'}: {said}", problems=problems)


def _not_json(content: bytes, error: Exception) -> BadRequest:
    if isinstance(error, RecursionError):
        return BadRequest(400, "json", "the body is nested too deep")
    if isinstance(error, UnicodeDecodeError):
        place, said = error.start, "it is not text in UTF-8"
    else:
        found = re.search(r"\(byte (\d+)\)", str(error))
        place = int(found[1]) if found else len(content)
        said = re.sub(r"^JSON is malformed: | \(byte \d+\)$", "", str(error))
    before = content[:place]
    line, column = before.count(b"\n") + 1, place - (before.rfind(b"\n") + 1) + 1
    return BadRequest(400, "json", f"not JSON: {said} in line {line}, column {column}", line=line, column=column)


def given(value: msgspec.Raw, at: str) -> bytes | None:
    """The value of the field at a JSON pointer, None where it was left out. Raises InvalidInput for one that may not be."""
    content = bytes(value)
    return check(content, at) if content else None


def milliseconds(time: datetime | None, field: str) -> int | None:
    """The time since 1970. Raises BadRequest for one without a time zone."""
    if time is None:
        return None
    if time.tzinfo is None:
        raise BadRequest(422, "request.invalid", f"{field}: a time needs its zone, like 2026-11-21T08:00:00Z")
    return round(time.timestamp() * 1000)
