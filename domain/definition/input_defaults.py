"""The `default`s of an input's schema: what is put in where a field is missing.

A default stands in `properties`, also of objects inside of objects and lists, and behind `$ref` and `allOf`. It is put in as it
is, and checked with the rest. Where it depends on the value which schema holds (`anyOf`, `oneOf`, `if`), nothing is put in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

from contracts import values
from contracts.errors import InvalidInput, Problem
from domain.definition.input_parts import ITEMS, Schema, below_any

ADDED_BYTES_MAX: Final = 1024 * 1024
"""So much the defaults of one input may add."""
_CONTAINERS: Final = (dict, list)


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
        places = _Places(self._schema)
        added = 0
        top = [given]
        waiting: list[tuple[Any, Any, _Place]] = [(top, 0, places.of([self._root]))]
        while waiting:
            holder, key, place = waiting.pop()
            value = holder[key]
            if isinstance(value, dict):
                missing = {name: default for name, default in place.defaults.items() if name not in value}
                added += sum(len(values.encode(default)) for default in missing.values())
                inside = [name for name, one in value.items() if name in place.schemas and isinstance(one, _CONTAINERS)]
                if missing or inside:
                    holder[key] = {**value, **missing}
                    waiting.extend((holder[key], name, places.below(place, name)) for name in inside)
            elif isinstance(value, list) and ITEMS in place.schemas:
                holder[key] = list(value)
                items = places.below(place, ITEMS)
                waiting.extend((holder[key], index, items) for index, one in enumerate(value) if isinstance(one, _CONTAINERS))
            if added > ADDED_BYTES_MAX:
                message = f"the defaults of the schema would add more than {ADDED_BYTES_MAX:,} bytes to this input"
                raise InvalidInput([Problem("", "too_large", message, "give the fields, or fewer items")])
        return top[0] if added else given


class _Place(NamedTuple):
    """What is said of the values at a place: the defaults of fields, and the schemas of what is below; `places` are those met so far."""

    defaults: dict[str, Any]
    schemas: dict[str | None, list[Any]]
    places: dict[str | None, _Place]


class _Places:
    """The places that one input has met. Each is made once, however many values stand at it and however many schemas hold for them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._met: dict[tuple[int, ...], _Place] = {}

    def of(self, schemas: list[Any]) -> _Place:
        """The place of values that these schemas hold for."""
        key = tuple(map(id, schemas))
        if key not in self._met:
            below = below_any(self._schema.for_any(schemas))
            self._met[key] = _Place(_of(below), below, {})
        return self._met[key]

    def below(self, place: _Place, step: str | None) -> _Place:
        """The place of a field, or of the items."""
        if step not in place.places:
            place.places[step] = self.of(place.schemas[step])
        return place.places[step]


def _of(fields: dict[str | None, list[Any]]) -> dict[str, Any]:
    """The defaults of fields; the first schema that has one says it."""
    return {
        name: next(one["default"] for one in schemas if isinstance(one, dict) and "default" in one)
        for name, schemas in fields.items()
        if name is not ITEMS and any(isinstance(one, dict) and "default" in one for one in schemas)
    }
