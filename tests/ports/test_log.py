"""The conformance suite of `contracts/ports/log.py`: what every log must hold, and what the one in a file must besides."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import AppendUnknown, LogCorrupt, LogError, LogFull, RecordTooLarge
from contracts.ports.log import RECORD_FRAME_BYTES, TOPICS, Log, batch_bytes
from infra.log.body import BODY_BYTES_MAX
from infra.log.sqlite import SqliteLog
from tests.ports.conftest import Logs, Start, said_by

SMALL_DISK_BYTES = 1024 * 1024

# What every adapter holds.


def test_the_records_of_a_batch_stand_together_in_order(logs: Logs) -> None:
    log = logs.open()
    assert log.append("journal", {0: [b"a", b"b", b"c"]}) == {0: 0}
    assert list(log.read("journal", 0)) == [(0, b"a"), (1, b"b"), (2, b"c")]


def test_an_append_answers_the_offset_of_its_first_record(logs: Logs) -> None:
    log = logs.open()
    answers = [log.append("journal", {0: [b"x"] * count})[0] for count in (1, 3, 2)]
    assert answers == [0, 1, 4]
    assert log.end("journal", 0) == 6


def test_a_new_log_is_empty(logs: Logs) -> None:
    log = logs.open(partitions=2)
    assert [log.end(topic, 0) for topic in TOPICS] == [0] * len(TOPICS)
    assert [list(log.read(topic, 0)) for topic in TOPICS] == [[]] * len(TOPICS)


def test_topics_do_not_mix(logs: Logs) -> None:
    log = logs.open()
    for topic in TOPICS:
        assert log.append(topic, {0: [topic.encode()]}) == {0: 0}
    assert [list(log.read(topic, 0)) for topic in TOPICS] == [[(0, topic.encode())] for topic in TOPICS]


def test_one_append_may_go_to_many_partitions_each_with_its_own_offsets(logs: Logs) -> None:
    log = logs.open(partitions=3)
    assert log.append("journal", {2: [b"c0", b"c1"], 0: [b"a0"]}) == {2: 0, 0: 0}
    assert log.append("journal", {0: [b"a1"], 1: [b"b0"], 2: [b"c2"]}) == {0: 1, 1: 0, 2: 2}
    assert [[record for _, record in log.read("journal", partition)] for partition in range(3)] == [
        [b"a0", b"a1"],
        [b"b0"],
        [b"c0", b"c1", b"c2"],
    ]


def test_only_journal_and_commands_are_divided(logs: Logs) -> None:
    log = logs.open(partitions=2)
    assert log.partitions == 2
    assert log.append("commands", {1: [b"x"]}) == {1: 0}
    for topic in ("definitions", "dead-letters"):
        with pytest.raises(ValueError, match=f"{topic} has partitions 0 to 0, not 1"):
            log.append(topic, {1: [b"x"]})


@pytest.mark.parametrize("offset", range(8))
def test_reading_begins_at_any_offset_in_or_between_batches(logs: Logs, offset: int) -> None:
    log = logs.open()
    written = append_all(log, [b"0", b"1", b"2"], [b"3"], [b"4", b"5", b"6"])
    assert list(log.read("journal", 0, offset)) == written[offset:]


@pytest.mark.parametrize("end", range(9))
@pytest.mark.parametrize("offset", [0, 1, 4])
def test_reading_ends_before_the_end_that_was_asked_for(logs: Logs, offset: int, end: int) -> None:
    log = logs.open()
    written = append_all(log, [b"0", b"1", b"2"], [b"3"], [b"4", b"5", b"6"])
    assert list(log.read("journal", 0, offset, end)) == written[offset:end]


def test_reading_from_beyond_the_end_gives_nothing(logs: Logs) -> None:
    log = logs.open()
    append_all(log, [b"0"])
    assert list(log.read("journal", 0, 1)) == []
    assert list(log.read("journal", 0, 1_000_000)) == []


def test_reading_shows_what_is_there_when_the_call_begins(logs: Logs) -> None:
    log = logs.open()
    append_all(log, [b"before"])
    reading = log.read("journal", 0)
    append_all(log, [b"after"])
    assert list(reading) == [(0, b"before")]


def test_a_reader_may_stop_and_the_writer_go_on_in_the_middle_of_reading(logs: Logs) -> None:
    log = logs.open()
    append_all(log, [b"0", b"1"], [b"2"])
    reading = log.read("journal", 0)
    assert next(reading) == (0, b"0")
    assert log.append("journal", {0: [b"3"]}) == {0: 3}
    assert list(reading) == [(1, b"1"), (2, b"2")]


@pytest.mark.parametrize("records", [[b""], [b"", b"x", b""], [bytes(range(256)) * 40], [b"one", os.urandom(3_000_000), b"two"]])
def test_any_bytes_come_back_as_they_were(logs: Logs, records: list[bytes]) -> None:
    log = logs.open()
    log.append("journal", {0: records})
    log.append("journal", {0: [b"next"]})
    assert [record for _, record in log.read("journal", 0)] == [*records, b"next"]


def test_many_batches_come_back_in_order(logs: Logs) -> None:
    log = logs.open()
    written = append_all(log, *([os.urandom(90_000), b"%d" % number] for number in range(40)))
    assert list(log.read("journal", 0)) == written
    assert list(log.read("journal", 0, 37, 61)) == written[37:61]


def test_a_record_at_the_limit_is_taken_and_one_byte_more_is_refused(logs: Logs) -> None:
    log = logs.open(record_bytes_max=100)
    assert log.record_bytes_max == 100
    assert log.append("journal", {0: [b"x" * 100]}) == {0: 0}
    answer = log.append("journal", {0: [b"small", b"x" * 101]})[0]
    assert isinstance(answer, RecordTooLarge)
    assert "record 1 of the batch has 101 bytes; the log takes 100" in str(answer)
    assert log.end("journal", 0) == 1


def test_two_of_the_longest_records_are_one_batch(logs: Logs) -> None:
    log = logs.open(record_bytes_max=1_000)
    longest = [os.urandom(1_000), os.urandom(1_000)]
    assert log.batch_bytes_max >= batch_bytes(longest)
    assert log.append("journal", {0: longest}) == {0: 0}
    log = logs.open()
    assert log.batch_bytes_max >= 2 * (log.record_bytes_max + RECORD_FRAME_BYTES)


def test_a_partition_that_is_refused_says_nothing_about_the_others(logs: Logs) -> None:
    log = logs.open(partitions=2, record_bytes_max=100)
    answers = log.append("journal", {0: [b"x" * 101], 1: [b"fits"]})
    assert isinstance(answers[0], RecordTooLarge)
    assert answers[1] == 0
    assert [log.end("journal", partition) for partition in range(2)] == [0, 1]


def test_who_appends_after_another_gets_a_higher_offset_than_expected(logs: Logs) -> None:
    mine, other = logs.open(partitions=2), logs.open(partitions=2)
    assert mine.append("journal", {0: [b"mine 0"], 1: [b"mine 0"]}) == {0: 0, 1: 0}
    assert other.append("journal", {0: [b"other 1", b"other 2"]}) == {0: 1}
    assert mine.append("journal", {0: [b"mine 3"], 1: [b"mine 1"]}) == {0: 3, 1: 1}
    assert other.append("journal", {0: [b"other 4"]}) == {0: 4}
    assert [record for _, record in mine.read("journal", 0)] == [b"mine 0", b"other 1", b"other 2", b"mine 3", b"other 4"]


def test_the_end_counts_what_another_has_appended(logs: Logs) -> None:
    mine, other = logs.open(), logs.open()
    append_all(mine, [b"0"])
    append_all(other, [b"1", b"2"])
    assert mine.end("journal", 0) == 3


@pytest.mark.parametrize(
    "mistake",
    [
        lambda log: log.append("journal", {0: []}),
        lambda log: log.append("journal", {1: [b"x"]}),
        lambda log: log.append("journal", {-1: [b"x"]}),
        lambda log: log.append("letters", {0: [b"x"]}),
        lambda log: log.read("journal", 1),
        lambda log: log.read("journal", 0, -1),
        lambda log: log.end("journal", 7),
    ],
    ids=["empty batch", "partition too high", "partition negative", "no such topic", "read partition", "read offset", "end partition"],
)
def test_a_mistake_of_the_caller_is_refused_and_nothing_is_stored(logs: Logs, mistake: Callable[[Log], object]) -> None:
    log = logs.open()
    with pytest.raises(ValueError, match=r"batch|partitions|topic|offsets"):
        mistake(log)
    assert log.end("journal", 0) == 0


@pytest.mark.parametrize("partitions", [0, -1, 1025])
def test_a_log_has_as_many_partitions_as_an_id_can_name(logs: Logs, partitions: int) -> None:
    with pytest.raises(ValueError, match="1 to 1024 partitions"):
        logs.open(partitions=partitions)


def test_closing_twice_is_once(logs: Logs) -> None:
    log = logs.open()
    log.close()
    log.close()


# What the log in a file holds besides: it outlives its process, and others read beside it.

APPENDER = """
import sys
from infra.log.sqlite import SqliteLog

