"""The body of a row: the records of one batch as bytes, with a checksum, compressed where that helps.

      ┌────────┬──────────┬─────────────────────────────────┐
      │ 1 byte │ 4 bytes  │ per record: 4 bytes length, then │
      │ RAW    │ CRC-32   │ the record                       │
      ├────────┼──────────┴─────────────────────────────────┤
      │ ZSTD   │ one zstd frame of the same, with checksum   │
      └────────┴─────────────────────────────────────────────┘

A round of an owner is a row, and its decisions resemble each other: level 1 halves the file and costs nothing that can
be measured beside the commit. Integers are little-endian.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from struct import Struct
from struct import error as StructError
from typing import Final

import zstandard

RAW: Final = 1
ZSTD: Final = 2
COMPRESS_BYTES_MIN: Final = 1024
"""A shorter body is not compressed: there is nothing to win."""
BODY_BYTES_MAX: Final = 256 * 1024 * 1024
"""A body never holds more, uncompressed; so a damaged length cannot ask for all memory."""

_length: Final = Struct("<I")
_raw_head: Final = Struct("<BI")
_ZSTD_HEAD: Final = bytes([ZSTD])


class DamagedBody(Exception):
    """The bytes of a row cannot be what was written; the log that reads it says where it stood."""


class Body:
    """Encodes and decodes bodies. Keeps its compression contexts, so that a round does not pay for making them."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=1, write_checksum=True, write_content_size=True)
        self._decompressor = zstandard.ZstdDecompressor()

    def encode(self, records: Sequence[bytes]) -> bytes:
        """The records as one body."""
        framed = b"".join([piece for record in records for piece in (_length.pack(len(record)), record)])
        if len(framed) > COMPRESS_BYTES_MIN:
            packed = self._compressor.compress(framed)
            if len(packed) < len(framed):
                return _ZSTD_HEAD + packed
        return _raw_head.pack(RAW, zlib.crc32(framed)) + framed

    def decode(self, body: bytes, count: int) -> list[bytes]:
        """The records of a body that holds `count` of them. Raises DamagedBody where it does not."""
        framed = self._unpack(body)
        records: list[bytes] = []
        position = 0
        try:
            for _ in range(count):
                start = position + 4
                position = start + _length.unpack_from(framed, position)[0]
                records.append(framed[start:position])
        except StructError:
            raise DamagedBody(f"{len(records)} of {count} records are whole") from None
        if position != len(framed):
            raise DamagedBody(f"{count} records end at byte {position} of {len(framed)}")
        return records

    def _unpack(self, body: bytes) -> bytes:
        match body[:1]:
            case b"\x01":
                return _check_raw(body)
            case b"\x02":
                return self._decompress(body[1:])
            case found:
                raise DamagedBody(f"its first byte is {found.hex() or 'missing'}, not a known format")

    def _decompress(self, packed: bytes) -> bytes:
        try:
            size = zstandard.frame_content_size(packed)
            if not 0 <= size <= BODY_BYTES_MAX:
                raise DamagedBody(f"it claims to hold {size} bytes")
            return self._decompressor.decompress(packed, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise DamagedBody(f"it cannot be decompressed: {error}") from None


def _check_raw(body: bytes) -> bytes:
    if len(body) < _raw_head.size:
        raise DamagedBody(f"it has {len(body)} bytes, fewer than its head")
    framed = body[_raw_head.size :]
    if zlib.crc32(framed) != _raw_head.unpack_from(body)[1]:
        raise DamagedBody("its checksum does not match")
    return framed
