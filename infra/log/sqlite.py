"""The log in one SQLite file: a table per topic, a row per batch.

    place = partition << 48 | first      count    body
    ───────────────────────────────      ─────    ──────────────────────────
    0                                    1        [JournalOpened]
    1                                    30       [decision, decision, … ]      ← one round of an owner
    31                                   1        [PartitionClaimed]
    1 << 48                              1        [JournalOpened]               ← partition 1 begins

- A row per batch, not per record: what a commit costs is pages and fsync, and a round of 100 decisions is a few pages.
- One INTEGER PRIMARY KEY, as it is the table itself; a key of two columns is a second tree to write.
- The commit happens in the caller's thread. With another thread, half of the work comes back while one commits and makes
  a round of its own; and answers could go out before their facts are durable.
- WAL with `synchronous=FULL`: one fsync a commit. Readers in other processes neither wait nor make wait.

A second writer is not expected (`infra/data_folder.py` keeps it out), but cannot do harm: whoever has an old idea of
the end meets the primary key, because the other's first batch after that end stands exactly there. Then the end is
read again within the same transaction, and the offset that is answered is higher than the caller expects, which is how
the port tells an owner that somebody else was there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from contracts.errors import AppendUnknown, LogCorrupt, LogError, LogFull, RecordTooLarge
from contracts.ports.log import RECORD_BYTES_MAX_DEFAULT, TOPICS, Topic
from infra.log.arguments import batch_too_large, check_batches, check_partitions, check_place, partitions_in, too_large
from infra.log.body import BODY_BYTES_MAX, Body, DamagedBody
from infra.log.sqlite_file import TABLES, open_file, opening_error, primary_code, reading_error

PARTITION_SHIFT: Final = 48
CHUNK_BYTES: Final = 1024 * 1024
"""How much is read at a time: no statement stays open between two records, so a slow reader never holds up the WAL."""

_INSERT: Final = {topic: f"INSERT INTO {table} (place, count, body) VALUES (?, ?, ?)" for topic, table in TABLES.items()}
_ROWS: Final = {
    topic: f"SELECT place, count, body FROM {table} WHERE place >= ? AND place < ? ORDER BY place" for topic, table in TABLES.items()
}
_LAST: Final = {
    topic: f"SELECT place, count FROM {table} WHERE place >= ? AND place < ? ORDER BY place DESC LIMIT 1" for topic, table in TABLES.items()
}


class SqliteLog:
    """A `Log` in one file. One thread uses an instance at a time; any number of processes may read beside it.

    `partitions` is given when the file is made (1 by default) and kept in it; None takes what the file says, another
    number is refused with LogError. `read_only` opens an existing file in a way that cannot write.
    """

    def __init__(
        self,
        path: Path | str,
        partitions: int | None = None,
        read_only: bool = False,
        record_bytes_max: int = RECORD_BYTES_MAX_DEFAULT,
    ) -> None:
        check_partitions(1 if partitions is None else partitions)
        if not 0 < record_bytes_max < BODY_BYTES_MAX:
            raise ValueError(f"record_bytes_max is 1 to {BODY_BYTES_MAX - 1:,}, not {record_bytes_max:,}")
        self._path = Path(path)
        self._read_only = read_only
        self._record_bytes_max = record_bytes_max
        self._body = Body()
        self._ends: dict[tuple[Topic, int], int] = {}  # as last seen by this writer; the primary key finds out if it is old
        self._connection, self._partitions = open_file(self._path, partitions, read_only)
        try:
            self._check_last_batches()
        except BaseException:
            self.close()
            raise

    @property
    def partitions(self) -> int:
        """How many partitions `journal` and `commands` have."""
        return self._partitions

    def look_again(self) -> int:
        """How many partitions there are: always as many as at first."""
        return self._partitions

    @property
    def record_bytes_max(self) -> int:
        """The longest record that `append` takes."""
        return self._record_bytes_max

    @property
    def batch_bytes_max(self) -> int:
        """The largest batch that `append` takes for one partition."""
        return BODY_BYTES_MAX

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        """Append one batch to each named partition, all in one commit; answer the first offset of each, or why it failed."""
        check_batches(topic, batches, self._partitions)
        if self._read_only:
            raise ValueError(f"the log {self._path} was opened for reading only")
        answers: dict[int, int | LogError] = {}
        rows: dict[int, tuple[int, bytes]] = {}
        for partition, records in batches.items():
            if refusal := self._refusal(records):
                answers[partition] = refusal
            else:
                rows[partition] = (len(records), self._body.encode(records))
        if rows:
            answers |= self._commit(topic, rows)
        return answers

    def _refusal(self, records: Sequence[bytes]) -> RecordTooLarge | None:
        return too_large(records, self._record_bytes_max) or batch_too_large(records, BODY_BYTES_MAX)

    def _commit(self, topic: Topic, rows: Mapping[int, tuple[int, bytes]]) -> dict[int, int | LogError]:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            firsts: dict[int, int | LogError] = {}
            ends: dict[tuple[Topic, int], int] = {}
            for partition, (count, body) in rows.items():
                first = self._insert(topic, partition, count, body)
                firsts[partition] = first
                ends[topic, partition] = first + count
            execute("COMMIT")
            self._ends |= ends
            return firsts
        except sqlite3.Error as error:
            self._ends.clear()
            return dict.fromkeys(rows, self._append_error(error))
        finally:
            self._roll_back()

    def _insert(self, topic: Topic, partition: int, count: int, body: bytes) -> int:
        """Insert a row at the end, and answer its first offset; an end that is out of date is read again, once."""
        first = self._ends.get((topic, partition))
        if first is None:
            first = self._stored_end(topic, partition)
        try:
            self._connection.execute(_INSERT[topic], (partition << PARTITION_SHIFT | first, count, body))
        except sqlite3.IntegrityError:  # another writer was there; the write lock that is held now keeps it out
            first = self._stored_end(topic, partition)
            self._connection.execute(_INSERT[topic], (partition << PARTITION_SHIFT | first, count, body))
        return first

    def _append_error(self, error: sqlite3.Error) -> LogError:
        if primary_code(error) == sqlite3.SQLITE_FULL:
            return LogFull(f"there is no room for the log {self._path}: {error}")
        return AppendUnknown(f"the log {self._path} could not append: {error}")

    def _roll_back(self) -> None:
        """Leave no transaction behind, not even after Ctrl-C: the next append could not begin."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The records from `offset` up to `end` (exclusive; by default what is there when the call begins), with their offsets.

        Raises LogCorrupt, naming file and offset, where a record is missing or cannot be read.
        """
        check_place(topic, partition, self._partitions, offset)
        there = self.end(topic, partition)
        return self._read(topic, partition, offset, there if end is None else min(end, there))

    def _read(self, topic: Topic, partition: int, offset: int, stop: int) -> Iterator[tuple[int, bytes]]:
        if offset >= stop:
            return
        expected = self._first_of_row_with(topic, partition, offset)
        while expected < stop:
            for first, count, body in self._chunk(topic, partition, expected, stop):
                if first != expected or type(count) is not int or count < 1:
                    raise self._gap(topic, partition, expected, f"the next row has {count} from {first}")
                records = self._decode(topic, partition, first, count, body)
                yield from enumerate(records[max(0, offset - first) : stop - first], start=max(offset, first))
                expected = first + count

    def _first_of_row_with(self, topic: Topic, partition: int, offset: int) -> int:
        """Where the row begins that holds `offset`, if it is there; what is missing shows when the rows are walked."""
        base = partition << PARTITION_SHIFT
        row = self._one(_LAST[topic], (base, base + offset + 1))
        return offset if row is None else row[0] - base

    def _chunk(self, topic: Topic, partition: int, first: int, stop: int) -> list[tuple[int, int, Any]]:
        """Some rows from `first` on. Raises LogCorrupt where there is none."""
        base = partition << PARTITION_SHIFT
        rows: list[tuple[int, int, Any]] = []
        size = 0
        try:
            cursor = self._connection.execute(_ROWS[topic], (base + first, base + stop))
            for place, count, body in cursor:
                rows.append((place - base, count, body))
                size += len(body) if isinstance(body, bytes) else 0
                if size >= CHUNK_BYTES:
                    break
            cursor.close()
        except sqlite3.Error as error:
            raise reading_error(error, self._path) from error
        if not rows:
            raise self._gap(topic, partition, first, f"nothing is there up to {stop}")
        return rows

    def _decode(self, topic: Topic, partition: int, first: int, count: int, body: Any) -> list[bytes]:
        try:
            if not isinstance(body, bytes):
                raise DamagedBody(f"it is {type(body).__name__}, not bytes")
            return self._body.decode(body, count)
        except DamagedBody as error:
            where = f"{topic}, partition {partition}, offsets {first} to {first + count - 1}"
            raise LogCorrupt(f"the log {self._path} is damaged at {where}: {error}") from None

    def _gap(self, topic: Topic, partition: int, offset: int, found: str) -> LogCorrupt:
        return LogCorrupt(f"the log {self._path} is damaged: {topic}, partition {partition} lacks offset {offset}; {found}")

    def end(self, topic: Topic, partition: int) -> int:
        """The offset that the next record would get. Asks the file, as another process may have written."""
        check_place(topic, partition, self._partitions)
        try:
            return self._stored_end(topic, partition)
        except sqlite3.Error as error:
            raise reading_error(error, self._path) from error

    def _stored_end(self, topic: Topic, partition: int) -> int:
        base = partition << PARTITION_SHIFT
        row = self._connection.execute(_LAST[topic], (base, base + (1 << PARTITION_SHIFT))).fetchone()
        return 0 if row is None else int(row[0] - base + row[1])

    def _one(self, statement: str, parameters: tuple[int, ...]) -> Any:
        try:
            return self._connection.execute(statement, parameters).fetchone()
        except sqlite3.Error as error:
            raise reading_error(error, self._path) from error

    def _check_last_batches(self) -> None:
        """Read the last record of every partition: where a torn or a cut-off file shows first."""
        try:
            for topic in TOPICS:
                for partition in range(partitions_in(topic, self._partitions)):
                    last = self._stored_end(topic, partition) - 1
                    if last >= 0:
                        list(self._read(topic, partition, last, last + 1))
        except sqlite3.Error as error:
            raise opening_error(error, self._path) from error

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
        self._connection.close()
