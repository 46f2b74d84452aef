"""Layout: where nodes stand in a picture, which is content of a definition, and changes nothing that it does."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

from domain.definition.kind_description import control_roles
from domain.nodes import CONTROL_KINDS

_STEP: Final = re.compile(r"[^.\[\]]+|\[\]")


def without_layout(content: bytes) -> Any:
    """A definition in its canonical form, parsed, without the `position` of its nodes."""
    definition = json.loads(content)
    waiting = [definition]
    if (handler := definition.get("settings", {}).get("on_error")) is not None:
        waiting.append(handler)
    while waiting:
        for node in waiting.pop().get("nodes", ()):
            node.pop("position", None)
            for path in _body_paths(node["type"]):
                waiting += _at(node.get("config", {}), path)
    return definition


@lru_cache(maxsize=1_024)
def layout_hash(content: bytes) -> bytes:
    """The same for two definitions, in their canonical form, that differ in nothing but their layout."""
    return hashlib.sha256(json.dumps(without_layout(content)).encode()).digest()


@cache
def _body_paths(kind: str) -> tuple[tuple[str, ...], ...]:
    """Where bodies stand in the config of a kind."""
    roles = control_roles(CONTROL_KINDS[kind]) if kind in CONTROL_KINDS else []
    return tuple(tuple(_STEP.findall(one.path)) for one in roles if "body" in one.roles)


def _at(config: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What stands at a path."""
    if not path:
        yield config
    elif path[0] == "[]":
        for one in config:
            yield from _at(one, path[1:])
    elif path[0] == "*":
        for one in config.values():
            yield from _at(one, path[1:])
    elif path[0] in config:
        yield from _at(config[path[0]], path[1:])
