"""Where several may own a partition, what is retired is retired once, whoever is killed, frozen or thrown out meanwhile."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import encode_record
from contracts.commands import ArchiveExecution, EraseExecution, SendSignal
from contracts.errors import Rejected
from contracts.journal import PartitionClaimed
from contracts.ports.feed import Selector
from infra.files.snapshots import MemorySnapshots
from infra.log.memory import MemoryLog
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections.registry import READ_MODELS
from tests.archive.bench import HOUR_MS, WORKFLOWS
from tests.archive.shared_bench import SharedArchivingBench
from tests.archive.test_killed import Died, Fuse, FusedShelf
from workers.archive.retention import PAUSE_MS
from workers.reading.backlog import Backlog

DAY_MS = 24 * HOUR_MS


@pytest.fixture
def bench(tmp_path: Path) -> SharedArchivingBench:
    made = SharedArchivingBench(tmp_path)
    made.publish(*WORKFLOWS.values())
    return made


def test_what_has_ended_long_ago_is_in_the_archive_and_nowhere_else(bench: SharedArchivingBench) -> None:
    old = bench.run_some(20)
    assert bench.project() == sorted(old)
    bench.later()
    assert bench.known().isdisjoint(old)
    assert sorted(bench.in_archive()) == sorted(old)
    assert set(bench.project()).isdisjoint(old)
    assert bench.owner.metrics.removed == 20
    assert bench.verify().divergences == []
    bench.restart()
    assert bench.known().isdisjoint(old)


def test_the_journal_loses_its_beginning_and_what_waits_goes_on(bench: SharedArchivingBench) -> None:
    [waits] = bench.run_some(1, "waits")
    old = bench.run_some(50)
    bench.project()
    bench.later()
    start = bench.log.start("journal", 0)  # type: ignore[attr-defined]  # it can be cut
    assert start > 50
    assert bench.verify().divergences == []
    assert set(bench.project()).isdisjoint(old)
    assert waits in bench.project("anew")
    assert bench.entries(waits)[0].offset < start
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert bench.known().isdisjoint(old)
    bench.ask(waits, SendSignal("1", "go", b"1"))
    assert bench.status(waits) == "completed"
    assert bench.verify().divergences == []
    bench.later()
    assert bench.in_archive().count(waits) == 1


def test_an_id_that_was_retired_begins_anew_also_before_its_journal_is_cut(bench: SharedArchivingBench) -> None:
    bench.rows_to = 0
    bench.run_some(1)
    first = bench.start("w", execution="mine")
    bench.move(time=False)
    bench.later()
    assert bench.start("waits", execution="mine") == "mine"
    bench.move(time=False)
    assert bench.log.start("journal", 0) == 0  # type: ignore[attr-defined]  # it can be cut
    assert first == "mine"
    for again in (lambda: bench.restart(), lambda: None):
        again()
        assert bench.status("mine") == "running"
        assert bench.verify().divergences == []
        assert len(bench.entries("mine")) == 1
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert "mine" in bench.project()
    bench.ask("mine", SendSignal("1", "go", b"1"))
    bench.rows_to = None
    bench.later()
    assert bench.in_archive().count("mine") == 2
    assert bench.project() == bench.project("anew")


def test_an_id_that_began_anew_is_alone_in_what_is_kept_of_a_cut(bench: SharedArchivingBench) -> None:
    bench.rows_to = 0
    bench.start("w", execution="mine")
    bench.run_some(30)
    bench.later()
    bench.start("waits", execution="mine")
    bench.move(time=False)
    bench.run_some(30)
    bench.rows_to = None
    bench.later()
    bench.later()
    assert bench.log.start("journal", 0) > bench.entries("mine")[0].offset  # type: ignore[attr-defined]  # it can be cut
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert bench.status("mine") == "running"
    assert "mine" in bench.project()
    assert bench.verify().divergences == []


def test_what_waits_is_copied_from_cut_to_cut(bench: SharedArchivingBench) -> None:
    waiting = bench.run_some(3, "waits")
    starts = [0]
    for _ in range(4):
        bench.run_some(40)
        bench.project()
        bench.later()
        starts.append(bench.log.start("journal", 0))  # type: ignore[attr-defined]  # it can be cut
    assert starts == sorted(set(starts))
    topic = bench.log.topics[0]  # type: ignore[attr-defined]  # it can be cut
    assert topic.end() - topic.start() == 2
    bench.snapshots = MemorySnapshots()
    bench.restart()
    for name in waiting:
        bench.ask(name, SendSignal("1", "go", b"1"))
        assert bench.status(name) == "completed"
    assert bench.verify().divergences == []
    assert set(waiting) <= set(bench.project("anew"))


def test_rows_that_a_cut_has_overtaken_are_made_anew(bench: SharedArchivingBench) -> None:
    [waits] = bench.run_some(1, "waits")
    old = bench.run_some(20)
    assert set(old) <= set(bench.project("behind"))
    bench.run_some(50)
    bench.later()
    assert bench.log.start("journal", 0) > 50  # type: ignore[attr-defined]  # it can be cut
    found = bench.project("behind")
    assert waits in found
    assert set(found).isdisjoint(old)
    assert found == bench.project("anew")


def test_rows_in_a_database_go_with_what_is_retired_and_are_made_anew_behind_a_cut(bench: SharedArchivingBench, postgres_url: str) -> None:
    places = {name: f"test-{secrets.token_hex(6)}" for name in ("up", "behind")}

    def shown(name: str) -> list[str]:
        return bench.project_into(lambda _: models_in(postgres_url, places[name], READ_MODELS, read_only=False)(0))

    [waits] = bench.run_some(1, "waits")
    old = bench.run_some(20)
    assert set(old) <= set(shown("up"))
    assert set(old) <= set(shown("behind"))
    bench.run_some(50)
    bench.rows_to = 0
    bench.later()
    assert shown("up") == bench.project("up")
    assert set(old).isdisjoint(shown("up"))
    bench.rows_to = None
    bench.later()
    assert bench.log.start("journal", 0) > 50  # type: ignore[attr-defined]  # it can be cut
    assert waits in shown("behind")
    assert shown("behind") == bench.project("anew")


def test_the_journal_is_not_cut_further_than_its_readers_have_come(bench: SharedArchivingBench) -> None:
    bench.run_some(50)
    bench.rows_to = 70
    bench.later()
    assert 0 < bench.log.start("journal", 0) <= 70  # type: ignore[attr-defined]  # it can be cut


def test_a_subscriber_that_is_behind_passes_over_what_was_removed_and_goes_on(bench: SharedArchivingBench) -> None:
    [waits] = bench.run_some(1, "waits")
    bench.run_some(50)
    bench.project()
    bench.later()
    models = SqliteReadModels(bench.folder / "rows" / "rows.db", READ_MODELS, read_only=True)
    end = bench.log.end("journal", 0)
    for start in (0, 40, bench.log.start("journal", 0)):  # type: ignore[attr-defined]  # it can be cut
        piece = Backlog(bench.log, lambda _: models).read(0, start, end, Selector(with_origin=True))
        assert piece.checkpoint.offset == end
        assert {told.decision.execution for told in piece.told} <= {waits, *bench.known()}
    models.close()


def test_a_late_signal_while_it_is_archived_leaves_nothing_behind(bench: SharedArchivingBench) -> None:
    old = bench.run_some(3)
    bench.held = []
    bench.clock.set(bench.clock.now() + 2 * HOUR_MS)
    bench.tick()
    while not any(name.endswith(".piece") for name in bench.pieces.names()):
        bench.settle()
        held, bench.held = bench.held, []
        for do in held:
            do()
    answers: list[Any] = []
    bench.engine.send(old[0], SendSignal("1", "go", b"1"), answers.append)
    bench.held = None
    bench.settle()
    assert isinstance(answers[0].error, Rejected)
    assert sorted(bench.in_archive()) == sorted(old)
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert bench.known().isdisjoint(old)
    assert not bench.owner.executions.unreadable


def another_claims(bench: SharedArchivingBench) -> None:
    """Somebody else is the owner from here on, as far as the journal says; this one does not know."""
    MemoryLog.append(bench.log, "journal", {0: [encode_record(PartitionClaimed(b"intruder", "other"))]})


def test_who_was_thrown_out_while_archiving_retires_nothing_and_the_next_owner_all_once(bench: SharedArchivingBench) -> None:
    old = bench.run_some(5)
    bench.held = []
    bench.clock.set(bench.clock.now() + 2 * HOUR_MS)
    bench.tick()
    for _ in range(3):
        bench.settle()
        frozen, bench.held = bench.held, []
        for do in frozen:
            do()
        if any(name.endswith(".piece") for name in bench.pieces.names()):
            break
    left = bench.pieces.names()
    another_claims(bench)
    bench.held = None
    bench.settle()
    bench.later(PAUSE_MS * 2)
    assert left
    assert set(left).isdisjoint(bench.pieces.names())
    assert sorted(bench.in_archive()) == sorted(old)
    assert bench.known().isdisjoint(old)
    assert bench.verify().divergences == []


def test_who_was_thrown_out_drops_no_piece_of_the_next_owner(bench: SharedArchivingBench) -> None:
    old = bench.run_some(5)
    zombie, log = bench.retention, bench.log
    zombie_owner = bench.owner
    bench.restart()
    bench.clock.set(bench.clock.now() + 2 * HOUR_MS)
    bench.tick()
    bench.settle()
    assert zombie_owner.is_current, "it does not know"
    pieces = bench.pieces.names()
    for _ in range(20):
        zombie.step()
    assert pieces
    assert bench.pieces.names() == pieces
    assert sorted(bench.in_archive()) == sorted(old)
    assert log is bench.log


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_whenever_it_dies_each_execution_is_in_the_journal_or_once_in_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    fuse = Fuse()
    bench = SharedArchivingBench(tmp_path, executions_max=3)
    bench.publish(*WORKFLOWS.values())
    bench.pieces, bench.archive = FusedShelf(tmp_path / "archive" / "pieces", fuse), FusedShelf(tmp_path / "archive", fuse)
    log: Any = bench.log
    for name in ("append", "delete_before", "_trim"):
        original = getattr(log, name)
        monkeypatch.setattr(log, name, lambda *given, do=original: fuse.around(lambda: do(*given)))
    bench.kept = log.kept()
    topic = log.topics[0]
    original_append = topic.append
    monkeypatch.setattr(topic, "append", lambda record: fuse.around(lambda: original_append(record)))
    bench.restart()
    [waits] = bench.run_some(1, "waits")
    old = bench.run_some(8, given={"big": "x" * 1_000})
    bench.project()
    fuse.left = seed + 1
    try:
        for hours in (1, 1, 24, 24):
            bench.project()
            bench.later(hours * HOUR_MS + 700_000)
    except Died:
        pass
    assert fuse.burnt
    fuse.left = 0
    bench.restart()
    assert all(name in bench.known() or name in bench.in_archive() for name in old)
    for _ in range(4):
        bench.project()
        bench.later(DAY_MS)
    archived = bench.in_archive()
    assert [archived.count(name) for name in old] == [1] * len(old)
    assert bench.known().isdisjoint(old)
    assert set(bench.project()).isdisjoint(old)
    assert bench.pieces.names() == bench.owner.executions.filed.pieces
    assert bench.verify().divergences == []
    bench.ask(waits, SendSignal("1", "go", b"1"))
    assert bench.status(waits) == "completed"
    assert not bench.owner.executions.unreadable


def test_what_is_sealed_is_not_archived_and_carried_over_a_cut_as_it_is(bench: SharedArchivingBench) -> None:
    bench.publish({**WORKFLOWS["w"], "name": "sealed", "settings": {"erasable": True}})
    sealed = bench.run_some(3, "sealed")
    bench.run_some(60)
    bench.later()
    assert bench.log.start("journal", 0) > 60  # type: ignore[attr-defined]  # it can be cut
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert bench.known().issuperset(sealed)
    assert set(sealed).isdisjoint(bench.in_archive())
    verifier = bench.verify()
    assert verifier.divergences == []
    assert verifier.sealed.opened == 3
    answer = bench.ask(sealed[0], EraseExecution("they asked for it"))
    assert answer.error is None
    bench.run_some(60)
    bench.later()
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert bench.verify().divergences == []
    assert bench.known().issuperset(sealed)


def test_a_cut_within_what_was_retired_leaves_nothing_of_it(bench: SharedArchivingBench) -> None:
    bench.start("waits", execution="long")
    bench.move(time=False)
    bench.run_some(60)
    bench.rows_to = bench.owner.position
    bench.ask("long", SendSignal("1", "go", b"1"))
    bench.run_some(5)
    bench.later()
    start = bench.log.start("journal", 0)  # type: ignore[attr-defined]  # it can be cut
    assert 0 < start <= bench.rows_to
    assert bench.in_archive().count("long") == 1
    assert bench.verify().divergences == []
    assert "long" not in bench.project()
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert "long" not in bench.known()
    bench.start("waits", execution="long")
    bench.move(time=False)
    bench.run_some(60)
    bench.rows_to = None
    bench.later()
    bench.later()
    assert bench.log.start("journal", 0) > start  # type: ignore[attr-defined]  # it can be cut
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert bench.status("long") == "running"
    assert "long" in bench.project()
    assert bench.project() == bench.project("anew")
    assert bench.verify().divergences == []


def test_what_somebody_asks_to_archive_goes_before_its_retention_is_over(tmp_path: Path) -> None:
    bench = SharedArchivingBench(tmp_path, retention=None)  # type: ignore[arg-type]  # all are kept for ever
    bench.publish(*WORKFLOWS.values())
    first, second = bench.run_some(2)
    bench.later()
    assert bench.known().issuperset((first, second))
    assert bench.ask(first, ArchiveExecution()).error is None
    bench.project()
    bench.later()
    assert bench.in_archive() == [first]
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert first not in bench.known()
    assert second in bench.known()
    assert bench.verify().divergences == []
    assert second in bench.project()
    assert first not in bench.project()
