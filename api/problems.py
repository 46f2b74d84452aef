"""Problems: every error is an answer as of RFC 9457, `application/problem+json`, also those of the framework itself.

    {"type": "urn:refold:unknown_execution", "title": "Not Found", "status": 404, "detail": "there is no execution x",
     "reason": "unknown_execution", "execution_id": "x"}

`reason` is a stable word for programs; the detail is for people. What else there is to know stands beside it.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route

from api.service import Unavailable
from contracts.errors import (
    InvalidDefinition,
    InvalidInput,
    LogCorrupt,
    LogError,
    Overloaded,
    RecordTooLarge,
    RefoldError,
    Rejected,
    RowsGone,
    UnknownRecord,
)
from contracts.failure import shorten
from contracts.refusal import TOO_LARGE
from contracts.sealed_value import hide

FOUND_LENGTH_MAX: Final = 100
MEDIA_TYPE: Final = "application/problem+json"
STATUSES: Final[dict[str, int]] = {
    "unknown_execution": 404,
    "unknown_workflow": 404,
    "unknown_incident": 404,
    "unknown_operation": 404,
    "unknown_resource": 404,
    "unknown_trigger": 404,
    "unknown_credential": 404,
    "unknown_blob": 404,
    "unknown_bundle": 404,
    "unknown_dead_letter": 404,
    "unknown_task": 404,
    "unknown_prompt": 404,
    "unknown_connector": 404,
    "unknown_attachment": 404,
    "unknown_value": 404,
    "not_asked": 403,
    "nothing_said": 422,
    "too_large": 413,
    "bad_id": 422,
    "bad_port": 422,
    "bad_signal": 422,
    "input.invalid": 422,
    TOO_LARGE: 422,
    "unknown_variable": 422,
    "unknown_version": 422,
    "unknown_node": 422,
    "unknown_position": 422,
    "too_many_signals": 429,
    "quota_exceeded": 429,
}
"""The status of a rejection by its reason; of all others 409: what is asked for does not fit what is."""
SAID: Final[dict[int, str]] = {
    400: "The body is not JSON, or the path or query no text; the detail says where.",
    403: "It comes from a page of another site, or the caller may not do it.",
    404: "There is none of that name or id.",
    405: "The path does not know this method.",
    408: "The body did not come in time.",
    409: "It does not fit what is: it has ended, or exists already.",
    412: "It is another version by now than `If-Match` says; `revision` and `ETag` say which.",
    413: "The body is over the limit.",
    415: "The body has another content type than expected.",
    416: "It has not so many bytes; `Content-Range` says how many.",
    421: "It was meant for a server of another name.",
    422: "Something in the request is not allowed; `problems` says what and where.",
    426: "It is a WebSocket.",
    429: "Too many requests are under way, too many commands wait, or the quota of the workflow is reached.",
    431: "The head of the request is over the limit.",
    503: "Nothing can be taken in, or read up to that position, just now.",
}

_log: Final = logging.getLogger("refold.api")


class BadRequest(RefoldError):
    """A request that cannot be read, with the status that says so."""

    def __init__(self, status: int, reason: str, message: str, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status, self.reason, self.headers, self.more = status, reason, headers, more


class ProblemItem(BaseModel):
    """One thing that is wrong."""

    path: str = Field(description="where: a JSON pointer into the input, or a path into the definition")
    rule: str
    message: str
    fix: str = Field(description="a way out, empty where none is known")
    line: int | None = Field(default=None, description="where in the text of a definition, from 1")
    column: int | None = None
    node: str | None = Field(default=None, description="the id of the node in which it is")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:refold:unknown_execution",
                "title": "Not Found",
                "status": 404,
                "detail": "there is no execution order-1",
                "reason": "unknown_execution",
                "execution_id": "order-1",
            }
        },
    )

    type: str
    title: str
    status: int
    detail: str
    reason: str = Field(description="a stable word for programs")
    problems: list[ProblemItem] | None = None


_SCHEMA: Final[dict[str, Any]] = {"$ref": "#/components/schemas/Problem"}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of a route for OpenAPI; those that any route can answer are added."""
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {
        status: {"description": SAID[status], "content": content}
        for status in sorted({*statuses, 400, 403, 408, 413, 421, 422, 429, 431, 503})
    }


