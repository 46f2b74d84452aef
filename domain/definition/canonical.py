"""The canonical form: one sequence of bytes for a definition, however it was written, and the hash that names a version.

Two texts have the same form exactly when they say the same. It is compact JSON with the names as users write them, and:

- JSON or YAML, the order of fields, aliases and comments make no difference. The order of lists does (nodes start in it),
  and so does the order of a map whose keys are the user's own: branches begin in it, variables get their first values in
  it, a `for_each` goes over it, and values keep it. In language 1 all keys are sorted.
- It says the number of the language (`language`), so that the same text published under another one is another version.
- A field that says its default is left out, in nodes, edges, settings, triggers, and in the configs of control-flow kinds, so that
  a later version of Refold that knows more fields gives old definitions their old hash. The configs of activities stay
  as written, since their defaults belong to their authors.
- Where null means something (`output: null`, a switch's `value`, `equals`, `payload` …), a null that is written stays.
- In fields of the language a whole number is a number: `multiplier: 2` and `2.0` are the same. In users' own values
  (`variables`, `output`, configs of activities …) `1` and `1.0` differ, as they do in expressions.
- `timeout: 30s` and `timeouts: {start_to_close: 30s}` are two ways of writing, and so are an edge from `a` and one from
  `a.out`: they stay as written.
- What is for people (`name`, `description`, `tags`, `position`) is content: a version is what its author saved.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from contracts.definitions import LANGUAGE, NodeDefinition, WorkflowDefinition
from domain.nodes import CONTROL_KINDS
from domain.triggers import TRIGGER_KINDS


def published(definition: WorkflowDefinition) -> WorkflowDefinition:
    """The definition as it is published: in the present language, where it does not say which."""
    return definition if definition.language is not None else definition.model_copy(update={"language": LANGUAGE})


def canonical(definition: WorkflowDefinition) -> bytes:
    """The canonical form of a valid definition."""
    is_first = (definition.language or 1) == 1
    return json.dumps(_model(definition), ensure_ascii=False, allow_nan=False, sort_keys=is_first, separators=(",", ":")).encode()


def content_hash(definition: WorkflowDefinition) -> str:
    """The SHA-256 of the canonical form, as 64 hex digits: the name of this version."""
    return hashlib.sha256(canonical(definition)).hexdigest()


def load_canonical(content: bytes) -> WorkflowDefinition:
    """The definition of a canonical form that was published, and so is known to be valid."""
    return WorkflowDefinition.model_validate_json(content)


class _Field(NamedTuple):
    """A field: its attribute, its name as written, its default, and whether a null that is written says something."""

    attribute: str
    name: str
    default: Any
    keeps_null: bool


@cache
def _fields(model: type[BaseModel]) -> tuple[_Field, ...]:
    fields = ((name, info, info.annotation is Any) for name, info in model.model_fields.items())
    return tuple(_Field(name, info.alias or name, info.get_default(call_default_factory=True), is_any) for name, info, is_any in fields)


def _model(model: BaseModel) -> dict[str, Any]:
    """What a part says beyond its defaults, its fields sorted by name."""
    said = {}
    for attribute, name, default, keeps_null in _fields(type(model)):
        if attribute not in model.model_fields_set:
            continue
        value = getattr(model, attribute)
        if keeps_null or value != default:
            said[name] = _plain(value)
    if isinstance(model, WorkflowDefinition) and "triggers" in said:
        said["triggers"] = [_trigger(raw) for raw in model.triggers]
    if isinstance(model, NodeDefinition) and "config" in said and model.type in CONTROL_KINDS:
        said["config"] = _model(CONTROL_KINDS[model.type].Config.model_validate(model.config))
        if not said["config"]:
            del said["config"]
    return dict(sorted(said.items()))


def _trigger(raw: dict[str, Any]) -> Any:
    """What a trigger says beyond the defaults of its kind."""
    kind = TRIGGER_KINDS.get(raw["type"])
    return raw if kind is None else _model(kind.Config.model_validate(raw))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _model(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
