"""What was acknowledged does not vanish without a word: the chain of rows, the second place that says where it ends, and the ground."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from contracts.errors import LogCorrupt, LogGone, LogLost
from contracts.lost import Lost
from infra.log.body import Body
from infra.log.end_file import SECTOR_BYTES
from infra.log.sqlite import SqliteLog
from tests.ports.damage import DAMAGE, Left, campaign, leave_behind

TRIES = 12
"""Of each damage; `python -m tests.ports.damage` makes many more."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def end_file(path: Path) -> Path:
    return path.with_name("log.db-end")


def append(path: Path, *batches: list[bytes]) -> None:
    with closing(SqliteLog(path)) as log:
        for batch in batches:
            log.append("journal", {0: batch})


def rows_of(path: Path, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, parameters).fetchall()


# Whatever is damaged.


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Left]:
    folder = tmp_path_factory.mktemp("killed")
    return folder, leave_behind(folder, 130)


@pytest.mark.parametrize("damage", DAMAGE)
def test_nothing_acknowledged_vanishes_without_a_word_whatever_is_damaged(
    damage: str, left_behind: tuple[Path, Left], tmp_path: Path
) -> None:
    base, left = left_behind
    found = campaign(DAMAGE[damage], TRIES, 1, tmp_path, left, base)
    assert set(found) <= {"refused", "whole"}, found


# What is lost.


