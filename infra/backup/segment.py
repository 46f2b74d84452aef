"""Segments: some rows of a topic's partition as they are stored, one compressed file each.

    zstd( [[first, records, stored], [first, records, stored], …] )        in MessagePack; each row follows on the one before

Rows are copied as they are, so the chain that they are proves a copy as it proves the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec
import zstandard

from contracts.errors import LogCorrupt
from contracts.ports.log import Topic
from infra.log.sqlite_rows import Row

SEGMENT_BYTES: Final = 32 * 1024 * 1024
"""A segment takes no further row when it has as much."""
UNPACKED_BYTES_MAX: Final = 1024 * 1024 * 1024
_rows: Final = msgspec.msgpack.Decoder(list[tuple[int, int, bytes]])


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup knows of a segment: from which offset on, up to which, and the digest of its file (SHA-256, hex).

    Of one of a log on Kafka also when its last record was appended (milliseconds since 1970), and that record's digest.
    """

    file: str
    first: int
    end: int
    size: int
    digest: str
    time: int = 0
    mark: str = ""


def pack(rows: Sequence[Row]) -> bytes:
    """The content of a segment's file."""
    content = msgspec.msgpack.encode([(row.first, row.records, row.stored) for row in rows])
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(content)


def unpack(segment: Segment, content: bytes) -> list[Row]:
    """The rows of a segment. Raises LogCorrupt, naming it, where they are not what was written."""
    if hashlib.sha256(content).hexdigest() != segment.digest:
        raise LogCorrupt(f"the backup is damaged: {segment.file} is not what was written ({len(content):,} of {segment.size:,} bytes)")
    return rows_in(content, segment.file)


def rows_in(content: bytes, name: str) -> list[Row]:
    """The rows that were packed. Raises LogCorrupt, naming it, where they cannot be read."""
    try:
        unpacked = zstandard.ZstdDecompressor().decompress(content, max_output_size=UNPACKED_BYTES_MAX)
        return [Row(*row) for row in _rows.decode(unpacked)]
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise LogCorrupt(f"{name} is damaged: {error}") from None


def described(topic: Topic, partition: int, rows: Sequence[Row], content: bytes) -> Segment:
    """What a backup is to know of a segment. Its file is named by what is in it, so that no other one is ever overwritten."""
    digest = hashlib.sha256(content).hexdigest()
    file = f"{topic}-{partition}-{rows[0].first:020}-{digest[:16]}.zst"
    return Segment(file=file, first=rows[0].first, end=rows[-1].end, size=len(content), digest=digest)
