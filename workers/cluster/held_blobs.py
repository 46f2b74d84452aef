"""Blobs that a round makes: held in memory while it decides, and stored before it is appended, as storing waits for the log.

decide ─► put: held ─► (the round is decided) ─► stored in a thread ─► append ─► act
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.ports.blobs import Blobs, SealedStore
from contracts.values import blob_of, reference_to


class HeldSealed:
    """A `SealedStore` that holds what is put into it."""

    def __init__(self, store: SealedStore) -> None:
        self._store, self.held = store, dict[tuple[int, str], bytes]()

    def put(self, key: int, name: str, sealed: bytes) -> None:
        """Hold it until the round is to be appended."""
        self.held[key, name] = sealed

    def get(self, key: int, name: str) -> bytes:
        """See SealedStore."""
        held = self.held.get((key, name))
        return self._store.get(key, name) if held is None else held

    def drop(self, key: int) -> None:
        """See SealedStore."""
        self._store.drop(key)


class HeldBlobs:
    """A `Blobs` for the owners of one process, whose rounds are decided together. For the event loop's thread.

    `sealed` is where they put what is sealed: it is held and stored with the others.
    """

    def __init__(self, blobs: Blobs, sealed: SealedStore) -> None:
        self._blobs, self._sealed, self.sealed = blobs, sealed, HeldSealed(sealed)
        self._held: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """Hold a content until the round is to be appended."""
        content_hash = blob_of(reference_to(content))
        self._held[content_hash] = content
        return content_hash

    def get(self, content_hash: str) -> bytes:
        """The content. Raises KeyError where there is none."""
        held = self._held.get(content_hash)
        return self._blobs.get(content_hash) if held is None else held

    def store(self) -> Callable[[], None] | None:
        """What stores all that is held, to be called in another thread; None where nothing is. Raises LogError where it cannot."""
        if not (self._held or self.sealed.held):
            return None
        contents, sealed = list(self._held.values()), list(self.sealed.held.items())

        def store() -> None:
            for content in contents:
                self._blobs.put(content)
            for (key, name), content in sealed:
                self._sealed.put(key, name, content)

        return store

    def stored(self) -> None:
        """It was stored, or the round has not happened."""
        self._held.clear()
        self.sealed.held.clear()
