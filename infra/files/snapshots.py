"""Snapshot stores: one file a partition, replaced whole, with a checksum; or memory.

A snapshot is a cache. A file that is torn, foreign or cannot be read is therefore no error but no snapshot: the owner
folds the journal instead.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from infra.files.whole import check_folder, write_whole

_MAGIC: Final = b"refold snapshot 1\n"
_DIGEST_BYTES: Final = 32
_HEAD_BYTES: Final = len(_MAGIC) + _DIGEST_BYTES


class FileSnapshots:
    """Snapshots as files `<partition>.snapshot`: a magic line, the SHA-256 of the content, the content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, partition: int, content: bytes) -> None:
        """Replace the partition's snapshot; a kill in the middle leaves the old one. Raises LogFull, LogUnreachable."""
        check_folder(self._folder.parent)
        write_whole(self._path(partition), _MAGIC, hashlib.sha256(content).digest(), content)

    def load(self, partition: int) -> bytes | None:
        """The last snapshot that was saved whole, or None."""
        try:
            with self._path(partition).open("rb") as file:
                head, content = file.read(_HEAD_BYTES), file.read()
        except OSError:  # missing, a folder, a bad sector: all of them mean to fold the journal instead
            return None
        return content if head == _MAGIC + hashlib.sha256(content).digest() else None

    def _path(self, partition: int) -> Path:
        return self._folder / f"{partition}.snapshot"


class MemorySnapshots:
    """Snapshots that live as long as the process."""

    def __init__(self) -> None:
        self._contents: dict[int, bytes] = {}

    def save(self, partition: int, content: bytes) -> None:
        """Replace the partition's snapshot."""
        self._contents[partition] = bytes(content)

    def load(self, partition: int) -> bytes | None:
        """The last snapshot that was saved, or None."""
        return self._contents.get(partition)
