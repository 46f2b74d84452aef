"""Connectors in words: which credentials show who asks, and what an action takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workers.running.egress.schemes import TAKES


def scheme_lines(name: str, auth: Mapping[str, Any]) -> Iterator[str]:
    """A line for each scheme: which kinds of credentials it takes."""
    for scheme, said in auth.items():
        kinds = " or ".join(TAKES[said["type"]])
        place = f" in the {said['in']} {said['name']}" if said["type"] == "api_key" else ""
        token_url = f", with token_url={said['token_url']}" if said.get("token_url") else ""
        yield f"scheme {scheme} ({said['type']}{place}): takes a credential of kind {kinds}{token_url}"


def action_lines(pinned: Mapping[str, Any]) -> Iterator[str]:
    """An action for people: the request, then a line for each input."""
    action = pinned["action"]
    yield f"action {pinned['name']} of connector {pinned['connector']}: {action['method']} {pinned['base_url']}{action['path']}"
    for field in ("summary", "description"):
        if field in action:
            yield f"  {action[field]}".replace("\n", "\n  ")
    needs = [" and ".join(schemes) or "nothing" for schemes in pinned["needs"]]
    yield f"shows who asks by: {', or '.join(needs) or 'nothing'}"
    if "paging" in action:
        yield f"pages: {json.dumps(action['paging'])}"
    required = action.get("input", {}).get("required", [])
    for name, schema in action.get("input", {}).get("properties", {}).items():
        yield f"input {name}{' (required)' if name in required else ''}: {_short(schema)}"


def _short(schema: Any) -> str:
    text = json.dumps(schema, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"
