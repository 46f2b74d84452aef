"""JSON for the face: what a function gives as the bytes that are sent, and values as the types a function asks for.

Only the standard library, but for values and annotations that are pydantic models or msgspec structs.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any, get_args

from refold.errors import ActivityError

Convert = Callable[[Any], Any]

_encoder = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=lambda value: _plain(value))
_decode = json.JSONDecoder().decode


def dumps(value: Any) -> bytes:
    """The value as JSON. Raises TypeError, ValueError for what is none."""
    return _encoder.encode(value).encode()


def loads(text: bytes) -> Any:
    """The value of JSON text. Raises ValueError."""
    return _decode(text.decode())


def output(value: Any) -> bytes:
    """What an activity gives back as JSON. Raises ActivityError `output.invalid`."""
    try:
        return dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ActivityError("output.invalid", f"the output is not a JSON value: {error}", retryable=False) from None


def _plain(value: Any) -> Any:
    """A value that JSON has no word for, as one that it has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return list(value)
    if hasattr(value, "__struct_fields__") or type(value).__module__ in ("datetime", "uuid", "decimal", "enum"):
        import msgspec

        return msgspec.to_builtins(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def converter(annotation: Any, where: str) -> Convert | None:
    """How a JSON value becomes what is annotated; None where it is taken as it comes."""
    if annotation in (Any, None, object, dict, list) or isinstance(annotation, str):
        return None
    if _is_pydantic(annotation):
        from pydantic import TypeAdapter

        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        return lambda value: _checked(adapter.validate_python, value, where)
    import msgspec

    return lambda value: _checked(lambda given: msgspec.convert(given, annotation), value, where)


def _is_pydantic(annotation: Any) -> bool:
    """Whether a pydantic model is in it; where pydantic was not imported there is none."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is None:
        return False
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return True
    return any(_is_pydantic(part) for part in get_args(annotation))


def _checked(convert: Convert, value: Any, where: str) -> Any:
    try:
        return convert(value)
    except (ValueError, TypeError) as error:
        raise ActivityError("input.invalid", f"{where}: {error}", retryable=False) from None
