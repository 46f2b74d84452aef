"""Snapshots: what an owner had folded, kept to start faster. Disposable: losing one costs time, nothing else."""

from __future__ import annotations

from typing import Protocol


class Snapshots(Protocol):
    """One snapshot a partition; bytes that only the owner understands."""

    def save(self, partition: int, content: bytes) -> None:
        """Replace the partition's snapshot; a kill in the middle leaves the old one. Raises LogFull where there is no room."""

    def load(self, partition: int) -> bytes | None:
        """The last snapshot that was saved whole, or None."""
