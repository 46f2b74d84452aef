"""Timers: what nobody waits for any more leaves the heap long before it would be due."""

from __future__ import annotations

import pytest

import workers.partition.timers
from contracts.commands import SendSignal
from tests.workers.harness import Bench
from workers.partition.timers import Timers

LIMITED = {"name": "w", "settings": {"timeout": "30d"}, "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.partition.timers, "STALE_MAX", 100)


@pytest.mark.usefixtures("_few")
def test_timers_of_ended_executions_leave_the_heap() -> None:
    bench = Bench(live_max=10)
    bench.publish(LIMITED)
    waiting = [bench.start() for _ in range(50)]
    most = 0
    for number in range(500):
        bench.start(execution=f"x{number}")
        bench.ask(f"x{number}", SendSignal("s", "go", b"1"))
        most = max(most, len(bench.engine.owner.timers))
    assert most <= 2 * len(waiting) + 2 + 100
    bench.move()
    assert {bench.status(execution) for execution in waiting} == {"failed"}, "each of them had its timer"


@pytest.mark.usefixtures("_few")
def test_only_what_holds_is_kept_and_it_comes_in_its_order() -> None:
    timers = Timers(lambda execution, timer, due: due % 2 == 0)
    timers.arm("x", [(f"t{due}", due) for due in range(1_000, 0, -1)])
    assert len(timers) <= 2 * 500 + 100
    fired = timers.take_due(10, 100, lambda execution, timer, due: 0)
    assert [fire.due for _, fire in fired if fire.due % 2 == 0] == [2, 4, 6, 8, 10]
