"""Writing a blob into its topic, in as many records as it needs, and putting it together again."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from contracts.errors import AppendUnknown, LogError, LogUnreachable
from contracts.ports.log import Log, Topic
from infra.log.kafka.blob_record import HEAD, SAME_BATCH, SEALED_HEAD, Piece, decode

PUT_TIMEOUT_S: Final = 20.0
"""So long a blob is appended again while the outcome is unknown: twice in the topic does no harm."""


class BlobLog(Log, Protocol):
    """A log whose topics can lose their beginning."""

    def start(self, topic: Topic, partition: int) -> int:
        """The offset of the first record that is still there. Raises LogError."""


def append_blob(log: BlobLog, content: bytes, content_hash: bytes, is_sealed: bool) -> tuple[int, int]:
    """The offset of the first piece, and up to where nothing else stands after it. Raises LogError."""
    deadline = time.monotonic() + PUT_TIMEOUT_S
    while True:
        try:
            return _append_once(log, content, content_hash, is_sealed)
        except (AppendUnknown, LogUnreachable):
            if time.monotonic() >= deadline:
                raise


def _append_once(log: BlobLog, content: bytes, content_hash: bytes, is_sealed: bool) -> tuple[int, int]:
    size = log.record_bytes_max - HEAD.size
    count = max(1, -(-len(content) // size))
    nonce = os.urandom(8)
    first = end = SAME_BATCH
    for index in range(0, count, 2):  # two of the longest records fit into a batch
        numbers = range(index, min(index + 2, count))
        pieces = [Piece(content_hash, nonce, one, count, first, content[one * size : (one + 1) * size], is_sealed) for one in numbers]
        answer = log.append("blobs", {0: [piece.encode() for piece in pieces]})[0]
        if isinstance(answer, LogError):
            raise answer
        first, end = (answer if first == SAME_BATCH else first), answer + len(pieces)
    if count > 2 and log.start("blobs", 0) > first:
        raise AppendUnknown(f"the first pieces of a blob, at offset {first}, were deleted before the last one was there")
    return first, end if end - first == count else first


def content_that_ends(last: Piece, offset: int, read: Callable[[int, int], Iterator[tuple[int, bytes]]]) -> bytes | None:
    """The content of a blob whose last piece stands at an offset; None where it is not there as its hash says."""
    content = last.content if last.pieces == 1 else _joined(last, offset, read)
    if content is None or (last.is_sealed and len(content) < SEALED_HEAD.size):
        return None
    return content if hashlib.sha256(content).digest() == last.content_hash else None


def _joined(last: Piece, offset: int, read: Callable[[int, int], Iterator[tuple[int, bytes]]]) -> bytes | None:
    found = (decode(record) for _, record in read(last.first_offset(offset), offset + 1))
    pieces = [piece for piece in found if piece is not None and piece.nonce == last.nonce]
    if len(pieces) != last.pieces or [piece.number for piece in pieces] != list(range(last.pieces)):
        return None
    return b"".join(piece.content for piece in pieces)
