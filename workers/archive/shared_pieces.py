"""Pieces on a shelf that all reach who may own a partition, beside its bundles: which of them count says the journal (`Retired`).

    pieces/p3-6f1c9a02-001795992050000-000000004711.piece
           partition   │               the claim of who wrote it, by its offset: no two write the same file
              journal  the number, which rises

Whoever owns the partition now may drop what an owner before has left behind, and never what one behind it has written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import BinaryIO, Final

from contracts.errors import ArchiveDamaged
from contracts.ports.shelf import Fill, Shelf
from workers.archive.bundle import Bundle, BundleWriter
from workers.archive.histories import read_back
from workers.archive.joiner import JOINED_BYTES_MAX, JOINED_MAX, SUFFIX, day_of
from workers.archive.layout import Head, History

PIECE: Final = ".piece"


def number_of(piece: str) -> int:
    """The number of a piece, by its name; 0 of none."""
    return int(piece.rsplit("-", 2)[1]) if piece else 0


def epoch_of(piece: str) -> int:
    """The offset of the claim of who wrote it."""
    return int(piece.removesuffix(PIECE).rpartition("-")[2])


class SharedPieces:
    """Of one partition. `archive` is where its bundles go."""

    def __init__(self, shelf: Shelf, archive: Shelf, partition: int, journal: str) -> None:
        self._shelf, self._archive, self._partition, self._journal = shelf, archive, partition, journal
        self._prefix = f"p{partition}-{journal[:8]}-"

    def names(self) -> list[str]:
        """All that are there, the oldest first."""
        return sorted(name for name in self._shelf.names() if name.startswith(self._prefix) and name.endswith(PIECE))

    def named(self, number: int, epoch: int) -> str:
        """What a piece is called."""
        return f"{self._prefix}{number:015d}-{epoch:012d}{PIECE}"

    def write(self, name: str, fill: Fill) -> list[History]:
        """Write a piece, and read it back: what is in it. Raises ShelfError, ArchiveDamaged."""
        self._shelf.write(name, fill)
        with self._shelf.open(name) as file:
            return read_back(file, name)

    def drop(self, names: Sequence[str]) -> None:
        """They are of no more use."""
        for name in names:
            self._shelf.delete(name)

    def sizes(self, names: Sequence[str]) -> dict[str, int]:
        """How many bytes each has; what is not there is left out."""
        there = set(self.names())
        return {name: self._shelf.size(name) for name in names if name in there}

    # Bundles.

    def to_bundle(self, sizes: Mapping[str, int], now: int, waits_for_day: bool) -> tuple[str, tuple[str, ...]] | None:
        """The name of the bundle that is to be made of these pieces next, and which become it; None while their day is not over."""
        if not sizes:
            return None
        day = day_of(number_of(next(iter(sizes))))
        among = [name for name in sizes if day_of(number_of(name)) == day]
        chosen: list[str] = []
        size = 0
        for name in among[:JOINED_MAX]:
            size += sizes[name]
            if chosen and size > JOINED_BYTES_MAX:
                break
            chosen.append(name)
        if waits_for_day and day == day_of(now) and len(chosen) == len(among):
            return None
        first, last = number_of(chosen[0]), number_of(chosen[-1])
        return f"{day}-{self._prefix}{first:015d}-{last:015d}{SUFFIX}", tuple(chosen)

    def bundle(self, name: str, pieces: Sequence[str]) -> None:
        """Make a bundle, unless that was done, and drop the pieces that became it. Raises ShelfError, ArchiveDamaged.

        Whoever is to make it makes the same, so it harms nobody where two do. Without any of its pieces it was made.
        """
        there = self.sizes(pieces)
        if not there:
            return
        if not self._is_whole(name, list(there)):
            if len(there) < len(pieces):
                missing = ", ".join(piece for piece in pieces if piece not in there)
                raise ArchiveDamaged(f"{self._archive.place}/{name} cannot be made: {missing} is not in {self._shelf.place}")
            self._archive.write(name, partial(self._fill, pieces))
            self._check(name, pieces)
        self.drop(list(there))

    def _is_whole(self, name: str, pieces: Sequence[str]) -> bool:
        try:
            self._check(name, pieces)
        except (ArchiveDamaged, KeyError):
            return False
        return True

    def _fill(self, pieces: Sequence[str], file: BinaryIO) -> None:
        writer = BundleWriter(file, Head(self._journal, self._partition, number_of(pieces[-1])))
        for piece in pieces:
            with self._shelf.open(piece) as content:
                writer.join(Bundle(content))
        writer.close()

    def _check(self, name: str, pieces: Sequence[str]) -> None:
        """Read the bundle back. Raises KeyError where it is not there, ArchiveDamaged where it lacks what is in a piece."""
        with ExitStack() as opened:
            bundle = Bundle(opened.enter_context(self._archive.open(name)))
            bundle.check_digest()
            there = {line.execution for line in bundle.index.executions}
            for piece in pieces:
                lines = Bundle(opened.enter_context(self._shelf.open(piece))).index.executions
                if not there.issuperset(line.execution for line in lines):
                    raise ArchiveDamaged(f"{self._archive.place}/{name} lacks what is in {piece}")