log, rounds = SqliteLog(sys.argv[1]), int(sys.argv[2])
for number in range(rounds):
    count = number % 7 + 1
    batch = [b"%d/%d/%d:" % (number, place, count) + bytes(number * 37 % 9000) for place in range(count)]
    print(log.append("journal", {0: batch})[0] + count, flush=True)
"""
"""Appends numbered batches; prints the end of each when it is acknowledged."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def test_what_was_appended_is_there_when_the_file_is_opened_again(path: Path) -> None:
    with closing(SqliteLog(path, partitions=3)) as log:
        log.append("journal", {0: [b"a"], 2: [b"b", b"c"]})
    with closing(SqliteLog(path)) as log:
        assert log.partitions == 3
        assert list(log.read("journal", 2)) == [(0, b"b"), (1, b"c")]
        assert log.append("journal", {0: [b"d"], 2: [b"e"]}) == {0: 1, 2: 2}


def test_the_settings_that_make_a_commit_durable_and_cheap_are_in_force(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        found = [
            log._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "page_size", "wal_autocheckpoint")
        ]
    assert found == ["wal", 2, 4096, 100]


def test_a_round_is_one_row(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        append_all(log, [b"x"] * 100, [b"y"])
    assert rows_of(path, "SELECT place, count FROM journal") == [(0, 100), (100, 1)]


def test_a_body_is_compressed_where_it_helps(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        append_all(log, [b"the same again and again"] * 1000, [os.urandom(24_000)], [b"short"])
    formats_and_sizes = rows_of(path, "SELECT hex(substr(body, 18, 1)), length(body) < 1000 FROM journal")
    assert formats_and_sizes == [("02", 1), ("01", 0), ("01", 1)]


def test_the_partition_count_is_kept_and_another_one_is_refused(path: Path) -> None:
    SqliteLog(path, partitions=4).close()
    with pytest.raises(LogError, match=r"log\.db was made with 4 partition\(s\), and keeps them; 2 were asked for"):
        SqliteLog(path, partitions=2)


def test_a_reader_does_not_make_a_log(path: Path) -> None:
    with pytest.raises(LogError, match="there is no log"):
        SqliteLog(path, read_only=True)
    assert not path.exists()


def test_a_reader_cannot_append(path: Path) -> None:
    SqliteLog(path).close()
    with closing(SqliteLog(path, read_only=True)) as reader, pytest.raises(ValueError, match="opened for reading only"):
        reader.append("journal", {0: [b"x"]})


def test_a_log_may_be_handed_to_another_thread(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        thread = threading.Thread(target=append_all, args=(log, [b"x"]))
        thread.start()
        thread.join()
        assert log.end("journal", 0) == 1


def test_a_path_may_hold_any_characters_and_be_a_link(tmp_path: Path) -> None:
    link = tmp_path / "li?nk.db"
    link.symlink_to(tmp_path / "50% & more #1.db")
    SqliteLog(tmp_path / "50% & more #1.db").close()
    with closing(SqliteLog(link)) as log:
        append_all(log, [b"x"])
    with closing(SqliteLog(tmp_path / "50% & more #1.db", read_only=True)) as log:
        assert log.end("journal", 0) == 1


def test_reading_beside_a_writing_process_shows_whole_batches_and_all_that_are_acknowledged(path: Path, start: Start) -> None:
    writer = start(APPENDER, path, 120)
    acknowledged = int(said_by(writer).readline())
    with closing(SqliteLog(path, read_only=True)) as reader:
        for line in said_by(writer):
            acknowledged = int(line)
            assert len(whole_batches(reader)) >= acknowledged
        assert len(whole_batches(reader)) == acknowledged == reader.end("journal", 0)


@pytest.mark.parametrize("acknowledgements", [1, 2, 40, 130, 300])
def test_a_writer_killed_while_it_appends_leaves_every_acknowledged_batch_whole(path: Path, start: Start, acknowledgements: int) -> None:
    writer = start(APPENDER, path, 1_000_000)
    lines = [said_by(writer).readline() for _ in range(acknowledgements)]
    writer.send_signal(signal.SIGKILL)
    acknowledged = [int(line) for line in lines + said_by(writer).readlines() if line.endswith("\n")]
    writer.wait()

    with closing(SqliteLog(path, read_only=True)) as reader:
        found = whole_batches(reader)
    assert len(found) >= acknowledged[-1]
    with closing(SqliteLog(path)) as log:
        assert whole_batches(log) == found
        assert log.append("journal", {0: [b"on it goes"]}) == {0: len(found)}


def test_two_processes_that_append_at_once_never_share_an_offset(path: Path, start: Start) -> None:
    SqliteLog(path).close()
    writers = [start(APPENDER, path, 60) for _ in range(2)]
    ends = [int(line) for writer in writers for line in said_by(writer)]
    assert len(set(ends)) == 120
    with closing(SqliteLog(path)) as log:
        assert len(list(log.read("journal", 0))) == max(ends) == 2 * sum(number % 7 + 1 for number in range(60))


def test_a_writer_that_stands_in_the_way_too_long_leaves_the_append_unknown(path: Path) -> None:
    with closing(SqliteLog(path, partitions=2)) as log, closing(sqlite3.connect(path, isolation_level=None)) as other:
        log._connection.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        answers = log.append("journal", {0: [b"x"], 1: [b"y"]})
        assert {type(answer) for answer in answers.values()} == {AppendUnknown}
        other.execute("ROLLBACK")
        assert log.append("journal", {0: [b"x"]}) == {0: 0}


def test_an_error_of_the_disk_leaves_the_append_unknown_and_the_log_whole(path: Path) -> None:
    with closing(SqliteLog(path, partitions=2)) as log:
        append_all(log, [b"before"])
        with files_no_longer_than(path.with_name("log.db-wal").stat().st_size + 10_000):
            answers = log.append("journal", {0: [os.urandom(100_000)], 1: [b"y"]})
        assert {type(answer) for answer in answers.values()} == {AppendUnknown}
        assert "disk I/O error" in str(answers[0])
        assert log.append("journal", {0: [b"after"], 1: [b"y"]}) == {0: 1, 1: 0}
        assert list(log.read("journal", 0)) == [(0, b"before"), (1, b"after")]


# No room.


def test_a_log_without_room_stores_nothing_of_the_round_and_goes_on_when_there_is_room(path: Path) -> None:
    with closing(SqliteLog(path, partitions=2)) as log:
        append_all(log, [b"before"])
        pages = log._connection.execute("PRAGMA page_count").fetchone()[0]
        log._connection.execute(f"PRAGMA max_page_count = {pages + 4}")  # SQLite's own "database or disk is full"
        answers = log.append("journal", {0: [b"small"], 1: [os.urandom(100_000)]})
        assert {type(answer) for answer in answers.values()} == {LogFull}
        assert [log.end("journal", partition) for partition in range(2)] == [1, 0]
        log._connection.execute("PRAGMA max_page_count = 1000000")
        assert log.append("journal", {0: [b"after"], 1: [os.urandom(100_000)]}) == {0: 1, 1: 0}


def test_a_full_disk_keeps_all_that_was_acknowledged_and_nothing_of_what_was_refused(small_disk: Path) -> None:
    path = small_disk / "log.db"
    (filler := small_disk / "filler").write_bytes(bytes(300_000))
    with closing(SqliteLog(path)) as log:
        acknowledged: list[tuple[int, bytes]] = []
        answer: int | LogError = 0
        for _ in range(100):
            batch = [os.urandom(5_000), os.urandom(5_000)]
            answer = log.append("journal", {0: batch})[0]
            if isinstance(answer, LogError):
                break
            acknowledged += enumerate(batch, start=answer)
        assert isinstance(answer, LogFull)
        assert "no room for the log" in str(answer)
        with closing(SqliteLog(path, read_only=True)) as reader:
            assert list(reader.read("journal", 0)) == acknowledged
        filler.unlink()
        assert log.append("journal", {0: [b"on it goes"]}) == {0: len(acknowledged)}
    with closing(SqliteLog(path)) as log:
        assert list(log.read("journal", 0)) == [*acknowledged, (len(acknowledged), b"on it goes")]


def test_a_log_for_which_there_is_no_room_is_not_made(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "filler").write_bytes(bytes(2 * SMALL_DISK_BYTES))
    with pytest.raises(LogFull):
        SqliteLog(small_disk / "log.db")
    assert [entry.name for entry in small_disk.iterdir()] == ["filler"]


# Damage: refused, named, and left as it is.


def a_stored_log(path: Path) -> list[tuple[int, bytes]]:
    """A log of 60 compressed batches of 5 records, closed; answers its records."""
    with closing(SqliteLog(path)) as log:
        return append_all(log, *([b"%d/%d " % (number, place) * 200 for place in range(5)] for number in range(60)))


def a_log_of_a_later_format(path: Path) -> None:
    a_stored_log(path)
    rows_of(path, "PRAGMA user_version = 3")


def a_log_without_a_table(path: Path) -> None:
    a_stored_log(path)
    rows_of(path, "DROP TABLE definitions")


def a_file_of_another_application(path: Path) -> None:
    rows_of(path, "CREATE TABLE journal (place INTEGER PRIMARY KEY, count INTEGER, body BLOB)")


def a_log_cut_to(share: float) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        a_stored_log(path)
        os.truncate(path, int(path.stat().st_size * share))

    return make


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path: path.write_bytes(b""), "it has 0 bytes, fewer than a header"),
        (a_log_cut_to(0.001), "fewer than a header"),
        (a_log_cut_to(0.5), "cut off|malformed"),
        (a_log_cut_to(0.99), "cut off|malformed"),
        (lambda path: path.write_bytes(b"\x9c\x00\xff\x1b" * 12_500), "it begins with b.*, not as a SQLite file does"),
        (lambda path: path.write_text("start: a workflow\n" * 100), "it begins with b'start: a workflo'"),
        (a_file_of_another_application, "of another application .id 0x00000000, expected 0x52464c44"),
        (a_log_of_a_later_format, "of format 3; this version of Refold reads the formats 1 to 2"),
        (a_log_without_a_table, "lacks what a Refold log has: no such table: definitions"),
        (os.mkfifo, "it is no regular file"),
        (Path.mkdir, "it is no regular file"),
    ],
    ids=["empty", "header cut", "half", "end cut", "garbage", "text", "foreign", "later format", "no table", "pipe", "folder"],
)
@pytest.mark.parametrize("read_only", [False, True], ids=["writer", "reader"])
def test_a_file_that_is_not_a_whole_refold_log_is_refused_by_name_and_left_as_it_is(
    path: Path, make: Callable[[Path], None], found: str, read_only: bool
) -> None:
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LogCorrupt, match=found) as caught:
        SqliteLog(path, read_only=read_only)
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_log_that_is_gone_while_its_wal_is_there_is_not_made_anew(path: Path, start: Start) -> None:
    writer = start(APPENDER, path, 1_000_000)
    said_by(writer).readline()
    writer.kill()
    writer.wait()
    path.unlink()
    wal = path.with_name("log.db-wal")
    before = wal.read_bytes()
    with pytest.raises(LogCorrupt, match=r"log\.db is missing, but .*log\.db-wal beside it"):
        SqliteLog(path)
    assert wal.read_bytes() == before


