"""JSON values as the types that a function asks for: plain types, dataclasses, pydantic models, msgspec structs, and each in another.

msgspec converts what it knows. What pydantic alone understands, a model or a constraint of its `Field`, is left to pydantic;
a model inside of a struct is asked for where it stands.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import sys
import types
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from refold.errors import ActivityError

Convert = Callable[[Any], Any]
_NO_OBJECTS: Final = (
    *(str, int, float, bytes, enum.Enum, datetime.date, datetime.time, datetime.timedelta, uuid.UUID, decimal.Decimal),
    *(list, tuple, set, frozenset, type(None)),
)
_PYDANTICS: Final = ("pydantic", "annotated_types")


def converter(annotation: Any, where: str) -> Convert | None:
    """How a JSON value becomes what is annotated; None where it is taken as it comes. Raises TypeError for what cannot be checked."""
    if annotation in (Any, None, object, dict, list) or isinstance(annotation, str):
        return None
    parts = list(_parts(annotation))
    if any(map(_is_pydantic, parts)) and not any(map(_is_struct, parts)):
        from pydantic import TypeAdapter

        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        return lambda value: _checked(adapter.validate_python, value, where)
    if any(map(_is_constraint, parts)):
        raise TypeError(f"{where}: a constraint of pydantic is not checked in a msgspec struct; write msgspec.Meta there")
    return lambda value: _checked(lambda given: msgspec.convert(given, annotation, dec_hook=_model), value, where)


def takes_no_object(annotation: Any) -> bool:
    """Whether no JSON object can become what is annotated: a number, a text, a list …"""
    if annotation is None:
        return True
    annotation = getattr(annotation, "__supertype__", annotation)  # of a NewType
    origin = get_origin(annotation)
    if origin is Annotated:
        return takes_no_object(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return all(map(takes_no_object, get_args(annotation)))
    if origin is Literal:
        return True
    plain = origin or annotation
    return isinstance(plain, type) and issubclass(plain, _NO_OBJECTS)


def _parts(annotation: Any, seen: frozenset[Any] = frozenset()) -> Iterator[Any]:
    """What an annotation is made of: itself, what stands in brackets, and the fields of dataclasses and structs."""
    yield annotation
    base = get_origin(annotation) or annotation
    inner = list(get_args(annotation))
    if base not in seen and (_is_struct(base) or (isinstance(base, type) and dataclasses.is_dataclass(base))):
        seen |= {base}
        with suppress(NameError):  # told by whoever converts
            inner += get_type_hints(base, include_extras=True).values()
    for part in inner:
        yield from _parts(part, seen)


def _is_struct(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, msgspec.Struct)


def _is_pydantic(part: Any) -> bool:
    """Whether only pydantic understands it."""
    return _is_model(part) or _is_constraint(part)


def _is_model(part: Any) -> bool:
    """A model of pydantic; where that was not imported there is none."""
    pydantic = sys.modules.get("pydantic")
    return (
        pydantic is not None
        and isinstance(part, type)
        and (issubclass(part, pydantic.BaseModel) or hasattr(part, "__pydantic_validator__"))
    )


def _is_constraint(part: Any) -> bool:
    """What stands in `Annotated` beside a type, of pydantic or of the package that it takes its constraints from."""
    return not isinstance(part, type) and type(part).__module__.partition(".")[0] in _PYDANTICS


def _model(kind: type, value: Any) -> Any:
    """For msgspec: a type that it does not know."""
    if not _is_model(kind):
        raise NotImplementedError(f"{kind.__name__} cannot be read from JSON")
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(value)


def _checked(convert: Convert, value: Any, where: str) -> Any:
    try:
        return convert(value)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ActivityError("input.invalid", f"{where}: {error}", retryable=False) from None
