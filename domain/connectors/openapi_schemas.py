"""Schemas of OpenAPI as JSON Schema 2020-12: those of 3.0 are translated, and of both what says nothing of values is left out."""

from __future__ import annotations

import re
from typing import Any, Final

from domain.connectors.openapi_document import Document, Untaken
from domain.definition.input_schema import SchemaFault, compiled

FILE: Final[dict[str, Any]] = {
    "type": "object",
    "description": "bytes, as base64",
    "required": ["base64"],
    "properties": {"base64": {"type": "string"}, "filename": {"type": "string"}, "content_type": {"type": "string"}},
    "additionalProperties": False,
}
"""What an input may be that is bytes, beside a text."""
_SAYS_NOTHING: Final = frozenset(
    {"example", "examples", "xml", "externalDocs", "discriminator", "nullable", "$schema", "$id", "$comment", "readOnly", "writeOnly"}
)
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_ONES: Final = frozenset(
    {"items", "not", "additionalProperties", "contains", "propertyNames", "if", "then", "else", "unevaluatedProperties", "unevaluatedItems"}
)
_MAPS: Final = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_BESIDE: Final[tuple[str, ...]] = ("description", "title", "default", "deprecated")
"""What is said of a value whether it is null or not."""
_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_COMPONENT: Final = "#/components/schemas/"


class Schemas:
    """The schemas of a document as they are met; `defs` are those that others refer to."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.defs: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._waiting: list[tuple[str, str]] = []
        self._patterns: dict[str, bool] = {}
        self.dropped: set[str] = set()
        """What was left out of schemas, in words."""

    def of(self, written: Any) -> Any:
        """A schema, translated, with all that it refers to. Raises Untaken."""
        found = self._one(written)
        while self._waiting:
            reference, name = self._waiting.pop()
            self.defs[name] = self._one(self._document.at(reference))
        return found

    def _one(self, written: Any) -> Any:
        if isinstance(written, bool) or not isinstance(written, dict):
            if isinstance(written, bool):
                return written
            raise Untaken(f"expected a schema, found {written!r:.60}")
        if isinstance(written.get("$ref"), str):
            reference = {"$ref": f"#/$defs/{self._name(written['$ref'])}"}
            beside = {} if self._document.is_30 else {key: one for key, one in written.items() if key != "$ref"}
            return {**self._fields(beside), **reference} if beside else reference
        return self._fields(written)

    def _name(self, reference: str) -> str:
        """What a schema is called among ours that others refer to."""
        if reference not in self._names:
            self._document.at(reference)
            base = reference.removeprefix(_COMPONENT) if reference.startswith(_COMPONENT) else reference[2:]
            base = re.sub(r"[^A-Za-z0-9_.-]+", "_", base)[:100] or "schema"
            name, count = base, 1
            while name in self._names.values():
                name, count = f"{base}_{count + 1}", count + 1
            self._names[reference] = name
            self._waiting.append((reference, name))
        return self._names[reference]

    def _fields(self, written: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in written.items():
            if key in _SAYS_NOTHING or key.startswith("x-"):
                continue
            if key in _MAPS and isinstance(value, dict):
                found[key] = {name: self._one(one) for name, one in value.items()}
            elif key in _LISTS and isinstance(value, list):
                found[key] = [self._one(one) for one in value]
            elif key in _ONES and isinstance(value, dict):
                found[key] = self._one(value)
            else:
                found[key] = value
        self._mend(written, found)
        if self._document.is_30:
            found = _from_30(written, found)
        return _with_bytes(found)

    def _mend(self, written: dict[str, Any], found: dict[str, Any]) -> None:
        """Take out what no schema can have, or nobody can be held to; it is told."""
        pattern = found.get("pattern")
        if isinstance(pattern, str) and not self._is_usable(pattern):
            del found["pattern"]
            self.dropped.add(f"the pattern `{pattern:.60}`, which takes no linear time")
        types = found.get("type")
        if types is not None and not all(one in _TYPES for one in (types if isinstance(types, list) else [types])):
            del found["type"]
            self.dropped.add(f"the type `{types!s:.40}`, which no JSON has")
        required, properties = found.get("required"), written.get("properties")
        if isinstance(required, bool):
            del found["required"]
        elif isinstance(required, list) and isinstance(properties, dict):
            kept = [name for name in required if not _is_one_sided(properties.get(name) if isinstance(name, str) else None)]
            found["required"] = list(dict.fromkeys(one for one in kept if isinstance(one, str)))
            if not found["required"]:
                del found["required"]

    def _is_usable(self, pattern: str) -> bool:
        if pattern not in self._patterns:
            try:
                compiled({"pattern": pattern})
                self._patterns[pattern] = True
            except SchemaFault:
                self._patterns[pattern] = False
        return self._patterns[pattern]


def _is_one_sided(schema: Any) -> bool:
    """Whether a field is of answers alone, or of requests alone: it is required in neither."""
    return isinstance(schema, dict) and (schema.get("readOnly") is True or schema.get("writeOnly") is True)


def _from_30(written: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI 3.0 says otherwise: bounds that are not reached, and null."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(exclusive), bool):
            is_open = found.pop(exclusive)
            if is_open and bound in found:
                found[exclusive] = found.pop(bound)
    if written.get("nullable") is not True:
        return found
    if isinstance(found.get("enum"), list) and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    if isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        return found
    said: dict[str, Any] = {key: found.pop(key) for key in _BESIDE if key in found}
    return {**said, "anyOf": [found, {"type": "null"}]} if found else said


def _with_bytes(found: dict[str, Any]) -> dict[str, Any]:
    if found.get("type") == "string" and found.get("format") == "binary":
        return {"anyOf": [{**found}, FILE]}
    return found
