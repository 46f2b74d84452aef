"""The mirror of the topic of blobs: a folder with what has been read of it, and up to where that was."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from contracts.errors import LogCorrupt
from infra.files.blobs import FileBlobs
from infra.files.whole import write_whole
from infra.keys.blobs import FileSealedStore
from infra.log.kafka.blob_record import SEALED_HEAD


class BlobMirror:
    """A folder of blobs, and how far the topic has been read into it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.blobs, self.sealed = FileBlobs(folder), FileSealedStore(folder / "sealed")
        self._position_file = folder / "position"
        self.position = self._load_position()

    def has(self, content_hash: str) -> bool:
        """Whether the blob is there and whole."""
        try:
            self.blobs.get(content_hash)
        except (KeyError, LogCorrupt):
            return False
        return True

    def has_sealed(self, key: int, name: str, sealed: bytes) -> bool:
        """Whether the same is there."""
        with suppress(KeyError):
            return self.sealed.get(key, name) == sealed
        return False

    def put(self, content: bytes, is_sealed: bool) -> None:
        """Keep what stands in the topic."""
        if is_sealed:
            key, name = SEALED_HEAD.unpack_from(content)
            self.sealed.put(key, name.hex(), content[SEALED_HEAD.size :])
        else:
            self.blobs.put(content)

    def save_position(self) -> None:
        """All blobs before it are in the folder, durable."""
        write_whole(self._position_file, b"%d\n" % self.position)

    def _load_position(self) -> int:
        try:
            return int(self._position_file.read_bytes())
        except (FileNotFoundError, ValueError):  # lost: it is read again
            return 0