def problem(status: int, reason: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """The answer to a request that failed."""
    named = {name: value for name, value in more.items() if value is not None}
    content = {"type": f"urn:refold:{reason}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "reason": reason}
    return Response(hide(msgspec.json.encode({**content, **named})), status, headers, media_type=MEDIA_TYPE)


def value_of(error: RefoldError) -> tuple[int, dict[str, Any]]:
    """Status and body of an error."""
    response = respond(error)
    return response.status_code, msgspec.json.decode(response.body)


def respond(error: Exception) -> Response:
    """The answer that an error of the engine becomes."""
    match error:
        case BadRequest():
            headers = {"Connection": "close"} if error.status in (408, 413) else error.headers  # the rest of the body is not read
            return problem(error.status, error.reason, str(error), headers, **error.more)
        case InvalidDefinition() | InvalidInput():
            reason = "definition.invalid" if isinstance(error, InvalidDefinition) else "input.invalid"
            return problem(422, reason, str(error), problems=[one.as_value() for one in error.problems])
        case Overloaded():
            return problem(429, error.reason, str(error), _later(error.retry_after_s))
        case Rejected():
            return _rejected(error)
        case Unavailable():
            return problem(503, error.reason, str(error), _later(error.retry_after_s))
        case LogCorrupt() | UnknownRecord():
            return problem(500, "unreadable", str(error))
        case RecordTooLarge():
            return problem(422, TOO_LARGE, str(error))
        case RowsGone():
            return problem(503, "behind", str(error), _later(1.0))
        case LogError():
            return problem(503, "log", str(error), _later(1.0))
        case _:
            _log.error("a request failed by an error of the engine", exc_info=error)
            return problem(500, "engine", "the engine failed on this request; its log says why")


def _rejected(error: Rejected) -> Response:
    details = error.details
    status = STATUSES.get(error.reason, 409)
    headers = _later(details.get("retry_after_s", 1.0)) if status == 429 else None
    return problem(
        status, error.reason, error.message, headers,
        execution_id=details.get("execution"), execution_status=details.get("status"), workflow=details.get("workflow"),
    )  # fmt: skip


def _later(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}


def _misfit(said: str, found: Any) -> str:
    """What was expected of a parameter, and what was found; of one that is missing, nothing was."""
    return said if found is None else f"{said}, found {shorten(repr(found), FOUND_LENGTH_MAX)}"


def _known_methods(request: Request) -> str:
    """The methods of all routes of this path; of them the framework names the first alone. `HEAD` is as `GET` (`api/gate.py`)."""
    there = [one for one in request.app.routes if isinstance(one, Route) and one.matches(request.scope)[0] is not Match.NONE]
    methods = {method for one in there for method in one.methods or ()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def install(app: FastAPI) -> None:
    """Let every error of the application become a problem."""

    async def refused(request: Request, error: Exception) -> Response:
        return respond(error)

    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=499)  # nobody is there to read it

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        reason = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        detail = f"{request.method} {request.url.path}: {error.detail}"
        headers = {"Allow": _known_methods(request)} if error.status_code == 405 else dict(error.headers or {})
        return problem(error.status_code, reason, detail, headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = [
            {"path": "/".join(map(str, one["loc"])), "rule": one["type"], "message": _misfit(one["msg"], one["input"]), "fix": ""}
            for one in error.errors()
        ]  # fmt: skip
        said = "; ".join(f"{one['path']}: {one['message']}" for one in found)
        return problem(422, "request.invalid", said, problems=found)

    app.add_exception_handler(RefoldError, refused)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, refused)
