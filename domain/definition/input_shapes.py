"""What an input's schema tells of the values that expressions read: kinds, fields, items, as far as one look at it goes."""

from __future__ import annotations

from typing import Any, Final

from domain.definition.input_parts import Schema
from domain.expressions import Shape
from domain.expressions.shapes import ANYTHING

_KINDS: Final = {
    "string": ("string",), "number": ("int", "double"), "integer": ("int", "double"), "boolean": ("bool",), "null": ("null",),
    "array": ("list",), "object": ("map",),
}  # fmt: skip
"""The kinds of a type of JSON Schema; a whole number may be written `1.0`, which is a double."""
_ELSEWHERE: Final = ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties")
"""Where these stand, fields may be told of elsewhere: nothing is said of their names."""


def shape_of(schema: Any) -> Shape:
    """The shape of an input that its schema takes."""
    return _Of(schema, Schema(schema)) if isinstance(schema, dict) else ANYTHING


class _Of(Shape):
    """What one part of a schema says. References are followed where nothing stands beside them."""

    __slots__ = ("_part", "_whole")

    def __init__(self, part: dict[str, Any], whole: Schema) -> None:
        self._part = part
        self._whole = whole
        properties = part.get("properties")
        is_whole = not any(keyword in part for keyword in _ELSEWHERE)
        names = tuple(properties) if isinstance(properties, dict) and is_whole else ()
        super().__init__(_kinds(part), names, is_whole and part.get("additionalProperties") is False)

    def field(self, name: str) -> Shape:
        """See Shape."""
        properties = self._part.get("properties")
        return self._at(properties.get(name)) if isinstance(properties, dict) else ANYTHING

    def item(self) -> Shape:
        """See Shape."""
        return ANYTHING if "prefixItems" in self._part else self._at(self._part.get("items"))

    def _at(self, part: Any) -> Shape:
        seen = 0
        while isinstance(part, dict) and isinstance(part.get("$ref"), str) and len(part) == 1 and seen < len(_ELSEWHERE):
            part, seen = self._whole.target(part, "$ref"), seen + 1
        return _Of(part, self._whole) if isinstance(part, dict) else ANYTHING


def _kinds(part: dict[str, Any]) -> frozenset[str] | None:
    types = part.get("type")
    named = [types] if isinstance(types, str) else types
    if not isinstance(named, list) or not all(isinstance(one, str) and one in _KINDS for one in named):
        return None
    return frozenset(kind for one in named for kind in _KINDS[one])
