"""The JSON Schema of a file with tests, for editors. What a schema cannot say (nodes, ports, signals) is told when the file is read."""

from __future__ import annotations

from typing import Any, Final

from contracts.schema_export import DIALECT
from contracts.workflow_tests import Case, TestFile

FILLED: Final = {"type": "string", "pattern": r"\$\{", "title": "Name", "description": "`${name}`: a fixture, or a value of `each`."}
_TITLE: Final = {"title": "Tests of a workflow", "description": "Cases, each one execution: what it is given, and what is expected of it."}
_EACH: Final = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "object"},
    "description": "the case once for each of these objects; `${name}` stands for their values",
}
_ABOUT: Final = ("title", "description", "default")
_LEVELS: Final = ("mocks", "real", "at")


def tests_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a file with tests."""
    case = Case.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    defs = case.pop("$defs")
    file = TestFile.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    defs |= file.pop("$defs", {})
    for name in _LEVELS:
        file["properties"][name] = {**case["properties"][name], "description": file["properties"][name]["description"]}
    case["properties"]["each"] = _EACH
    filled = {name: _or_filled(schema) for name, schema in {**defs, "Case": case}.items()}
    filled["Filled"] = dict(FILLED)
    file["properties"] |= {name: _value(file["properties"][name]) for name in _LEVELS}
    file["properties"]["cases"]["items"] = {"$ref": "#/$defs/Case"}
    return {"$schema": DIALECT, **file, **_TITLE, "$defs": {name: filled[name] for name in sorted(filled)}}


def _or_filled(schema: dict[str, Any]) -> dict[str, Any]:
    """A part in which `${name}` may stand for each value below it."""
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {name: _value(field) for name, field in schema["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            found[name] = _value(schema[name])
    if "anyOf" in schema:
        found["anyOf"] = [_or_filled(one) for one in schema["anyOf"]]
    return found


def _value(schema: dict[str, Any]) -> dict[str, Any]:
    about = {key: value for key, value in schema.items() if key in _ABOUT}
    own = {key: value for key, value in schema.items() if key not in about}
    if not own or own == {"type": "string"} or schema is _EACH:
        return schema
    return {**about, "anyOf": [_or_filled(own), {"$ref": "#/$defs/Filled"}]}
