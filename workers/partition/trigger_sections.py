"""The triggers of the versions that executions start with now, as they were written, and since when each stands so without a break."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec


class _Head(msgspec.Struct, frozen=True):
    id: str
    type: str


class _Section(msgspec.Struct, frozen=True):
    triggers: tuple[msgspec.Raw, ...] = ()


class Section(NamedTuple):
    """A trigger of a definition: its kind, its canonical JSON, and since when it says that (milliseconds since 1970)."""

    type: str
    content: bytes
    since: int


_section: Final = msgspec.json.Decoder(_Section)
_head: Final = msgspec.json.Decoder(_Head)


class TriggerSections:
    """By workflow and id. `revision` counts the changes."""

    def __init__(self) -> None:
        self.revision = 0
        self._found: dict[str, dict[str, Section]] = {}

    def take(self, workflow: str, content: bytes, now: int) -> None:
        """Executions start with this canonical definition from now on; with an empty one none do."""
        before = self._found.get(workflow, {})
        found: dict[str, Section] = {}
        for head, said in _triggers_in(content):
            known = before.get(head.id)
            found[head.id] = known if known is not None and known.content == said else Section(head.type, said, now)
        if found == before:
            return
        self.revision += 1
        self._found[workflow] = found

    def of(self, workflow: str) -> dict[str, Section]:
        """Those of a workflow, by id, in the order written."""
        return self._found.get(workflow, {})

    def all(self) -> dict[str, dict[str, Section]]:
        """Those of all workflows that have any."""
        return {workflow: found for workflow, found in sorted(self._found.items()) if found}


def _triggers_in(content: bytes) -> list[tuple[_Head, bytes]]:
    """Those of a canonical definition; one that cannot be read has none, and harms no other."""
    if b'"triggers"' not in content:
        return []
    try:
        return [(_head.decode(raw), bytes(raw)) for raw in _section.decode(content).triggers]
    except msgspec.MsgspecError:
        return []
