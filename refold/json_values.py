"""JSON for the face: what a function gives as the bytes that are sent, and those read again.

msgspec reads and writes what it can, ten times faster than the standard library, which has the last word on all else: what it
refuses, big exponents, odd keys, pydantic models, and NaN, which msgspec would write as null.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import msgspec

from refold.errors import ActivityError

_encoder = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=lambda value: _plain(value))
_decode = json.JSONDecoder().decode
_encode_fast = msgspec.json.Encoder().encode
_decode_fast = msgspec.json.Decoder().decode


def dumps(value: Any) -> bytes:
    """The value as JSON; bytes stand in base 64. Raises TypeError, ValueError for what is none."""
    try:
        text = _encode_fast(value)
    except (TypeError, ValueError, msgspec.MsgspecError):
        return _encoder.encode(value).encode()
    return text if b"null" not in text else _encoder.encode(value).encode()


def loads(text: bytes) -> Any:
    """The value of JSON text. Raises ValueError."""
    try:
        return _decode_fast(text)
    except msgspec.MsgspecError:
        return _decode(text.decode())


def output(value: Any) -> bytes:
    """What an activity gives back as JSON. Raises ActivityError `output.invalid`."""
    try:
        return dumps(value)
    except Exception as error:  # a model's own code may say anything
        raise ActivityError("output.invalid", f"the output is not a JSON value: {error}", retryable=False) from None


def _plain(value: Any) -> Any:
    """A value that JSON has no word for, as one that it has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return list(value)
    if isinstance(value, bytes) or hasattr(value, "__struct_fields__") or type(value).__module__ in ("datetime", "uuid", "decimal", "enum"):
        return msgspec.to_builtins(value, enc_hook=_plain)
    raise TypeError(f"{type(value).__name__} is not a JSON value")
