"""Fields: what the models say about their own fields: names as users write them, types, markers."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from contracts.definitions import DURATION_PATTERN, Body, Marker


class Field(NamedTuple):
    """A field of a config that checking looks at: its attribute, its name as written, its role, whether it is a duration."""

    attribute: str
    name: str
    role: str
    is_duration: bool


@cache
def marked_fields(model: type[BaseModel]) -> tuple[Field, ...]:
    """The fields with a role, those that are durations, and those that hold further models (role ``)."""
    fields = []
    for attribute, info in model.model_fields.items():
        metadata = list(metadata_of(info))
        role = next((m.role for m in metadata if isinstance(m, Marker)), "")
        is_duration = any(getattr(m, "pattern", None) == DURATION_PATTERN for m in metadata)
        if role or is_duration or any(_holds_models(info.annotation)):
            fields.append(Field(attribute, info.alias or attribute, role, is_duration))
    return tuple(fields)


def metadata_of(info: FieldInfo) -> Iterator[Any]:
    """All that is said about a field beside its type."""
    for entry in [*info.metadata, *(m for part in get_args(info.annotation) for m in getattr(part, "__metadata__", ()))]:
        yield entry
        if isinstance(entry, FieldInfo):
            yield from entry.metadata


def _holds_models(annotation: Any) -> Iterator[bool]:
    for one in members(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield not issubclass(one, Body)
        elif get_origin(one) is list:
            yield from (found for found in _holds_models(get_args(one)[0]) if found)


@cache
def names_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields as users write them."""
    return tuple(info.alias or name for name, info in model.model_fields.items())


def members(annotation: Any) -> Iterator[Any]:
    """The types that an annotation allows, without what is only said about them."""
    if get_origin(annotation) is Annotated:
        yield from members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from members(one)
    else:
        yield annotation


def field_at(annotation: Any, name: str) -> FieldInfo | None:
    """The field of that name, where the annotation is (or may be) a model."""
    for one in members(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            for attribute, info in one.model_fields.items():
                if (info.alias or attribute) == name:
                    return info
    return None


def annotation_at(annotation: Any, keys: Sequence[str | int]) -> Any:
    """The type of what stands at these keys; Any where nothing is said about it."""
    for key in keys:
        annotation = _step(annotation, key)
    return annotation


def _step(annotation: Any, key: str | int) -> Any:
    field = field_at(annotation, key) if isinstance(key, str) else None
    if field is not None:
        return field.annotation
    for one in members(annotation):
        if get_origin(one) is list and isinstance(key, int):
            return get_args(one)[0]
        if get_origin(one) is dict and isinstance(key, str):
            return get_args(one)[1]
    return Any


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models among the types that an annotation allows."""
    return [one for one in members(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
