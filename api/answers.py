"""Answers: JSON made once, with the position that the answer is about in its header."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import Response

from contracts.sealed_value import hide

POSITION: Final = "Refold-Position"
_encode: Final = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """JSON as it is shown: what is sealed is not."""
    return hide(_encode(value))


def answer(value: Any, position: int | None = None, status: int = 200, etag: str | None = None) -> Response:
    """An answer of JSON."""
    headers = {} if position is None else {POSITION: str(position)}
    if etag is not None:
        headers["ETag"] = etag
    return Response(encode(value), status, headers, media_type="application/json")


def body_of(*models: type, required: bool = False) -> dict[str, Any]:
    """What OpenAPI says about a body that is read by hand; the models' schemas are put in by the application."""
    schemas = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}
