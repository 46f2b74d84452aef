"""Blobs in a topic that every process mirrors into a folder: written there once, read from there until somebody lacks one.

    topic     │ a 0/1 │ b 0/3 │ b 1/3 │ c 0/1 │ b 2/3 │ …          a blob is one record, or several where it is large
    folder    <identity>/ab/cd/abcd…                              as `FileBlobs` keeps them
              <identity>/sealed/17/<name>                         what is sealed, as `FileSealedStore` keeps it
              <identity>/position                                 up to where the topic has been read

A blob is in the folder only if it is in the topic, so who finds it there need not append it. That holds for one topic: its
identity is the hash of its first record, which has something of chance in it, so a folder that served another log, or none,
is never taken for a mirror of this one. Losing the folder, or its `position`, costs reading again.

The pieces of a large blob go out in several batches, between which others may stand, and a writer may die among them: the
last piece says where the first one is, and only a last piece is acted on. Nothing has to be remembered of torn ones.

What is sealed stays in the topic when its key is thrown away: nobody can read it any more.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from contracts.errors import AppendUnknown, LogCorrupt, LogError, LogUnreachable
from contracts.ports.log import Log
from infra.files.blobs import FileBlobs, content_hash_of, is_content_hash
from infra.files.whole import check_folder, write_whole
from infra.keys.blobs import FileSealedStore

PUT_TIMEOUT_S: Final = 20.0
"""So long a blob is appended again while the outcome is unknown: twice in the topic does no harm."""
SAVE_POSITION_EVERY: Final = 1_000
_HEAD: Final = struct.Struct(">4s32s8sIIq")
_MAGIC: Final = b"RFB1"
_SEALED_MAGIC: Final = b"RFB2"
_SEALED_HEAD: Final = struct.Struct(">q32s")
"""Before a sealed content stand the number of its key, and its name."""
_SAME_BATCH: Final = -1
_log = logging.getLogger("refold.log")


class Piece(NamedTuple):
    """One record: a part of a blob, or all of it."""

    content_hash: bytes
    nonce: bytes
    number: int
    pieces: int
    first: int
    """The offset of the blob's first piece; -1 where all pieces are in one batch."""
    content: bytes
    is_sealed: bool = False

    def encode(self) -> bytes:
        """As it stands in the topic."""
        head = _HEAD.pack(_SEALED_MAGIC if self.is_sealed else _MAGIC, self.content_hash, self.nonce, self.number, self.pieces, self.first)
        return head + self.content

    def first_offset(self, offset: int) -> int:
        """Where the first piece is, for a last one that stands at an offset."""
        return offset - self.number if self.first == _SAME_BATCH else self.first


def decode(record: bytes) -> Piece | None:
    """The piece in a record, or None where it is something else."""
    if len(record) < _HEAD.size:
        return None
    magic, content_hash, nonce, number, pieces, first = _HEAD.unpack_from(record)
    if magic not in (_MAGIC, _SEALED_MAGIC):
        return None
    return Piece(content_hash, nonce, number, pieces, first, record[_HEAD.size :], magic == _SEALED_MAGIC)


