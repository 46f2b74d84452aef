"""The conformance suite of `contracts/ports/snapshots.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.errors import LogFull
from contracts.ports.snapshots import Snapshots
from infra.files.snapshots import FileSnapshots, MemorySnapshots
from infra.log.kafka.snapshots import KafkaSnapshots
from tests.kafka.topics import KafkaLogs
from tests.ports.conftest import Start, said_by


@pytest.fixture(params=["memory", "files", "kafka"])
def snapshots(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Snapshots]:
    if request.param == "kafka":
        with closing(KafkaLogs(request.getfixturevalue("broker"))) as logs:
            yield KafkaSnapshots(logs.open(3))
    else:
        yield MemorySnapshots() if request.param == "memory" else FileSnapshots(tmp_path / "snapshots")


def test_where_nothing_was_saved_there_is_nothing(snapshots: Snapshots) -> None:
    assert snapshots.load(0) is None


@pytest.mark.parametrize("content", [b"", b"x", os.urandom(1_000_000)], ids=["empty", "small", "large"])
def test_what_was_saved_last_is_loaded(snapshots: Snapshots, content: bytes) -> None:
    snapshots.save(0, b"older")
    snapshots.save(0, content)
    assert snapshots.load(0) == content


def test_each_partition_has_its_own(snapshots: Snapshots) -> None:
    snapshots.save(0, b"zero")
    snapshots.save(1, b"one")
    assert [snapshots.load(partition) for partition in range(3)] == [b"zero", b"one", None]


# In files.


@pytest.mark.parametrize(
    "damaged",
    [b"", b"x", b"refold snapshot 1\n", b"another program's file\n" * 50],
    ids=["empty", "a byte", "only a head", "foreign"],
)
def test_a_foreign_file_is_no_snapshot(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "0.snapshot").write_bytes(damaged)
    assert FileSnapshots(tmp_path).load(0) is None


def test_a_file_that_is_torn_or_changed_anywhere_is_no_snapshot(tmp_path: Path) -> None:
    snapshots, path = FileSnapshots(tmp_path), tmp_path / "0.snapshot"
    snapshots.save(0, b"content")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place])
        assert snapshots.load(0) is None
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert snapshots.load(0) is None


def test_a_folder_in_the_place_of_a_snapshot_is_no_snapshot(tmp_path: Path) -> None:
    (tmp_path / "0.snapshot").mkdir()
    assert FileSnapshots(tmp_path).load(0) is None


SAVER = """
import sys
from pathlib import Path
from infra.files.snapshots import FileSnapshots

for number in range(1_000_000):
    FileSnapshots(Path(sys.argv[1])).save(0, b"%d " % number * 20_000)
    print(number, flush=True)
"""


@pytest.mark.parametrize("saved", [1, 5, 20])
def test_a_kill_while_saving_leaves_a_whole_snapshot_no_older_than_the_last_that_was_saved(
    tmp_path: Path, start: Start, saved: int
) -> None:
    saver = start(SAVER, tmp_path)
    lines = [said_by(saver).readline() for _ in range(saved)]
    saver.kill()
    last = [int(line) for line in lines + said_by(saver).readlines() if line.endswith("\n")][-1]
    saver.wait()
    content = FileSnapshots(tmp_path).load(0)
    assert content in (b"%d " % last * 20_000, b"%d " % (last + 1) * 20_000)


def test_a_full_disk_is_told_and_leaves_the_old_snapshot(small_disk: Path) -> None:
    snapshots = FileSnapshots(small_disk)
    snapshots.save(0, b"old")
    with pytest.raises(LogFull, match="there is no room for"):
        snapshots.save(0, os.urandom(2_000_000))
    assert snapshots.load(0) == b"old"
    assert [path.name for path in small_disk.iterdir()] == ["0.snapshot"]
