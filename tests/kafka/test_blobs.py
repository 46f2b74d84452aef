"""Blobs in a topic, each process with a mirror of its own."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from infra.files.blobs import FileBlobs, content_hash_of
from infra.log.kafka.blobs import KafkaBlobs
from infra.log.kafka.log import KafkaLog
from tests.kafka.topics import KafkaLogs, wait_until
from tests.ports.conftest import Start


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "position")


def position_in(folder: Path) -> Path:
    [path] = folder.rglob("position")
    return path


def large(log: KafkaLog) -> bytes:
    """A content of five records, in three batches."""
    return os.urandom(4 * log.record_bytes_max + 7)


def test_what_one_process_stores_another_finds(logs: KafkaLogs, tmp_path: Path) -> None:
    one, other = KafkaBlobs(logs.open(), tmp_path / "one"), KafkaBlobs(logs.open(), tmp_path / "other")
    contents = [b"", b"small", os.urandom(100_000), large(logs.open())]
    hashes = [one.put(content) for content in contents]
    assert [other.get(content_hash) for content_hash in hashes] == contents
    assert len(files_in(tmp_path / "other")) == len(contents)
    assert one.get(other.put(b"back")) == b"back"


def test_storing_again_appends_nothing_neither_here_nor_where_it_was_read(logs: KafkaLogs, tmp_path: Path) -> None:
    log = logs.open()
    one, other = KafkaBlobs(logs.open(), tmp_path / "one"), KafkaBlobs(logs.open(), tmp_path / "other")
    content_hash = one.put(b"x")
    one.put(b"x")
    assert other.get(content_hash) == b"x"
    other.put(b"x")
    KafkaBlobs(logs.open(), tmp_path / "one").put(b"x")
    assert log.end("blobs", 0) == 1


def test_large_ones_of_two_writers_that_stand_between_each_other_both_come_whole(logs: KafkaLogs, tmp_path: Path) -> None:
    contents = [large(logs.open()) for _ in range(3)]
    writers = [KafkaBlobs(logs.open(), tmp_path / f"{number}") for number in range(3)]
    threads = [threading.Thread(target=writer.put, args=(content,)) for writer, content in zip(writers, contents, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader = KafkaBlobs(logs.open(), tmp_path / "reader")
    for content in contents:
        assert reader.get(content_hash_of(content)) == content
        assert all(writer.get(content_hash_of(content)) == content for writer in writers)


def test_several_threads_may_use_one_instance(logs: KafkaLogs, tmp_path: Path) -> None:
    blobs = KafkaBlobs(logs.open(), tmp_path)
    wrong: list[object] = []

    def use(number: int) -> None:
        for again in range(10):
            content = b"%d/%d" % (number, again)
            if blobs.get(blobs.put(content)) != content:
                wrong.append(content)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert logs.open().end("blobs", 0) == 40


def test_a_mirror_that_lost_its_position_or_all_of_itself_is_read_again(logs: KafkaLogs, tmp_path: Path) -> None:
    hashes = [KafkaBlobs(logs.open(), tmp_path / "one").put(b"%d" % number) for number in range(5)]
    assert KafkaBlobs(logs.open(), tmp_path / "other").get(hashes[0]) == b"0"
    for path in (position_in(tmp_path / "other"), *files_in(tmp_path / "other")[:3]):
        path.unlink()
    other = KafkaBlobs(logs.open(), tmp_path / "other")
    assert [other.get(content_hash) for content_hash in hashes] == [b"%d" % number for number in range(5)]


def test_it_goes_on_reading_where_the_mirror_stands(logs: KafkaLogs, tmp_path: Path) -> None:
    one = KafkaBlobs(logs.open(), tmp_path / "one")
    first = one.put(b"first")
    other = KafkaBlobs(logs.open(), tmp_path / "other")
    other.get(first)
    assert position_in(tmp_path / "other").read_bytes() == b"1\n"
    second = one.put(b"second")
    assert KafkaBlobs(logs.open(), tmp_path / "other").get(second) == b"second"
    assert position_in(tmp_path / "other").read_bytes() == b"2\n"


def test_a_copy_that_was_changed_on_disk_comes_again_from_the_log(logs: KafkaLogs, tmp_path: Path) -> None:
    blobs = KafkaBlobs(logs.open(), tmp_path)
    hashes = [blobs.put(content) for content in (b"right", large(logs.open()))]
    for path in files_in(tmp_path):
        path.write_bytes(b"wrong")
    assert blobs.get(hashes[0]) == b"right"
    assert content_hash_of(blobs.get(hashes[1])) == hashes[1]


def test_a_folder_of_an_embedded_engine_or_of_another_log_is_no_mirror(broker: str, tmp_path: Path) -> None:
    FileBlobs(tmp_path).put(b"x")
    others, ours = KafkaLogs(broker), KafkaLogs(broker)
    try:
        KafkaBlobs(others.open(), tmp_path).put(b"x")
        KafkaBlobs(ours.open(), tmp_path).put(b"x")
        assert ours.open().end("blobs", 0) == 1
    finally:
        others.close()
        ours.close()


def test_records_of_others_and_damaged_ones_are_passed_over(logs: KafkaLogs, tmp_path: Path) -> None:
    log = logs.open()
    log.append("blobs", {0: [b"foreign", b"RFB1 and foreign all the same" * 5]})
    one = KafkaBlobs(logs.open(), tmp_path / "one")
    content_hash = one.put(b"x")
    [(_, record)] = log.read("blobs", 0, 2)
    log.append("blobs", {0: [record[:-1] + b"y"]})
    assert KafkaBlobs(logs.open(), tmp_path / "other").get(content_hash) == b"x"
    damaged = content_hash_of(b"never there")
    log.append("blobs", {0: [record[:4] + bytes.fromhex(damaged) + record[36:]]})
    with pytest.raises(KeyError):
        one.get(damaged)


WRITER = """
import os, sys
from pathlib import Path
from infra.log.kafka.blobs import KafkaBlobs
from infra.log.kafka.log import KafkaLog

log = KafkaLog(sys.argv[1])
blobs = KafkaBlobs(log, Path(sys.argv[2]))
while True:
    print(blobs.put(os.urandom(4 * log.record_bytes_max + 7)), flush=True)
"""


def test_a_writer_that_is_killed_leaves_what_it_was_told_is_stored_and_its_torn_one_harms_nobody(
    logs: KafkaLogs, tmp_path: Path, start: Start
) -> None:
    log = logs.open()
    writer = start(WRITER, logs.address, tmp_path / "writer")
    assert writer.stdout is not None
    hashes = [writer.stdout.readline().strip() for _ in range(2)]
    end = log.end("blobs", 0)
    wait_until(lambda: log.end("blobs", 0) > end)  # in the middle of the next one
    writer.kill()
    hashes += [line.strip() for line in writer.stdout.readlines() if line.endswith("\n")]
    reader = KafkaBlobs(logs.open(), tmp_path / "reader")
    assert [content_hash_of(reader.get(content_hash)) for content_hash in hashes] == hashes
    assert reader.get(KafkaBlobs(logs.open(), tmp_path / "writer").put(b"next")) == b"next"


def test_what_is_not_there_is_missing_and_makes_no_mirror_of_an_empty_topic(logs: KafkaLogs, tmp_path: Path) -> None:
    blobs = KafkaBlobs(logs.open(), tmp_path)
    with pytest.raises(KeyError):
        blobs.get("0" * 64)
    assert list(tmp_path.iterdir()) == []
