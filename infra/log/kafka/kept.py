"""What is kept of journals that were cut: a topic with a copy in parts, and an index that makes it whole, for each cut.

    kept, partition p   │ part │ part │ part │ index │ part │ part │ index │
                          ▲                     │      ▲              │
                          └──── of a cut ───────┘      └─ of the next ┘

A part holds some records with their offsets, packed; the index the offset that each part begins with, and where it lies. Each names
the index before it, so that one is found from the end. That is taken which was made for where the journal is cut off; it is trimmed
only after the journal was cut further. The topic comes with the first cut.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, Protocol

import msgspec
import zstandard

from contracts.codec import removed_in
from contracts.errors import LogCorrupt

PART_BYTES: Final = 1024 * 1024
"""A part is ended when it holds so much, before it is packed."""
CACHED_PARTS: Final = 4
UNPACKED_BYTES_MAX: Final = 1024 * 1024 * 1024
_HEAD: Final = struct.Struct(">4s8sq")
_PART: Final = b"RFKp"
_INDEX: Final = b"RFKi"
_NONE: Final = -1


class Index(msgspec.Struct, frozen=True, array_like=True):
    """A copy: of which journal, of what stands before which offset, and with which offset each part begins, and where it lies."""

    journal: str
    before: int
    parts: tuple[tuple[int, int], ...]


_indexes: Final = msgspec.msgpack.Decoder(Index)
_items: Final = msgspec.msgpack.Decoder(list[tuple[int, bytes]])


class KeptTopic(Protocol):
    """The topic, in one partition."""

    def append(self, record: bytes) -> int:
        """Append a record, durable: its offset. Raises LogError."""

    def read(self, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Records, with their offsets. Raises LogError."""

    def start(self) -> int:
        """The offset of the first record."""

    def end(self) -> int:
        """The offset of the next record; 0 too while there is no topic."""


class _Head(NamedTuple):
    magic: bytes
    previous: int
    content: bytes


def _decode(record: bytes) -> _Head | None:
    if len(record) < _HEAD.size or record[:4] not in (_PART, _INDEX):
        return None
    magic, _, previous = _HEAD.unpack_from(record)
    return _Head(magic, previous, record[_HEAD.size :])


class KeptCopy:
    """A copy that is there, to be read."""

    def __init__(self, topic: KeptTopic, index: Index) -> None:
        self._topic, self.index = topic, index
        self._firsts = [first for first, _ in index.parts]
        self._parts: dict[int, list[tuple[int, bytes]]] = {}

    @property
    def before(self) -> int:
        """It says all that is to be known of what stands before this offset."""
        return self.index.before

    def read(self, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        """The records from an offset on, at the offsets that they had; in the place of what is gone what stands for that."""
        for number in range(max(0, bisect_right(self._firsts, offset) - 1), len(self._firsts)):
            for first, content in self._part(number):
                removed = removed_in(content)
                after = first + 1 if removed is None else removed.end
                if after <= offset:
                    continue
                if first >= end:
                    return
                yield max(first, offset), content

    def _part(self, number: int) -> list[tuple[int, bytes]]:
        found = self._parts.get(number)
        if found is None:
            at = self.index.parts[number][1]
            head = next((_decode(record) for _, record in self._topic.read(at, at + 1)), None)
            if head is None or head.magic != _PART:
                raise LogCorrupt(f"the copy of what was cut off before offset {self.before} of the journal is damaged: at offset {at}")
            found = _items.decode(zstandard.ZstdDecompressor().decompress(head.content, UNPACKED_BYTES_MAX))
            self._parts[number] = found
            while len(self._parts) > CACHED_PARTS:
                del self._parts[next(iter(self._parts))]
        return found


class KafkaKept:
    """See `contracts.ports.kept.Kept`. `topic_of` opens the topic in a partition, `trim` deletes what stands in it before an offset.

    `ensure` makes the topic.
    """

    def __init__(self, topic_of: Callable[[int], KeptTopic], trim: Callable[[int, int], None], ensure: Callable[[], None]) -> None:
        self._topic_of, self._trim, self._ensure = topic_of, trim, ensure

    def save(self, partition: int, journal: str, before: int, records: Iterable[tuple[int, bytes]]) -> int:
        """See Kept."""
        self._ensure()
        topic = self._topic_of(partition)
        head = os.urandom(8), _newest(topic)
        parts: list[tuple[int, int]] = []
        items: list[tuple[int, bytes]] = []
        size = 0
        for one in records:
            if items and size + len(one[1]) > PART_BYTES:
                parts.append((items[0][0], topic.append(_packed(head, items))))
                items, size = [], 0
            items.append(one)
            size += len(one[1])
        if items:
            parts.append((items[0][0], topic.append(_packed(head, items))))
        index = Index(journal, before, tuple(parts))
        return topic.append(_HEAD.pack(_INDEX, *head) + msgspec.msgpack.encode(index))

    def is_there(self, partition: int, journal: str, before: int, kept_at: int) -> bool:
        """See Kept."""
        index = _index_at(self._topic_of(partition), kept_at)
        return index is not None and index.journal == journal and index.before == before

    def trim(self, partition: int, kept_at: int) -> None:
        """See Kept."""
        topic = self._topic_of(partition)
        index = _index_at(topic, kept_at)
        if index is not None:
            first = index.parts[0][1] if index.parts else kept_at
            if topic.start() < first:
                self._trim(partition, first)


def find_kept(topic: KeptTopic, journal_start: int) -> KeptCopy | None:
    """The copy that was made for where a journal is cut off, else the newest that goes further; None without any. Raises LogError."""
    further: Index | None = None
    for index in _all(topic):
        if index.before == journal_start:
            return KeptCopy(topic, index)
        further = further or (index if index.before > journal_start else None)
    return None if further is None else KeptCopy(topic, further)


def _all(topic: KeptTopic) -> Iterator[Index]:
    """The copies there are, the newest first; those that a chain of names leads to before all that are to be looked for."""
    at = _newest(topic)
    while (index := _index_at(topic, at)) is not None:
        yield index
        at = _decoded_at(topic, at).previous
    for at in reversed(range(topic.start(), topic.end())):  # others were writing between each other
        if (index := _index_at(topic, at)) is not None:
            yield index


def _newest(topic: KeptTopic) -> int:
    """The index that the last record names, or is."""
    end = topic.end()
    if end <= topic.start():
        return _NONE
    last = _decoded_at(topic, end - 1)
    return end - 1 if last.magic == _INDEX else last.previous


def _decoded_at(topic: KeptTopic, at: int) -> _Head:
    try:
        for _, record in topic.read(at, at + 1):
            return _decode(record) or _Head(b"", _NONE, b"")
    except LogCorrupt:  # trimmed
        pass
    return _Head(b"", _NONE, b"")


def _index_at(topic: KeptTopic, at: int) -> Index | None:
    head = _decoded_at(topic, at) if at >= 0 else _Head(b"", _NONE, b"")
    try:
        return _indexes.decode(head.content) if head.magic == _INDEX else None
    except msgspec.MsgspecError:
        return None


def _packed(head: tuple[bytes, int], items: list[tuple[int, bytes]]) -> bytes:
    return _HEAD.pack(_PART, *head) + zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(items))
