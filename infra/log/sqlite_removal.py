"""Removing records from a SQLite log: which rows are rewritten and how is worked out beside the writer, and done in one commit.

rows   │ a b c │ d e f │ g h i │ j k l │        remove b, d to h, and i
       │ a · c │     · · ·     │ j k l │        rows of which nothing is left are one; the others keep what is left
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from contracts.ports.removal import Stub
from infra.log.body import Body
from infra.log.links import BEGINNING, DIGEST_BYTES, LINKED, Walk, digest_of
from infra.log.removed import Left, Run, decode_left, encode_left, placed
from infra.log.sqlite_rows import PARTITION_SHIFT, Row, Rows

_TOPIC: Final = "journal"


class Rewritten(NamedTuple):
    """A row that takes the place of one or more: where it begins, how many offsets it has, what is left; and how many rows it was."""

    first: int
    length: int
    left: Left
    rows: int

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.first + self.length

    @property
    def is_empty(self) -> bool:
        """Whether all of its records were removed."""
        return len(self.left.runs) == 1 and self.left.runs[0].length == self.length


class RemovalPlan(NamedTuple):
    """What becomes of the rows: from which key to which they go, and how many; and those that come, with key, count and bytes."""

    gone: Sequence[tuple[int, int, int]]
    rows: Sequence[tuple[int, int, bytes]]


class Removal:
    """Works out what becomes of the rows of a partition's journal when the records at some offsets are removed."""

    def __init__(self, rows: Rows, body: Body, partition: int, stub: Stub) -> None:
        self._rows, self._body, self._partition, self._stub = rows, body, partition, stub
        self._base = partition << PARTITION_SHIFT

    def plan(self, offsets: Sequence[int]) -> RemovalPlan:
        """What becomes of the rows. Raises DamagedBody, LogCorrupt where one cannot be read."""
        rows = self.rewritten(offsets)
        return RemovalPlan([(self._base + row.first, self._base + row.end, row.rows) for row in rows], list(map(self.stored, rows)))

    def rewritten(self, offsets: Sequence[int]) -> list[Rewritten]:
        """The rows as they are to be, in their order. Raises LogCorrupt where one cannot be read."""
        found: list[Rewritten] = []
        for row, within in self._by_row(offsets):
            one = self._without(row, within)
            before = found[-1] if found else self._empty_at(row.first)
            if one.is_empty and before is not None and before.is_empty and before.end == one.first:
                found[-1:] = [self._joined(before, one)]
            else:
                found.append(one)
        if found and found[-1].is_empty and (behind := self._empty_from(found[-1].end)) is not None:
            found[-1:] = [self._joined(found[-1], behind)]
        return found

    def stored(self, one: Rewritten) -> tuple[int, int, bytes]:
        """Key, count and bytes of a row."""
        key = self._base + one.first
        return key, one.length, encode_left(key, one.length, one.left, self._body)

    def _by_row(self, offsets: Sequence[int]) -> Iterator[tuple[Row, list[int]]]:
        """The rows that hold these offsets, and which of them."""
        index = 0
        while index < len(offsets):
            row = self._rows.last(_TOPIC, self._partition, offsets[index] + 1)
            assert row is not None, f"nothing stands at offset {offsets[index]}"
            assert offsets[index] < row.end, f"offset {offsets[index]} is not there"
            start = index
            while index < len(offsets) and offsets[index] < row.end:
                index += 1
            yield row, [offset - row.first for offset in offsets[start:index]]

    def _left(self, row: Row) -> Left:
        """What a row holds now."""
        key = self._base + row.first
        if row.has_removed:
            return decode_left(key, row.records, row.stored, self._body)
        body = Walk().take(key, row.records, row.stored)
        before = row.stored[1 : 1 + DIGEST_BYTES] if row.stored[:1] == LINKED else self._digest_before(row.first)
        return Left(before, digest_of(key, row.records, row.stored), (), self._body.decode(body, row.records))

    def _digest_before(self, first: int) -> bytes:
        """What a row of a build that wrote no links would carry."""
        row = self._rows.last(_TOPIC, self._partition, first)
        return BEGINNING if row is None else digest_of(self._base + row.first, row.records, row.stored)

    def _without(self, row: Row, within: Sequence[int]) -> Rewritten:
        """The row without these of its records."""
        left = self._left(row)
        taken = set(within)
        runs: list[Run] = []
        records: list[bytes] = []
        out: list[bytes] = []
        was_removed = {run.first for run in left.runs}
        for first, end, record in placed(0, left):
            if first in taken or first in was_removed:
                if out:
                    runs[-1] = Run(runs[-1].first, end - runs[-1].first)
                else:
                    runs.append(Run(first, end - first))
                out.append(record)
                continue
            self._close(row.first, runs, records, out)
            records.append(record)
        self._close(row.first, runs, records, out)
        return Rewritten(row.first, row.records, Left(left.before, left.was, runs, records), 1)

    def _close(self, first: int, runs: list[Run], records: list[bytes], out: list[bytes]) -> None:
        """A run ends here: one record stands for it."""
        if out:
            records.append(self._stub(out, first + runs[-1].end))
            out.clear()

    def _joined(self, one: Rewritten, next_: Rewritten) -> Rewritten:
        count = one.length + next_.length
        record = self._stub([*one.left.records, *next_.left.records], one.first + count)
        return Rewritten(one.first, count, Left(one.left.before, next_.left.was, (Run(0, count),), (record,)), one.rows + next_.rows)

    def _empty_at(self, end: int) -> Rewritten | None:
        """The row that ends here, if nothing is left of it."""
        return self._empty(self._rows.last(_TOPIC, self._partition, end)) if end else None

    def _empty_from(self, first: int) -> Rewritten | None:
        """The row that begins here, if nothing is left of it."""
        return self._empty(self._rows.last(_TOPIC, self._partition, first + 1))

    def _empty(self, row: Row | None) -> Rewritten | None:
        if row is None or not row.has_removed:
            return None
        one = Rewritten(row.first, row.records, self._left(row), 1)
        return one if one.is_empty else None
