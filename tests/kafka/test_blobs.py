"""Blobs in a topic, each process with a mirror of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from contracts.errors import LogError
from contracts.ports.log import Topic
from infra.files.blobs import FileBlobs, content_hash_of
from infra.log.kafka.blob_record import Mark, identity_of, mark_in
from infra.log.kafka.blobs import KafkaBlobs
from infra.log.kafka.lately import Lately
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


def test_storing_again_appends_nothing_for_twelve_hours_and_others_append_their_own(logs: KafkaLogs, tmp_path: Path) -> None:
    log, hours = logs.open(), [0.0]
    one = KafkaBlobs(logs.open(), tmp_path / "one", Lately((lambda: hours[0] * 3600,)))
    other = KafkaBlobs(logs.open(), tmp_path / "other")
    content_hash = one.put(b"x")
    for hours[0] in (0, 11.9):
        one.put(b"x")
    assert log.end("blobs", 0) == 1
    assert other.get(content_hash) == b"x"
    other.put(b"x")  # that it is in its mirror says nothing of how long it is in the topic still
    assert log.end("blobs", 0) == 2
    hours[0] = 12
    one.put(b"x")
    one.put(b"x")
    assert log.end("blobs", 0) == 3
    KafkaBlobs(logs.open(), tmp_path / "one").put(b"x")
    assert log.end("blobs", 0) == 4


def test_what_is_sealed_is_stored_again_by_the_same_rule(logs: KafkaLogs, tmp_path: Path) -> None:
    log, hours = logs.open(), [0.0]
    sealed = KafkaBlobs(logs.open(), tmp_path, Lately((lambda: hours[0] * 3600,))).sealed
    for hours[0] in (0, 1, 12):
        sealed.put(7, "ab" * 32, b"x")
    assert log.end("blobs", 0) == 2
    assert sealed.get(7, "ab" * 32) == b"x"


def test_of_late_is_what_all_clocks_say(tmp_path: Path) -> None:
    slept, steady = [0.0], [0.0]
    lately = Lately((lambda: slept[0], lambda: steady[0]), most=2)
    for name in (b"a", b"b", b"c"):
        lately.add(name, lately.now())
    assert [lately.has(name) for name in (b"a", b"b", b"c")] == [False, True, True]
    slept[0] = 12 * 3600.0  # the machine slept, and one of the two clocks did, too
    assert not lately.has(b"b")
    slept[0], steady[0] = -1.0, 1.0  # it was set back
    assert not lately.has(b"b")


def cut_at_a_mark(log: KafkaLog) -> int:
    """Append a mark and delete what stands before it."""
    identity = identity_of(next(iter(log.read("blobs", 0, log.start("blobs", 0))))[1])
    answer = log.append("blobs", {0: [Mark(identity, log.end("blobs", 0), 0).encode()]})[0]
    assert isinstance(answer, int)
    log.delete_before("blobs", 0, answer)
    return answer


def test_mirrors_go_on_when_the_beginning_of_the_topic_is_gone(logs: KafkaLogs, tmp_path: Path) -> None:
    log = logs.open()
    one, behind = KafkaBlobs(logs.open(), tmp_path / "one"), KafkaBlobs(logs.open(), tmp_path / "behind")
    old, gone = one.put(b"old"), one.put(b"gone")
    assert behind.get(old) == b"old"
    one.put(b"never read")
    cut_at_a_mark(log)
    again = KafkaBlobs(logs.open(), tmp_path / "carrying").put(b"old")
    new = one.put(b"new")
    assert again == old
    assert behind.get(new) == b"new"
    fresh = KafkaBlobs(logs.open(), tmp_path / "fresh")
    assert (fresh.get(old), fresh.get(new)) == (b"old", b"new")
    with pytest.raises(KeyError):
        fresh.get(gone)
    for name in ("one", "behind"):  # the same mirror is found again by the mark
        assert KafkaBlobs(logs.open(), tmp_path / name).get(old) == b"old"
        assert len(list((tmp_path / name).iterdir())) == 1
    cut_at_a_mark(log)
    assert KafkaBlobs(logs.open(), tmp_path / "behind").get(new) == b"new"


def test_a_blob_that_lost_its_first_pieces_is_passed_over_without_a_word(
    logs: KafkaLogs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = logs.open()
    content = large(log)
    one = KafkaBlobs(logs.open(), tmp_path / "one")
    one.put(b"first")
    one.put(content)
    log.delete_before("blobs", 0, 3)
    content_hash = KafkaBlobs(logs.open(), tmp_path / "carrying").put(content)
    assert KafkaBlobs(logs.open(), tmp_path / "fresh").get(content_hash) == content
    assert caplog.messages == []


class _SlowLog(KafkaLog):
    """Where something else is done before the third batch."""

    batches = 0

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        self.batches += 1
        if self.batches == 3:
            self.delete_before("blobs", 0, 3)
        return super().append(topic, batches)


def test_a_writer_whose_first_pieces_are_deleted_while_it_writes_begins_anew(logs: KafkaLogs, tmp_path: Path) -> None:
    KafkaBlobs(logs.open(), tmp_path / "before").put(b"first")
    assert logs.address is not None
    slow = _SlowLog(logs.address)
    try:
        content = large(slow)
        content_hash = KafkaBlobs(slow, tmp_path / "slow").put(content)
    finally:
        slow.close()
    assert KafkaBlobs(logs.open(), tmp_path / "fresh").get(content_hash) == content


def test_a_mirror_of_more_than_there_is_begins_again(logs: KafkaLogs, tmp_path: Path) -> None:
    one = KafkaBlobs(logs.open(), tmp_path / "one")
    content_hash = one.put(b"x")
    assert KafkaBlobs(logs.open(), tmp_path / "other").get(content_hash) == b"x"
    position_in(tmp_path / "other").write_bytes(b"1000\n")
    new = one.put(b"y")
    assert KafkaBlobs(logs.open(), tmp_path / "other").get(new) == b"y"


def test_a_mark_names_no_folder_but_an_identity() -> None:
    mark = Mark("0123456789abcdef" * 2, 7, 1_700_000_000_000)
    assert mark_in(mark.encode()) == mark
    assert identity_of(mark.encode()) == mark.identity
    for wrong in ("../../../../../../../etc/passwd_", "0123456789ABCDEF" * 2):
        assert mark_in(Mark(wrong, 7, 0).encode()) is None
    assert mark_in(mark.encode() + b"x") is None


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
