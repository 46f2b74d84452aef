"""The checkpoints of webhooks of an embedded engine: one small file in the data folder, replaced as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.files.whole import write_whole

_decode = msgspec.json.Decoder(dict[str, dict[int, int]]).decode


class FileCheckpoints:
    """By name and partition the offset. Lives in an event loop; writing is done beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = asyncio.Lock()
        self._known: dict[str, dict[int, int]] | None = None

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

    async def save(self, name: str, checkpoint: Mapping[int, int]) -> None:
        """Save it. Raises LogFull."""
        async with self._writing:
            known = self._all()
            known[name] = dict(checkpoint)
            await asyncio.to_thread(write_whole, self._path, msgspec.json.encode(known))

    async def close(self) -> None:
        """There is nothing to let go of."""
