"""Where a log has ended, in a second place: a small file beside it, written in place after each commit.

    log.db-end    ┌──────────┬────────────────────────┬────────────────────────┬──
                  │ magic,   │ journal, partition 0   │ commands, partition 0  │
                  │ count    │ slot a    │ slot b     │ slot a    │ slot b     │   slot = offset, digest, CRC-32
                  └──────────┴────────────────────────┴────────────────────────┴──

The log's own file cannot say what it has lost: with one wrong bit in a frame of its write-ahead log, SQLite takes that
frame and all behind it for never written. This file knows better, as it is no part of that.

- *Never ahead of what is durable.* A slot is written after its commit has returned, so however the operating system
  orders its writes, an end that stands here was on the disk in the log before.
- *Behind by nothing when a process dies*: what was written is the operating system's, and an append is answered after it.
- *Behind by seconds when the power goes*: it is not synced (the log is, and one wait a round is enough). An end that is
  behind is no contradiction: the log goes on after it.
- Of two slots the other one is written each time, in another sector, so that a torn one leaves the one before.
- Topics stand in the order in which they came to be. A file that ends before the later ones is of a log that has none of them yet.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from contracts.errors import LogCorrupt, LogError
from contracts.ports.log import LATER_TOPICS, TOPICS, Topic
from infra.files.whole import write_whole
from infra.log.arguments import partitions_in
from infra.log.links import BEGINNING, DIGEST_BYTES

_MAGIC: Final = b"refold end 1\n"
SECTOR_BYTES: Final = 512
TRIES: Final = 3
"""So often it is read where a slot cannot be: a reader may come in the middle of a write."""
_slot: Final = Struct(f"<Q{DIGEST_BYTES}s")
_sum: Final = Struct("<I")
_SLOT_BYTES: Final = _slot.size + _sum.size

At: TypeAlias = tuple[Topic, int]


class End(NamedTuple):
    """The offset after the last row, and that row's digest."""

    offset: int
    digest: bytes


NOTHING: Final = End(0, BEGINNING)


def topic_partitions(partitions: int) -> Iterator[At]:
    """All topics and partitions, in the order in which they stand in the file."""
    return ((topic, partition) for topic in TOPICS for partition in range(partitions_in(topic, partitions)))


class _Damaged(Exception):
    """It cannot be what was written."""


class EndFile:
    """The ends of all partitions of a log. Nothing is open until the first `note`."""

    def __init__(self, path: Path, partitions: int) -> None:
        self.path = path
        self._partitions = partitions
        self._positions = {at: SECTOR_BYTES * (1 + 2 * index) for index, at in enumerate(topic_partitions(partitions))}
        self._turns: dict[At, int] = {}
        self._size = SECTOR_BYTES * (1 + 2 * len(self._positions))
        self._descriptor = -1

    def read(self) -> dict[At, End] | None:
        """The ends, or None where there is no such file. Raises LogCorrupt where it cannot be read, and so says nothing."""
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                content = self.path.read_bytes()
                return self._ends_in(content)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise LogError(f"{self.path} cannot be read: {error.strerror}") from error
            except _Damaged as damaged:
                if not tries_left:  # else it may just have been written
                    what = f"{self.path}, which says where the log ends, is damaged: {damaged}"
                    raise LogCorrupt(f"{what}; whether the log has lost anything cannot be told") from None
        raise AssertionError("the last try returns or raises")

    def _ends_in(self, content: bytes) -> dict[At, End]:
        if content[:SECTOR_BYTES] != _head(self._partitions):
            raise _Damaged("it does not begin as such a file of this log does")
        return {at: NOTHING if self._is_older_than(content, at) else self._end_in(content, at) for at in self._positions}

    def _is_older_than(self, content: bytes, at: At) -> bool:
        """Whether it was written whole before there was such a topic."""
        return at[0] in LATER_TOPICS and len(content) == self._positions[at[0], 0]

    def _end_in(self, content: bytes, at: At) -> End:
        ends = [_read(content, at, self._positions[at] + turn * SECTOR_BYTES) for turn in (0, 1)]
        found = max((end for end in ends if end is not None), default=None)
        if found is None:
            raise _Damaged(f"what it says of {at[0]}, partition {at[1]}, cannot be read")
        self._turns[at] = 1 - ends.index(found)
        return found

    def write(self, ends: Mapping[At, End]) -> None:
        """Make the file, durable, with these ends. Raises LogFull where there is no room."""
        self.close()
        content = bytearray(self._size)
        content[:SECTOR_BYTES] = _head(self._partitions)
        for at, position in self._positions.items():
            content[position : position + _SLOT_BYTES] = _packed(at, ends.get(at, NOTHING))
        write_whole(self.path, bytes(content))
        self._turns = dict.fromkeys(self._positions, 1)

    def note(self, at: At, end: End) -> None:
        """A partition ends here now, and that is durable. Raises OSError; what stood here before then still does."""
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        turn = self._turns.get(at, 0)
        os.pwrite(self._descriptor, _packed(at, end), self._positions[at] + turn * SECTOR_BYTES)
        self._turns[at] = 1 - turn

    def sync(self) -> None:
        """Have on the disk what it says."""
        if self._descriptor >= 0:
            with suppress(OSError):
                os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of it; what it says is on the disk then. Closing twice is once."""
        self.sync()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _head(partitions: int) -> bytes:
    return (_MAGIC + b"%d\n" % partitions).ljust(SECTOR_BYTES, b"\0")


def _packed(at: At, end: End) -> bytes:
    packed = _slot.pack(*end)
    return packed + _sum.pack(_crc(at, packed))


def _read(content: bytes, at: At, position: int) -> End | None:
    """What a slot says; None for one that was never written, is torn or damaged."""
    packed, checksum = content[position : position + _slot.size], content[position + _slot.size : position + _SLOT_BYTES]
    if len(checksum) < _sum.size or _sum.unpack(checksum)[0] != _crc(at, packed):
        return None
    return End(*_slot.unpack(packed))


def _crc(at: At, packed: bytes) -> int:
    return zlib.crc32(packed, zlib.crc32(f"{at[0]} {at[1]}".encode()))
