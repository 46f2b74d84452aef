"""The sweep: which payloads nobody refers to any more, of those that removed executions did.

The journal is read from its beginning to its end beside the owner, and what was decided meanwhile in the owner's thread, where
no round is under way: payloads are stored in the same round as the decision that refers to them. There they are deleted, too,
before the next round, which may store the same again.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from contracts.ports.log import Log
from contracts.values import blobs_in
from workers.archive.bundle import Bundle
from workers.archive.pieces import Piece, Pieces


class Sweep:
    """Of the payloads of some pieces."""

    def __init__(self, log: Log, partition: int, pieces: Pieces, swept: Iterable[Piece]) -> None:
        self._log, self._partition = log, partition
        self.pieces = list(swept)
        self._left: dict[str, None] = {}
        self._read_to = 0
        for piece in self.pieces:
            with pieces.shelf.open(piece.name) as file:
                self._left.update(dict.fromkeys(Bundle(file).index.payloads))

    def read(self, end: int | None = None) -> None:
        """Look for who refers to them, up to the end of the journal. Raises LogError."""
        end = self._log.end("journal", self._partition) if end is None else end
        for _, content in self._log.read("journal", self._partition, self._read_to, end) if self._left else ():
            for content_hash in blobs_in(content):
                self._left.pop(content_hash, None)
        self._read_to = max(end, self._read_to)

    def unneeded(self, log: Log, most: int) -> list[str]:
        """Some that nobody refers to now, each told once. To be asked in the owner's thread, with its own view of the log."""
        self._log = log
        self.read()
        taken = list(islice(self._left, most))
        for content_hash in taken:
            del self._left[content_hash]
        return taken
