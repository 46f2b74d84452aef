"""The topic of blobs as whoever sweeps it sees it: what stands where, what is appended anew, what goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class BlobId(NamedTuple):
    """What a blob is found by: its content hash, or the name that it has under a key."""

    name: str
    key: int | None = None
    """The number of the key that it is sealed with, `NO_KEY` where that travels with a command; None where it is not sealed."""


class Stored(NamedTuple):
    """A blob that is whole: between which offsets its pieces stand, both included, and how many bytes they are."""

    id: BlobId
    first: int
    last: int
    size: int


class Marked(NamedTuple):
    """A mark: all that stands before an offset was appended by a time (milliseconds since 1970)."""

    before: int
    time: int


class Standing(NamedTuple):
    """A record: where it stands, its bytes, and the blob that ends with it, or the mark that it is, if any."""

    offset: int
    size: int
    of: Stored | Marked | None


class BlobTopic(Protocol):
    """One thread uses an instance at a time. Every call raises LogError where the log cannot do it, or nobody answers."""

    def start(self) -> int:
        """The offset of the first record that is there."""

    def end(self) -> int:
        """The offset of the next record."""

    def read(self, offset: int, end: int) -> Iterator[Standing]:
        """What stands there. What is deleted meanwhile is left out."""

    def mark(self, marked: Marked) -> None:
        """Append a mark."""

    def carry(self, stored: Stored) -> None:
        """Append a blob anew, durable when the call returns. Raises LogCorrupt where it is not there as it was."""

    def delete_before(self, offset: int) -> None:
        """Delete the records before an offset, at which a mark stands."""
