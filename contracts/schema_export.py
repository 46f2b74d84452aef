"""Schemas of what is stored: commands, events, decisions and the catalog, as JSON Schema 2020-12.

Records are arrays, so JSON Schema alone does not know their fields' names; `x-fields` lists them in their order, and
which of them have a default: that is what must not change (see the tests of `tests/golden/schemas`).
"""

from __future__ import annotations

import inspect
from typing import Any, Final

import msgspec

from contracts.catalog import CatalogRecord
from contracts.commands import Command, Envelope, RunActivity
from contracts.events import Event
from contracts.journal import Decided, Decision, JournalOpened, PartitionClaimed, Sealed, SealedBody

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_RECORDS: Final[dict[str, tuple[str, tuple[Any, ...]]]] = {
    "commands": ("What one may ask of an execution, and what it asks of a worker.", (Command, Envelope, RunActivity)),
    "events": ("The recorded facts of an execution.", (Event,)),
    "decisions": ("The records of the journal.", (Decision, Decided, PartitionClaimed, JournalOpened, Sealed, SealedBody)),
    "catalog": ("What is recorded about published definitions.", (CatalogRecord,)),
}


def record_schemas() -> dict[str, dict[str, Any]]:
    """The schemas of all records by the name of their family; bytes stand as base64."""
    return {name: _family(name, description, types) for name, (description, types) in _RECORDS.items()}


def _family(name: str, description: str, types: tuple[Any, ...]) -> dict[str, Any]:
    schemas, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    for struct in _structs_of(types):
        components[struct.__name__]["description"] = inspect.cleandoc(struct.__doc__ or "")  # only Python 3.13 unindents docstrings
        components[struct.__name__] |= {"x-tag": struct.__struct_config__.tag, "x-fields": _fields_of(struct)}
    defs = {key: components[key] for key in sorted(components)}
    family = {"$schema": DIALECT, "title": name, "description": description, "anyOf": list(schemas), "$defs": defs}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(family))
    return plain


def _fields_of(struct: Any) -> list[dict[str, Any]]:
    return [{"name": field.name, "required": field.required} for field in msgspec.structs.fields(struct)]


def _structs_of(types: tuple[Any, ...]) -> list[Any]:
    """All structs that the types are made of."""
    found: dict[Any, None] = {}
    waiting: list[Any] = [msgspec.inspect.multi_type_info([one])[0] for one in types]
    while waiting:
        one = waiting.pop()
        if isinstance(one, msgspec.inspect.StructType):
            if one.cls in found:
                continue
            found[one.cls] = None
            waiting.extend(field.type for field in one.fields)
        elif isinstance(one, msgspec.inspect.UnionType):
            waiting.extend(one.types)
        else:
            waiting.extend(part for part in (getattr(one, "item_type", None), getattr(one, "value_type", None)) if part is not None)
            waiting.extend(getattr(one, "item_types", ()))
    return list(found)
