"""The conformance suite of `contracts/ports/blobs.py`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.errors import LogCorrupt, LogFull
from contracts.ports.blobs import Blobs
from infra.files.blobs import FileBlobs, MemoryBlobs
from infra.log.kafka.blobs import KafkaBlobs
from tests.kafka.topics import KafkaLogs


@pytest.fixture(params=["memory", "files", "kafka"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    if request.param == "kafka":
        with closing(KafkaLogs(request.getfixturevalue("broker"))) as logs:
            yield KafkaBlobs(logs.open(), tmp_path / "blobs")
    else:
        yield MemoryBlobs() if request.param == "memory" else FileBlobs(tmp_path / "blobs")


@pytest.mark.parametrize("content", [b"", b"x", os.urandom(3_000_000)], ids=["empty", "small", "large"])
def test_a_content_comes_back_under_its_hash(blobs: Blobs, content: bytes) -> None:
    content_hash = blobs.put(content)
    assert content_hash == hashlib.sha256(content).hexdigest()
    assert blobs.get(content_hash) == content


def test_storing_twice_is_once(blobs: Blobs) -> None:
    assert blobs.put(b"x") == blobs.put(b"x")
    assert blobs.get(blobs.put(b"x")) == b"x"


def test_what_was_never_stored_is_missing(blobs: Blobs) -> None:
    with pytest.raises(KeyError):
        blobs.get("0" * 64)


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_name_that_is_no_hash_is_missing_too(blobs: Blobs, name: str) -> None:
    with pytest.raises(KeyError):
        blobs.get(name)


# In files.


def test_a_blob_lies_two_folders_down_and_nothing_else_is_left(tmp_path: Path) -> None:
    content_hash = FileBlobs(tmp_path).put(b"x")
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [Path(content_hash[:2], content_hash[2:4], content_hash)]


def test_a_blob_that_was_changed_on_disk_is_refused_by_name(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    content_hash = blobs.put(b"right")
    path = damage(tmp_path)
    with pytest.raises(LogCorrupt, match="holds 5 bytes with hash") as caught:
        blobs.get(content_hash)
    assert str(path) in str(caught.value)


def test_storing_a_damaged_blob_again_heals_it(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    content_hash = blobs.put(b"right")
    damage(tmp_path)
    assert blobs.put(b"right") == content_hash
    assert blobs.get(content_hash) == b"right"


def test_a_full_disk_is_told_and_leaves_nothing_half_written(small_disk: Path) -> None:
    blobs = FileBlobs(small_disk)
    kept = blobs.put(os.urandom(500_000))
    with pytest.raises(LogFull, match="there is no room for"):
        blobs.put(os.urandom(800_000))
    assert [path.name for path in small_disk.rglob("*") if path.is_file()] == [kept]
    assert len(blobs.get(kept)) == 500_000


def damage(folder: Path) -> Path:
    [path] = [path for path in folder.rglob("*") if path.is_file()]
    path.write_bytes(b"wrong")
    return path
