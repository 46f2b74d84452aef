"""What editors are told of a kind: where it stands, its picture, its ports, and what the fields of its config are.

What stands at a path of a config is told by roles: a path has `[]` for the items of a list and `.*` for the values of a map.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple, Protocol, TypeAlias, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from contracts.definitions import DURATION_PATTERN, Body, Marker
from domain.definition.fields import members, metadata_of
from domain.definition.kind_shape import KindShape
from domain.nodes import activity_of

Role: TypeAlias = Literal["expression", "items", "template", "duration", "body", "credential", "port"]
"""What a field is: an expression without braces, such a one or a list, what may hold templates, a duration, a body, a name of credentials,
the name of a port."""
_OF_MARKER: dict[str, Role] = {"expression": "expression", "items": "items", "value": "template"}


class Described(Protocol):
    """What is asked of a kind of activity."""

    @property
    def name(self) -> str:
        """The `type` of its nodes."""

    @property
    def summary(self) -> str:
        """One line about it."""

    @property
    def Config(self) -> type[BaseModel] | None:
        """The shape of its config."""


class FieldRole(NamedTuple):
    """What stands at a path."""

    path: str
    roles: tuple[Role, ...]


def control_roles(kind: KindShape) -> list[FieldRole]:
    """The roles of the fields of a control-flow kind, as far as they have any."""
    ports = dict.fromkeys(kind.ports_from, ("port",))
    found = {one.path: one.roles for one in _roles(kind.Config, "")}
    return [FieldRole(path, (*found.get(path, ()), *ports.get(path, ()))) for path in [*found, *(one for one in ports if one not in found)]]


def activity_roles(config: type[BaseModel] | None) -> list[FieldRole]:
    """The roles of the fields of an activity: whatever takes a template, but for what names a credential."""
    if config is None:
        return []
    fields = ((info.alias or name, info) for name, info in config.model_fields.items())
    return [FieldRole(name, ("credential",) if _is_credential(info) else ("template",)) for name, info in fields]


def first_ports(kind: KindShape) -> tuple[str, ...]:
    """The ports of a node that was just put there."""
    return kind.ports(kind.Config.model_validate_json(kind.begins_with))


def _roles(model: type[BaseModel], prefix: str) -> Iterator[FieldRole]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{info.alias or name}"
        metadata = list(metadata_of(info))
        roles: list[Role] = [_OF_MARKER[one.role] for one in metadata if isinstance(one, Marker)]
        if any(getattr(one, "pattern", None) == DURATION_PATTERN for one in metadata):
            roles.append("duration")
        if roles:
            yield FieldRole(path, tuple(roles))
        yield from _inside(info.annotation, path)


def _inside(annotation: Any, path: str) -> Iterator[FieldRole]:
    """What stands below a field: bodies, and models with fields of their own."""
    for one in members(annotation):
        if isinstance(one, type) and issubclass(one, Body):
            yield FieldRole(path, ("body",))
        elif isinstance(one, type) and issubclass(one, BaseModel):
            yield from _roles(one, f"{path}.")
        elif get_origin(one) is list:
            yield from _inside(get_args(one)[0], f"{path}[]")
        elif get_origin(one) is dict:
            yield from _inside(get_args(one)[1], f"{path}.*")


def _is_credential(info: FieldInfo) -> bool:
    """Whether it takes the name of a credential, which takes no template (`contracts.credentials.CredentialName`)."""
    extras = [info.json_schema_extra, *(getattr(one, "json_schema_extra", None) for one in metadata_of(info))]
    extras += [getattr(one, "json_schema_extra", None) for part in _annotated(info.annotation) for one in part.__metadata__]
    return any(isinstance(one, dict) and "x-refold-literal" in one for one in extras)


def _annotated(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield annotation
    yield from (found for part in get_args(annotation) for found in _annotated(part))


def described_control(kind: KindShape) -> dict[str, Any]:
    """A control-flow kind, as editors are told of it."""
    return _described(kind, "control flow", control_roles(kind)) | {
        "ports": first_ports(kind),
        "ports_from": kind.ports_from,
        "waits_for": kind.wait_sort,
        "can_undo": kind.can_undo,
        "config": _schema_of(kind.Config),
    }


def described_activity(kind: Described) -> dict[str, Any]:
    """A kind of activity, as editors are told of it; it may say its `category`, its `icon` and what it `begins_with`."""
    return _described(kind, "activity", activity_roles(kind.Config)) | {
        "ports": activity_of(kind.name).ports(None),
        "ports_from": (),
        "waits_for": None,
        "can_undo": True,
        "config": _schema_of(kind.Config),
    }


def offered_kind(name: str) -> dict[str, Any]:
    """A kind of which nothing is known but that workers offer it."""
    return described_activity(_Offered(name)) | {"is_here": False}


class _Offered:
    summary = "offered by workers"
    Config = None

    def __init__(self, name: str) -> None:
        self.name = name


def _described(kind: Described | KindShape, sort: str, roles: Iterable[FieldRole]) -> dict[str, Any]:
    begins_with = json.loads(getattr(kind, "begins_with", "{}"))
    return {
        "kind": kind.name,
        "sort": sort,
        "category": getattr(kind, "category", "own"),
        "icon": getattr(kind, "icon", "box"),
        "summary": kind.summary,
        "is_here": True,
        "begins_with": begins_with,
        "presets": [{"name": name, "config": {**begins_with, "model": model}} for name, model in getattr(kind, "presets", {}).items()],
        "fields": [{"path": one.path, "roles": one.roles} for one in roles],
    }


def _schema_of(config: type[BaseModel] | None) -> dict[str, Any] | None:
    return None if config is None else config.model_json_schema(by_alias=True)