def flip(path: Path, table: str, place: int, byte: int) -> None:
    [(body,)] = rows_of(path, f"SELECT body FROM {table} WHERE place = {place}")
    changed = bytearray(body)
    changed[byte] ^= 0x01
    rows_of(path, f"UPDATE {table} SET body = ? WHERE place = {place}", bytes(changed))


@pytest.mark.parametrize("byte", [0, 1, 5, 12, -40, -1])
def test_a_flipped_byte_in_the_last_batch_is_refused_on_opening(path: Path, byte: int) -> None:
    a_stored_log(path)
    flip(path, "journal", 295, byte)
    before = path.read_bytes()
    with pytest.raises(LogCorrupt, match=r"log\.db is damaged at journal, partition 0, offsets 295 to 299"):
        SqliteLog(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("records", [[b"short and plain"], [b"long and alike " * 500]], ids=["plain", "compressed"])
def test_a_flipped_byte_in_the_middle_is_found_when_it_is_read(path: Path, records: list[bytes]) -> None:
    with closing(SqliteLog(path)) as log:
        append_all(log, [b"before"], records, [b"after"], [b"last"])
    [(length,)] = rows_of(path, "SELECT length(body) FROM journal WHERE place = 1")
    for byte in range(length):
        flip(path, "journal", 1, byte)
        with closing(SqliteLog(path)) as log:
            reading = log.read("journal", 0)
            assert next(reading) == (0, b"before")
            with pytest.raises(LogCorrupt, match="offsets 1 to 1"):
                next(reading)
            assert list(log.read("journal", 0, 2)) == [(2, b"after"), (3, b"last")]
        flip(path, "journal", 1, byte)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM journal WHERE place = 0", "lacks offset 0; the next row has 5 from 5"),
        ("DELETE FROM journal WHERE place = 100", "lacks offset 100; the next row has 5 from 105"),
        ("DELETE FROM journal WHERE place BETWEEN 100 AND 200", "lacks offset 100; the next row has 5 from 205"),
        ("UPDATE journal SET place = 103 WHERE place = 100", "lacks offset 100; the next row has 5 from 103"),
        ("UPDATE journal SET count = 4 WHERE place = 100", "offsets 100 to 103: 4 records end at byte"),
        ("UPDATE journal SET count = 6 WHERE place = 100", "offsets 100 to 105: 5 of 6 records are whole"),
        ("UPDATE journal SET count = 0 WHERE place = 100", "lacks offset 100; the next row has 0 from 100"),
        ("UPDATE journal SET count = 'x' WHERE place = 100", "lacks offset 100; the next row has x from 100"),
        ("UPDATE journal SET body = 'text' WHERE place = 100", "it is str, not bytes"),
        ("UPDATE journal SET body = x'' WHERE place = 100", "no link to what stands before it"),
        ("UPDATE journal SET body = x'0300' WHERE place = 100", "it has 2 bytes, fewer than its link"),
        ("UPDATE journal SET body = CAST(substr(body, 1, 17) || x'0100' AS BLOB) WHERE place = 100", "it has 2 bytes, fewer than its head"),
        ("UPDATE journal SET body = substr(body, 18) WHERE place = 100", "no link to what stands before it, which has one"),
        (
            "UPDATE journal SET body = CAST(substr(body, 1, 17) || x'07' AS BLOB) WHERE place = 100",
            "its first byte is 07, not a known format",
        ),
    ],
)
def test_a_missing_or_unreadable_row_is_found_when_it_is_read(path: Path, damage: str, found: str) -> None:
    a_stored_log(path)
    rows_of(path, damage)
    with closing(SqliteLog(path, read_only=True)) as log, pytest.raises(LogCorrupt, match=found) as caught:
        list(log.read("journal", 0))
    assert str(path) in str(caught.value)