class KafkaBlobs:
    """A `Blobs` in the `blobs` topic of a log, which is used by nobody else. Several threads may use an instance."""

    def __init__(self, log: Log, folder: Path) -> None:
        self._blob_log, self._folder = log, folder
        self.on_unreadable: Callable[[int, bytes, str], None] = _say
        """Called, from any thread, with a record that is no piece of a blob, or of one that is not what its hash says."""
        self.sealed = KafkaSealedStore(self)
        """The same topic, for what is sealed."""
        self._lock = threading.Lock()
        self._mirror: _Mirror | None = None

    def put(self, content: bytes) -> str:
        """Store the content, durable when the call returns, and answer its content hash. Storing twice is once.

        Raises LogFull where there is no room, LogUnreachable or AppendUnknown where no broker takes it in time.
        """
        content_hash = content_hash_of(content)
        with self._lock:
            mirror = self._find_mirror()
            if mirror is None or not mirror.has(content_hash):
                self._append_and_keep(content, bytes.fromhex(content_hash), is_sealed=False)
        return content_hash

    def put_sealed(self, key: int, name: str, sealed: bytes) -> None:
        """See SealedStore. Raises as `put` does."""
        content = _SEALED_HEAD.pack(key, bytes.fromhex(name)) + sealed
        with self._lock:
            mirror = self._find_mirror()
            if mirror is None or not mirror.has_sealed(key, name, sealed):
                self._append_and_keep(content, hashlib.sha256(content).digest(), is_sealed=True)

    def _append_and_keep(self, content: bytes, content_hash: bytes, is_sealed: bool) -> None:
        first, following = self._append(content, content_hash, is_sealed)
        mirror = self._find_mirror()
        if mirror is None:
            raise LogCorrupt(f"the topic of blobs is empty after offset {first} was acknowledged: records are lost")
        mirror.put(content, is_sealed)
        if mirror.position == first:
            mirror.position = following

    def get(self, content_hash: str) -> bytes:
        """The content. Raises KeyError where there is none, LogCorrupt where it cannot be had as it was."""
        if not is_content_hash(content_hash):
            raise KeyError(content_hash)
        with self._lock:
            mirror = self._find_mirror()
            if mirror is None:
                raise KeyError(content_hash)
            try:
                return mirror.blobs.get(content_hash)
            except KeyError:
                self._read_on(mirror)
            except LogCorrupt as error:
                _log.error("%s; it is read again from the log", error)
                self._read_again(mirror, content_hash)
            return mirror.blobs.get(content_hash)

    def get_sealed(self, key: int, name: str) -> bytes:
        """See SealedStore."""
        with self._lock:
            mirror = self._find_mirror()
            if mirror is None:
                raise KeyError(name)
            try:
                return mirror.sealed.get(key, name)
            except KeyError:
                self._read_on(mirror)
            return mirror.sealed.get(key, name)

    def drop_sealed(self, key: int) -> None:
        """See SealedStore: of the mirror here, so that it does not grow; the topic keeps what nobody can read."""
        with self._lock, suppress(LogError):
            mirror = self._find_mirror()
            if mirror is not None:
                mirror.sealed.drop(key)

    def _find_mirror(self) -> _Mirror | None:
        """The folder for this topic; None while the topic is empty."""
        if self._mirror is None:
            for _, record in self._blob_log.read("blobs", 0, 0, 1):
                check_folder(self._folder.parent)
                self._folder.mkdir(exist_ok=True)
                self._mirror = _Mirror(self._folder / hashlib.sha256(record).hexdigest()[:32])
        return self._mirror

    def _append(self, content: bytes, content_hash: bytes, is_sealed: bool) -> tuple[int, int]:
        """The offset of the first piece, and up to where nothing else stands after it."""
        deadline = time.monotonic() + PUT_TIMEOUT_S
        while True:
            try:
                return self._append_once(content, content_hash, is_sealed)
            except (AppendUnknown, LogUnreachable):
                if time.monotonic() >= deadline:
                    raise

    def _append_once(self, content: bytes, content_hash: bytes, is_sealed: bool) -> tuple[int, int]:
        size = self._blob_log.record_bytes_max - _HEAD.size
        count = max(1, -(-len(content) // size))
        nonce = os.urandom(8)
        first = end = _SAME_BATCH
        for index in range(0, count, 2):  # two of the longest records fit into a batch
            numbers = range(index, min(index + 2, count))
            pieces = [Piece(content_hash, nonce, one, count, first, content[one * size : (one + 1) * size], is_sealed) for one in numbers]
            answer = self._blob_log.append("blobs", {0: [piece.encode() for piece in pieces]})[0]
            if isinstance(answer, LogError):
                raise answer
            first, end = (answer if first == _SAME_BATCH else first), answer + len(pieces)
        return first, end if end - first == count else first

    def _read_on(self, mirror: _Mirror) -> None:
        """Bring what has come into the topic since."""
        before = mirror.position
        for offset, record in self._blob_log.read("blobs", 0, mirror.position):
            self._take(mirror, offset, record)
            mirror.position = offset + 1
            if mirror.position % SAVE_POSITION_EVERY == 0:
                mirror.save_position()
        if mirror.position != before:
            mirror.save_position()

    def _read_again(self, mirror: _Mirror, content_hash: str) -> None:
        """Bring one blob from wherever it is in the topic."""
        wanted = bytes.fromhex(content_hash)
        for offset, record in self._blob_log.read("blobs", 0):
            if record[len(_MAGIC) : len(_MAGIC) + len(wanted)] == wanted and self._take(mirror, offset, record):
                return

    def _take(self, mirror: _Mirror, offset: int, record: bytes) -> bool:
        """Write the blob that a record completes; whether it does."""
        piece = decode(record)
        if piece is None or not 0 <= piece.first_offset(offset) <= offset:
            self.on_unreadable(offset, record, "it is no piece of a blob")
            return False
        if piece.number != piece.pieces - 1:
            return False
        content = piece.content if piece.pieces == 1 else self._join(piece, offset)
        is_torn = content is None or (piece.is_sealed and len(content) < _SEALED_HEAD.size)
        if content is None or is_torn or hashlib.sha256(content).digest() != piece.content_hash:
            self.on_unreadable(offset, record, "the blob that ends here is not what its hash says")
            return False
        mirror.put(content, piece.is_sealed)
        return True

    def _join(self, last: Piece, offset: int) -> bytes | None:
        """All pieces of a blob, whose last one stands at an offset."""
        found = (decode(record) for _, record in self._blob_log.read("blobs", 0, last.first_offset(offset), offset + 1))
        pieces = [piece for piece in found if piece is not None and piece.nonce == last.nonce]
        if len(pieces) != last.pieces or [piece.number for piece in pieces] != list(range(last.pieces)):
            return None
        return b"".join(piece.content for piece in pieces)


def _say(offset: int, content: bytes, why: str) -> None:
    _log.error("blobs, offset %d is passed over: %s", offset, why)


class KafkaSealedStore:
    """A `SealedStore` in the same topic. Several threads may use an instance."""

    def __init__(self, blobs: KafkaBlobs) -> None:
        self.put, self.get, self.drop = blobs.put_sealed, blobs.get_sealed, blobs.drop_sealed


class _Mirror:
    """A folder of blobs, and how far the topic has been read into it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.blobs, self.sealed = FileBlobs(folder), FileSealedStore(folder / "sealed")
        self._position_file = folder / "position"
        self.position = self._load_position()

    def has(self, content_hash: str) -> bool:
        """Whether the blob is there and whole."""
        try:
            self.blobs.get(content_hash)
        except (KeyError, LogCorrupt):
            return False
        return True

    def has_sealed(self, key: int, name: str, sealed: bytes) -> bool:
        """Whether the same is there."""
        with suppress(KeyError):
            return self.sealed.get(key, name) == sealed
        return False

    def put(self, content: bytes, is_sealed: bool) -> None:
        """Keep what stands in the topic."""
        if is_sealed:
            key, name = _SEALED_HEAD.unpack_from(content)
            self.sealed.put(key, name.hex(), content[_SEALED_HEAD.size :])
        else:
            self.blobs.put(content)

    def save_position(self) -> None:
        """All blobs before it are in the folder, durable."""
        write_whole(self._position_file, b"%d\n" % self.position)

    def _load_position(self) -> int:
        try:
            return int(self._position_file.read_bytes())
        except (FileNotFoundError, ValueError):  # lost: it is read again
            return 0
