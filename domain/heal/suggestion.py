"""Suggestions: what could be changed, of which kind that is, and by what one is known again.

retry        nothing is changed, or how often and when a node is tried again
timeout      how long something may take
config       what a node is told
definition   anything else: nodes, edges, expressions
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from contracts.definitions import HealKind
from domain.definition.difference import Change
from domain.heal.patch import FieldEdit, TextEdit

Risk: TypeAlias = Literal["low", "medium", "high"]
KINDS: Final[tuple[HealKind, ...]] = ("retry", "timeout", "config", "definition")
"""From the least to the gravest."""
_OF_KIND: Final[tuple[tuple[str, HealKind], ...]] = (
    ("retry", "retry"),
    ("timeout", "timeout"),
    ("timeouts", "timeout"),
    ("config", "config"),
)
WORDS_MAX: Final = 2_000
"""So long a reason may be."""

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "reason", "risk", "edits"],
    "properties": {
        "kind": {"enum": [*KINDS, "none"]},
        "reason": {"type": "string"},
        "risk": {"enum": ["low", "medium", "high"]},
        "edits": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["find", "replace"],
                "properties": {"find": {"type": "string"}, "replace": {"type": "string"}},
            },
        },
    },
}
"""What a model is to answer. `refold.heal` says the same, and a test compares them."""


class Suggestion(NamedTuple):
    """What could be changed: by fields, or by texts; nothing at all where it is only to be tried again."""

    reason: str
    risk: Risk
    fields: tuple[FieldEdit, ...] = ()
    texts: tuple[TextEdit, ...] = ()


def suggestion_in(said: Any) -> Suggestion | None:
    """What a model has suggested; None where it has nothing to suggest. Its answer matches `SCHEMA`."""
    if not isinstance(said, dict) or said.get("kind") == "none":
        return None
    texts = tuple(TextEdit(one["find"], one["replace"]) for one in said["edits"])
    return Suggestion(said["reason"][:WORDS_MAX], said["risk"], texts=texts)


def kind_of(changes: Sequence[Change]) -> HealKind:
    """Of which kind a change is, by what it changes, whatever was said of it: the gravest of all."""
    return max((_kind(one) for one in changes), key=KINDS.index, default="retry")


def _kind(change: Change) -> HealKind:
    if change.change == "reordered":
        return "definition"
    if change.what == "node":
        field = change.path.rpartition("]")[2] if change.path.endswith("]") else change.path.rpartition(f"[{change.id}].")[2]
    elif change.what == "workflow" and change.path.startswith("settings."):
        field = change.path.removeprefix("settings.")
    else:
        return "definition"
    if field == "config.timeout":
        return "timeout"
    first = field.partition(".")[0].partition("[")[0]
    found: HealKind = next((kind for name, kind in _OF_KIND if name == first), "definition")
    return found if change.what == "node" or found != "config" else "definition"


def name_of(workflow: str, place: str, error: str, changes: Sequence[Change]) -> str:
    """By what a suggestion is known again, whoever makes it: 16 hex digits of what it changes; of one without a change of what failed."""
    told: list[Any] = [(one.change, one.path, one.before, one.after) for one in changes] or [place, error]
    return hashlib.sha256(json.dumps([workflow, told], sort_keys=True, default=str).encode()).hexdigest()[:16]
