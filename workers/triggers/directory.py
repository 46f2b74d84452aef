"""The directory of triggers: all that are in force now, of definitions and made by hand, and which of them are paused."""

from __future__ import annotations

import sys
from typing import Final

import msgspec

from contracts.errors import Rejected
from contracts.resources import Resource
from contracts.triggers import PAUSES, TRIGGERS, Trigger, TriggerPaused, TriggerStatus, decode_pause, name_in
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources


class _Kind(msgspec.Struct, frozen=True):
    type: str


class _ByHand(msgspec.Struct, frozen=True):
    """What is stored of a trigger that is made by hand."""

    workflow: str
    trigger: _Kind


_by_hand: Final = msgspec.json.Decoder(_ByHand)


class Directory:
    """Made anew where something has changed since it was asked."""

    def __init__(self, catalog: Catalog, resources: Resources) -> None:
        self._catalog, self._resources = catalog, resources
        self._seen: tuple[int, int] | None = None
        self._found: dict[str, Trigger] = {}

    @property
    def revision(self) -> tuple[int, int, int]:
        """Another one where a trigger may have come, gone or changed, or was paused or resumed."""
        writes = self._resources.writes
        return self._catalog.triggers.revision, writes[TRIGGERS], writes[PAUSES]

    def _stand(self) -> tuple[int, int]:
        return self._catalog.triggers.revision, self._resources.writes[TRIGGERS]

    def all(self) -> dict[str, Trigger]:
        """By name: first those of definitions, in the order written, then those made by hand."""
        if self._seen != (stand := self._stand()):
            self._found, self._seen = self._made(), stand
        return self._found

    def _made(self) -> dict[str, Trigger]:
        found: dict[str, Trigger] = {}
        for workflow, sections in self._catalog.triggers.all().items():
            for id_, section in sections.items():
                name = name_in(workflow, id_)
                found[name] = Trigger(name, id_, workflow, section.type, section.content, section.since)
        for resource in self._resources.all(TRIGGERS):
            said, name = _by_hand.decode(resource.value or b""), resource.name
            workflow, type_ = sys.intern(said.workflow), sys.intern(said.trigger.type)
            found[name] = Trigger(name, name, workflow, type_, resource.value or b"", resource.written_at, is_by_hand=True)
        return found

    def get(self, name: str) -> Trigger:
        """The trigger of a name. Raises Rejected where there is none."""
        found = self.all().get(name)
        if found is None:
            raise Rejected("unknown_trigger", f"there is no trigger {name}: no active version has it, and none was made by hand")
        return found

    def pause_of(self, name: str) -> TriggerPaused | None:
        """Why a trigger is paused; None for one that is not."""
        pause = self._resources.find(PAUSES, name)
        return None if pause is None else _paused(pause)

    def begins(self, trigger: Trigger) -> int:
        """From when on it counts what happens: since it says what it says, and was resumed last."""
        pause = self._resources.last(PAUSES, trigger.name)
        return trigger.since if pause is None or pause.value is not None else max(trigger.since, pause.written_at)

    def has_secrets(self, trigger: Trigger) -> bool:
        """Whether what it starts may have values that are sealed, and so may have to wait for a credential."""
        return self._catalog.has_secrets(trigger.workflow)

    def status(self, trigger: Trigger) -> TriggerStatus:
        """How a trigger stands."""
        states, name = self._resources.triggers, trigger.name
        return TriggerStatus(trigger, self.pause_of(name), states.positions.get(name), states.last.get(name), states.skipped(name))


def _paused(pause: Resource) -> TriggerPaused:
    return TriggerPaused(decode_pause(pause.value or b"{}").reason, pause.actor, pause.written_at)
