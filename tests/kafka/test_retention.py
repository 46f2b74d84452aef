"""Retention on a real broker: engines that die between archive and removal, one that takes over in the middle, and what waits for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import SendSignal
from contracts.errors import LogCorrupt
from contracts.journal import Checkpoint
from contracts.ports.log import Topic
from infra.files.snapshots import MemorySnapshots
from infra.log.kafka.log import KafkaLog
from refold.kafka.address import KafkaAddress
from tests import preloaded
from tests.api.conftest import Server
from tests.archive.bench import HOUR_MS, WORKFLOWS
from tests.archive.shared_bench import SharedArchivingBench
from tests.archive.test_killed import Died, Fuse, FusedShelf
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import PARTITIONS, Engines
from tests.kafka.topics import new_topics
from workers.archive.bundle import Bundle
from workers.archive.proof import Proof
from workers.partition.standing import journal_of, misfit

Open = Callable[..., SharedArchivingBench]
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def address(broker: str) -> KafkaAddress:
    return new_topics(broker)


@pytest.fixture
def bench(address: KafkaAddress, tmp_path: Path) -> Iterator[Open]:
    """Opens engines on one journal and one archive, as processes of their own would."""
    opened: list[KafkaLog] = []

    def open_bench(fuse: Fuse | None = None, **settings: Any) -> SharedArchivingBench:
        opened.append(KafkaLog(address) if fuse is None else FusedLog(address, fuse))
        made = SharedArchivingBench(tmp_path, opened[-1], **settings)
        made.publish(*WORKFLOWS.values())
        return made

    yield open_bench
    for log in opened:
        log.close()


class FusedLog(KafkaLog):
    """A log whose process may die at each change."""

    def __init__(self, address: KafkaAddress, fuse: Fuse) -> None:
        super().__init__(address)
        self._fuse = fuse

    def append(self, topic: Topic, batches: Any) -> Any:
        return self._fuse.around(lambda: KafkaLog.append(self, topic, batches))

    def delete_before(self, topic: Topic, partition: int, offset: int) -> None:
        self._fuse.around(lambda: KafkaLog.delete_before(self, topic, partition, offset))

    def _trim_kept(self, partition: int, offset: int) -> None:
        self._fuse.around(lambda: KafkaLog._trim_kept(self, partition, offset))


def test_the_journal_begins_later_and_all_that_reads_it_goes_on(bench: Open, address: KafkaAddress) -> None:
    one = bench()
    log: Any = one.log
    [waits] = one.run_some(1, "waits")
    old = one.run_some(100)
    one.project()
    before = one.owner.checkpoint
    behind = Checkpoint(before.journal, 50, before.nonce, dict(before.sources))
    one.later()
    assert log.start("journal", 0) > 100
    assert sorted(one.in_archive()) == sorted(old)
    with closing(KafkaLog(address)) as fresh:
        assert journal_of(fresh, 0) == before.journal
        assert "was cut" in misfit(fresh, 0, behind)
        assert next(iter(fresh.read("journal", 0, 50)))[0] == 50
    assert one.verify().divergences == []
    assert waits in one.project("anew")
    two = bench()
    assert two.known().isdisjoint(old)
    two.ask(waits, SendSignal("1", "go", b"1"))
    assert two.status(waits) == "completed"
    assert two.verify().divergences == []


def test_what_somebody_else_deletes_is_no_cut(bench: Open, address: KafkaAddress) -> None:
    one = bench()
    one.run_some(10)
    with closing(KafkaLog(address)) as log:
        log.delete_before("journal", 0, 5)
        with pytest.raises(LogCorrupt, match="lacks offset 0"):
            list(log.read("journal", 0))


@pytest.mark.parametrize("seed", [9, 18, 22, 30])
def test_whoever_dies_between_archive_and_removal_the_next_one_goes_on(
    bench: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    fuse = Fuse()
    one = bench(fuse, executions_max=4)
    one.pieces, one.archive = FusedShelf(tmp_path / "archive" / "pieces", fuse), FusedShelf(tmp_path / "archive", fuse)
    one.begin_retention()
    [waits] = one.run_some(1, "waits")
    old = one.run_some(8)
    one.project()
    fuse.left = seed
    try:
        one.later()
        one.later(DAY_MS)
    except Died:
        pass
    assert fuse.burnt
    two = bench(executions_max=4)
    assert all(name in two.known() or name in two.in_archive() for name in old)
    two.clock.set(one.clock.now())
    for _ in range(3):
        two.project()
        two.later(DAY_MS)
    archived = two.in_archive()
    assert [archived.count(name) for name in old] == [1] * len(old)
    assert two.known().isdisjoint(old)
    assert set(two.project()).isdisjoint(old)
    assert two.verify().divergences == []
    two.ask(waits, SendSignal("1", "go", b"1"))
    assert two.status(waits) == "completed"


def test_what_waits_moves_along_and_the_journal_stays_short(bench: Open, address: KafkaAddress) -> None:
    one = bench()
    log: Any = one.log
    [waits] = one.run_some(1, "waits")
    lengths = []
    for _ in range(5):
        one.run_some(200)
        one.project()
        one.later()
        lengths.append(log.end("journal", 0) - log.start("journal", 0))
    assert max(lengths) <= 2 * min(lengths)
    one.snapshots = MemorySnapshots()
    one.restart()
    one.ask(waits, SendSignal("1", "go", b"1"))
    assert one.status(waits) == "completed"
    assert one.verify().divergences == []


HOLDS = {"name": "holds", "nodes": [{"id": "a", "type": "wait_signal", "config": {"name": "go"}}]}
ENDS = {"name": "ends", "nodes": [{"id": "a", "type": "end"}], "settings": {"retention": "1ms"}}


def test_servers_archive_what_they_own_and_one_that_is_killed_is_gone_on_for(broker: str, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    engines = Engines(new_topics(broker, PARTITIONS), tmp_path)
    try:
        first, second = (engines.start(name, "--set", f"archive={archive}") for name in ("a", "b"))
        first.publish(ENDS)
        first.publish(HOLDS)
        until(lambda: second.get("/v1/workflows/holds").status == 200)
        old = [first.start("ends")["execution_id"] for _ in range(40)]
        waits = first.start("holds")["execution_id"]
        until(lambda: all(second.get(f"/v1/executions/{name}").json.get("status") == "completed" for name in old))
        first.kill()
        until(lambda: pieces_of(archive).issuperset(one for one in old if one not in listed(second)) and len(listed(second)) < 41)
        third = engines.start("c", "--set", f"archive={archive}")
        second.kill()
        until(lambda: third.post("/v1/archive").status == 200 and not list(archive.glob("pieces/*.piece")) and listed(third) == {waits})
        assert pieces_of(archive) == set(old)
        assert sum(row["executions"] for row in third.get("/v1/archive").json["bundles"]) == len(old)
        third.post(f"/v1/executions/{waits}/signals/go", {})
        until(lambda: third.get(f"/v1/executions/{waits}").json.get("status") == "completed")
        verified = refold_verify(engines.address)
        assert "0 differences" in verified, verified
    finally:
        engines.close()


def test_what_somebody_has_asked_to_archive_goes_before_its_time_whoever_is_killed(broker: str, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    engines = Engines(new_topics(broker, PARTITIONS), tmp_path)
    try:
        first = engines.start("a", "--set", f"archive={archive}")
        first.publish({**ENDS, "settings": {}})
        asked = [first.start("ends", execution_id=f"asked-{number}", wait=30)["execution_id"] for number in range(20)]
        kept = first.start("ends", execution_id="kept", wait=30)["execution_id"]
        begun = first.post("/v1/operations", {"action": "archive", "filter": "execution_id.startsWith('asked-')"})
        assert begun.status == 201, begun.content
        path = f"/v1/operations/{begun.json['operation_id']}"
        until(lambda: first.get(path).status == 200 and first.get(path).json["ended_at"])
        assert {name: first.get(path).json[name] for name in ("ok", "skipped", "failed")} == {"ok": 20, "skipped": 0, "failed": 0}
        first.kill()
        second = engines.start("b", "--set", f"archive={archive}")
        until(lambda: listed(second) == {kept}, deadline_s=90)
        assert pieces_of(archive) == set(asked)
        verified = refold_verify(engines.address)
        assert "0 differences" in verified, verified
    finally:
        engines.close()


def listed(server: Server) -> set[str]:
    return {row["execution_id"] for row in server.get("/v1/executions?limit=100").json["executions"]}


def pieces_of(archive: Path) -> set[str]:
    """The executions in all pieces and bundles, proved."""
    found: list[str] = []
    for path in [*archive.glob("*.refold"), *archive.glob("pieces/*.piece")]:
        with path.open("rb") as file:
            bundle = Bundle(file)
            assert Proof(bundle).run().problems == []
            found += [line.execution for line in bundle.index.executions]
    return set(found)


def refold_verify(address: KafkaAddress) -> str:
    return preloaded.run("verify", "--all", "--log", str(address)).stdout
