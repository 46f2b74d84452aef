"""The JSON Schema of the whole language, for editors and for `/v1/schemas/definition`; and all schemas together.

A node's `config` is the one of its kind, selected by `type`; bodies refer to each other, so nesting has no end here.
What a schema cannot say (ports, cycles, names in expressions) is found by `validate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import models_json_schema

from contracts.definitions import ID_PATTERN, RESERVED_IDS, WorkflowDefinition
from contracts.schema_export import DIALECT, record_schemas
from domain.definition.field_words import describe
from domain.definition.kind_shape import KindShape
from domain.definition.outline import Activities
from domain.definition.tests_schema import tests_schema
from domain.nodes import CONTROL_KINDS
from domain.triggers import TRIGGER_KINDS, TriggerKind

TEMPLATE: Final = {"type": "string", "pattern": r"\{\{"}
"""A text with a template, which may stand for any value in the config of an activity."""

_RESERVED: Final = {"enum": sorted(RESERVED_IDS)}
_OPEN: Final[dict[str, Any]] = {"type": "object"}


def definition_schema(activities: Activities) -> dict[str, Any]:
    """JSON Schema 2020-12 of a definition that may use these activity kinds."""
    root, defs = _language()
    for name, model in activities.items():
        defs |= _activity_defs(name, model)
    defs["Template"] = {**TEMPLATE, "title": "Template", "description": "A text with `{{ expression }}`."}
    _select_config(defs["NodeDefinition"], [*CONTROL_KINDS, *activities], defs)
    _select_config(defs["Compensation"], [*(name for name, kind in CONTROL_KINDS.items() if kind.can_undo), *activities], defs)
    defs["NodeDefinition"]["properties"]["id"]["not"] = _RESERVED
    root["properties"]["triggers"]["items"] = _triggers(defs)
    named = ((root, "variables"), (defs["Body"], "variables"), (defs["Settings"], "search"), (defs["config_parallel"], "branches"))
    for owner, field in named:
        owner["properties"][field]["propertyNames"] = {"pattern": ID_PATTERN, "not": _RESERVED}
    describe(root, defs)
    title = {"title": "Workflow definition", "description": "The graph a user writes; versioned by its content."}
    return {"$schema": DIALECT, **root, **title, "$defs": {name: defs[name] for name in sorted(defs)}}


def all_schemas(activities: Activities) -> dict[str, dict[str, Any]]:
    """Every schema that Refold publishes, by name: `definition`, `tests`, `commands`, `events`, `decisions`, `catalog`."""
    return {"definition": definition_schema(activities), "tests": tests_schema(), **record_schemas()}


def _language() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of a definition, and all that it refers to, the configs of control-flow kinds by `config_<kind>`."""
    kinds: dict[str, KindShape | TriggerKind] = {f"config_{name}": kind for name, kind in CONTROL_KINDS.items()}
    kinds |= {_trigger_key(name): kind for name, kind in TRIGGER_KINDS.items()}
    models: list[type[BaseModel]] = [WorkflowDefinition, *(kind.Config for kind in kinds.values())]
    refs, whole = models_json_schema([(model, "validation") for model in models], by_alias=True)
    defs = whole["$defs"]
    for key, kind in kinds.items():
        own = _last(refs[(kind.Config, "validation")]["$ref"])
        title = key.replace("config_", "config of ").replace("trigger_", "trigger ")
        defs[key] = {**defs[own], "title": title, "description": f"{kind.summary}."}
    root = defs[_last(refs[(WorkflowDefinition, "validation")]["$ref"])]
    renamed = {_last(ref["$ref"]) for ref in refs.values()}
    return root, {name: schema for name, schema in defs.items() if name not in renamed}


def _trigger_key(kind: str) -> str:
    return f"trigger_{kind}"


def _triggers(defs: dict[str, Any]) -> dict[str, Any]:
    """What an item of `triggers` is: by its `type` one of the kinds."""
    for kind in TRIGGER_KINDS:
        properties = defs[_trigger_key(kind)]["properties"]
        properties["type"] = {"const": kind, "description": "the kind of trigger"}
        properties["id"]["not"] = _RESERVED
    return {
        "title": "Trigger",
        "type": "object",
        "required": ["id", "type"],
        "properties": {"type": {"enum": list(TRIGGER_KINDS)}},
        "allOf": [
            {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": {"$ref": f"#/$defs/{_trigger_key(kind)}"}}
            for kind in TRIGGER_KINDS
        ],
    }


def _last(ref: str) -> str:
    return ref.rpartition("/")[2]


def _activity_defs(name: str, model: type[BaseModel] | None) -> dict[str, Any]:
    """The config of an activity kind and what it refers to; a template may stand for any value in it."""
    key = f"config_{name}"
    if model is None:
        return {key: {**_OPEN, "title": f"config of {name}"}}
    try:
        own = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{key}_{{model}}")
    except PydanticInvalidForJsonSchema:
        return {key: {**_OPEN, "title": f"config of {name}"}}
    inner = own.pop("$defs", {})
    found = {f"{key}_{part}": _templated(schema) for part, schema in inner.items()}
    return {**found, key: {**_templated(own), "title": f"config of {name}"}}


def _templated(schema: Any) -> Any:
    """The schema with a template allowed wherever it asks for something of its own."""
    if not isinstance(schema, dict):
        return schema
    return {key: _INSIDE[key](value) if key in _INSIDE else value for key, value in schema.items()}


def _or_template(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    about = {key: schema[key] for key in ("title", "description", "default", "examples") if key in schema}
    own = {key: value for key, value in schema.items() if key not in about}
    if own in ({}, {"type": "string"}) or any("x-refold-literal" in one for one in (own, *own.get("anyOf", ()))):
        return schema
    return {**about, "anyOf": [_templated(own), {"$ref": "#/$defs/Template"}]}


_INSIDE: Final[dict[str, Callable[[Any], Any]]] = {
    "properties": lambda fields: {name: _or_template(field) for name, field in fields.items()},
    "patternProperties": lambda fields: {name: _or_template(field) for name, field in fields.items()},
    "additionalProperties": _or_template,
    "items": _or_template,
    "prefixItems": lambda items: [_or_template(item) for item in items],
    "anyOf": lambda options: [_templated(option) for option in options],
    "oneOf": lambda options: [_templated(option) for option in options],
    "allOf": lambda options: [_templated(option) for option in options],
}


def _select_config(schema: dict[str, Any], kinds: list[str], defs: dict[str, Any]) -> None:
    """The `type` says which config is meant. Any other name may be a kind of the user's own."""
    named = {"description": "a kind that is at hand", "enum": kinds}
    own = {
        "description": "a kind of your own",
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "not": {"enum": list(dict.fromkeys([*kinds, *CONTROL_KINDS]))},
    }
    schema["properties"]["type"] |= {"anyOf": [named, own]}
    schema["allOf"] = [_case(kind, defs[f"config_{kind}"]) for kind in kinds]


def _case(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    then: dict[str, Any] = {"properties": {"config": {"$ref": f"#/$defs/config_{kind}"}}}
    if config.get("required"):
        then["required"] = ["config"]
    return {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": then}
