"""The paths of webhooks: which trigger waits at each, and which are taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.definitions import WorkflowDefinition
from contracts.errors import Problem
from contracts.triggers import Trigger
from domain.triggers.webhook import WebhookTrigger
from workers.triggers.directory import Directory


class _Said(msgspec.Struct, frozen=True):
    path: str


class _ByHand(msgspec.Struct, frozen=True):
    trigger: _Said


_said: Final = msgspec.json.Decoder(_Said)
_by_hand: Final = msgspec.json.Decoder(_ByHand)


class HookPaths:
    """Made anew where something has changed since it was asked. Of two triggers at one path the older one has it."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._seen: tuple[int, int, int] | None = None
        self._found: dict[str, Trigger] = {}

    def find(self, path: str) -> Trigger | None:
        """The trigger that waits at a path; None where there is none."""
        if self._seen != (revision := self._directory.revision):
            self._found, self._seen = dict(self._made()), revision
        return self._found.get(path)

    def _made(self) -> Iterator[tuple[str, Trigger]]:
        webhooks = [one for one in self._directory.all().values() if one.type == WebhookTrigger.name]
        for trigger in sorted(webhooks, key=lambda one: (one.since, one.name), reverse=True):  # the oldest is the last that is said
            said = _by_hand.decode(trigger.content).trigger if trigger.is_by_hand else _said.decode(trigger.content)
            yield said.path, trigger


def taken(paths: HookPaths, definition: WorkflowDefinition) -> list[Problem]:
    """The paths of a definition that triggers of other workflows have, or those that are made by hand."""
    found = []
    for index, raw in enumerate(definition.triggers):
        path = raw.get("path")
        if raw.get("type") != WebhookTrigger.name or not isinstance(path, str):
            continue
        other = paths.find(path)
        if other is not None and (other.is_by_hand or other.workflow != definition.name):
            message = f"the path `{path}` is taken: trigger {other.name} waits there"
            found.append(Problem(f"triggers[{index}].path", "taken", message, f"write another one, like `{definition.name}/{path}`"))
    return found
