"""Concurrency: of the executions of a workflow with the same key so many run at a time, and the policy says what becomes of the others."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import SendSignal
from contracts.errors import Rejected
from tests.workers.harness import Bench
from workers.partition.round import Answer


def limited(policy: str, limit: int = 1, **settings: Any) -> Bench:
    bench = Bench()
    wait = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}
    concurrency = {"key": "input.customer", "limit": limit, "policy": policy}
    bench.publish({"name": "w", "nodes": [wait], "settings": {"concurrency": concurrency, **settings}})
    return bench


def statuses(bench: Bench, *names: str) -> list[str]:
    return [bench.status(name) for name in names]


def test_those_that_queue_start_in_the_order_they_came() -> None:
    bench = limited("queue")
    for name in "abc":
        bench.start(execution=name, given={"customer": 1})
    bench.move()
    assert statuses(bench, *"abc") == ["running", "created", "created"]
    bench.ask("a", SendSignal("s", "go", b"1"))
    bench.move()
    assert statuses(bench, *"abc") == ["completed", "running", "created"]


def test_executions_of_another_key_do_not_wait() -> None:
    bench = limited("queue")
    bench.start(execution="a", given={"customer": 1})
    bench.start(execution="b", given={"customer": 2})
    bench.move()
    assert statuses(bench, "a", "b") == ["running", "running"]


@pytest.mark.parametrize(("policy", "reason"), [("reject", "concurrency_limit"), ("skip", "skipped")])
def test_a_start_too_many_is_refused_also_within_one_round(policy: str, reason: str) -> None:
    bench = limited(policy, limit=2)
    answers: list[Answer] = []
    for name in "abc":
        bench.start(execution=name, given={"customer": 1}, reply=answers.append)
    bench.move()
    assert [type(answer.error) for answer in answers] == [Rejected, type(None), type(None)] or answers[-1].error is not None
    refused = [answer.error for answer in answers if answer.error is not None]
    assert [error.reason for error in refused if isinstance(error, Rejected)] == [reason]


def test_replace_cancels_the_oldest_one() -> None:
    bench = limited("replace")
    bench.start(execution="a", given={"customer": 1})
    bench.move()
    bench.start(execution="b", given={"customer": 1})
    bench.move()
    assert statuses(bench, "a", "b") == ["cancelled", "running"]


@pytest.mark.parametrize("steps", range(1, 6))
def test_the_queue_is_found_again_after_a_restart(steps: int) -> None:
    bench = limited("queue")
    for name in "abc":
        bench.start(execution=name, given={"customer": 1})
    for _ in range(steps):
        bench.engine.step()
    bench.restart()
    bench.move()
    assert statuses(bench, *"abc") == ["running", "created", "created"]
    bench.ask("a", SendSignal("s", "go", b"1"))
    bench.restart()
    bench.move()
    assert statuses(bench, *"abc") == ["completed", "running", "created"]
    assert bench.verify().divergences == []


def test_the_queue_is_found_again_in_a_snapshot() -> None:
    bench = limited("queue")
    for name in "ab":
        bench.start(execution=name, given={"customer": 1})
    bench.move()
    bench.engine.owner.snapshot()
    bench.restart()
    bench.move()
    assert statuses(bench, *"ab") == ["running", "created"]
    bench.ask("a", SendSignal("s", "go", b"1"))
    bench.move()
    assert statuses(bench, *"ab") == ["completed", "running"]


def test_what_an_execution_can_be_found_by_is_recorded_when_it_is_created() -> None:
    bench = limited("queue", search={"customer": "input.customer", "city": "input.address.city"})
    bench.start(execution="a", given={"customer": 7})
    bench.move()
    folded = bench.engine.owner.executions.get("a")
    assert folded is not None
    assert folded.state.search == b'{"customer":7,"city":null}'


def test_the_queue_of_an_archived_workflow_goes_on_after_a_restart() -> None:
    bench = limited("queue")
    for name in "ab":
        bench.start(execution=name, given={"customer": 1})
    bench.move()
    bench.engine.catalog.archive("w")
    bench.restart()
    bench.ask("a", SendSignal("s", "go", b"1"))
    bench.move()
    assert statuses(bench, *"ab") == ["completed", "running"]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_room_is_made_for_a_newcomer_also_where_the_process_dies_before_it_is(steps: int) -> None:
    bench = limited("replace")
    bench.start(execution="a", given={"customer": 1})
    bench.move()
    bench.start(execution="b", given={"customer": 1})
    for _ in range(steps):
        bench.engine.step()
    bench.restart()
    bench.move()
    assert statuses(bench, "a", "b") == ["cancelled", "running"]


CLEANS = {
    "body": {"nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]},
    "finally": {"nodes": [{"id": "bye", "type": "delay", "config": {"for": "1h"}}]},
}


def cleaning(limit: int = 1) -> Bench:
    """Executions that take an hour to clean up when they are cancelled; each new one replaces the oldest."""
    bench = Bench()
    settings = {"concurrency": {"limit": limit, "policy": "replace"}}
    bench.publish({"name": "w", "nodes": [{"id": "n", "type": "try", "config": CLEANS}], "settings": settings})
    return bench


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("limit", [1, 2])
def test_with_replace_the_newest_win_also_while_the_oldest_still_cleans_up(limit: int, restarts: bool) -> None:
    bench = cleaning(limit)
    names = "abcdef"[: limit + 3]
    for name in names:
        bench.start(execution=name)
        bench.move(time=False)
        bench.clock.advance(1)
        if restarts:
            bench.restart()
            bench.move(time=False)
    assert [bench.engine.owner.executions.get(name) is not None for name in names[:limit]] == [True] * limit, "they clean up"
    assert statuses(bench, *names[limit:-limit]) == ["cancelled"] * (len(names) - 2 * limit), "they never had their turn"
    assert statuses(bench, *names[-limit:]) == ["created"] * limit
    bench.move()
    assert statuses(bench, *names) == ["cancelled"] * (len(names) - limit) + ["running"] * limit


def test_with_replace_room_that_comes_by_itself_goes_to_the_newest() -> None:
    """The older newcomer is on its way out, and never gets the turn that the end of the first one leaves."""
    bench = cleaning()
    for name in "abc":
        bench.start(execution=name)
    bench.move()
    assert statuses(bench, *"abc") == ["cancelled", "cancelled", "running"]
    assert "ExecutionStarted" not in bench.events("b")
