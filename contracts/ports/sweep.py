"""Sweeping: what a store of blobs lets be deleted, once nothing in the log refers to it any more."""

from __future__ import annotations

from typing import Protocol


class SweepableBlobs(Protocol):
    """Blobs that can be deleted."""

    def delete(self, content_hash: str) -> None:
        """Delete a content; one that is not there is no error."""
