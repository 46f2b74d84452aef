"""Blobs of sealed executions: each sealed with its execution's key, and in a folder of that execution alone.

blobs/      ab/cd/abcd…      what is not sealed, by its content hash
sealed/     17/<name>        of the execution with key 17; the name tells nothing of the content without the key
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from contracts.errors import KeyGone, LogCorrupt
from contracts.ports.blobs import Blobs, SealedStore
from contracts.ports.keys import Keys
from infra.files.whole import check_folder, write_whole

_ABOUT = b"blob"


class SealingBlobs:
    """`Blobs` over others, and `SealedBlobs`: a name with a colon and the number of a key is of one that is sealed."""

    def __init__(self, blobs: Blobs, keys: Keys, store: SealedStore) -> None:
        self._blobs, self._keys, self._store = blobs, keys, store

    def put(self, content: bytes) -> str:
        """See Blobs."""
        return self._blobs.put(content)

    def get(self, content_hash: str) -> bytes:
        """See Blobs."""
        content_hash, _, key = content_hash.partition(":")
        return self._blobs.get(content_hash) if not key else self._unsealed(content_hash, int(key))

    def put_sealed(self, content: bytes, key: int) -> None:
        """See SealedBlobs."""

        name = self._keys.name(key, hashlib.sha256(content).hexdigest())
        self._store.put(key, name, self._keys.seal(key, content, _ABOUT))

    def _unsealed(self, content_hash: str, key: int) -> bytes:
        try:
            sealed = self._store.get(key, self._keys.name(key, content_hash))
        except KeyGone:
            raise KeyError(content_hash) from None
        try:
            return self._keys.unseal(key, sealed, _ABOUT)
        except KeyGone:
            raise LogCorrupt(f"the sealed blob of {content_hash} does not match what it was sealed as") from None


class DroppingKeys:
    """`Keys` that take the blobs with them which nobody can read any more."""

    def __init__(self, keys: Keys, store: SealedStore) -> None:
        self._keys, self._store = keys, store
        self.take, self.begin_at = keys.take, keys.begin_at
        self.seal, self.unseal, self.name = keys.seal, keys.unseal, keys.name

    def throw_away(self, keys: Iterable[int]) -> None:
        """See Keys."""
        numbers = list(keys)
        self._keys.throw_away(numbers)
        for number in numbers:
            self._store.drop(number)


class FileSealedStore:
    """Sealed contents as files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: int, name: str, sealed: bytes) -> None:
        """See SealedStore."""
        check_folder(self._folder.parent)
        write_whole(self._folder / str(key) / name, sealed)

    def get(self, key: int, name: str) -> bytes:
        """See SealedStore."""
        try:
            return (self._folder / str(key) / name).read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    def drop(self, key: int) -> None:
        """See SealedStore."""
        shutil.rmtree(self._folder / str(key), ignore_errors=True)


class MemorySealedStore:
    """Sealed contents that live as long as the process."""

    def __init__(self) -> None:
        self._contents: dict[int, dict[str, bytes]] = {}

    def put(self, key: int, name: str, sealed: bytes) -> None:
        """See SealedStore."""
        self._contents.setdefault(key, {})[name] = sealed

    def get(self, key: int, name: str) -> bytes:
        """See SealedStore."""
        return self._contents[key][name]

    def drop(self, key: int) -> None:
        """See SealedStore."""
        self._contents.pop(key, None)
