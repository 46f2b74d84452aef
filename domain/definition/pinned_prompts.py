"""Pinned prompts: what a definition holds of the prompts that its nodes name, as budgets look at it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from contracts.definitions import PinnedPrompt
from contracts.values import encode

PROMPT: Final = "prompt"
"""The kind whose nodes name a prompt."""
_NAMED: Final = re.compile(r"\binput\.(\w+)")


def pin_key(name: str, version: int | None) -> str:
    """What a definition calls the prompt that a node names."""
    return name if version is None else f"{name}@{version}"


def said_by_prompt(config: Mapping[str, Any], prompts: Mapping[str, PinnedPrompt]) -> dict[str, Any]:
    """What the prompt says that a node's config names, by its fields; nothing where none is pinned."""
    pin = prompts.get(pin_key(str(config.get("prompt")), config.get("version")))
    return {} if pin is None else pin.content


def bytes_of_repeats(prompt: Mapping[str, Any], inputs: Any) -> int:
    """How much longer a prompt is, filled in, than its texts with each of its inputs once."""
    if not isinstance(inputs, dict):
        return 0
    named = Counter(_NAMED.findall(json.dumps([prompt.get(name) for name in ("system", "prompt", "messages")])))
    return sum((named[name] - 1) * len(encode(given)) for name, given in inputs.items() if named[name] > 1)
