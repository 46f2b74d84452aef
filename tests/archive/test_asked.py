"""What has ended is archived before its time when somebody asks for it, also where it would be kept for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.caller import Caller
from contracts.commands import ArchiveExecution, CancelExecution
from contracts.errors import Rejected
from tests.archive.bench import ArchivingBench, bench_in
from workers.archive.retention import PAUSE_MS
from workers.partition.round import Answer

SOON_MS = PAUSE_MS * 2
ADA = Caller("ada", "op")


@pytest.fixture(params=["memory", "sqlite"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArchivingBench]:
    with bench_in(tmp_path, request.param) as made:
        yield made


def refused(bench: ArchivingBench, name: str) -> str:
    error = bench.ask(name, ArchiveExecution()).error
    assert isinstance(error, Rejected)
    return error.reason


def test_what_was_asked_for_goes_long_before_its_time_and_the_others_stay(bench: ArchivingBench) -> None:
    asked, others = bench.run_some(3), bench.run_some(3)
    for name in asked:
        answer = bench.ask(name, ArchiveExecution(), ADA)
        assert (answer.error, answer.status) == (None, "completed")
    bench.later(SOON_MS)
    assert sorted(bench.in_archive()) == sorted(asked)
    assert set(asked).isdisjoint(bench.in_journal() | bench.owner.executions.ended.keys())
    assert set(others) <= bench.in_journal() & bench.owner.executions.ended.keys()
    assert bench.verify().divergences == []


@pytest.mark.parametrize("snapshot", [False, True])
def test_who_asked_is_heard_also_by_the_process_after_a_kill(bench: ArchivingBench, snapshot: bool) -> None:
    [name] = bench.run_some(1)
    bench.ask(name, ArchiveExecution())
    if snapshot:
        bench.owner.snapshot()
    bench.restart()
    bench.later(SOON_MS)
    assert bench.in_archive() == [name]
    assert name not in bench.in_journal()


@pytest.mark.parametrize("snapshot", [False, True])
def test_what_is_kept_for_ever_is_archived_when_somebody_asks(tmp_path: Path, snapshot: bool) -> None:
    with bench_in(tmp_path, "memory", retention=None) as bench:
        names = bench.run_some(3)
        if snapshot:
            bench.owner.snapshot()
            bench.restart()
        bench.ask(names[1], ArchiveExecution())
        bench.later(SOON_MS)
        assert bench.in_archive() == [names[1]]
        assert {names[0], names[2]} <= bench.in_journal()
        bench.restart()
        bench.later(SOON_MS)
        assert names[1] not in bench.owner.executions.ended


def test_asking_twice_is_once_also_in_one_round(bench: ArchivingBench) -> None:
    [name] = bench.run_some(1)
    before = bench.owner.position
    answers: list[Answer] = []
    for _ in range(3):
        bench.engine.send(name, ArchiveExecution(), answers.append)
    bench.move(time=False)
    assert [answer.repeated for answer in answers] == [False, True, True]
    assert bench.owner.position == before + 1
    assert bench.ask(name, ArchiveExecution()).repeated
    bench.later(SOON_MS)
    assert bench.in_archive() == [name]


def test_it_can_be_asked_in_the_round_in_which_the_execution_ends(bench: ArchivingBench) -> None:
    [name] = bench.run_some(1, "waits")
    answers: list[Answer] = []
    for command in (CancelExecution(), ArchiveExecution()):
        bench.engine.send(name, command, answers.append)
    bench.move(time=False)
    assert [answer.error for answer in answers] == [None, None]
    bench.later(SOON_MS)
    assert bench.in_archive() == [name]
    assert bench.verify().divergences == []


def test_what_is_open_is_refused(bench: ArchivingBench) -> None:
    [name] = bench.run_some(1, "waits")
    assert refused(bench, name) == "not_ended"
    assert refused(bench, "nobody") == "unknown_execution"
    assert bench.status(name) == "running"


def test_another_one_of_the_same_name_does_not_keep_others_waiting(bench: ArchivingBench) -> None:
    bench.run_some(1)
    first = bench.start(execution="same")
    bench.move(time=False)
    [behind] = bench.run_some(1)
    bench.ask(first, ArchiveExecution())
    bench.later(SOON_MS)
    assert bench.in_archive() == [first]
    bench.clock.set(bench.clock.now() + 1_800_000)
    bench.start(execution="same")
    bench.move(time=False)
    bench.later(1_800_000)
    assert behind in bench.in_archive()
    assert "same" in bench.owner.executions.ended
