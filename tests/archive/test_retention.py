"""What has ended is archived and removed, whole or not at all, and nothing that is still needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.commands import CancelExecution, CreateExecution, SendSignal
from contracts.definitions import WorkflowDefinition
from contracts.errors import LogError, LogFull, Rejected
from contracts.journal import Checkpoint
from contracts.pins import Plan
from contracts.ports.feed import Selector
from contracts.ports.read_models import Query
from contracts.values import blobs_in
from domain.definition.unpublished import packed
from domain.execution.history import read_entries
from infra.server.parts.retention import Keeping
from infra.server.wiring import build_alone
from projections.executions import EXECUTIONS, executions_where
from projections.incidents import INCIDENTS
from tests.archive.bench import HOUR_MS, WORKFLOWS, ArchivingBench, bench_in
from tests.workers.harness import FaultyLog, rewrite
from workers.reading.backlog import Backlog

BIG = "x" * 100_000


@pytest.fixture(params=["memory", "sqlite"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArchivingBench]:
    with bench_in(tmp_path, request.param) as made:
        yield made


def test_what_has_ended_long_ago_is_in_the_archive_and_nowhere_else(bench: ArchivingBench) -> None:
    old = bench.run_some(20)
    bench.project()
    bench.later()
    bench.project()
    bench.later(60_000)
    assert set(old).isdisjoint(bench.owner.executions.ended)
    assert set(old).isdisjoint(bench.in_journal())
    assert sorted(bench.in_archive()) == sorted(old)
    assert bench.owner.metrics.removed == 20
    with closing(bench.project()) as rows:
        assert set(old).isdisjoint(row.execution for row in rows.select(executions_where(limit=100)))
    assert bench.verify().divergences == []


def test_what_has_ended_a_moment_ago_stays(bench: ArchivingBench) -> None:
    young = bench.run_some(5)
    bench.later(HOUR_MS // 2)
    assert bench.in_journal().issuperset(young)
    assert bench.in_archive() == []


def test_what_is_open_stays_and_goes_on(bench: ArchivingBench) -> None:
    open_ones = bench.run_some(3, "waits")
    old = bench.run_some(3)
    for _ in range(3):
        bench.later()
    assert bench.in_journal().issuperset(open_ones)
    assert set(old).isdisjoint(bench.in_journal())
    bench.restart()
    for name in open_ones:
        bench.ask(name, SendSignal("1", "go", b"1"))
        assert bench.status(name) == "completed"
    assert bench.verify().divergences == []


def test_a_definition_says_itself_how_long_its_executions_are_kept(bench: ArchivingBench) -> None:
    node = {"id": "a", "type": "end"}
    bench.publish({"name": "short", "nodes": [node], "settings": {"retention": "1m"}})
    bench.publish({"name": "long", "nodes": [node], "settings": {"retention": "3d"}})
    short, default, long = bench.run_some(2, "short"), bench.run_some(2), bench.run_some(2, "long")
    bench.later(11 * 60_000)
    assert sorted(bench.in_archive()) == sorted(short)
    bench.later()
    assert set(default) <= set(bench.in_archive())
    assert set(long).isdisjoint(bench.in_archive())
    bench.later(72 * HOUR_MS)
    assert set(long) <= set(bench.in_archive())


def test_a_test_run_goes_after_the_time_of_tests_whatever_was_skipped_in_it_and_its_definition_with_it(tmp_path: Path) -> None:
    with bench_in(tmp_path, "sqlite", retention="3d", retention_of_tests="1h", remove_unarchived=True) as bench:
        tried = {
            "name": "tried",
            "nodes": [
                {"id": "cool", "type": "delay", "config": {"for": "48h"}},
                {"id": "kid", "type": "sub_workflow", "config": {"workflow": "w"}},
            ],
            "edges": [{"from": "cool", "to": "kid"}],
        }
        definition = WorkflowDefinition.model_validate(tried)
        carried = packed(definition)
        create = CreateExecution("tried", 0, carried.hash, b"null", test=Plan({}, (), "waits", False, carried.packed))
        assert bench.ask("tried-1", create).error is None
        live = bench.run_some(2)
        bench.move(time=False)
        assert bench.status("tried-1") == "completed"
        gone = {name for name in bench.in_journal() if name.startswith("tried-1")}
        assert len(gone) == 2, "with the child that it started"
        bench.later(HOUR_MS // 2)
        assert gone <= bench.in_journal()
        bench.later()
        assert sorted(name for name in bench.in_archive() if name.startswith("tried-1")) == sorted(gone)
        assert gone.isdisjoint(bench.in_journal())
        assert bench.in_journal().issuperset(live)
        assert carried.packed not in b"".join(content for _, content in bench.log.read("journal", 0))
        with closing(bench.project()) as rows:
            assert gone.isdisjoint(row.execution for row in rows.select(executions_where(limit=100)))
        bench.restart()
        assert bench.verify().divergences == []


def test_without_a_retention_everything_stays(tmp_path: Path) -> None:
    with bench_in(tmp_path, "memory", retention=None) as bench:
        bench.run_some(5)
        before = list(bench.log.read("journal", 0))
        bench.later(1_000 * HOUR_MS)
        assert list(bench.log.read("journal", 0))[: len(before)] == before


@pytest.mark.parametrize("died_in", ["archived", "removed"])
def test_whoever_goes_on_from_a_piece_removes_what_is_in_it_once(bench: ArchivingBench, died_in: str) -> None:
    old = bench.run_some(10)
    bench.clock.set(bench.clock.now() + 2 * HOUR_MS)
    bench.tick()
    for _ in range(1_000):
        bench.engine.step()
        bench.retention.step()
        if any(piece.stage == died_in for piece in bench.pieces.at("archived", "removed")):
            break
        bench.clock.set(bench.clock.now() + 1_000)
    bench.restart()
    bench.tick()
    for _ in range(3):
        bench.later()
    found = bench.in_archive()
    assert [found.count(name) for name in old] == [1] * 10
    assert set(old).isdisjoint(bench.in_journal())
    assert set(old).isdisjoint(bench.owner.executions.ended)


def test_a_log_that_cannot_remove_loses_nothing(bench: ArchivingBench, monkeypatch: pytest.MonkeyPatch) -> None:
    old = bench.run_some(4)

    def refuse(plan: object) -> None:
        raise LogError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(bench.log, "remove", refuse)
        bench.later()
        assert "disk is full" in bench.retention.error
        assert bench.in_journal().issuperset(old)
        assert bench.owner.executions.ended.keys() >= set(old)
    bench.later()
    assert set(old).isdisjoint(bench.in_journal())
    assert bench.retention.error == ""


def test_a_snapshot_that_is_older_than_a_removal_brings_nothing_back_for_good(bench: ArchivingBench) -> None:
    old = bench.run_some(4)
    bench.owner.snapshot()
    before = bench.snapshots.load(0)
    assert before is not None
    bench.later()
    bench.snapshots.save(0, before)
    bench.restart()
    assert bench.owner.executions.ended.keys() >= set(old)
    bench.tick()
    bench.later()
    assert set(old).isdisjoint(bench.owner.executions.ended)
    assert sorted(name for name in bench.in_archive() if name in old) == sorted(old)


def test_nothing_is_removed_that_a_snapshot_still_says_is_open(bench: ArchivingBench) -> None:
    [name] = bench.run_some(1, "waits")
    bench.owner.snapshot()
    bench.ask(name, CancelExecution())
    bench.clock.set(bench.clock.now() + 2 * HOUR_MS)
    bench.tick()
    for _ in range(20):
        bench.retention.step()
    assert name in bench.in_journal()
    bench.settle()
    assert name not in bench.in_journal()
    bench.restart()
    assert bench.owner.executions.get(name) is None


def test_nothing_is_removed_before_the_read_models_know_it(bench: ArchivingBench) -> None:
    bench.project()
    old = bench.run_some(4)
    bench.later()
    assert bench.in_journal().issuperset(old)
    bench.project()
    bench.later(120_000)
    assert set(old).isdisjoint(bench.in_journal())


def test_rows_are_those_of_a_rebuild_after_a_removal(bench: ArchivingBench) -> None:
    bench.publish(
        {"name": "fails", "nodes": [{"id": "a", "type": "fail", "config": {"message": "no"}}], "settings": {"on_failure": "fail"}}
    )
    bench.run_some(4)
    bench.run_some(2, "fails")
    bench.run_some(2, "waits")
    bench.project()
    bench.later()
    bench.project()
    bench.later(120_000)
    with closing(bench.project()) as rows:
        found = rows.select(executions_where(limit=100)), rows.counts(EXECUTIONS), rows.select(Query(INCIDENTS))
        rows.reset()
    with closing(bench.project()) as rows:
        assert (rows.select(executions_where(limit=100)), rows.counts(EXECUTIONS), rows.select(Query(INCIDENTS))) == found
    assert bench.owner.metrics.removed == 6


def test_payloads_go_with_the_last_that_refers_to_them(bench: ArchivingBench) -> None:
    shared, own = {"v": BIG}, {"v": BIG + "own"}
    bench.run_some(1, given=shared)
    bench.run_some(1, given=own)
    [waits] = bench.run_some(1, "waits", given=shared)
    assert len(bench.blobs._contents) >= 2
    bench.later()
    bench.later()
    assert len(bench.blobs._contents) == 1
    bench.restart()
    assert bench.status(waits) == "running"
    bench.ask(waits, CancelExecution())
    for _ in range(3):
        bench.later()
    assert not bench.blobs._contents


def test_a_payload_stays_that_a_dead_letter_refers_to(bench: ArchivingBench) -> None:
    config = {"name": "go", "execution": "nobody", "payload": "{{ input }}"}
    bench.publish({"name": "tells", "nodes": [{"id": "tell", "type": "emit_signal", "config": config}]})
    [name] = bench.run_some(1, "tells", given={"v": BIG})
    letters = b"".join(content for _, content in bench.log.read("dead-letters", 0))
    assert blobs_in(letters)
    bench.later()
    bench.later()
    assert name not in bench.in_journal()
    assert blobs_in(letters) <= bench.blobs._contents.keys()


@pytest.mark.parametrize("moment", range(9))
def test_a_payload_that_comes_again_while_it_is_swept_is_there(bench: ArchivingBench, moment: int) -> None:
    bench.run_some(1, given={"v": BIG})
    [content_hash] = bench.blobs._contents
    works: list[str] = []

    def start_again() -> None:
        if bench.pieces.at("removed"):
            if len(works) == moment:
                bench.run_some(1, "waits", given={"v": BIG})
            works.append("beside")

    bench.before_work = start_again
    bench.later()
    bench.later()
    assert len(works) > moment
    assert content_hash in bench.blobs._contents


def test_a_history_that_is_damaged_stays_and_keeps_no_other(tmp_path: Path) -> None:
    with bench_in(tmp_path, "memory") as bench:
        old = bench.run_some(4)
        offset = bench.entries(old[1])[0].offset
        rewrite(bench.log, offset, lambda fields: [*fields[:5], bytes(16)])
        bench.later()
        bench.later()
        assert old[1] in bench.in_journal()
        assert {old[0], old[2], old[3]}.isdisjoint(bench.in_journal())
        assert old[1] in bench.owner.executions.ended
        assert bench.owner.metrics.archive_failures == 1


def test_nothing_is_due_while_its_owner_cannot_go_on(tmp_path: Path) -> None:
    log = FaultyLog()
    bench = ArchivingBench(tmp_path, log)
    bench.publish(*WORKFLOWS.values())
    keeping = Keeping(build_alone(bench.settings, log, bench.blobs, bench.snapshots, bench.clock))
    assert keeping.next_due() is None  # it has claimed nothing
    assert bench.retention.next_due() is not None
    log.faults.append(LogFull("no room"))
    bench.start("tick")
    bench.engine.step()
    assert not bench.owner.is_current
    assert bench.retention.next_due() is None


def test_an_execution_that_is_sealed_stays(tmp_path: Path) -> None:
    with bench_in(tmp_path, "memory", erasable=True) as bench:
        old = bench.run_some(3)
        bench.later()
        assert bench.in_journal().issuperset(old) or not bench.in_archive()
        assert bench.owner.executions.ended.keys() >= set(old)


@pytest.mark.parametrize("start", [0, 5, 12])
def test_who_is_told_from_before_what_was_removed_is_told_of_the_rest(bench: ArchivingBench, start: int) -> None:
    [waits] = bench.run_some(1, "waits")
    bench.run_some(30)
    bench.later()
    bench.ask(waits, SendSignal("1", "go", b"1"))
    with closing(bench.project()) as rows:
        backlog, at, told = Backlog(bench.log, lambda _: rows), Checkpoint(), []
        piece = backlog.read(0, start, start + 4, Selector())
        while (at := piece.checkpoint).offset < bench.log.end("journal", 0):
            told += piece.told
            piece = backlog.read(0, at, at.offset + 4, Selector())
        told += piece.told
    left = [entry.offset for entry in read_entries(bench.log.read("journal", 0), Checkpoint()) if entry.offset >= start]
    assert [one.offset for one in told] == left
    assert len(left) < 20


def test_a_start_is_repeated_as_long_as_its_execution_is_kept(bench: ArchivingBench) -> None:
    bench.start("w", 1, execution="mine")
    bench.move(time=False)
    assert bench.status("mine") == "completed"
    bench.later()
    with pytest.raises(Rejected, match="there is no execution mine"):
        raise bench.ask("mine", SendSignal("1", "go", b"1")).error or AssertionError
    bench.start("w", 2, execution="mine")
    bench.move(time=False)
    assert bench.status("mine") == "completed"


def test_memory_and_journal_stay_as_they_are_under_a_steady_load(tmp_path: Path) -> None:
    with bench_in(tmp_path) as bench:
        sizes: list[tuple[int, int]] = []
        for _ in range(24):
            for _ in range(5):
                bench.run_some(30)
            bench.later(15 * 60_000)
            sizes.append((len(bench.owner.executions.ended), (tmp_path / "log.db").stat().st_size))
        settled = sizes[8:]
        assert max(known for known, _ in settled) <= 1.1 * min(known for known, _ in settled)
        assert max(size for _, size in settled) <= 1.2 * min(size for _, size in settled)
        assert bench.verify().divergences == []
