"""Quotas: so many executions of a workflow that were started from outside are open, and so many begin in a minute; one more is refused."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import SendSignal
from contracts.errors import Rejected
from tests.workers.harness import Bench
from workers.partition.round import Answer

WAIT = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}


def bench_with(quota: dict[str, Any], **settings: Any) -> Bench:
    bench = Bench(**settings)
    bench.publish({"name": "w", "nodes": [WAIT], "settings": {"quota": quota}})
    return bench


def begin(bench: Bench, *names: str) -> list[str]:
    """What became of these starts: nothing, or the reason of the refusal and after how many seconds another try is worth it."""
    answers: list[Answer] = []
    for name in names:
        bench.start(execution=name, reply=answers.append)
    bench.move(time=False)
    by_name = {answer.execution: answer.error for answer in answers}
    return [_said(by_name[name]) for name in names]


def _said(error: Exception | None) -> str:
    return f"{error.reason} {error.details['retry_after_s']}" if isinstance(error, Rejected) else ""


def test_no_more_are_open_than_may_be_and_one_that_ends_makes_room() -> None:
    bench = bench_with({"open": 2})
    assert begin(bench, *"abc") == ["", "", "quota_exceeded 5"]
    bench.ask("a", SendSignal("s", "go", b"1"))
    assert begin(bench, *"cd") == ["", "quota_exceeded 5"]


def test_the_same_start_twice_is_one_and_is_not_refused() -> None:
    bench = bench_with({"open": 1, "starts_per_minute": 1})
    assert begin(bench, "a") == [""]
    assert begin(bench, "a") == [""]
    bench.ask("a", SendSignal("s", "go", b"1"))
    assert begin(bench, "a") == [""]


def test_no_more_begin_in_a_minute_than_may_and_a_refusal_says_when_the_next_one_may() -> None:
    bench = bench_with({"starts_per_minute": 2})
    assert begin(bench, "a") == [""]
    bench.clock.advance(20_000)
    assert begin(bench, *"bc") == ["", "quota_exceeded 40"]
    bench.clock.advance(39_999)
    assert begin(bench, "c") == ["quota_exceeded 1"]
    bench.clock.advance(1)
    assert begin(bench, *"cd") == ["", "quota_exceeded 20"]


def test_a_clock_that_is_set_back_stops_nobody_for_long() -> None:
    bench = bench_with({"starts_per_minute": 1})
    assert begin(bench, "a") == [""]
    bench.clock.set(bench.clock.now() - 10**6)
    assert begin(bench, "b") == [""]
    assert begin(bench, "c") == ["quota_exceeded 60"]


@pytest.mark.parametrize("with_snapshot", [False, True])
@pytest.mark.parametrize("live_max", [1, 5_000])
def test_what_counts_is_found_again_after_a_restart_also_what_has_ended_within_the_minute(with_snapshot: bool, live_max: int) -> None:
    bench = bench_with({"open": 30, "starts_per_minute": 40}, live_max=live_max)
    names = [f"e{number}" for number in range(40)]
    assert begin(bench, *names[:30], "more") == [""] * 30 + ["quota_exceeded 5"]
    for name in names[:20]:
        bench.ask(name, SendSignal("s", "go", b"1"))
    if with_snapshot:
        bench.engine.owner.snapshot()
    bench.restart()
    assert begin(bench, *names[30:], "more") == [""] * 10 + ["quota_exceeded 60"]
    bench.restart()
    bench.clock.advance(60_000)
    assert begin(bench, *(f"f{number}" for number in range(11))) == [""] * 10 + ["quota_exceeded 5"]


def test_sub_workflows_count_against_no_quota() -> None:
    bench = bench_with({"open": 1})
    call = {"id": "call", "type": "sub_workflow", "config": {"workflow": "w"}}
    bench.publish({"name": "top", "nodes": [call]})
    assert begin(bench, "a") == [""]
    for name in ("t", "u"):
        bench.start("top", execution=name)
    bench.move(time=False)
    assert [bench.status(f"{name}~call") for name in ("t", "u")] == ["running"] * 2


def test_a_quota_counts_for_one_workflow_and_goes_with_the_version_that_has_it() -> None:
    bench = bench_with({"open": 1})
    bench.publish({"name": "other", "nodes": [WAIT]})
    assert begin(bench, *"ab") == ["", "quota_exceeded 5"]
    bench.start("other", execution="o")
    bench.publish({"name": "w", "nodes": [WAIT]})
    assert begin(bench, *"bc") == ["", ""]
    bench.publish({"name": "w", "nodes": [WAIT], "settings": {"quota": {"open": 2}}})
    assert begin(bench, *"de") == ["", "quota_exceeded 5"], "those that a version without a quota has started are not counted"
