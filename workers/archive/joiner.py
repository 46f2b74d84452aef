"""Joining: pieces become one bundle of a day and a partition, which is read back before they are dropped.

    2026-11-29-p0-6f1c9a02-001795992050000-001796078449000.refold
    day        │  journal  the first piece   the last one
               partition

By the name of a bundle it is known which pieces it holds, so a process that dies between joining and dropping joins nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, Final

from contracts.errors import ArchiveDamaged
from contracts.ports.shelf import Shelf
from workers.archive.bundle import Bundle, BundleWriter
from workers.archive.layout import Head
from workers.archive.pieces import Piece, Pieces

SUFFIX: Final = ".refold"
JOINED_MAX: Final = 100
"""So many pieces go into a bundle at most; then it is made before its day is over."""
JOINED_BYTES_MAX: Final = 512 * 1024 * 1024
"""The same by their bytes."""


class Joiner:
    """Of one partition. Without an archive pieces are dropped, once they are swept.

    With `waits_for_day` those of a day wait until it is over, unless they are too many.
    """

    def __init__(self, pieces: Pieces, archive: Shelf | None, partition: int, journal: str, waits_for_day: bool = True) -> None:
        self._waits_for_day = waits_for_day
        self._pieces, self._archive, self._partition, self._journal = pieces, archive, partition, journal

    def join(self, now: int, waits_for_day: bool = True) -> None:
        """Join the pieces of days that are over, or all there are. Raises ShelfError, ArchiveDamaged."""
        waits_for_day = waits_for_day and self._waits_for_day
        swept = self._pieces.at("swept")
        if self._archive is None:
            for piece in swept:
                self._pieces.drop(piece)
            return
        while swept:
            day = day_of(swept[0].number)
            among = [piece for piece in swept if day_of(piece.number) == day]
            chosen = self._as_many_as_fit(among)
            if waits_for_day and day == day_of(now) and len(chosen) == len(among):
                return
            self._join(self._archive, day, chosen)
            swept = swept[len(chosen) :]

    def _as_many_as_fit(self, pieces: Sequence[Piece]) -> list[Piece]:
        chosen: list[Piece] = []
        size = 0
        for piece in pieces[:JOINED_MAX]:
            size += self._pieces.shelf.size(piece.name)
            if chosen and size > JOINED_BYTES_MAX:
                break
            chosen.append(piece)
        return chosen

    def _join(self, archive: Shelf, day: str, pieces: list[Piece]) -> None:
        prefix = f"{day}-p{self._partition}-{self._journal[:8]}-"
        there = [name for name in archive.names() if name.startswith(prefix)]
        left = [piece for piece in pieces if not any(_holds(name, prefix, piece) and self._is_in(archive, name, piece) for name in there)]
        if left:
            name = f"{prefix}{left[0].number:015d}-{left[-1].number:015d}{SUFFIX}"
            archive.write(name, partial(self._fill, left))
            self._check(archive, name, left)
        for piece in pieces:
            self._pieces.drop(piece)

    def _is_in(self, archive: Shelf, name: str, piece: Piece) -> bool:
        """Whether a bundle that should hold a piece does; some stores show what is not written to its end."""
        try:
            self._check(archive, name, [piece])
        except (ArchiveDamaged, KeyError):
            return False
        return True

    def _fill(self, pieces: Sequence[Piece], file: BinaryIO) -> None:
        writer = BundleWriter(file, Head(self._journal, self._partition, pieces[-1].number))
        for piece in pieces:
            with self._pieces.shelf.open(piece.name) as content:
                writer.join(Bundle(content))
        writer.close()

    def _check(self, archive: Shelf, name: str, pieces: Sequence[Piece]) -> None:
        """Read the bundle back: pieces are only dropped when all that is in them is there."""
        with ExitStack() as opened:
            bundle = Bundle(opened.enter_context(archive.open(name)))
            bundle.check_digest()
            there = {line.execution for line in bundle.index.executions}
            for piece in pieces:
                lines = Bundle(opened.enter_context(self._pieces.shelf.open(piece.name))).index.executions
                if not there.issuperset(line.execution for line in lines):
                    raise ArchiveDamaged(f"{archive.place}/{name} lacks what is in {piece.name}")


def day_of(number: int) -> str:
    """The day, in UTC, of a piece with this number."""
    return datetime.fromtimestamp(number / 1000, UTC).strftime("%Y-%m-%d")


def _holds(name: str, prefix: str, piece: Piece) -> bool:
    """Whether a bundle holds a piece, by its name."""
    first, _, last = name.removeprefix(prefix).removesuffix(SUFFIX).partition("-")
    return first.isdecimal() and last.isdecimal() and int(first) <= piece.number <= int(last)
