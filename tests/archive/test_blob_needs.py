"""What a log refers to of its blobs, whatever moves while that is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import encode_envelope, encode_record
from contracts.commands import Envelope, SendSignal
from contracts.errors import UnknownRecord
from contracts.journal import Removed
from contracts.key import NO_KEY
from contracts.ports.blob_topic import BlobId
from contracts.ports.log import Topic
from contracts.values import IN_TRANSIT, blob_of, keys_in, reference_to
from tests.archive.bench import HOUR_MS, WORKFLOWS
from tests.archive.cuttable import CuttableMemory
from tests.archive.shared_bench import SharedArchivingBench
from workers.archive.blob_needs import BlobNeeds

BIG = "x" * 100_000


def reference(name: bytes, key: int = NO_KEY) -> tuple[bytes, BlobId]:
    found = reference_to(name, key)
    return found, BlobId(blob_of(found).partition(":")[0])


def command(value: bytes) -> bytes:
    return encode_envelope(Envelope("1", "somebody", SendSignal("1", "go", value)))


@pytest.fixture
def bench(tmp_path: Path) -> SharedArchivingBench:
    made = SharedArchivingBench(tmp_path)
    made.publish(*WORKFLOWS.values())
    return made


def stored(bench: Any) -> list[BlobId]:
    return [BlobId(name) for name in bench.blobs._contents]


def test_what_an_execution_refers_to_is_needed_until_it_is_cut_off(bench: SharedArchivingBench) -> None:
    needs = BlobNeeds(bench.log)  # type: ignore[arg-type]  # one that can be cut
    old = bench.run_some(3, given={"text": BIG})
    [waits] = bench.run_some(1, "waits", given={"text": BIG + "waits"})
    found = needs.read()
    assert [found.needs(one) for one in stored(bench)] == [True] * len(stored(bench))
    bench.later()
    assert bench.known().isdisjoint(old)
    gone, kept = (
        BlobId(blob_of(reference_to(b'{"text":"%s"}' % BIG.encode()))),
        BlobId(blob_of(reference_to(b'{"text":"%swaits"}' % BIG.encode()))),
    )
    for one in (needs, BlobNeeds(bench.log)):  # type: ignore[arg-type]  # one that can be cut
        found = one.read()
        assert (found.needs(gone), found.needs(kept)) == (False, True)
    assert waits in bench.known()


def test_what_is_written_and_cut_between_two_looks_is_seen_by_both_alike(bench: SharedArchivingBench) -> None:
    needs = BlobNeeds(bench.log)  # type: ignore[arg-type]  # one that can be cut
    needs.read()
    for _ in range(3):
        bench.run_some(20, given={"text": BIG})
        [waits] = bench.run_some(1, "waits", given={"text": BIG + str(bench.clock.now())})
        bench.later()
        bench.later(24 * HOUR_MS)
        fresh = BlobNeeds(bench.log).read()  # type: ignore[arg-type]  # one that can be cut
        found = needs.read()
        assert [found.needs(one) for one in stored(bench)] == [fresh.needs(one) for one in stored(bench)]
        assert waits in bench.known()
    assert any(fresh.needs(one) for one in stored(bench))
    assert not all(fresh.needs(one) for one in stored(bench))


def test_letters_and_commands_that_are_not_decided_refer_too() -> None:
    log = CuttableMemory(2)
    needs = BlobNeeds(log)
    told = {topic: reference(topic.encode()) for topic in ("dead-letters", "resources", "definitions")}
    for topic, (value, _) in told.items():
        log.append(topic, {0: [b"whatever" + value]})  # type: ignore[arg-type]  # names of topics
    waiting, late = reference(b"waiting"), reference(b"late")
    log.append("commands", {1: [command(waiting[0])]})
    found = needs.read()
    assert all(found.needs(blob) for _, blob in [*told.values(), waiting])
    assert not found.needs(late[1])
    log.append("journal", {1: [encode_record(Removed(1, {1: 0}, 0))]})  # it was decided, and what was is gone
    log.append("commands", {1: [command(late[0])]})
    found = needs.read()
    assert (found.needs(waiting[1]), found.needs(late[1])) == (False, True)


class Moving(CuttableMemory):
    """A command is decided and deleted while others read."""

    def __init__(self, value: bytes) -> None:
        super().__init__(2)
        self._value, self._has_moved = value, False
        self.append("commands", {1: [command(value)]})

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        if topic == "commands" and partition == 1 and not self._has_moved:
            self._has_moved = True
            self.append("journal", {1: [b"decided " + self._value]})
            self._records["commands", 1][:] = [b"deleted"]
        return super().read(topic, partition, offset, end)


def test_what_moves_from_commands_to_the_journal_meanwhile_is_found_there() -> None:
    value, blob = reference(b"moves")
    log: Any = Moving(value)
    assert BlobNeeds(log).read().needs(blob)


def test_what_is_sealed_is_needed_as_long_as_anything_names_its_key() -> None:
    log = CuttableMemory()
    log.append("commands", {0: [command(reference(b"x", 12)[0]) + b"5"]})
    found = BlobNeeds(log).read()
    assert found.needs(BlobId("ab" * 32, 12))
    assert found.needs(BlobId("ab" * 32, 1)), "rather one too many"
    assert not found.needs(BlobId("ab" * 32, 7))
    assert keys_in(b"nothing") == set()


def test_what_is_on_its_way_is_needed_by_its_name() -> None:
    log = CuttableMemory()
    log.append("commands", {0: [command(IN_TRANSIT + b"ab" * 32 + b":70000:" + b"cd" * 32)]})
    found = BlobNeeds(log).read()
    assert found.needs(BlobId("ab" * 32, NO_KEY))
    assert not found.needs(BlobId("cd" * 32, NO_KEY))


def test_a_partition_that_is_added_is_read_too() -> None:
    log = CuttableMemory(1)
    needs = BlobNeeds(log)
    needs.read()
    value, blob = reference(b"there")
    log._partitions = 2
    log.append("commands", {1: [command(value)]})
    assert needs.read().needs(blob)


def test_what_a_newer_build_has_written_is_not_passed_over() -> None:
    log = CuttableMemory()
    log.append("journal", {0: [b"\x92\xcc\xfa\x01"]})
    with pytest.raises(UnknownRecord):
        BlobNeeds(log).read()


def test_what_is_sealed_of_an_execution_is_needed_as_long_as_that_is_there(tmp_path: Path) -> None:
    bench = SharedArchivingBench(tmp_path, erasable=True)
    bench.publish(*WORKFLOWS.values())
    bench.run_some(3, given={"text": BIG})
    sealed = [BlobId(name, key) for key, names in bench.sealed_blobs._contents.items() for name in names]
    assert len(sealed) == 3
    bench.later()
    found = BlobNeeds(bench.log).read()  # type: ignore[arg-type]  # one that can be cut
    assert all(found.needs(one) for one in sealed)
    assert not found.needs(BlobId(sealed[0].name, 1_000))
