"""The topic of blobs for whoever sweeps it: see `contracts.ports.blob_topic.BlobTopic`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.errors import LogCorrupt, LogError
from contracts.ports.blob_topic import BlobId, Marked, Standing, Stored
from infra.log.kafka.blob_append import append_blob, content_that_ends
from infra.log.kafka.blob_record import SEALED_HEAD, Mark, Piece, decode, identity_of, mark_in
from infra.log.kafka.fetch import RecordsDeleted
from infra.log.kafka.log import KafkaLog

FRAME_BYTES: Final = 40
"""What a record weighs beside its content."""


class KafkaBlobTopic:
    """By a view of the log of its own."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self._identity = ""

    def start(self) -> int:
        """See BlobTopic. Raises LogCorrupt where the topic is another one than before."""
        start = self._log.start("blobs", 0)
        for _, record in self._read(start, start + 1):
            identity = identity_of(record)
            if self._identity not in ("", identity):
                raise LogCorrupt("the topic of blobs is another one than it was a while ago")
            self._identity = identity
        return start

    def end(self) -> int:
        """See BlobTopic."""
        return self._log.end("blobs", 0)

    def read(self, offset: int, end: int) -> Iterator[Standing]:
        """See BlobTopic."""
        for at, record in self._read(offset, end):
            yield Standing(at, len(record) + FRAME_BYTES, self._marked(record) or self._stored(at, record))

    def _marked(self, record: bytes) -> Marked | None:
        mark = mark_in(record)
        return Marked(mark.before, mark.time) if mark is not None and mark.identity == self._identity else None

    def _stored(self, offset: int, record: bytes) -> Stored | None:
        last = decode(record)
        content = None if last is None else self._content(last, offset)
        if last is None or content is None:
            return None
        size = len(content) + last.pieces * (FRAME_BYTES + len(record) - len(last.content))
        return Stored(_id(last, content), last.first_offset(offset), offset, size)

    def _content(self, piece: Piece, offset: int) -> bytes | None:
        is_last = piece.number == piece.pieces - 1 and 0 <= piece.first_offset(offset) <= offset
        return content_that_ends(piece, offset, self._read) if is_last else None

    def mark(self, marked: Marked) -> None:
        """See BlobTopic."""
        answer = self._log.append("blobs", {0: [Mark(self._identity, marked.before, marked.time).encode()]})[0]
        if isinstance(answer, LogError):
            raise answer

    def carry(self, stored: Stored) -> None:
        """See BlobTopic."""
        last = next((decode(record) for _, record in self._log.read("blobs", 0, stored.last, stored.last + 1)), None)
        content = None if last is None else self._content(last, stored.last)
        if last is None or content is None or _id(last, content) != stored.id:
            raise LogCorrupt(f"the blob that ends at offset {stored.last} of its topic is not there any more as it was")
        append_blob(self._log, content, last.content_hash, last.is_sealed)

    def delete_before(self, offset: int) -> None:
        """See BlobTopic."""
        self._log.delete_before("blobs", 0, offset)

    def _read(self, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        while offset < end:
            try:
                for at, record in self._log.read("blobs", 0, offset, end):
                    yield at, record
                    offset = at + 1
                return
            except RecordsDeleted as error:
                offset = max(offset + 1, error.first)


def _id(piece: Piece, content: bytes) -> BlobId:
    if not piece.is_sealed:
        return BlobId(piece.content_hash.hex())
    key, name = SEALED_HEAD.unpack_from(content)
    return BlobId(name.hex(), key)
