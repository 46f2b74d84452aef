"""A bundle: written from histories, or joined from smaller ones, and read again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final

import msgspec

from contracts.errors import ArchiveDamaged
from workers.archive.layout import (
    BLOCK_BYTES,
    Definition,
    Head,
    History,
    Index,
    Item,
    Line,
    Payload,
    block_frame,
    digest_of,
    foot_frame,
    head_frame,
    index_frame,
    pack,
    read_block,
    read_head,
    read_index,
)

LARGE_BYTES: Final = 256 * 1024
"""A payload of so much gets a block of its own, so that nobody unpacks it who looks for another."""


class BundleWriter:
    """Writes a bundle into a file, front to back; it is none before `close` has returned."""

    def __init__(self, file: BinaryIO, head: Head) -> None:
        self._file, self._at, self._hasher = file, 0, hashlib.sha256()
        self._index = Index()
        self._items: list[bytes] = []
        self._bytes = 0
        self._write(head_frame(head))

    def define(self, definition: Definition) -> None:
        """A definition that histories behind it are of; once is enough."""
        if definition.hash not in self._index.definitions:
            self._index.definitions[definition.hash] = self._add(pack(definition))

    def has_payload(self, content_hash: str) -> bool:
        """Whether a payload is in it."""
        return content_hash in self._index.payloads

    def pay(self, payload: Payload) -> None:
        """A payload that histories behind it refer to; once is enough."""
        if payload.hash not in self._index.payloads:
            self._index.payloads[payload.hash] = self._add(pack(payload), is_alone=len(payload.content) >= LARGE_BYTES)

    def tell(self, history: History, line: Line) -> None:
        """An execution; the block in its line is put in."""
        self._index.executions.append(msgspec.structs.replace(line, block=self._add(pack(history))))

    def _add(self, packed: bytes, is_alone: bool = False) -> int:
        """Put an item into the block at hand; which one that is."""
        if self._items and (is_alone or self._bytes + len(packed) > BLOCK_BYTES):
            self._end_block()
        self._items.append(packed)
        self._bytes += len(packed)
        block = len(self._index.blocks)
        if is_alone:
            self._end_block()
        return block

    def _end_block(self) -> None:
        if self._items:
            frame = block_frame(self._items)
            self._index.blocks.append((self._at, len(frame)))
            self._write(frame)
            self._items, self._bytes = [], 0

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._hasher.update(content)
        self._at += len(content)

    def join(self, bundle: Bundle) -> None:
        """Take in all of another bundle; what was in many small blocks is in few large ones then."""
        lines = {line.execution: line for line in bundle.index.executions}
        for item in bundle.items():
            match item:
                case Definition():
                    self.define(item)
                case Payload():
                    self.pay(item)
                case History():
                    self.tell(item, lines[item.execution])

    def close(self) -> None:
        """Write index and foot. The file is not synced."""
        self._end_block()
        self._index.executions.sort(key=lambda line: line.execution)
        at, frame = self._at, index_frame(self._index)
        self._write(frame)
        self._file.write(foot_frame(at, len(frame), self._hasher.digest()))


class Bundle:
    """A bundle to be read, from a file that can be sought in. Raises ArchiveDamaged where it is none, or cut off."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.head = read_head(file)
        self.index, self._foot_at, self._digest = read_index(file)

    def check_digest(self) -> None:
        """Raise ArchiveDamaged unless all of it is what was written."""
        if digest_of(self._file, self._foot_at) != self._digest:
            raise ArchiveDamaged("its content does not match its digest")

    def items(self) -> Iterator[Item]:
        """Everything in it, in its order."""
        for block in range(len(self.index.blocks)):
            yield from self._block(block)

    def _block(self, block: int) -> Iterator[Item]:
        if not 0 <= block < len(self.index.blocks):
            raise ArchiveDamaged(f"its index names block {block}, and it has {len(self.index.blocks)}")
        return read_block(self._file, *self.index.blocks[block])

    def line_of(self, execution: str) -> Line | None:
        """What the index says of an execution."""
        return next((line for line in self.index.executions if line.execution == execution), None)

    def history_of(self, line: Line) -> History:
        """The history that a line of the index is about. Raises ArchiveDamaged where it is not there."""
        for item in self._block(line.block):
            if isinstance(item, History) and item.execution == line.execution:
                return item
        raise ArchiveDamaged(f"the history of execution {line.execution} is not where its index says")

    def definition(self, content_hash: str) -> Definition:
        """A definition. Raises KeyError where there is none of this hash."""
        for item in self._block(self.index.definitions[content_hash]):
            if isinstance(item, Definition) and item.hash == content_hash:
                return item
        raise ArchiveDamaged(f"the definition {content_hash} is not where its index says")

    def payload(self, content_hash: str) -> bytes:
        """A payload, as it is stored. Raises KeyError where there is none of this hash."""
        for item in self._block(self.index.payloads[content_hash]):
            if isinstance(item, Payload) and item.hash == content_hash:
                return item.content
        raise ArchiveDamaged(f"the payload {content_hash} is not where its index says")


def offsets_in(histories: Iterable[History]) -> Sequence[int]:
    """Where the decisions of histories stand in the journal, in their order."""
    return sorted(offset for history in histories for offset, _ in history.decisions)