@pytest.mark.parametrize("read_only", [False, True], ids=["writer", "reader"])
def test_rows_that_are_gone_are_named_and_what_is_left_stays_as_it_is(path: Path, read_only: bool, left_behind: tuple[Path, Left]) -> None:
    base, (acknowledged, _) = left_behind
    shutil.copytree(base, path.parent, dirs_exist_ok=True)
    wal = path.with_name("log.db-wal")
    with wal.open("r+b") as file:
        file.seek(wal.stat().st_size // 2)
        file.write(b"\xff" * 8)
    before = wal.read_bytes()
    with pytest.raises(LogLost) as lost:
        SqliteLog(path, read_only=read_only)
    [journal, definitions] = lost.value.lost
    assert (journal.topic, journal.end, definitions.topic, definitions.end) == ("journal", acknowledged, "definitions", 130)
    assert 0 < journal.first < acknowledged
    assert f"journal, partition 0 ends at {journal.first:,} and ended at {acknowledged:,}" in str(lost.value)
    assert wal.read_bytes() == before


def test_a_log_that_ends_elsewhere_than_it_did_is_taken_only_where_the_loss_is_accepted(path: Path) -> None:
    append(path, [b"0", b"1"], [b"2"], [b"3"])
    rows_of(path, "DELETE FROM journal WHERE place >= 2")
    with closing(SqliteLog(path, accepts_loss=True)) as log:
        assert log.lost == [Lost("journal", 0, 2, 4)]
        log.forget_lost()
        assert log.lost == []
        assert log.append("journal", {0: [b"goes on"]}) == {0: 2}
    with closing(SqliteLog(path)) as log:
        assert [record for _, record in log.read("journal", 0)] == [b"0", b"1", b"goes on"]


def test_an_old_copy_that_has_gone_on_is_not_taken_for_the_log(path: Path) -> None:
    append(path, [b"0"])
    shutil.copy(path, old := path.with_name("old.db"))
    append(path, [b"1"], [b"2"])
    append(old, [b"other"], [b"others"], [b"more"])
    shutil.copy(old, path)
    with pytest.raises(LogLost, match="journal, partition 0 is another before offset 3"):
        SqliteLog(path)


def test_a_reader_beside_a_writer_never_finds_a_loss(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        for number in range(50):
            log.append("journal", {0: [b"%d" % number]})
            with closing(SqliteLog(path, read_only=True)) as reader:
                assert reader.end("journal", 0) == number + 1


# The second place.


def test_a_second_place_that_is_behind_is_no_contradiction(path: Path) -> None:
    append(path, [b"0"])
    before = end_file(path).read_bytes()
    append(path, [b"1"], [b"2"])
    end_file(path).write_bytes(before)  # as after a loss of power
    append(path, [b"3"])
    with closing(SqliteLog(path)) as log:
        assert log.end("journal", 0) == 4


def test_of_a_torn_write_the_one_before_it_counts(path: Path) -> None:
    append(path, [b"0"], [b"1"])
    content = bytearray(end_file(path).read_bytes())
    for slot in (1, 2):
        torn = content.copy()
        torn[slot * SECTOR_BYTES + 4 : slot * SECTOR_BYTES + 20] = bytes(16)
        end_file(path).write_bytes(torn)
        SqliteLog(path).close()


def test_a_second_place_that_cannot_be_read_is_told(path: Path) -> None:
    append(path, [b"0"], [b"1"])
    content = bytearray(end_file(path).read_bytes())
    content[SECTOR_BYTES : 3 * SECTOR_BYTES] = bytes(2 * SECTOR_BYTES)
    end_file(path).write_bytes(content)
    with pytest.raises(LogCorrupt, match=r"log\.db-end, which says where the log ends, is damaged: what it says of journal, partition 0"):
        SqliteLog(path)


def test_a_log_without_a_second_place_is_taken_as_it_is_and_gets_one(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    append(path, [b"0"])
    end_file(path).unlink()
    with caplog.at_level(logging.WARNING, "refold.log"):
        append(path, [b"1"])
    assert "is taken as it is: nothing beside it says where it ended" in caplog.text
    rows_of(path, "DELETE FROM journal WHERE place = 1")
    with pytest.raises(LogLost):
        SqliteLog(path)


def test_a_log_that_is_gone_while_its_second_place_is_there_is_not_made_anew(path: Path) -> None:
    append(path, [b"0"])
    path.unlink()
    with pytest.raises(LogCorrupt, match=r"log\.db is missing, but .*log\.db-end beside it"):
        SqliteLog(path)


# Rows of the build before.


def a_row_of_the_build_before(path: Path, first: int, records: list[bytes]) -> None:
    rows_of(path, "INSERT INTO journal VALUES (?, ?, ?)", first, len(records), Body().encode(records))


def test_a_log_of_the_build_before_is_read_and_goes_on_as_a_chain(path: Path) -> None:
    SqliteLog(path).close()
    end_file(path).unlink()
    a_row_of_the_build_before(path, 0, [b"0", b"1"])
    a_row_of_the_build_before(path, 2, [b"2" * 5_000])
    append(path, [b"3"], [b"4"])
    with closing(SqliteLog(path)) as log:
        assert [record[:1] for _, record in log.read("journal", 0)] == [b"0", b"1", b"2", b"3", b"4"]
    rows_of(path, "UPDATE journal SET body = ? WHERE place = 2", Body().encode([b"x" * 5_000]))
    with closing(SqliteLog(path)) as log, pytest.raises(LogCorrupt, match="offsets 3 to 3: it does not follow on what stands before it"):
        list(log.read("journal", 0))


def test_no_row_without_a_link_stands_behind_one_that_has_one(path: Path) -> None:
    append(path, [b"0"])
    a_row_of_the_build_before(path, 1, [b"1"])
    with pytest.raises(LogCorrupt, match="offsets 1 to 1: it has no link to what stands before it, which has one"):
        SqliteLog(path)


# The ground.


def delete_wal(path: Path) -> None:
    path.with_name("log.db-wal").unlink()


def replace(path: Path) -> None:
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.rename(path)


@pytest.mark.parametrize(
    "take_away",
    [
        Path.unlink,
        delete_wal,
        replace,
        lambda path: path.rename(path.with_name("other.db")),
        lambda path: path.parent.rename(path.parent.with_name("elsewhere")),
        lambda path: shutil.rmtree(path.parent),
    ],
    ids=["deleted", "write-ahead log deleted", "replaced", "renamed", "folder renamed", "folder deleted"],
)
def test_a_log_whose_file_is_taken_away_answers_no_append_any_more(tmp_path: Path, take_away: Callable[[Path], object]) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "log.db"
    with closing(SqliteLog(path)) as log:
        assert log.append("journal", {0: [b"0"]}) == {0: 0}
        take_away(path)
        for _ in range(2):
            assert isinstance(log.append("journal", {0: [b"1"]})[0], LogGone)
        with pytest.raises(LogGone, match="it was deleted, renamed or replaced while it was in use"):
            log.check_ground()


def test_files_that_come_and_go_beside_the_log_do_not_matter(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        for number in range(3):
            path.with_name("other").write_text("x")
            assert log.append("journal", {0: [b"x"]}) == {0: 2 * number}
            path.with_name("other").unlink()
            assert log.append("journal", {0: [b"x"]}) == {0: 2 * number + 1}


# Topics that came later.


@pytest.fixture
def older(path: Path) -> Path:
    """A log as it was made before there were resources."""
    append(path, [b"a", b"b"])
    rows_of(path, "DROP TABLE resources")
    end_file(path).write_bytes(end_file(path).read_bytes()[: SECTOR_BYTES * (1 + 2 * 4)])
    return path


def test_a_log_from_before_there_were_resources_is_read_as_one_without_any_and_stays_as_it_is(older: Path) -> None:
    before = older.read_bytes(), end_file(older).read_bytes()
    with closing(SqliteLog(older, read_only=True)) as log:
        assert [record for _, record in log.read("journal", 0)] == [b"a", b"b"]
        assert (log.end("resources", 0), list(log.read("resources", 0))) == (0, [])
    assert (older.read_bytes(), end_file(older).read_bytes()) == before


def test_who_opens_it_for_writing_gives_it_the_topic_and_says_so(older: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(SqliteLog(older, read_only=True)) as reader:
        assert reader.end("resources", 0) == 0
        with caplog.at_level(logging.INFO), closing(SqliteLog(older)) as log:
            assert log.append("resources", {0: [b"one"]}) == {0: 0}
            assert list(reader.read("resources", 0)) == [(0, b"one")]
    assert f"the log {older} was made before there was the topic resources, and has it from now on" in caplog.text
    with closing(SqliteLog(older)) as log:
        assert (log.end("journal", 0), log.end("resources", 0)) == (2, 1)


def test_a_resource_that_was_acknowledged_does_not_vanish_without_a_word_from_such_a_log(older: Path) -> None:
    with closing(SqliteLog(older)) as log:
        log.append("resources", {0: [b"one"]})
    rows_of(older, "DELETE FROM resources")
    with pytest.raises(LogLost, match="resources"):
        SqliteLog(older)
