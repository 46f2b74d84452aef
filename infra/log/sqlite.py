"""The log in one SQLite file: a table per topic, a row per batch.

    place = partition << 48 | first      count    body
    ───────────────────────────────      ─────    ──────────────────────────
    0                                    1        [JournalOpened]
    1                                    30       [decision, decision, … ]      ← one round of an owner
    31                                   1        [PartitionClaimed]
    1 << 48                              1        [JournalOpened]               ← partition 1 begins

- A row per batch, not per record: what a commit costs is pages and fsync, and a round of 100 decisions is a few pages.
- One INTEGER PRIMARY KEY, as it is the table itself; a key of two columns is a second tree to write. Its column is `place`, as in
  every file there is; in the code it is the key of a row.
- The commit happens in the caller's thread. With another thread, half of the work comes back while one commits and makes
  a round of its own; and answers could go out before their facts are durable.
- WAL with `synchronous=FULL`: one fsync a commit. Readers in other processes neither wait nor make wait.
- Rows are a chain (`infra/log/links.py`), and where it ends stands in a second place (`infra/log/end_file.py`): what was
  acknowledged and is gone is noticed when the log is opened, and nobody goes on without it unless told to.
- After each commit its files are looked at (`infra/log/ground.py`): what went into a file without a name is not answered.

A second writer is not expected (`infra/files/data_folder.py` keeps it out), but cannot do harm: whoever has an old idea of
the end meets the primary key, because the other's first batch after that end stands exactly there. Then the end is
read again within the same transaction, and the offset that is answered is higher than the caller expects, which is how
the port tells an owner that somebody else was there.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from contracts.errors import AppendUnknown, LogCorrupt, LogError, LogFull, LogLost, RecordTooLarge
from contracts.lost import Lost
from contracts.ports.log import RECORD_BYTES_MAX_DEFAULT, Topic
from contracts.ports.removal import Stub
from infra.log.arguments import batch_too_large, check_batches, check_partition, check_partitions, too_large
from infra.log.body import BODY_BYTES_MAX, Body, DamagedBody
from infra.log.end_file import At, End, EndFile, topic_partitions
from infra.log.ground import Ground
from infra.log.links import Walk, digest_of, link
from infra.log.sqlite_file import FORMAT_WITH_REMOVED, TABLES, beside, open_file, opening_error, primary_code
from infra.log.sqlite_removal import Removal, RemovalPlan
from infra.log.sqlite_rows import PARTITION_SHIFT, Row, Rows, followed

_log = logging.getLogger("refold.log")

FREE_PAGES_KEPT: Final = 256
"""So many pages stay free, and an eighth of all: what comes next needs them."""
_INSERT: Final = {topic: f"INSERT INTO {table} (place, count, body) VALUES (?, ?, ?)" for topic, table in TABLES.items()}


class SqliteLog:
    """A `Log` in one file. One thread uses an instance at a time; any number of processes may read beside it.

    `partitions` is given when the file is made (1 by default) and kept in it; None takes what the file says, another
    number is refused with LogError. `read_only` opens an existing file in a way that cannot write.

    Raises LogLost where acknowledged records are gone. With `accepts_loss` it does not: then `lost` says which, `doubt` why
    that cannot be told, and `forget_lost` takes what is there for all there is.
    """

    def __init__(
        self,
        path: Path | str,
        partitions: int | None = None,
        read_only: bool = False,
        record_bytes_max: int = RECORD_BYTES_MAX_DEFAULT,
        accepts_loss: bool = False,
    ) -> None:
        check_partitions(1 if partitions is None else partitions)
        if not 0 < record_bytes_max < BODY_BYTES_MAX:
            raise ValueError(f"record_bytes_max is 1 to {BODY_BYTES_MAX - 1:,}, not {record_bytes_max:,}")
        self._path = Path(path)
        self._read_only = read_only
        self._record_bytes_max = record_bytes_max
        self._accepts_loss = accepts_loss
        self._body = Body()
        self._ends: dict[At, End] = {}  # as last seen by this writer; the primary key finds out if it is old
        self.lost: list[Lost] = []
        self.doubt = ""
        self._connection, self._partitions = open_file(self._path, partitions, read_only, self._look)
        self._rows = Rows(self._connection, self._path, self._body)
        try:
            if not read_only:
                self._begin()
        except BaseException:
            self.close()
            raise

    def _look(self, connection: sqlite3.Connection, partitions: int) -> None:
        """See whether the log ends where it ended, and read the last rows.

        The second place is read first: whoever appends meanwhile writes it last, so it is never ahead of the rows.
        """
        rows = Rows(connection, self._path, self._body, opening_error)
        self._end_file = EndFile(beside(self._path, "-end"), partitions)
        try:
            known = self._end_file.read()
        except LogCorrupt as damaged:
            if not self._accepts_loss:
                raise
            known, self.doubt = None, str(damaged)
        self.has_end_file = known is not None
        for at in topic_partitions(partitions):
            rows.check_last(*at)
            if known is not None and rows.end_at(*at, known[at].offset) != known[at]:
                self.lost.append(_lost(at, rows.end(*at), known[at].offset))
        if self.lost and not self._accepts_loss:
            raise LogLost(str(self._path), self.lost)

    def _begin(self) -> None:
        """Have the second place, and remember what the files are."""
        if self.has_end_file:
            self._stand()
            return
        self.forget_lost()
        if any(self._rows.end(*at) for at in topic_partitions(self._partitions)):
            _log.warning("the log %s is taken as it is: nothing beside it says where it ended", self._path)

    def forget_lost(self) -> None:
        """What is there is all there is, from now on. Raises LogFull where there is no room to say so."""
        self._end_file.write({at: self._rows.last_end(*at) for at in topic_partitions(self._partitions)})
        self.lost = []
        self._stand()

    def _stand(self) -> None:
        self._rows.end("journal", 0)  # a connection has its write-ahead log from its first statement on
        names = [self._path, *(beside(self._path, suffix) for suffix in ("-wal", "-shm", "-end"))]
        self._ground = Ground(names[-1].parent, names)

    @property
    def partitions(self) -> int:
        """How many partitions `journal` and `commands` have."""
        return self._partitions

    def look_again(self) -> int:
        """How many partitions there are: always as many as at first."""
        return self._partitions

    def check_ground(self) -> None:
        """Raise LogGone where the files were taken away, so that nothing that is appended would be found again."""
        self._ground.check()

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
            ends: dict[At, End] = {}
            for partition, (count, body) in rows.items():
                firsts[partition], ends[topic, partition] = self._insert(topic, partition, count, body)
            execute("COMMIT")
            self._ends |= ends
            self._note(ends)
            self._ground.check_folder()
            return firsts
        except sqlite3.Error as error:
            self._ends.clear()
            return dict.fromkeys(rows, self._append_error(error))
        except LogError as error:
            self._ends.clear()
            return dict.fromkeys(rows, error)
        finally:
            self._roll_back()

    def _insert(self, topic: Topic, partition: int, count: int, body: bytes) -> tuple[int, End]:
        """Insert a row at the end; answer its first offset, and the new end. An end that is out of date is read again, once."""
        before = self._ends.get((topic, partition))
        if before is None:
            before = self._rows.last_end(topic, partition)
        try:
            return before.offset, self._insert_after(before, topic, partition, count, body)
        except sqlite3.IntegrityError:  # another writer was there; the write lock that is held now keeps it out
            before = self._rows.last_end(topic, partition)
            return before.offset, self._insert_after(before, topic, partition, count, body)

    def _insert_after(self, before: End, topic: Topic, partition: int, count: int, body: bytes) -> End:
        key, stored = partition << PARTITION_SHIFT | before.offset, link(before.digest, body)
        self._connection.execute(_INSERT[topic], (key, count, stored))
        return End(before.offset + count, digest_of(key, count, stored))

    def _note(self, ends: Mapping[At, End]) -> None:
        """Write the ends into the second place, after their commit. Where that fails they are behind, which is no harm by itself."""
        for at, end in ends.items():
            try:
                self._end_file.note(at, end)
            except OSError as error:
                _log.error("%s cannot be written, so a loss of what is appended now would not be noticed: %s", self._end_file.path, error)

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
        check_partition(topic, partition, self._partitions, offset)
        there = self.end(topic, partition)
        return self._rows.read(topic, partition, offset, there if end is None else min(end, there))

    def end(self, topic: Topic, partition: int) -> int:
        """The offset that the next record would get. Asks the file, as another process may have written."""
        check_partition(topic, partition, self._partitions)
        return self._rows.end(topic, partition)

    # Copying.

    def stored(self, topic: Topic, partition: int, first: int, end: int) -> list[Row]:
        """Some rows as they are stored, for a copy. See `Rows.stored`. Raises LogCorrupt."""
        return self._rows.stored(topic, partition, first, end)

    def put_back(self, topic: Topic, partition: int, rows: Sequence[Row]) -> None:
        """Append rows as they were stored in another log of this kind, which follow on what is here. Raises LogCorrupt, LogFull."""
        before = self._rows.last_end(topic, partition)
        end = followed(rows, before, topic, partition, self._body)
        base = partition << PARTITION_SHIFT
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT[topic], [(base + row.first, row.records, row.stored) for row in rows])
            if any(row.has_removed for row in rows):
                execute(f"PRAGMA user_version = {FORMAT_WITH_REMOVED}")
            execute("COMMIT")
        except sqlite3.Error as error:
            raise self._append_error(error) from error
        finally:
            self._roll_back()
        self._ends[topic, partition] = end
        self._note({(topic, partition): end})

    def put_beginning(self, topic: Topic, partition: int, row: Row, end: int) -> None:
        """Append of a row of another log the records before an offset. Raises LogError where these cannot be told apart."""
        if row.has_removed:
            raise LogError(f"offset {end} lies within records that were removed, from {row.first} to {row.end - 1}: name one outside")
        before = self._rows.last_end(topic, partition)
        followed([row], before, topic, partition, self._body)
        content = Walk(before.digest).take(row.first + (partition << PARTITION_SHIFT), row.records, row.stored)
        answer = self.append(topic, {partition: self._body.decode(content, row.records)[: end - row.first]})[partition]
        if isinstance(answer, LogError):
            raise answer

    # Removing.

    def removable_end(self, partition: int) -> int:
        """See `contracts.ports.removal`: the last row stays, as the second place names its end."""
        row = self._rows.last("journal", partition)
        return 0 if row is None else row.first

    def plan_removal(self, partition: int, offsets: Sequence[int], stub: Stub) -> RemovalPlan:
        """See `contracts.ports.removal`."""
        assert not offsets or offsets[-1] < self.removable_end(partition), f"offset {offsets[-1]} stands in the last row"
        try:
            return Removal(self._rows, self._body, partition, stub).plan(offsets)
        except DamagedBody as error:
            raise LogCorrupt(f"the log {self._path} is damaged where records are to be removed: {error}") from None

    def remove(self, plan: object) -> None:
        """See `contracts.ports.removal`."""
        assert isinstance(plan, RemovalPlan)
        self._end_file.sync()
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            for first, end, count in plan.gone:
                if execute("DELETE FROM journal WHERE place >= ? AND place < ?", (first, end)).rowcount != count:
                    raise LogError(f"the log {self._path} was changed while records were to be removed; nothing was")
            self._connection.executemany(_INSERT["journal"], plan.rows)
            execute(f"PRAGMA user_version = {FORMAT_WITH_REMOVED}")  # a build before knows no such rows
            execute("COMMIT")
            self._ground.check_folder()
        except sqlite3.Error as error:
            raise self._append_error(error) from error
        finally:
            self._roll_back()

    @property
    def gives_room_back(self) -> bool:
        """Whether the file can become smaller. One of a build before keeps its size, and uses again what is free."""
        return bool(self._connection.execute("PRAGMA auto_vacuum").fetchone()[0])

    def shrink(self, pages: int) -> bool:
        """See `contracts.ports.removal`."""
        ask = self._connection.execute
        try:
            if not self.gives_room_back:
                return False
            surplus = ask("PRAGMA freelist_count").fetchone()[0] - max(FREE_PAGES_KEPT, ask("PRAGMA page_count").fetchone()[0] // 8)
            if surplus > 0:
                # `execute` would free one page: it takes a statement without columns for done after its first step
                self._connection.executescript(f"PRAGMA incremental_vacuum({min(pages, surplus)})")
            return bool(surplus > pages)
        except sqlite3.Error as error:
            raise self._append_error(error) from error

    def kept_to(self, partition: int, asks: bool = False) -> int:
        """See Log: what is removed leaves its place, and whoever reads has been told."""
        return 0

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
        self._connection.close()
        self._end_file.close()


def _lost(at: At, end: int, ended: int) -> Lost:
    return Lost(*at, end, ended) if end < ended else Lost(*at, 0, ended, is_other=True)