def test_reading_from_within_a_gap_says_so(path: Path) -> None:
    a_stored_log(path)
    rows_of(path, "DELETE FROM journal WHERE place BETWEEN 100 AND 200")
    with closing(SqliteLog(path, read_only=True)) as log:
        with pytest.raises(LogCorrupt, match="lacks offset 100"):
            list(log.read("journal", 0, 150))
        assert next(log.read("journal", 0, 205))[0] == 205


def test_a_length_that_was_damaged_never_asks_for_all_memory(path: Path) -> None:
    a_stored_log(path)
    [(stored,)] = rows_of(path, "SELECT body FROM journal WHERE place = 100")
    frame_that_claims_much = stored[:17] + bytes.fromhex("0228b52ffde4") + (BODY_BYTES_MAX + 1).to_bytes(8, "little") + bytes(20)
    rows_of(path, "UPDATE journal SET body = ? WHERE place = 100", frame_that_claims_much)
    with closing(SqliteLog(path)) as log, pytest.raises(LogCorrupt, match=f"it claims to hold {BODY_BYTES_MAX + 1} bytes"):
        list(log.read("journal", 0))


def test_whatever_byte_of_the_file_is_flipped_no_record_is_read_that_was_not_written(path: Path) -> None:
    written = a_stored_log(path)
    content = path.read_bytes()
    silent = 0
    for place in [*range(100), *range(100, len(content), 61)]:
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x11]) + content[place + 1 :])
        try:
            with closing(SqliteLog(path, read_only=True)) as log:
                found = list(log.read("journal", 0))
            assert found == written[: len(found)], f"flipped byte {place}"
            silent += 1
        except LogError:
            continue
        finally:
            for beside in path.parent.glob("log.db-*"):
                beside.unlink()
    assert silent < len(range(100, len(content), 61)), "the damage shows somewhere"


# Helpers.


def append_all(log: Log, *batches: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Append the batches to the journal's partition 0 one by one; answer what reading must show of them."""
    stored: list[tuple[int, bytes]] = []
    for batch in batches:
        first = log.append("journal", {0: batch})[0]
        assert isinstance(first, int), first
        stored += enumerate(batch, start=first)
    return stored


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Writing beyond that size fails, as the operating system's own limit (not as a full disk does)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def whole_batches(log: Log) -> list[bytes]:
    """The records of `APPENDER`, checked to be whole batches in their order."""
    records = [record for _, record in log.read("journal", 0)]
    expected: list[bytes] = []
    while len(expected) < len(records):
        number, _, count = map(int, records[len(expected)].split(b":", 1)[0].split(b"/"))
        expected += [b"%d/%d/%d:" % (number, place, count) + bytes(number * 37 % 9000) for place in range(count)]
    assert records == expected
    return records


def rows_of(path: Path, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """What SQLite itself answers to one statement on the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, parameters).fetchall()
