"""Pinned connectors: what a definition holds of the connectors that its nodes name, as compiling looks at it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from contracts.connectors import SAFE_METHODS
from contracts.definitions import NodeDefinition, PinnedConnector, Retry
from contracts.values import decode

CONNECTOR: Final = "connector"
"""The kind whose nodes name a connector."""
PINNED: Final = "pinned"
"""The field of a config in which a node has the action that it runs, as JSON. Nobody writes it."""


def connector_key(config: Mapping[str, Any]) -> str:
    """What a definition calls the action that a config names."""
    version = config.get("version")
    return f"{config.get('connector')}{'' if version is None else f'@{version}'}/{config.get('action')}"


def with_connector(kind: str, config: dict[str, Any], connectors: Mapping[str, PinnedConnector]) -> dict[str, Any]:
    """The config of a node with the action that it names, as JSON in which no template begins."""
    pin = connectors.get(connector_key(config)) if kind == CONNECTOR else None
    if pin is None:
        return config
    return {**config, PINNED: json.dumps(pin.model_dump(), ensure_ascii=False).replace("{{", "{\\u007b")}


def retry_of(kind: str, config: Mapping[str, Any], connectors: Mapping[str, PinnedConnector]) -> Retry | None:
    """What the connector says about trying again, of an action that may be sent twice; for nodes that do not say it."""
    pin = connectors.get(connector_key(config)) if kind == CONNECTOR else None
    said = None if pin is None or pin.content["action"]["method"] not in SAFE_METHODS else pin.content.get("retry")
    return None if said is None else Retry.model_validate(said)


class Offered(NamedTuple):
    """What a model is told of an action that is its tool: what it is for, and the JSON Schema of its arguments."""

    description: str | None
    parameters: dict[str, Any]


def offered(definition: NodeDefinition, config: Any) -> Offered | None:
    """What an action's own words are as a tool; None for a node that is none, or that says itself what the action is given."""
    if definition.type != CONNECTOR or not isinstance(config, dict) or PINNED not in config or config.get("input") is not None:
        return None
    action = decode(config[PINNED].encode())["content"]["action"]
    return Offered(action.get("description") or action.get("summary"), {"type": "object", **action.get("input", {})})
