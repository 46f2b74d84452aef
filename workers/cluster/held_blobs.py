"""Blobs that a round makes: held in memory while it decides, and stored before it is appended, as storing waits for the log.

decide ─► put: held ─► (the round is decided) ─► stored in a thread ─► append ─► act
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.ports.blobs import Blobs
from contracts.values import blob_of, reference_to


class HeldBlobs:
    """A `Blobs` for the owners of one process, whose rounds are decided together. For the event loop's thread."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
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
        if not self._held:
            return None
        contents = list(self._held.values())

        def store() -> None:
            for content in contents:
                self._blobs.put(content)

        return store

    def stored(self) -> None:
        """It was stored, or the round has not happened."""
        self._held.clear()
