"""The archive as whoever asks over the API sees it: its bundles, and to have what is due archived at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol


class Made(NamedTuple):
    """How many executions were archived, and how many removed."""

    archived: int
    removed: int


class Archive(Protocol):
    """Of a server that has one, or removes without. All raise ShelfError where the place cannot be used."""

    @property
    def is_there(self) -> bool:
        """Whether what has ended goes into bundles."""

    async def bundles(self) -> list[dict[str, Any]]:
        """What each bundle holds; one that is damaged has a `problem`."""

    async def holding(self, execution: str) -> str:
        """The newest bundle that holds an execution; empty where none does that can be read."""

    async def read(self, bundle: str) -> AsyncIterator[bytes]:
        """The bytes of a bundle. Raises Rejected where there is none of this name."""

    async def make(self) -> Made:
        """Archive and remove what is due, bundles of this day included: what is in the hands of this process is done then.

        Other processes that share the log do the same, by themselves. Raises LogError with what fails.
        """
