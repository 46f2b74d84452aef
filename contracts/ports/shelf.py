"""A shelf: files that are written whole and never changed, such as bundles of the archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Protocol, TypeAlias

Fill: TypeAlias = Callable[[BinaryIO], None]
"""Writes the content of a file, front to back."""


class Shelf(Protocol):
    """Files by their names. One thread uses an instance at a time; all raise ShelfError where the place cannot be used."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def names(self) -> list[str]:
        """The names of all files, sorted; of none that is still being written."""

    def write(self, name: str, fill: Fill) -> None:
        """Put a file there, in place of one of this name; durable, and only then there, when the call returns."""

    def open(self, name: str) -> BinaryIO:
        """A file to be read, and sought in. Raises KeyError where there is none."""

    def size(self, name: str) -> int:
        """How many bytes it has. Raises KeyError where there is none."""

    def rename(self, name: str, to: str) -> None:
        """Give a file another name. Raises KeyError where there is none."""

    def delete(self, name: str) -> None:
        """Take a file away; one that is not there is no error."""
