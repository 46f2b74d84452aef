"""The `default`s of an input's schema: what is put in where a field is missing.

A default stands in `properties`, also of objects inside of objects and lists, and behind `$ref` and `allOf`. It is put in as it
is, and checked with the rest. Where it depends on the value which schema holds (`anyOf`, `oneOf`, `if`), nothing is put in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from contracts import values
from contracts.errors import InvalidInput, Problem
from domain.definition.input_parts import Schema

ADDED_BYTES_MAX: Final = 1024 * 1024
"""So much the defaults of one input may add."""


@lru_cache(maxsize=512)
def _defaults(schema: bytes) -> _Defaults | None:
    """None where the schema has no defaults, which is most often so."""
    return _Defaults(values.decode(schema)) if b'"default"' in schema else None


def with_defaults(schema: Any, given: Any) -> Any:
    """The value with what its schema says for fields that are missing; the same object where nothing is.

    Raises InvalidInput where that were more than `ADDED_BYTES_MAX`.
    """
    if not isinstance(schema, dict):
        return given
    defaults = _defaults(values.encode(schema))
    return given if defaults is None else defaults.filled(given)


class _Defaults:
    def __init__(self, schema: dict[str, Any]) -> None:
        self._root, self._schema = schema, Schema(schema)

    def filled(self, given: Any) -> Any:
        """Copies what it changes, and what holds that; all else is shared with what was given."""
        added = 0
        top = [given]
        waiting: list[tuple[Any, Any, list[Any]]] = [(top, 0, [self._root])]
        while waiting:
            holder, key, schemas = waiting.pop()
            value, parts = holder[key], self._parts(schemas)
            if isinstance(value, dict):
                fields = _fields(parts)
                missing = {name: default for name, default in _of(fields).items() if name not in value}
                added += sum(len(values.encode(default)) for default in missing.values())
                inside = {name: fields[name] for name in value if name in fields}
                if missing or inside:
                    holder[key] = {**value, **missing}
                    waiting.extend((holder[key], name, own) for name, own in inside.items())
            elif isinstance(value, list) and (items := [part["items"] for part in parts if isinstance(part.get("items"), dict)]):
                holder[key] = list(value)
                waiting.extend((holder[key], index, items) for index in range(len(value)))
            if added > ADDED_BYTES_MAX:
                message = f"the defaults of the schema would add more than {ADDED_BYTES_MAX:,} bytes to this input"
                raise InvalidInput([Problem("", "too_large", message, "give the fields, or fewer items")])
        return top[0] if added else given

    def _parts(self, schemas: list[Any]) -> list[dict[str, Any]]:
        """The schemas that hold for a value whatever it is: these, and what they refer to and are made of."""
        met: dict[int, dict[str, Any]] = {}
        waiting = list(schemas)
        while waiting:
            one = waiting.pop(0)
            if isinstance(one, dict) and id(one) not in met:
                met[id(one)] = one
                waiting += [*self._schema.followed(one), *(one["allOf"] if isinstance(one.get("allOf"), list) else ())]
        return list(met.values())


def _fields(parts: list[dict[str, Any]]) -> dict[str, list[Any]]:
    fields: dict[str, list[Any]] = {}
    for part in parts:
        properties = part.get("properties")
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            fields.setdefault(name, []).append(schema)
    return fields


def _of(fields: dict[str, list[Any]]) -> dict[str, Any]:
    """The defaults of fields; the first schema that has one says it."""
    return {
        name: next(one["default"] for one in schemas if isinstance(one, dict) and "default" in one)
        for name, schemas in fields.items()
        if any(isinstance(one, dict) and "default" in one for one in schemas)
    }
