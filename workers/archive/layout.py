"""The layout of a bundle: Zstandard frames, so that `zstd -d` reads all of it, an index behind them, and a digest of everything.

    ┌───────────────┬─────────┬─────────┬──  ──┬─────────┬─────────┬───────────────┐
    │ head          │ block 0 │ block 1 │  …   │ block n │ index   │ foot          │
    │ skippable     │ frame   │ frame   │      │ frame   │ frame   │ skippable     │
    └───────────────┴─────────┴─────────┴──  ──┴─────────┴─────────┴───────────────┘

A block holds items one after the other, each with its length before it; an item stands in one block. The foot says where the
index begins and carries the SHA-256 of all before itself. Integers are little-endian, structs are msgpack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import BinaryIO, Final, TypeAlias

import msgspec
import zstandard

from contracts.errors import ArchiveDamaged

MAGIC: Final = b"refold archive 1\n"
FOOT_MAGIC: Final = b"refold foot\n"
BLOCK_BYTES: Final = 1024 * 1024
"""A block is ended when it holds so much, uncompressed."""
LEVEL: Final = 6
FRAME_BYTES_MAX: Final = 1024 * 1024 * 1024
"""No frame claims to hold more, so that a damaged length cannot ask for all memory."""

_SKIPPABLE: Final = 0x184D2A5E
_skippable: Final = Struct("<II")
_length: Final = Struct("<I")
_foot: Final = Struct("<QQ32s")
_FOOT_BYTES: Final = _skippable.size + len(FOOT_MAGIC) + _foot.size


class Head(msgspec.Struct, frozen=True, array_like=True):
    """What the bundle is of: a partition of a journal, and when it was made (milliseconds since 1970)."""

    journal: str
    partition: int
    made_at: int


class Definition(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A published version of a workflow: its canonical text under its content hash."""

    hash: str
    name: str
    version: int
    content: bytes


class Payload(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A value that events refer to, under its content hash."""

    hash: str
    content: bytes


class History(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """All decisions of an execution: their offsets, and their records as they stood in the journal."""

    execution: str
    decisions: list[tuple[int, bytes]]


Item: TypeAlias = Definition | Payload | History


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the index says of an execution; times are milliseconds since 1970, `block` is where its history stands."""

    execution: str
    block: int
    workflow: str
    status: str
    created_at: int
    ended_at: int
    decisions: int


class Index(msgspec.Struct, array_like=True):
    """Where everything stands. `blocks` says where each begins and how long it is; what is not in it is no part of the bundle."""

    blocks: list[tuple[int, int]] = msgspec.field(default_factory=list)
    executions: list[Line] = msgspec.field(default_factory=list)
    definitions: dict[str, int] = msgspec.field(default_factory=dict)
    payloads: dict[str, int] = msgspec.field(default_factory=dict)


pack: Final = msgspec.msgpack.Encoder().encode
_item: Final = msgspec.msgpack.Decoder(Item)
_head: Final = msgspec.msgpack.Decoder(Head)
_index: Final = msgspec.msgpack.Decoder(Index)
_compressor: Final = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)
_decompressor: Final = zstandard.ZstdDecompressor()


def head_frame(head: Head) -> bytes:
    """How a bundle begins."""
    return _skipped(MAGIC + pack(head))


def block_frame(items: Iterable[bytes]) -> bytes:
    """A block of packed items."""
    return _compressor.compress(b"".join(piece for item in items for piece in (_length.pack(len(item)), item)))


def index_frame(index: Index) -> bytes:
    """The index."""
    return _compressor.compress(pack(index))


def foot_frame(index_at: int, index_bytes: int, digest: bytes) -> bytes:
    """How a bundle ends."""
    return _skipped(FOOT_MAGIC + _foot.pack(index_at, index_bytes, digest))


def _skipped(content: bytes) -> bytes:
    return _skippable.pack(_SKIPPABLE, len(content)) + content


def read_head(file: BinaryIO) -> Head:
    """The head. Raises ArchiveDamaged where the file is no bundle."""
    file.seek(0)
    start = file.read(_skippable.size)
    if len(start) == _skippable.size:
        magic, length = _skippable.unpack(start)
        content = file.read(min(length, 1_000_000)) if magic == _SKIPPABLE else b""
        if content.startswith(MAGIC):
            try:
                return _head.decode(content[len(MAGIC) :])
            except msgspec.MsgspecError as error:
                raise ArchiveDamaged(f"its head cannot be read: {error}") from None
    raise ArchiveDamaged("it does not begin as a bundle of an archive does")


def read_index(file: BinaryIO) -> tuple[Index, int, bytes]:
    """The index, where the foot begins, and the digest that it says of all before. Raises ArchiveDamaged."""
    foot_at = file.seek(0, 2) - _FOOT_BYTES
    if foot_at < 0:
        raise ArchiveDamaged("it is shorter than its foot")
    file.seek(foot_at)
    foot = file.read(_FOOT_BYTES)[_skippable.size :]
    if not foot.startswith(FOOT_MAGIC):
        raise ArchiveDamaged("it does not end as a bundle does: it is cut off, or still being written")
    index_at, index_bytes, digest = _foot.unpack(foot[len(FOOT_MAGIC) :])
    if index_at + index_bytes > foot_at:
        raise ArchiveDamaged("its foot names an index that does not lie in it")
    try:
        return _index.decode(_frame_at(file, index_at, index_bytes)), foot_at, digest
    except msgspec.MsgspecError as error:
        raise ArchiveDamaged(f"its index cannot be read: {error}") from None


def read_block(file: BinaryIO, at: int, length: int) -> Iterator[Item]:
    """The items of a block. Raises ArchiveDamaged."""
    content = _frame_at(file, at, length)
    position = 0
    while position < len(content):
        start = position + _length.size
        if start > len(content):
            raise ArchiveDamaged(f"the block at byte {at:,} ends within an item")
        position = start + _length.unpack_from(content, start - _length.size)[0]
        try:
            yield _item.decode(content[start:position])
        except msgspec.MsgspecError as error:
            raise ArchiveDamaged(f"the block at byte {at:,} holds what is no item of a bundle: {error}") from None


def _frame_at(file: BinaryIO, at: int, length: int) -> bytes:
    file.seek(at)
    packed = file.read(length)
    try:
        if len(packed) != length or not 0 <= zstandard.frame_content_size(packed) <= FRAME_BYTES_MAX:
            raise ArchiveDamaged(f"there is no whole frame of {length:,} bytes at byte {at:,}")
        return _decompressor.decompress(packed, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ArchiveDamaged(f"the frame at byte {at:,} cannot be decompressed: {error}") from None


def digest_of(file: BinaryIO, end: int) -> bytes:
    """The SHA-256 of the bytes before `end`."""
    hasher = hashlib.sha256()
    file.seek(0)
    left = end
    while left and (piece := file.read(min(left, BLOCK_BYTES))):
        hasher.update(piece)
        left -= len(piece)
    return hasher.digest()
