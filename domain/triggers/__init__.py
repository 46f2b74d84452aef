"""The kinds of triggers, one file and one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from domain.triggers.event import EventTrigger
from domain.triggers.kafka import KafkaTrigger
from domain.triggers.kind import EVERY, TriggerKind
from domain.triggers.manual import Manual
from domain.triggers.schedule import SCHEDULE
from domain.triggers.webhook import WebhookTrigger

_KINDS: Final[tuple[TriggerKind, ...]] = (SCHEDULE, Manual(), WebhookTrigger(), EventTrigger(), KafkaTrigger())

__all__ = ["EVERY", "TRIGGER_KINDS", "TRIGGER_NAMES", "TriggerKind"]

TRIGGER_KINDS: Final[Mapping[str, TriggerKind]] = {kind.name: kind for kind in _KINDS}
"""By name, in the order in which the reference has them."""
TRIGGER_NAMES: Final = tuple(dict.fromkeys([*EVERY, *(name for kind in _KINDS for name in kind.gives)]))
"""What expressions may read of `trigger`."""
