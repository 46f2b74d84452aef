"""The rows of a SQLite log, read: walked one by one, each seen to follow on the one before, and none believed that is damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.errors import LogCorrupt, LogError
from contracts.ports.log import LATER_TOPICS, Topic
from infra.log.body import Body, DamagedBody
from infra.log.end_file import NOTHING, End
from infra.log.links import BEGINNING, REMOVED, Walk, digest_of
from infra.log.removed import decode_left, placed
from infra.log.sqlite_file import TABLES, has_table, reading_error

PARTITION_SHIFT: Final = 48
OFFSETS: Final = 1 << PARTITION_SHIFT
CHUNK_BYTES: Final = 1024 * 1024
"""How much is read at a time: no statement stays open between two records, so a slow reader never holds up the WAL."""

_ROWS: Final = {
    topic: f"SELECT place, count, body FROM {table} WHERE place >= ? AND place < ? ORDER BY place" for topic, table in TABLES.items()
}
_LAST: Final = {
    topic: f"SELECT place, count, body FROM {table} WHERE place >= ? AND place < ? ORDER BY place DESC LIMIT 1"
    for topic, table in TABLES.items()
}
_LAST_COUNT: Final = {topic: statement.replace(", body", "") for topic, statement in _LAST.items()}


class Row(NamedTuple):
    """A row as it is stored: its first offset, how many records it holds, and its bytes, if it is not damaged."""

    first: int
    records: int
    stored: Any

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.first + self.records

    @property
    def has_removed(self) -> bool:
        """Whether records of it were removed."""
        return isinstance(self.stored, bytes) and self.stored[:1] == REMOVED


class Rows:
    """The rows behind a connection. `path` is for messages, `meaning` says what an error of SQLite means."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, body: Body, meaning: Callable[[sqlite3.Error, Path], LogError] = reading_error
    ) -> None:
        self._connection, self._path, self._body, self._meaning = connection, path, body, meaning
        self._doubtful = set(LATER_TOPICS)
        """Topics that the log may lack; whoever opens it for writing may add them while it is read."""

    # Ends.

    def end(self, topic: Topic, partition: int) -> int:
        """The offset after the last row."""
        base = partition << PARTITION_SHIFT
        found = None if self._lacks(topic) else self._one(_LAST_COUNT[topic], (base, base + OFFSETS))
        return 0 if found is None else self._row(topic, partition, (*found, None)).end

    def last(self, topic: Topic, partition: int, before: int = OFFSETS) -> Row | None:
        """The last row that begins before an offset."""
        base = partition << PARTITION_SHIFT
        found = None if self._lacks(topic) else self._one(_LAST[topic], (base, base + before))
        return None if found is None else self._row(topic, partition, found)

    def last_end(self, topic: Topic, partition: int) -> End:
        """Where it ends, and the digest of the last row."""
        return self._end_of(partition, self.last(topic, partition))

    def end_at(self, topic: Topic, partition: int, offset: int) -> End | None:
        """The same as it was when the log ended at this offset; None where no row ends there."""
        if not offset:
            return NOTHING
        end = self._end_of(partition, self.last(topic, partition, offset))
        return end if end.offset == offset else None

    def _end_of(self, partition: int, row: Row | None) -> End:
        if row is None:
            return NOTHING
        stored = row.stored if isinstance(row.stored, bytes) else b""
        return End(row.end, digest_of(row.first + (partition << PARTITION_SHIFT), row.records, stored))

    def check_last(self, topic: Topic, partition: int) -> None:
        """Read the last row, and see that it follows on the one before it: where a torn or a cut-off file shows first.

        Raises LogCorrupt.
        """
        row = self.last(topic, partition)
        if row is not None:
            before = self.last(topic, partition, row.first)
            for _ in self.read(topic, partition, row.first if before is None else before.first, row.end):
                pass

    def stored(self, topic: Topic, partition: int, first: int, stop: int) -> list[Row]:
        """Some rows as they are stored, none that begins at `stop` or behind: from the one on that begins at `first`, or holds it."""
        if self._lacks(topic) or first >= stop:
            return []
        rows = self._chunk(topic, partition, first, stop)
        return rows if rows and rows[0].first == first else [self._row_around(topic, partition, first, rows)]

    # Records.

    def read(self, topic: Topic, partition: int, offset: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The records from `offset` up to `stop`, which is not beyond the end. Raises LogCorrupt.

        Where some were removed, one stands for them. That may happen while this is read: then reading goes on within what is one row now.
        """
        if offset >= stop:
            return
        expected = self._first_of_row_with(topic, partition, offset)
        walk = Walk(b"" if expected else BEGINNING)
        while expected < stop:
            rows = self._chunk(topic, partition, expected, stop)
            if not rows or rows[0].first != expected:
                rows, walk = [self._row_around(topic, partition, expected, rows)], Walk()
            for row in rows:
                if row.first > expected:
                    raise self._gap(topic, partition, expected, [row])
                if row.has_removed:
                    yield from self._left(topic, partition, row, walk, max(offset, expected), stop)
                else:
                    records = self._decode(topic, partition, row, walk)
                    yield from enumerate(records[max(0, offset - row.first) : stop - row.first], start=max(offset, row.first))
                expected = row.end

    def _row_around(self, topic: Topic, partition: int, offset: int, found: list[Row]) -> Row:
        """The row that holds an offset, now that records were removed. Raises LogCorrupt where nothing does."""
        row = self.last(topic, partition, offset + 1)
        if row is None or not row.has_removed or row.end <= offset:
            raise self._gap(topic, partition, offset, found)
        return row

    def _left(self, topic: Topic, partition: int, row: Row, walk: Walk, offset: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """What is left of a row of which records were removed."""
        key = row.first + (partition << PARTITION_SHIFT)
        try:
            left = decode_left(key, row.records, walk.take(key, row.records, row.stored), self._body)
        except DamagedBody as error:
            raise self._damaged(topic, partition, row, error) from None
        for first, end, record in placed(row.first, left):
            if end > offset and first < stop:
                yield max(first, offset), record

    def _first_of_row_with(self, topic: Topic, partition: int, offset: int) -> int:
        """Where the row begins that holds `offset`, if it is there; what is missing shows when the rows are walked."""
        base = partition << PARTITION_SHIFT
        found = self._one(_LAST_COUNT[topic], (base, base + offset + 1))
        return offset if found is None else found[0] - base

    def _chunk(self, topic: Topic, partition: int, first: int, stop: int) -> list[Row]:
        """Some rows from `first` on."""
        base = partition << PARTITION_SHIFT
        rows: list[Row] = []
        size = 0
        try:
            cursor = self._connection.execute(_ROWS[topic], (base + first, base + stop))
            for found in cursor:
                rows.append(self._row(topic, partition, found))
                size += len(found[2]) if isinstance(found[2], bytes) else 0
                if size >= CHUNK_BYTES:
                    break
            cursor.close()
        except sqlite3.Error as error:
            raise self._meaning(error, self._path) from error
        return rows

    def _row(self, topic: Topic, partition: int, found: tuple[int, Any, Any]) -> Row:
        key, count, stored = found
        first = key - (partition << PARTITION_SHIFT)
        if type(count) is not int or not 0 < count < OFFSETS - first:
            raise self._missing(topic, partition, first, f"the next row has {count} from {first}")
        return Row(first, count, stored)

    def _decode(self, topic: Topic, partition: int, row: Row, walk: Walk) -> list[bytes]:
        try:
            return self._body.decode(walk.take(row.first + (partition << PARTITION_SHIFT), row.records, row.stored), row.records)
        except DamagedBody as error:
            raise self._damaged(topic, partition, row, error) from None

    def _damaged(self, topic: Topic, partition: int, row: Row, error: DamagedBody) -> LogCorrupt:
        where = f"{topic}, partition {partition}, offsets {row.first} to {row.end - 1}"
        return LogCorrupt(f"the log {self._path} is damaged at {where}: {error}")

    def _gap(self, topic: Topic, partition: int, offset: int, rows: list[Row]) -> LogCorrupt:
        found = f"the next row has {rows[0].records} from {rows[0].first}" if rows else "nothing is there behind it"
        return self._missing(topic, partition, offset, found)

    def _missing(self, topic: Topic, partition: int, offset: int, found: str) -> LogCorrupt:
        return LogCorrupt(f"the log {self._path} is damaged: {topic}, partition {partition} lacks offset {offset}; {found}")

    def _lacks(self, topic: Topic) -> bool:
        """Whether the log is older than the topic, and nobody has added it yet."""
        if topic in self._doubtful:
            try:
                if not has_table(self._connection, topic):
                    return True
            except sqlite3.Error as error:
                raise self._meaning(error, self._path) from error
            self._doubtful.discard(topic)
        return False

    def _one(self, statement: str, parameters: tuple[int, ...]) -> Any:
        try:
            return self._connection.execute(statement, parameters).fetchone()
        except sqlite3.Error as error:
            raise self._meaning(error, self._path) from error


def followed(rows: Sequence[Row], before: End, topic: Topic, partition: int, body: Body) -> End:
    """Where a log ends behind these rows of another one. Raises LogCorrupt where one does not follow, or is damaged."""
    walk, end = Walk(before.digest), before.offset
    for row in rows:
        where = f"{topic}, partition {partition}, offsets {row.first} to {row.end - 1}"
        if row.first != end:
            raise LogCorrupt(
                f"the copy lacks {topic}, partition {partition}, offset {end}: the next row has {row.records} from {row.first}"
            )
        key = row.first + (partition << PARTITION_SHIFT)
        try:
            content = walk.take(key, row.records, row.stored)
            if row.has_removed:
                decode_left(key, row.records, content, body)
            else:
                body.decode(content, row.records)
        except DamagedBody as error:
            raise LogCorrupt(f"the copy is damaged at {where}: {error}") from None
        end = row.end
    return End(end, walk.digest)
