"""Snapshots in a topic, so that whoever takes a partition over finds what its last owner had folded.

    snapshots, partition p   │ part 0 │ part 1 │ footer │ part 0 │ part 1 │      a writer died here: torn
                              ▲                     │ ▲        │        │
                              └─────── start ───────┘ └─ previous ──────┘

The footer makes a snapshot whole: where it starts, how many parts it has, the SHA-256 of all. Every part names the footer
before it, so that of a torn one at the end the last record says where to look. Two writers (an owner that is one no more, and
its successor) may stand between each other: parts carry a nonce, and what comes after the footer named is looked through.

A snapshot is a cache: one that is damaged is none. Older ones are deleted after a new one is whole; where that fails they stay
until the next time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from contracts.errors import LogCorrupt, LogError
from infra.log.kafka.log import KafkaLog

_HEAD: Final = struct.Struct(">4s8sqqI")
_DIGEST_BYTES: Final = 32
_PART: Final = b"RFSp"
_FOOTER: Final = b"RFSf"
_NONE: Final = -1
_LOAD_TRIES: Final = 3
_log = logging.getLogger("refold.log")


class _Record(NamedTuple):
    """A part (`number` counts from 0), or a footer (`number` says how many parts, `content` is their digest)."""

    magic: bytes
    nonce: bytes
    previous: int
    """The offset of the footer before."""
    start: int
    """Of a footer: where its first part is; -1 where all of it is in one batch."""
    number: int
    content: bytes

    def encode(self) -> bytes:
        return _HEAD.pack(self.magic, self.nonce, self.previous, self.start, self.number) + self.content


def _decode(record: bytes) -> _Record | None:
    if len(record) < _HEAD.size or record[:4] not in (_PART, _FOOTER):
        return None
    magic, nonce, previous, start, number = _HEAD.unpack_from(record)
    return _Record(magic, nonce, previous, start, number, record[_HEAD.size :])


class KafkaSnapshots:
    """A `Snapshots` in the `snapshots` topic of a log. One thread uses an instance, and its log, at a time."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self.on_unreadable: Callable[[int, int, bytes, str], None] = _say
        """Called, from the thread that loads or saves, with partition, offset and content of a record that is none of ours, and why."""

    def save(self, partition: int, content: bytes) -> None:
        """Replace the partition's snapshot; a kill in the middle leaves the old one. Raises LogError where it could not be stored."""
        size = self._log.record_bytes_max - _HEAD.size
        count = -(-len(content) // size)
        nonce, previous = os.urandom(8), self._previous(partition)
        digest, start = hashlib.sha256(content).digest(), _NONE
        for number in range(0, count + 1, 2):  # two of the longest records fit into a batch
            parts = range(number, min(number + 2, count))
            records = [_Record(_PART, nonce, previous, _NONE, part, content[part * size : (part + 1) * size]) for part in parts]
            if number + 2 > count:
                records.append(_Record(_FOOTER, nonce, previous, start, count, digest))
            answer = self._log.append("snapshots", {partition: [record.encode() for record in records]})[partition]
            if isinstance(answer, LogError):
                raise answer
            start = answer if start == _NONE else start
        self._trim(partition, start)

    def _previous(self, partition: int) -> int:
        """The footer that the last record knows of."""
        end = self._log.end("snapshots", partition)
        last = self._at(partition, end - 1)
        return _NONE if last is None else end - 1 if last.magic == _FOOTER else last.previous

    def _trim(self, partition: int, start: int) -> None:
        try:
            if start > self._log.start("snapshots", partition):
                self._log.delete_before("snapshots", partition, start)
        except LogError as error:
            _log.warning("older snapshots of partition %d stay for now: %s", partition, error)

    def load(self, partition: int) -> bytes | None:
        """The last snapshot that was saved whole, or None. Raises LogUnreachable where nobody answers."""
        for _ in range(_LOAD_TRIES):
            end = self._log.end("snapshots", partition)
            found = self._load(partition, end)
            if found is not None or self._log.end("snapshots", partition) == end:
                return found
        return None  # others save all the time, and delete what is being read

    def _load(self, partition: int, end: int) -> bytes | None:
        for offset in self._candidates(partition, self._log.start("snapshots", partition), end):
            content = self._whole(partition, offset)
            if content is not None:
                return content
        return None

    def _candidates(self, partition: int, first: int, end: int) -> Iterator[int]:
        """The footers there are, the newest first; what needs little reading before what needs more."""
        last = self._at(partition, end - 1)
        if last is not None and last.magic == _FOOTER:
            yield end - 1
        previous = _NONE if last is None else last.previous
        yield from self._footers(partition, max(first, previous + 1), end - 1)
        if previous >= first:
            yield previous
            yield from self._footers(partition, first, previous)

    def _footers(self, partition: int, first: int, end: int) -> list[int]:
        try:
            found = [
                offset
                for offset, record in self._log.read("snapshots", partition, first, end)
                if self._is_footer(partition, offset, record)
            ]
        except LogCorrupt:
            return []
        return found[::-1]

    def _is_footer(self, partition: int, offset: int, content: bytes) -> bool:
        record = self._decoded(partition, offset, content)
        return record is not None and record.magic == _FOOTER

    def _decoded(self, partition: int, offset: int, content: bytes) -> _Record | None:
        record = _decode(content)
        if record is None:
            self.on_unreadable(partition, offset, content, "it is no part of a snapshot")
        return record

    def _at(self, partition: int, offset: int) -> _Record | None:
        try:
            for found, record in self._log.read("snapshots", partition, max(0, offset), offset + 1):
                return self._decoded(partition, found, record)
        except LogCorrupt:  # deleted, or damaged
            pass
        return None

    def _whole(self, partition: int, offset: int) -> bytes | None:
        """The content that a footer makes whole, where all of it is there as it was."""
        footer = self._at(partition, offset)
        if footer is None or footer.magic != _FOOTER:
            return None
        start = footer.start if footer.start != _NONE else offset - footer.number
        if not 0 <= start <= offset:
            return None
        try:
            found = [_decode(record) for _, record in self._log.read("snapshots", partition, start, offset)]
        except LogCorrupt:
            return None
        parts = [part for part in found if part is not None and part.nonce == footer.nonce]
        if len(parts) != footer.number or [part.number for part in parts] != list(range(footer.number)):
            return None
        content = b"".join(part.content for part in parts)
        return content if hashlib.sha256(content).digest() == footer.content[:_DIGEST_BYTES] else None


def _say(partition: int, offset: int, content: bytes, why: str) -> None:
    _log.error("snapshots, partition %d, offset %d is passed over: %s", partition, offset, why)
