"""Quotas that queue: a start over the quota exists, and is let in when there is room. Exact, whenever the process dies."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import AdmitExecution, CancelExecution, SendSignal, StartExecution
from contracts.errors import Rejected
from domain.execution.liveness import waits_of
from projections.waiting import waiting_for
from tests.workers.harness import Bench
from tests.workers.test_quotas import WAIT, begin

MINUTE = 60_000


def bench_with(quota: dict[str, Any], more: dict[str, Any] | None = None, **settings: Any) -> Bench:
    bench = Bench(**settings)
    bench.publish({"name": "w", "nodes": [WAIT], "settings": {"quota": {**quota, "on_limit": "queue"}, **(more or {})}})
    return bench


def running(bench: Bench) -> list[str]:
    return sorted(name for name in bench.engine.owner.executions.names() if bench.status(name) == "running")


def end(bench: Bench, execution: str) -> None:
    bench.ask(execution, SendSignal(f"s-{execution}", "go", b"1"))


def test_one_too_many_exists_and_is_let_in_when_another_one_ends() -> None:
    bench = bench_with({"open": 2})
    assert begin(bench, *"abcd") == [""] * 4
    assert (running(bench), bench.status("c")) == (["a", "b"], "created")
    folded = bench.engine.owner.executions.get("c")
    assert folded is not None
    assert waiting_for(folded.state, folded.graph) == [{"for": "quota", "path": "", "priority": 5}]
    assert waits_of(folded.graph, folded.state) == ["quota"]
    end(bench, "a")
    assert running(bench) == ["b", "c"]
    assert bench.events("c")[:4] == ["ExecutionCreated", "AdmissionAwaited", "ExecutionAdmitted", "ExecutionStarted"]
    assert not bench.verify().divergences


def test_so_many_begin_in_a_minute_and_the_next_one_when_it_is_over() -> None:
    bench = bench_with({"starts_per_minute": 2})
    begin(bench, "a")
    bench.clock.advance(20_000)
    begin(bench, *"bcd")
    assert running(bench) == ["a", "b"]
    assert bench.engine.owner.next_due() == bench.clock.now() + 40_000
    bench.clock.advance(39_999)
    bench.move(time=False)
    assert running(bench) == ["a", "b"]
    bench.clock.advance(1)
    bench.move(time=False)
    assert running(bench) == ["a", "b", "c"]
    bench.clock.advance(20_000)
    bench.move(time=False)
    assert running(bench) == ["a", "b", "c", "d"]
    assert bench.engine.owner.next_due() is None


def test_the_more_urgent_is_let_in_first_and_a_minute_counts_as_much_as_a_level() -> None:
    bench = bench_with({"open": 1})
    begin(bench, "a")
    bench.start(execution="plain", priority=5)
    bench.move(time=False)
    bench.clock.advance(MINUTE - 1)
    bench.start(execution="urgent", priority=6)
    bench.move(time=False)
    bench.clock.advance(1 + 4 * MINUTE)
    bench.start(execution="very", priority=9)
    bench.start(execution="low", priority=0)
    bench.move(time=False)
    order = []
    for _ in range(5):
        (now,) = running(bench)
        order.append(now)
        end(bench, now)
    assert order == ["a", "urgent", "plain", "very", "low"]


@pytest.mark.parametrize("with_snapshot", [False, True])
@pytest.mark.parametrize("live_max", [1, 5_000])
def test_who_waits_in_which_order_and_what_counts_is_found_again_after_a_kill(with_snapshot: bool, live_max: int) -> None:
    bench = bench_with({"open": 4, "starts_per_minute": 6}, live_max=live_max)
    names = [f"e{number}" for number in range(10)]
    begin(bench, *names)
    bench.engine.start("w", execution="first", priority=9)
    bench.move(time=False)
    if with_snapshot:
        bench.engine.owner.snapshot()
    bench.restart()
    bench.move(time=False)
    assert running(bench) == names[:4]
    for name in names[:4]:
        end(bench, name)
        bench.restart()
        bench.move(time=False)
    assert running(bench) == ["e4", "first"], "six have begun in this minute"
    bench.clock.advance(MINUTE)
    bench.move(time=False)
    assert running(bench) == ["e4", "e5", "e6", "first"]
    assert not bench.verify().divergences


def test_no_quota_is_exceeded_when_the_process_dies_after_any_round() -> None:
    bench = bench_with({"open": 2, "starts_per_minute": 3})
    names = [f"e{number}" for number in range(8)]
    begin(bench, *names)
    ended: set[str] = set()
    for turn in range(200):
        bench.restart()
        assert len(running(bench)) <= 2
        bench.engine.step()
        for name in running(bench)[:1]:
            bench.engine.send(name, SendSignal(f"s-{name}", "go", b"1"))
            ended.add(name)
        bench.engine.step()
        if turn % 4 == 3:
            bench.clock.advance(MINUTE // 4)
    bench.restart()
    bench.move(time=False)
    assert all(bench.status(name) == "completed" for name in names)
    begun = sorted(entry.decision.now for name in names for entry in bench.entries(name) if _begins(entry.decision.events))
    assert all(later - first >= MINUTE for first, later in zip(begun, begun[3:], strict=False))
    assert not bench.verify().divergences


def _begins(events: Any) -> bool:
    return any(type(event).__name__ == "ExecutionStarted" for event in events)


def test_one_that_is_cancelled_leaves_the_queue_and_one_that_was_just_told_gives_its_room_back() -> None:
    bench = bench_with({"open": 1})
    begin(bench, *"abcd")
    bench.ask("b", CancelExecution())
    bench.engine.send("a", CancelExecution())
    bench.engine.step()
    bench.engine.send("c", CancelExecution())  # decided in the round in which it is let in, before that
    bench.move(time=False)
    assert [bench.status(name) for name in "abcd"] == ["cancelled", "cancelled", "cancelled", "running"]


def test_to_be_let_in_twice_is_once_and_nobody_starts_past_the_queue() -> None:
    bench = bench_with({"open": 1})
    begin(bench, *"ab")
    refused = bench.ask("b", StartExecution()).error
    assert isinstance(refused, Rejected)
    assert refused.reason == "awaits_quota"
    end(bench, "a")
    version = bench.ask("b", AdmitExecution()).version
    assert bench.ask("b", AdmitExecution()).version == version
    assert bench.events("b").count("ExecutionStarted") == 1


def test_what_was_to_begin_later_or_by_hand_does_so_after_it_was_let_in() -> None:
    bench = bench_with({"open": 1}, {"concurrency": {"limit": 5}})
    begin(bench, "a")
    later = bench.clock.now() + MINUTE
    bench.start(execution="b", start_at=later)
    bench.start(execution="c", autostart=False)
    bench.move(time=False)
    end(bench, "a")
    assert (bench.status("b"), bench.engine.owner.next_due()) == ("scheduled", later)
    bench.clock.set(later)
    bench.move(time=False)
    assert bench.status("b") == "running"
    end(bench, "b")
    assert bench.status("c") == "created"
    bench.ask("c", StartExecution())
    assert bench.status("c") == "running"


def test_a_repeated_start_of_one_that_waits_is_one() -> None:
    bench = bench_with({"open": 1})
    assert begin(bench, *"ab") == ["", ""]
    assert begin(bench, "b") == [""]
    end(bench, "a")
    assert begin(bench, *"ab") == ["", ""]
    assert bench.events("b").count("AdmissionAwaited") == 1


def test_so_many_may_wait_and_one_more_is_refused() -> None:
    bench = bench_with({"open": 1})
    bench.engine.owner.executions.quotas.queued_max = 2
    assert begin(bench, *"abcd") == ["", "", "", "quota_exceeded 5"]


def test_a_version_without_a_quota_lets_new_ones_past_and_the_queue_goes_on_by_its_own() -> None:
    bench = bench_with({"open": 1})
    begin(bench, *"ab")
    bench.publish({"name": "w", "nodes": [WAIT], "settings": {}})
    assert begin(bench, "c") == [""]
    assert running(bench) == ["a", "c"]
    end(bench, "a")
    assert running(bench) == ["b", "c"]


def test_how_many_wait_is_counted() -> None:
    bench = bench_with({"open": 1})
    begin(bench, *"abc")
    assert bench.engine.owner.metrics.awaiting_quota == 2
    bench.restart()
    assert bench.engine.owner.metrics.awaiting_quota == 2
    end(bench, "a")
    assert bench.engine.owner.metrics.awaiting_quota == 1
