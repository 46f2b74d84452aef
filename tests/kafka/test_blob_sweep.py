"""Sweeping the topic of blobs on a real broker: sweepers that die at any change, engines that are killed, and what is read afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.ports.blob_topic import BlobId
from infra.clock import ManualClock
from infra.files.blobs import content_hash_of
from infra.log.kafka.blob_topic import KafkaBlobTopic
from infra.log.kafka.blobs import KafkaBlobs
from infra.log.kafka.log import KafkaLog
from refold.kafka.address import KafkaAddress, parse_address
from tests import preloaded
from tests.api.conftest import Server
from tests.archive.blob_world import GRACE, HOUR, References
from tests.archive.test_killed import Died, Fuse
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import Engines
from tests.kafka.test_retention import ENDS, HOLDS, FusedLog, refold_verify
from tests.kafka.topics import KafkaLogs, new_topics
from workers.archive.blob_sweep import GAIN_BYTES_MIN, BlobSweep

BOUND = 40_000


class Swept:
    """A topic with blobs of two writers, and a sweeper on a manual clock."""

    def __init__(self, logs: KafkaLogs, folder: Path) -> None:
        self.logs, self.folder = logs, folder
        self.log = logs.open()
        self.clock, self.needed = ManualClock(1_700_000_000_000), set[BlobId]()
        self.writer, self.other = (KafkaBlobs(logs.open(), folder / name) for name in ("writer", "other"))
        self.sweep = self.sweeper(self.log)

    def sweeper(self, log: KafkaLog) -> BlobSweep:
        return BlobSweep(KafkaBlobTopic(log), lambda: References(self.needed), self.clock, GRACE, gain_min=1)

    def pass_time(self, hours: int, sweep: BlobSweep | None = None) -> None:
        for _ in range(4 * hours):
            self.clock.set(self.clock.now() + HOUR // 4)
            (sweep or self.sweep).look()

    def readable(self, name: str) -> set[str]:
        """The contents of those that are needed, as a process reads them that has this mirror."""
        blobs = KafkaBlobs(self.logs.open(), self.folder / name)
        return {content_hash_of(blobs.get(blob.name)) for blob in self.needed if blob.key is None}

    def check(self) -> None:
        wanted = {blob.name for blob in self.needed if blob.key is None}
        for name in ("writer", "other", "behind", f"fresh-{os.urandom(4).hex()}"):
            assert self.readable(name) == wanted


@pytest.fixture
def swept(logs: KafkaLogs, tmp_path: Path) -> Swept:
    return Swept(logs, tmp_path)


def test_what_is_needed_is_read_from_every_mirror_after_the_rest_has_gone(swept: Swept) -> None:
    large = os.urandom(3 * swept.log.record_bytes_max)
    kept = [swept.writer.put(one) for one in (b"needed", large)]
    dropped = [swept.other.put(os.urandom(BOUND)) for _ in range(100)] + [swept.other.put(large + b"dead")]
    swept.other.put(b"needed")
    swept.writer.sealed.put(7, "ab" * 32, b"sealed")
    swept.writer.sealed.put(8, "cd" * 32, b"erased")
    swept.needed = {*map(BlobId, kept), BlobId("ab" * 32, 7)}
    swept.check()
    swept.pass_time(36)
    assert swept.log.start("blobs", 0) == 0
    swept.pass_time(3)
    assert swept.log.start("blobs", 0) > 100
    swept.check()
    fresh = KafkaBlobs(swept.logs.open(), swept.folder / "fresh")
    assert fresh.sealed.get(7, "ab" * 32) == b"sealed"
    for name in (dropped[0], dropped[-1]):
        with pytest.raises(KeyError):
            fresh.get(name)
    with pytest.raises(KeyError):
        fresh.sealed.get(8, "cd" * 32)
    assert fresh.get(swept.other.put(b"needed")) == b"needed"
    swept.needed = set()
    swept.pass_time(40)
    assert swept.log.end("blobs", 0) - swept.log.start("blobs", 0) == 1


def test_a_sweeper_that_dies_at_any_change_loses_nothing_and_the_next_one_goes_on(swept: Swept) -> None:
    assert swept.logs.address is not None
    for number in range(6):
        kept = [swept.writer.put(os.urandom(100)) for _ in range(3)]
        for _ in range(10):
            swept.other.put(os.urandom(BOUND))
        swept.needed = {*list(swept.needed)[:6], *map(BlobId, kept)}
        fuse = Fuse()
        with closing(FusedLog(swept.logs.address, fuse)) as log:
            sweep = swept.sweeper(log)
            for hours in (37, 2, 2):
                fuse.left = number
                try:
                    swept.pass_time(hours, sweep)
                except Died:
                    break
        swept.check()
    swept.pass_time(40)
    swept.check()
    assert swept.sweep.swept.size < 10 * BOUND


# Engines.

GRACE_H = 0.01
"""36 seconds."""


def big(chance: Random) -> dict[str, str]:
    return {"text": chance.randbytes(300_000).hex()}


class Cluster:
    """Engines that archive at once, and are killed."""

    def __init__(self, engines: Engines, folder: Path) -> None:
        self.engines, self.folder, self.chance, self.count = engines, folder, Random(7), 0
        self.alive: list[Server] = []
        self.waiting: dict[str, dict[str, str]] = {}
        for _ in range(2):
            self.start()

    def start(self) -> Server:
        self.count += 1
        words = ("--set", f"archive={self.folder / 'archive'}", "--set", f"blobs_grace_h={GRACE_H}", "--keys", str(self.folder / "keys"))
        self.alive.append(self.engines.start(f"n{self.count}", *words))
        return self.alive[-1]

    def run_some(self) -> None:
        server = self.chance.choice(self.alive)
        given = big(self.chance)
        self.waiting[server.start("holds", given)["execution_id"]] = given
        for _ in range(10):
            server.start("ends", big(self.chance))
        server.post("/v1/archive")

    def kill_one(self) -> None:
        self.alive.pop(self.chance.randrange(len(self.alive))).kill()
        self.start()

    def input_of(self, server: Server, execution: str) -> Any:
        return server.get(f"/v1/executions/{execution}/state?whole=true").json.get("input")


@contextmanager
def cluster(broker: str, folder: Path) -> Iterator[Cluster]:
    (folder / "keys").mkdir(mode=0o700)
    engines = Engines(new_topics(broker, 2), folder)
    try:
        yield Cluster(engines, folder)
    finally:
        engines.close()


def test_engines_that_are_killed_again_and_again_keep_what_is_needed_and_little_else(broker: str, tmp_path: Path) -> None:
    with cluster(broker, tmp_path) as those, closing(KafkaLog(those.engines.address)) as log:
        topic = KafkaBlobTopic(log)
        those.alive[0].publish(ENDS, HOLDS)
        until(lambda: all(one.get("/v1/workflows/holds").status == 200 for one in those.alive))
        those.run_some()
        for _ in range(2):
            those.run_some()
            those.kill_one()
        those.run_some()
        until(lambda: those.alive[0].post("/v1/archive").status == 200 and topic.start(), deadline_s=120)
        those.run_some()
        those.kill_one()
        bound = 2 * sum(len(given["text"]) for given in those.waiting.values()) + 12 * 600_000 + GAIN_BYTES_MIN
        until(lambda: those.alive[0].post("/v1/archive").status == 200 and sum(there(topic)) < bound, deadline_s=120)
        for server in [those.start(), *those.alive]:
            for execution, given in those.waiting.items():
                assert those.input_of(server, execution) == given
        verified = refold_verify(those.engines.address)
        assert "0 differences" in verified, verified
        copy = restored(those.engines.address, tmp_path)
        verified = refold_verify(copy)
        assert "0 differences" in verified, verified
        for execution in those.waiting:
            those.alive[0].post(f"/v1/executions/{execution}/signals/go", {})
        until(lambda: all(those.alive[-1].get(f"/v1/executions/{one}").json.get("status") == "completed" for one in those.waiting))


def there(topic: KafkaBlobTopic) -> list[int]:
    """The bytes of each record."""
    return [one.size for one in topic.read(topic.start(), topic.end())]


def restored(address: KafkaAddress, folder: Path) -> KafkaAddress:
    """A backup of a log, put back beside it."""
    copy = f"{address}-copy"
    for words in (["backup", str(folder / "backup"), "--log", str(address)], ["restore", str(folder / "backup"), "--to", copy]):
        done = preloaded.run(*words, timeout=120)
        assert done.returncode == 0, done.stderr
    return parse_address(copy)
