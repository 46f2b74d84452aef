"""Answers: JSON made once, with the position that the answer is about in its header."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import Response

POSITION: Final = "Refold-Position"
encode: Final = msgspec.json.Encoder().encode


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
