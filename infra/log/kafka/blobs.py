"""Blobs in a topic that every process mirrors into a folder: written there once, read from there until somebody lacks one.

    topic     │ a 0/1 │ b 0/3 │ b 1/3 │ c 0/1 │ b 2/3 │ mark │ …   a blob is one record, or several where it is large
    folder    <identity>/ab/cd/abcd…                              as `FileBlobs` keeps them
              <identity>/sealed/17/<name>                         what is sealed, as `FileSealedStore` keeps it
              <identity>/position                                 up to where the topic has been read

The folder is a copy of what stands in one topic, whose first record says which that is (`blob_record.py`), so a folder that served
another log, or none, is never taken for a mirror of this one. Losing the folder, or its `position`, costs reading again.

What is in the topic may be deleted when nothing has referred to it for long enough, so that a copy of it is in the folder does not
say that a new reference may lean on it. Only what this process has itself appended of late is not appended again (`Lately`).

The pieces of a large blob go out in several batches, between which others may stand, and a writer may die among them: the
last piece says where the first one is, and only a last piece is acted on. Nothing has to be remembered of torn ones.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from contracts.errors import LogCorrupt, LogError
from infra.files.blobs import content_hash_of, is_content_hash
from infra.files.whole import check_folder
from infra.log.kafka.blob_append import BlobLog, append_blob, content_that_ends
from infra.log.kafka.blob_mirror import BlobMirror
from infra.log.kafka.blob_record import MAGIC, SEALED_HEAD, decode, identity_of, mark_in
from infra.log.kafka.fetch import RecordsDeleted
from infra.log.kafka.lately import Lately

SAVE_POSITION_EVERY: Final = 1_000
_log = logging.getLogger("refold.log")


class KafkaBlobs:
    """A `Blobs` in the `blobs` topic of a log, which is used by nobody else. Several threads may use an instance."""

    def __init__(self, log: BlobLog, folder: Path, lately: Lately | None = None) -> None:
        self._blob_log, self._folder = log, folder
        self._lately = lately or Lately()
        self.on_unreadable: Callable[[int, bytes, str], None] = _say
        """Called, from any thread, with a record that is no piece of a blob, or of one that is not what its hash says."""
        self.sealed = KafkaSealedStore(self)
        """The same topic, for what is sealed."""
        self._lock = threading.Lock()
        self._mirror: BlobMirror | None = None

    def put(self, content: bytes) -> str:
        """Store the content, durable when the call returns, and answer its content hash. Storing twice within some hours is once.

        Raises LogFull where there is no room, LogUnreachable or AppendUnknown where no broker takes it in time.
        """
        content_hash = content_hash_of(content)
        with self._lock:
            mirror = self._find_mirror()
            digest = bytes.fromhex(content_hash)
            if mirror is None or not (self._lately.has(digest) and mirror.has(content_hash)):
                self._append_and_keep(content, digest, is_sealed=False)
        return content_hash

    def put_sealed(self, key: int, name: str, sealed: bytes) -> None:
        """See SealedStore. Raises as `put` does."""
        content = SEALED_HEAD.pack(key, bytes.fromhex(name)) + sealed
        with self._lock:
            mirror = self._find_mirror()
            digest = hashlib.sha256(content).digest()
            if mirror is None or not (self._lately.has(digest) and mirror.has_sealed(key, name, sealed)):
                self._append_and_keep(content, digest, is_sealed=True)

    def _append_and_keep(self, content: bytes, content_hash: bytes, is_sealed: bool) -> None:
        began = self._lately.now()
        first, following = append_blob(self._blob_log, content, content_hash, is_sealed)
        self._lately.add(content_hash, began)
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

    def _find_mirror(self) -> BlobMirror | None:
        """The folder for this topic; None while the topic is empty."""
        if self._mirror is None:
            for _, record in self._read(self._blob_log.start("blobs", 0), most=1):
                check_folder(self._folder.parent)
                self._folder.mkdir(exist_ok=True)
                self._mirror = BlobMirror(self._folder / identity_of(record))
                if self._mirror.position > self._blob_log.end("blobs", 0):  # of a topic that was a copy of the same
                    self._mirror.position = 0
        return self._mirror

    def _read(self, offset: int, end: int | None = None, most: int | None = None) -> Iterator[tuple[int, bytes]]:
        """What is there from an offset on; what is deleted meanwhile is passed over: what is needed of it stands at the end."""
        while True:
            try:
                stop = end if most is None else offset + most
                for at, record in self._blob_log.read("blobs", 0, offset, stop):
                    yield at, record
                    offset = at + 1
                return
            except RecordsDeleted as error:
                offset = max(offset + 1, error.first)

    def _read_on(self, mirror: BlobMirror) -> None:
        """Bring what has come into the topic since."""
        before = mirror.position
        for offset, record in self._read(mirror.position):
            self._take(mirror, offset, record)
            mirror.position = offset + 1
            if mirror.position % SAVE_POSITION_EVERY == 0:
                mirror.save_position()
        if mirror.position != before:
            mirror.save_position()

    def _read_again(self, mirror: BlobMirror, content_hash: str) -> None:
        """Bring one blob from wherever it is in the topic."""
        wanted = bytes.fromhex(content_hash)
        for offset, record in self._read(self._blob_log.start("blobs", 0)):
            if record[len(MAGIC) : len(MAGIC) + len(wanted)] == wanted and self._take(mirror, offset, record):
                return

    def _take(self, mirror: BlobMirror, offset: int, record: bytes) -> bool:
        """Write the blob that a record completes; whether it does."""
        if not record or mark_in(record) is not None:  # an empty one stands where a copy of the topic has nothing
            return False
        piece = decode(record)
        if piece is None or not 0 <= piece.first_offset(offset) <= offset:
            self.on_unreadable(offset, record, "it is no piece of a blob")
            return False
        if piece.number != piece.pieces - 1:
            return False
        content = content_that_ends(piece, offset, self._read)
        if content is None:
            if self._blob_log.start("blobs", 0) <= piece.first_offset(offset):  # else it stands at the end again, if it is needed
                self.on_unreadable(offset, record, "the blob that ends here is not what its hash says")
            return False
        mirror.put(content, piece.is_sealed)
        return True


def _say(offset: int, content: bytes, why: str) -> None:
    _log.error("blobs, offset %d is passed over: %s", offset, why)


class KafkaSealedStore:
    """A `SealedStore` in the same topic. Several threads may use an instance."""

    def __init__(self, blobs: KafkaBlobs) -> None:
        self.put, self.get, self.drop = blobs.put_sealed, blobs.get_sealed, blobs.drop_sealed
