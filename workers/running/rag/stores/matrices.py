"""Vectors in memory: blocks of rows with their numbers, kept by store as long as the store is as it was when they were read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, NamedTuple

import numpy as np

BLOCK_ROWS: Final = 8_192
BYTES_MAX: Final = 1024 * 1024 * 1024
"""So much memory vectors may take between two searches; what does not fit is read again each time."""


class Block(NamedTuple):
    """Some rows."""

    numbers: np.ndarray[Any, Any]
    vectors: np.ndarray[Any, Any]


class Matrices:
    """What is kept, that which was used last at the end. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[str, list[Block]]] = OrderedDict()

    def read(self, rows: Any) -> Iterable[Block]:
        """The rows `(number, vector as bytes)` of a cursor, block by block."""
        while some := rows.fetchmany(BLOCK_ROWS):
            numbers = np.array([row[0] for row in some], dtype=np.int64)
            yield Block(numbers, np.frombuffer(b"".join(row[1] for row in some), dtype="<f4").reshape(len(some), -1))

    def of(self, place: Hashable, version: str, read: Callable[[], Iterable[Block]]) -> list[Block]:
        """The blocks of a place in this version: read now, if they are not here."""
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and kept[0] == version:
                self._kept.move_to_end(place)
                return kept[1]
        blocks = list(read())
        with self._lock:
            self._kept[place] = version, blocks
            self._kept.move_to_end(place)
            while self._kept and sum(_bytes(one) for _, one in self._kept.values()) > BYTES_MAX:
                self._kept.popitem(last=False)
        return blocks


MATRICES: Final = Matrices()


def best(blocks: Iterable[Block], vector: Any, count: int) -> dict[int, float]:
    """The rows whose products with a vector are largest, by number: `count` of them, and those that equal the last of these."""
    numbers, scores = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    for block in blocks:
        numbers = np.concatenate((numbers, block.numbers))
        scores = np.concatenate((scores, block.vectors @ vector))
        if len(scores) > count:
            least = np.partition(scores, len(scores) - count)[len(scores) - count]
            numbers, scores = numbers[scores >= least], scores[scores >= least]
    return dict(zip(numbers.tolist(), scores.tolist(), strict=True))


def _bytes(blocks: list[Block]) -> int:
    return sum(one.vectors.nbytes + one.numbers.nbytes for one in blocks)
