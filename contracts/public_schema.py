"""The schemas of public events, as JSON Schema 2020-12: one of each type, and of what is around it."""

from __future__ import annotations

import inspect
from typing import Any, Final

import msgspec

from contracts.public_data import Data
from contracts.public_events import PUBLIC_TYPES, CloudEvent, PublicType

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ENVELOPE: Final = tuple(name for name in CloudEvent.__struct_fields__ if name != "data")
_DESCRIBED: Final = {
    "specversion": "the version of CloudEvents",
    "id": "EXECUTION/VERSION: unique within the source, the same when the event comes again",
    "source": "which Refold it comes from (the setting `event_source`)",
    "subject": "the id of the execution",
    "time": "when it was decided, RFC 3339 in UTC",
    "workflow": "the name of the workflow",
    "workflowversion": "the version of its definition",
    "position": "where the event's decision stands in the journal, a whole number as text",
    "correlationid": "of the outside request that this goes back to",
    "traceparent": "the span of the execution in the trace of that request, as W3C Trace Context writes it; missing where that is none",
}


def data_schema(one: PublicType) -> dict[str, Any]:
    """The schema of the data of a type, on its own."""
    defs = _components(one.data, "#/$defs/{name}")
    own = defs.pop(one.data.__name__)
    schema = {"$schema": DIALECT, "$id": one.dataschema, "title": one.type, **own}
    return {**schema, "$defs": defs} if defs else schema


def data_schemas(ref_template: str) -> dict[str, dict[str, Any]]:
    """The schemas of the data of all types, and of what they are made of, by name, for a document that holds them all."""
    found: dict[str, dict[str, Any]] = {}
    for one in PUBLIC_TYPES:
        found |= _components(one.data, ref_template)
    return dict(sorted(found.items()))


def event_schema(one: PublicType, data: dict[str, Any]) -> dict[str, Any]:
    """The schema of a whole event of a type, around the schema of its data."""
    fields = {name: _attribute(name) for name in _ENVELOPE}
    fixed = {"specversion": "1.0", "type": one.type, "datacontenttype": "application/json", "dataschema": one.dataschema}
    properties = {**fields, **{name: {"type": "string", "const": value} for name, value in fixed.items()}, "data": data}
    required = [name for name in properties if name not in ("correlationid", "traceparent")]
    return {"type": "object", "description": _doc(one.data), "properties": properties, "required": required}


def _attribute(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"type": "integer" if name == "workflowversion" else "string"}
    if name == "time":
        plain["format"] = "date-time"
    return {**plain, "description": _DESCRIBED[name]} if name in _DESCRIBED else plain


def _components(shape: type[Data], ref_template: str) -> dict[str, dict[str, Any]]:
    _, components = msgspec.json.schema_components((shape,), ref_template=ref_template)
    for name, schema in components.items():
        if "description" in schema:  # only Python 3.13 unindents docstrings
            schema["description"] = inspect.cleandoc(schema["description"])
        schema["title"] = name
    plain: dict[str, dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(components))
    return plain


def _doc(shape: type[Data]) -> str:
    return inspect.cleandoc(shape.__doc__ or "")
