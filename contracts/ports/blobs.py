"""Blobs: values too big for an event, under their content hash."""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    """A store of immutable contents. `content hash` is SHA-256 in 64 hex digits."""

    def put(self, content: bytes) -> str:
        """Store the content, durable when the call returns, and answer its content hash. Storing twice is once.

        Raises LogFull where there is no room.
        """

    def get(self, content_hash: str) -> bytes:
        """The content. Raises KeyError where there is none, LogCorrupt where it does not match its hash."""


class SealedStore(Protocol):
    """Where sealed contents lie."""

    def put(self, key: int, name: str, sealed: bytes) -> None:
        """Keep it, durable when the call returns. Raises LogFull, LogUnreachable."""

    def get(self, key: int, name: str) -> bytes:
        """It again. Raises KeyError where there is none."""

    def drop(self, key: int) -> None:
        """Let go of all of a key: nobody can read it any more. Where that fails it takes up room, and nothing else."""


class SealedBlobs(Protocol):
    """A store of contents that one key alone reads each, and that no two executions share."""

    def put_sealed(self, content: bytes, key: int) -> None:
        """Store the content sealed, durable when the call returns. Storing twice is once. Raises LogFull, KeyGone."""
