"""The AsyncAPI 3 document of what other systems hear: which ways there are, and the schema of every type of event.

channels     events on Kafka, streams over HTTP ──► messages, one a type ──► schemas of envelope and data
operations   this application sends them
"""

from __future__ import annotations

from typing import Any, Final

from contracts.public_events import CONTENT_TYPE, PUBLIC_TYPES, PublicType
from contracts.public_schema import data_schemas, event_schema

ASYNCAPI: Final = "3.0.0"
_DATA: Final = "#/components/schemas/{name}"
_PARAMETERS: Final = {"id": "the id of the execution", "name": "the name of the workflow"}


def asyncapi_document(version: str, prefix: str = "refold") -> dict[str, Any]:
    """The document, for a log whose topics begin with the prefix."""
    channels = {
        "events": _on_kafka(f"{prefix}.events"),
        "stream": _streamed("/v1/events", "All executions, as server-sent events"),
        "workflowStream": _streamed("/v1/workflows/{name}/events", "The executions of a workflow, as server-sent events"),
        "executionStream": _streamed("/v1/executions/{id}/events", "One execution, as server-sent events; the stream ends with it"),
    }
    channels["webhook"] = _sent_to_webhooks()
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Refold: public events",
            "version": version,
            "description": "What becomes of executions, as CloudEvents 1.0 in structured JSON. Each event comes at least once, "
            "those of one execution in the order of their versions; one that comes again has the same id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {"host": "{brokers}", "protocol": "kafka", "variables": {"brokers": {"default": "localhost:9092"}}},
            "http": {"host": "{address}", "protocol": "http", "variables": {"address": {"default": "localhost:8080"}}},
        },
        "channels": channels,
        "operations": {f"send_{name}": _sends(name) for name in channels},
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _on_kafka(topic: str) -> dict[str, Any]:
    return {
        "address": topic,
        "title": "All executions, on Kafka",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": _refs(),
        "parameters": {},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}},
    }


def _streamed(address: str, title: str) -> dict[str, Any]:
    names = [name for name in _PARAMETERS if f"{{{name}}}" in address]
    return {
        "address": address,
        "title": title,
        "servers": [{"$ref": "#/servers/http"}],
        "messages": _refs(),
        "parameters": {name: {"description": _PARAMETERS[name]} for name in names},
    }


def _sent_to_webhooks() -> dict[str, Any]:
    description = "One event a request, signed by the scheme of Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`."
    return {"address": None, "title": "What was asked for, by POST to a webhook", "description": description, "messages": _refs()}


def _refs() -> dict[str, Any]:
    return {_name(one): {"$ref": f"#/components/messages/{_name(one)}"} for one in PUBLIC_TYPES}


def _sends(channel: str) -> dict[str, Any]:
    messages = [{"$ref": f"#/channels/{channel}/messages/{_name(one)}"} for one in PUBLIC_TYPES]
    return {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}, "messages": messages}


def _name(one: PublicType) -> str:
    """`executionCancelRequested`: a key of a document, where no dot may stand."""
    first, *others = one.name.replace(".", "_").split("_")
    return first + "".join(other.capitalize() for other in others)


def _messages() -> dict[str, Any]:
    return {
        _name(one): {
            "name": one.type,
            "title": one.name,
            "summary": (one.data.__doc__ or "").strip().splitlines()[0],
            "contentType": CONTENT_TYPE,
            "correlationId": {"location": "$message.payload#/correlationid"},
            "payload": {"$ref": f"#/components/schemas/{_event(one)}"},
            "bindings": {"kafka": {"key": {"type": "string", "description": "the id of the execution"}, "bindingVersion": "0.5.0"}},
        }
        for one in PUBLIC_TYPES
    }


def _event(one: PublicType) -> str:
    return f"{one.data.__name__}Event"


def _schemas() -> dict[str, Any]:
    data = {name: {key: value for key, value in schema.items() if key != "title"} for name, schema in data_schemas(_DATA).items()}
    events = {_event(one): event_schema(one, {"$ref": _DATA.format(name=one.data.__name__)}) for one in PUBLIC_TYPES}
    return {**events, **data}
