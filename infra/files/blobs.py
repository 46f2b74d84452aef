"""Blob stores: values too big for an event, in a folder or in memory, each under its SHA-256."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from contracts.errors import LogCorrupt
from infra.files.whole import check_folder, sync_folder, write_whole

_CONTENT_HASH = re.compile(r"[0-9a-f]{64}\Z")


def content_hash_of(content: bytes) -> str:
    """The name of a content: SHA-256 in 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def is_content_hash(name: str) -> bool:
    """Whether it can be the name of a content; never a path: it may come from outside."""
    return _CONTENT_HASH.match(name) is not None


class FileBlobs:
    """Blobs as files, `ab/cd/abcd…`: two levels, so that no folder grows to millions of names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Store the content, durable when the call returns, and answer its content hash. Storing twice is once.

        Raises LogFull where there is no room, LogUnreachable where the folder that it belongs in was taken away.
        """
        check_folder(self._folder.parent)
        content_hash = content_hash_of(content)
        path = self._path(content_hash)
        if _holds(path, content):
            sync_folder(path.parent)  # whoever wrote it may have been killed before its name was durable
        else:
            write_whole(path, content)
        return content_hash

    def get(self, content_hash: str) -> bytes:
        """The content. Raises KeyError where there is none, LogCorrupt where it does not match its hash."""
        if not is_content_hash(content_hash):
            raise KeyError(content_hash)
        path = self._path(content_hash)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise KeyError(content_hash) from None
        if (found := content_hash_of(content)) != content_hash:
            raise LogCorrupt(f"{path} holds {len(content):,} bytes with hash {found}, not what its name says")
        return content

    def delete(self, content_hash: str) -> None:
        """See `contracts.ports.sweep`."""
        if is_content_hash(content_hash):
            self._path(content_hash).unlink(missing_ok=True)

    def has(self, content_hash: str) -> bool:
        """Whether there is one of that hash; it is not read."""
        return is_content_hash(content_hash) and self._path(content_hash).is_file()

    def hashes(self, after: str = "") -> Iterator[str]:
        """The content hashes of all that are there, in their order, behind this one."""
        for outer in _names(self._folder):
            for inner in _names(self._folder / outer) if len(outer) == 2 and outer >= after[:2] else ():
                if outer + inner >= after[:4]:
                    yield from (name for name in _names(self._folder / outer / inner) if is_content_hash(name) and name > after)

    def _path(self, content_hash: str) -> Path:
        return self._folder / content_hash[:2] / content_hash[2:4] / content_hash


def _names(folder: Path) -> list[str]:
    """What is in a folder, in order; nothing where it is none."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _holds(path: Path, content: bytes) -> bool:
    """Whether the file is there and whole; a damaged one is written anew."""
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


class MemoryBlobs:
    """Blobs that live as long as the process."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """Store the content and answer its content hash. Storing twice is once."""
        content_hash = content_hash_of(content)
        self._contents[content_hash] = bytes(content)
        return content_hash

    def get(self, content_hash: str) -> bytes:
        """The content. Raises KeyError where there is none."""
        return self._contents[content_hash]

    def delete(self, content_hash: str) -> None:
        """See `contracts.ports.sweep`."""
        self._contents.pop(content_hash, None)
