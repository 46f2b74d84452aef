"""Firing: what a trigger starts with, and what expressions see of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from contracts.triggers import Trigger, Triggered
from contracts.values import decode, written, written_again
from domain.expressions import value
from domain.expressions.template import Value
from domain.triggers import TRIGGER_KINDS
from domain.triggers.kind import TriggerKind

CONFIGS_MAX: Final = 1_000
"""So many configs stay read in a process; those of ten thousand triggers that wait cost nothing."""


def kind_of(trigger: Trigger) -> TriggerKind | None:
    """The kind of a trigger; None for one that this version of Refold does not know."""
    return TRIGGER_KINDS.get(trigger.type)


def config_of(trigger: Trigger) -> Any:
    """The config of a trigger as its kind reads it; of one of an unknown kind it is a bug to ask."""
    return _config(trigger.type, trigger.content, trigger.is_by_hand)


@lru_cache(CONFIGS_MAX)
def _config(type_: str, content: bytes, is_by_hand: bool) -> Any:
    return TRIGGER_KINDS[type_].read(_said(content, is_by_hand))


@lru_cache(CONFIGS_MAX)
def _input_of(type_: str, content: bytes, is_by_hand: bool) -> Value | None:
    config = _config(type_, content, is_by_hand)
    return value(config.input) if "input" in config.model_fields_set else None


def said_of(trigger: Trigger) -> Any:
    """What a trigger says, as it was written."""
    return _said(trigger.content, trigger.is_by_hand)


def _said(content: bytes, is_by_hand: bool) -> Any:
    said = decode(content)
    return said["trigger"] if is_by_hand else said


def seen(trigger: Trigger, given: Mapping[str, Any], by: str = "", depth: int = 1) -> dict[str, Any]:
    """What expressions see as `trigger`: `by` is who fired it by hand, `depth` how many triggers started each other up to this one."""
    return {"id": trigger.id, "type": trigger.type, "by": by or None, "depth": depth, **given}


def started_with(trigger: Trigger, found: Mapping[str, Any], is_read: bool = False) -> bytes:
    """The input of what is started, as JSON; `is_read` as in `triggered`. Raises ExpressionError where it cannot be filled in."""
    kind, said = TRIGGER_KINDS[trigger.type], _input_of(trigger.type, trigger.content, trigger.is_by_hand)
    if said is None:
        given = kind.input_of(found)
    else:
        names: dict[str, Any] = {"trigger": found}
        for name in kind.extra:
            names[name] = found.get(name)
        given = said.render(names)
        is_read = is_read and given is found.get("body")
    return written_again(given) if is_read else written(given)


def triggered(trigger: Trigger, cause: str, found: Mapping[str, Any], by_itself: bool = False, is_read: bool = False) -> Triggered:
    """What the start says of the trigger; `is_read` says that all in it was checked when it was read."""
    return Triggered(trigger.name, cause, written_again(found) if is_read else written(found), by_itself)
