"""The checkpoints of webhooks of an embedded engine: a small file in the data folder, replaced as a whole, and one of notes beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from contracts.webhooks import WEBHOOKS_MAX
from infra.files.whole import write_whole

_decode = msgspec.json.Decoder(dict[str, dict[int, int]]).decode
_decode_notes = msgspec.json.Decoder(dict[str, str]).decode


class FileCheckpoints:
    """By name and partition the offset. Lives in an event loop; writing is done beside it."""

    def __init__(self, path: Path) -> None:
        self._path, self._notes_path = path, path.with_name(f"{path.stem}-notes{path.suffix}")
        self._writing = asyncio.Lock()
        self._known: dict[str, dict[int, int]] | None = None
        self._notes: dict[str, str] | None = None

    async def load(self, name: str, partitions: int) -> Mapping[int, int]:
        """What was saved under a name; nothing where the file is not there, or is damaged: then events are sent again."""
        return self._all().get(name, {})

    def _all(self) -> dict[str, dict[int, int]]:
        if self._known is None:
            try:
                self._known = _decode(self._path.read_bytes())
            except (FileNotFoundError, msgspec.MsgspecError):
                self._known = {}
        return self._known

    def _all_notes(self) -> dict[str, str]:
        if self._notes is None:
            try:
                self._notes = _decode_notes(self._notes_path.read_bytes())
            except (FileNotFoundError, msgspec.MsgspecError):
                self._notes = {}
        return self._notes

    async def note(self, name: str) -> str:
        """What was noted with it; nothing where the file is not there, or is damaged."""
        return self._all_notes().get(name, "")

    async def save(self, name: str, checkpoint: Mapping[int, int], note: str) -> None:
        """Save it, and a note; the oldest notes of those that nobody saves any more are dropped. Raises LogFull."""
        async with self._writing:
            known = self._all()
            if self._all_notes().get(name) != note:
                notes = {**{one: text for one, text in self._all_notes().items() if one != name}, name: note}
                notes = dict(list(notes.items())[-WEBHOOKS_MAX:])
                await asyncio.to_thread(write_whole, self._notes_path, msgspec.json.encode(notes))
                self._notes = notes
            if known.get(name) != checkpoint:
                known[name] = dict(checkpoint)
                await asyncio.to_thread(write_whole, self._path, msgspec.json.encode(known))

    async def close(self) -> None:
        """There is nothing to let go of."""
