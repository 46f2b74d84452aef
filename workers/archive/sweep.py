"""The sweep: which payloads nobody refers to any more, of those that removed executions did.

The journal is read from its beginning to its end beside the owner, and what was decided meanwhile in the owner's thread, where
no round is under way: payloads are stored in the same round as the decision that refers to them. There they are deleted, too,
before the next round, which may store the same again. Dead letters refer to payloads, too: they may be sent again at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from contracts.ports.log import Log, Topic
from contracts.values import blobs_in
from workers.archive.bundle import Bundle
from workers.archive.pieces import Piece, Pieces


class Sweep:
    """Of the payloads of some pieces."""

    def __init__(self, log: Log, partition: int, pieces: Pieces, swept: Iterable[Piece]) -> None:
        self._log = log
        self.pieces = list(swept)
        self._left: dict[str, None] = {}
        self._read_to: dict[tuple[Topic, int], int] = {("journal", partition): 0, ("dead-letters", 0): 0}
        for piece in self.pieces:
            with pieces.shelf.open(piece.name) as file:
                self._left.update(dict.fromkeys(Bundle(file).index.payloads))

    def read(self) -> None:
        """Look for who refers to them, up to the end of the log. Raises LogError."""
        for at, read_to in self._read_to.items():
            end = self._log.end(*at)
            for _, content in self._log.read(*at, read_to, end) if self._left else ():
                for content_hash in blobs_in(content):
                    self._left.pop(content_hash, None)
            self._read_to[at] = end

    def unneeded(self, log: Log, most: int) -> list[str]:
        """Some that nobody refers to now, each told once. To be asked in the owner's thread, with its own view of the log."""
        self._log = log
        self.read()
        taken = list(islice(self._left, most))
        for content_hash in taken:
            del self._left[content_hash]
        return taken
