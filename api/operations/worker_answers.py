"""What the worker protocol answers: its messages and refusals, and how the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import Response

from api.problems import MEDIA_TYPE, problem
from api.worker_rows import WorkersView
from contracts.worker_protocol import PROTOCOLS, Assignment, BadMessage, Receipt, WrongProtocol, encode
from contracts.worker_results import TooMuch

_JSON: Final = "application/json"
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "reason"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "description": "a stable word for programs"},
        "versions": {"type": "array", "items": {"type": "integer"}, "description": "the versions of the protocol that are spoken"},
    },
}
_PROBLEMS: Final = {
    400: "The message cannot be read.",
    403: "It comes from a page of another site, or the caller may not do it.",
    413: "The message is too large.",
    415: "The message is not said to be JSON.",
    426: "The worker speaks another version of the protocol.",
    429: "Too much waits to be decided; send it again after a pause.",
    503: "Nothing could be stored; send it again.",
}


def lost_results() -> Response:
    """The answer to results that could not be stored."""
    return problem(503, "log", "send the results again", {"Retry-After": "1"})


def answer(message: Assignment | Receipt | WorkersView) -> Response:
    """A message as an answer."""
    return Response(encode(message), media_type=_JSON)


def refused(error: BadMessage | WrongProtocol) -> Response:
    """The answer to a message that cannot be read."""
    if isinstance(error, WrongProtocol):
        return problem(426, "protocol", str(error), {"Upgrade": f"refold-worker/{PROTOCOLS[-1]}"}, versions=list(PROTOCOLS))
    if isinstance(error, TooMuch):
        return problem(413, "too_large", str(error))
    return problem(400, "message.invalid", str(error))


def described(request: type | None, answer: type, *problems: int) -> dict[str, Any]:
    """What FastAPI is told of a route of the protocol: the shapes of its messages, as their structs say."""
    responses: dict[int | str, Any] = {200: {"description": answer.__doc__, "content": {_JSON: {"schema": _schema(answer)}}}}
    for status in problems:
        responses[status] = {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA}}}
    described: dict[str, Any] = {"responses": responses, "response_class": Response}
    if request is not None:
        body = {"required": True, "content": {_JSON: {"schema": _schema(request)}}}
        described["openapi_extra"] = {"requestBody": body}
    return described


def _schema(message: type) -> dict[str, Any]:
    """The JSON Schema of a message, in one piece."""
    (schema,), parts = msgspec.json.schema_components([message], ref_template="{name}")
    inlined: dict[str, Any] = _inlined(schema, parts)
    return inlined


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(parts[schema["$ref"]], parts)
        return {name: _inlined(value, parts) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(value, parts) for value in schema]
    return schema
