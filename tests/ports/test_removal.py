"""What every log holds that records are removed from, and what the one in a file holds besides."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import LogCorrupt, LogError
from infra.log.memory import MemoryLog
from infra.log.sqlite import SqliteLog

Removing: TypeAlias = MemoryLog | SqliteLog


def stub(records: Iterable[bytes], end: int) -> bytes:
    """What stands in the place of records here: how far, and how many they were."""
    known = [int(record[1:].split(b" ")[1]) if record.startswith(b"-") else 1 for record in records]
    return b"-%d %d" % (end, sum(known))


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Removing]:
    with closing(MemoryLog(2) if request.param == "memory" else SqliteLog(tmp_path / "log.db", 2)) as opened:
        yield opened


def written(log: Removing, *batches: int) -> None:
    """Append batches of so many records, each of which says its offset."""
    for count in batches:
        end = log.end("journal", 0)
        log.append("journal", {0: [b"%d" % offset for offset in range(end, end + count)]})


def removed(log: Removing, offsets: Sequence[int]) -> None:
    log.remove(log.plan_removal(0, offsets, stub))


def read(log: Removing, offset: int = 0, end: int | None = None) -> list[tuple[int, bytes]]:
    return list(log.read("journal", 0, offset, end))


def test_what_is_removed_is_one_record_and_offsets_stay(log: Removing) -> None:
    written(log, 3, 3, 3)
    removed(log, [1, 2, 3, 4])
    assert [(offset, record) for offset, record in read(log) if not record.startswith(b"-")] == [(n, b"%d" % n) for n in (0, 5, 6, 7, 8)]
    assert [int(record[1:].split(b" ")[0]) for _, record in read(log) if record.startswith(b"-")][-1] == 5
    assert log.end("journal", 0) == 9


def test_reading_may_begin_and_end_within_what_is_removed(log: Removing) -> None:
    written(log, 2, 2, 2, 2)
    removed(log, [2, 3, 4, 5])
    assert read(log, 3) == [(3, b"-6 4"), (6, b"6"), (7, b"7")]
    assert read(log, 0, 4) == [(0, b"0"), (1, b"1"), (2, b"-6 4")]
    assert read(log, 4, 5) == [(4, b"-6 4")]


def test_what_is_removed_again_stays_removed(log: Removing) -> None:
    written(log, 4, 4)
    removed(log, [1, 2])
    before = read(log)
    removed(log, [1, 2])
    assert read(log) == before


def test_appending_goes_on(log: Removing) -> None:
    written(log, 2, 2)
    removed(log, [0, 1])
    written(log, 1)
    assert read(log) == [(0, b"-2 2"), (2, b"2"), (3, b"3"), (4, b"4")]


def test_the_end_of_the_journal_stays(log: Removing) -> None:
    written(log, 2, 2)
    end = log.removable_end(0)
    assert 0 < end < 4
    assert log.removable_end(1) == 0


@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=8),
    rounds=st.lists(st.sets(st.integers(0, 31), max_size=12), max_size=4),
    start=st.integers(0, 32),
)
def test_whatever_is_removed_the_rest_is_read(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], rounds: list[set[int]], start: int
) -> None:
    path = tmp_path_factory.mktemp("removal") / "log.db"
    with closing(SqliteLog(path)) as log:
        written(log, *sizes, 1)
        gone: set[int] = set()
        for chosen in rounds:
            now = sorted(offset for offset in chosen if offset < log.removable_end(0))
            removed(log, now)
            gone |= set(now)
    with closing(SqliteLog(path, read_only=True)) as log:
        at = start
        for offset, record in read(log, start):
            assert offset == at
            at = int(record[1:].split(b" ")[0]) if record.startswith(b"-") else at + 1
            assert record.startswith(b"-") == (offset in gone)
            assert gone.issuperset(range(offset, at)) or record == b"%d" % offset
        assert at == max(start, log.end("journal", 0))


# The log in a file.


def test_rows_of_which_nothing_is_left_are_one(tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        written(log, *[5] * 100)
        for first in range(5, 480, 20):
            removed(log, range(first, first + 20))
        assert read(log, 0)[5] == (5, b"-485 480")
    with closing(sqlite3.connect(tmp_path / "log.db")) as rows:
        assert rows.execute("SELECT count(*) FROM journal").fetchone() == (5,)


def test_who_reads_while_records_are_removed_goes_on(tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "log.db")) as log, closing(SqliteLog(tmp_path / "log.db", read_only=True)) as other:
        for number in range(6):
            log.append("journal", {0: [b"%d" % number + os.urandom(600_000)]})
        written(log, 1)
        reading = other.read("journal", 0)
        assert next(reading)[0] == 0
        removed(log, range(6))
        assert [offset for offset, _ in reading][-1] == 6


@pytest.mark.parametrize("at", [0, 1, 5, 20, 33, 40, 50, 60])
def test_damage_in_what_is_left_is_noticed(tmp_path: Path, at: int) -> None:
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        written(log, 3, 3, 3, 3)
        removed(log, [3, 4, 7])
    with closing(sqlite3.connect(tmp_path / "log.db")) as rows, rows:
        [(place, body)] = rows.execute("SELECT place, body FROM journal WHERE place = 3")
        rows.execute("UPDATE journal SET body = ? WHERE place = ?", (body[:at] + bytes([body[at] ^ 4]) + body[at + 1 :], place))
    with pytest.raises(LogCorrupt, match="damaged"), closing(SqliteLog(tmp_path / "log.db", read_only=True)) as log:
        read(log)


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_row_that_is_missing_beside_removed_ones_is_noticed(tmp_path: Path, place: int) -> None:
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        written(log, 3, 3, 3, 3)
        removed(log, [3, 4, 5])
    with closing(sqlite3.connect(tmp_path / "log.db")) as rows, rows:
        rows.execute("DELETE FROM journal WHERE place = ?", (place,))
    with pytest.raises(LogCorrupt, match="damaged"), closing(SqliteLog(tmp_path / "log.db", read_only=True)) as log:
        read(log)


def test_rows_that_were_changed_meanwhile_are_not_removed(tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        written(log, 3, 3, 3, 3)
        plan = log.plan_removal(0, [0, 3, 4, 5], stub)
        removed(log, [*range(6)])
        before = read(log)
        with pytest.raises(LogError, match="changed"):
            log.remove(plan)
        assert read(log) == before


def test_the_file_gives_room_back_a_piece_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(SqliteLog(path)) as log:
        for _ in range(200):
            log.append("journal", {0: [b"r" + os.urandom(50_000)]})
        written(log, 1)
        big = path.stat().st_size
        removed(log, range(200))
        pieces = 1
        while log.shrink(500):
            pieces += 1
        log.shrink(500)
        assert pieces > 3
        written(log, *[1] * 100)
        assert read(log)[0][1] == b"-200 200"
    assert path.stat().st_size < big / 5


def test_a_log_that_nothing_was_removed_from_is_read_by_builds_before(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(SqliteLog(path)) as log:
        written(log, 3, 3)
        with closing(sqlite3.connect(path)) as rows:
            assert rows.execute("PRAGMA user_version").fetchone() == (1,)
        removed(log, [0])
        with closing(sqlite3.connect(path)) as rows:
            assert rows.execute("PRAGMA user_version").fetchone() == (2,)
