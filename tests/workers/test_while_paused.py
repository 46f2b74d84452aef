"""`while_paused`: what a trigger does while an execution of its workflow is paused or waits for a person, whenever the process dies."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import AnswerTask, CancelExecution, PauseExecution, QuarantineExecution, ResumeExecution, SendSignal, StartExecution
from contracts.errors import Rejected
from contracts.person import Person
from contracts.times import rfc3339
from domain.execution.liveness import waits_of
from projections.waiting import in_words, waiting_for
from tests.workers.harness import Bench
from tests.workers.test_triggers import created, until
from workers.partition.resources import Resources
from workers.partition.round import Answer

WAIT = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}
ASK = {"id": "ask", "type": "human_task", "config": {"kind": "confirmation", "question": "Go on?", "assignees": ["ada"]}}


def bench_with(policy: str, node: dict[str, Any] = WAIT, more: dict[str, Any] | None = None, **settings: Any) -> Bench:
    bench = Bench(**settings)
    bench.publish({"name": "w", "nodes": [node], "settings": {"while_paused": policy, **(more or {})}})
    return bench


def fire(bench: Bench, *names: str, **more: Any) -> list[str]:
    """What became of what a trigger starts: nothing, or the reason of the refusal."""
    answers: list[Answer] = []
    for name in names:
        bench.start(execution=name, reply=answers.append, heeds_pauses=True, **more)
    bench.move(time=False)
    by_name = {answer.execution: answer.error for answer in answers}
    return [error.reason if isinstance(error := by_name[name], Rejected) else "" for name in names]


def having(bench: Bench, *statuses: str) -> list[str]:
    return sorted(name for name in bench.engine.owner.executions.names() if bench.status(name) in statuses)


def answer(bench: Bench, execution: str, port: str = "approved") -> None:
    bench.ask(execution, AnswerTask("ask", 1, port, Person("ada")))


@pytest.mark.parametrize("policy", ["start", "skip", "queue"])
def test_a_trigger_does_what_the_workflow_says_while_one_is_paused_and_who_starts_it_by_hand_what_they_say(policy: str) -> None:
    bench = bench_with(policy)
    assert fire(bench, "a", "b") == ["", ""], "one that runs is in nobody's way"
    bench.ask("a", PauseExecution("look first"))
    assert fire(bench, "c") == ["while_paused" if policy == "skip" else ""]
    assert bench.status("c") == {"start": "running", "skip": "unknown", "queue": "created"}[policy]
    bench.start(execution="mine")
    bench.move(time=False)
    assert bench.status("mine") == "running"
    bench.ask("a", ResumeExecution())
    assert fire(bench, "d") == [""]
    assert having(bench, "running") == sorted({"a", "b", "d", "mine"} | ({"c"} if policy != "skip" else set()))
    assert not bench.verify().divergences


def test_why_one_is_skipped_names_who_is_in_the_way() -> None:
    bench = bench_with("skip", ASK)
    fire(bench, "a")
    answers: list[Answer] = []
    bench.start(execution="b", reply=answers.append, heeds_pauses=True)
    bench.move(time=False)
    said = "execution a of w is paused, or waits for a person (`settings.while_paused`)"
    assert str(answers[0].error) == said
    answer(bench, "a")
    assert fire(bench, "b") == [""], "the same cause is asked anew"


def test_those_that_queue_are_let_in_one_at_a_time_in_order_as_each_asks_a_person_itself() -> None:
    bench = bench_with("queue", ASK)
    fire(bench, *"abcd")
    assert bench.status("a") == "running"
    assert having(bench, "created") == ["b", "c", "d"]
    folded = bench.engine.owner.executions.get("b")
    assert folded is not None
    assert waiting_for(folded.state, folded.graph) == [{"for": "paused_sibling", "path": "", "priority": 5}]
    assert in_words(waiting_for(folded.state, folded.graph)[0]) == "one of its workflow that is paused or waits for a person (priority 5)"
    assert waits_of(folded.graph, folded.state) == ["paused_sibling"]
    order = []
    for _ in range(4):
        (now,) = having(bench, "running")
        order.append(now)
        answer(bench, now)
    assert order == ["a", "b", "c", "d"]
    assert not bench.verify().divergences


def test_those_that_queue_all_begin_when_none_of_them_stops_for_anybody() -> None:
    bench = bench_with("queue")
    fire(bench, "a")
    bench.ask("a", PauseExecution())
    fire(bench, *"bcd")
    assert having(bench, "created") == ["b", "c", "d"]
    bench.ask("a", CancelExecution())
    assert having(bench, "running") == ["b", "c", "d"]
    assert bench.engine.owner.next_due() is None


@pytest.mark.parametrize("with_snapshot", [False, True])
@pytest.mark.parametrize("live_max", [1, 5_000])
def test_who_is_held_up_and_who_waits_is_found_again_after_a_kill(with_snapshot: bool, live_max: int) -> None:
    bench = bench_with("queue", ASK, live_max=live_max)
    fire(bench, *"abc")
    if with_snapshot:
        bench.engine.owner.snapshot()
    bench.restart()
    assert fire(bench, "d") == [""]
    assert (having(bench, "running"), having(bench, "created")) == (["a"], ["b", "c", "d"])
    for name in "abcd":
        bench.restart()
        bench.move(time=False)
        answer(bench, name)
    assert all(bench.status(name) == "completed" for name in "abcd")
    assert not bench.verify().divergences


def test_each_begins_once_and_never_beside_one_that_is_held_up_when_the_process_dies_after_any_round() -> None:
    bench = bench_with("queue", ASK)
    names = [f"e{number}" for number in range(8)]
    for name in names:
        bench.start(execution=name, heeds_pauses=True)
    bench.move(time=False)
    for _ in range(60):
        bench.restart()
        bench.engine.step()
        asked = having(bench, "running")
        assert len(asked) <= 1
        for name in asked:
            bench.engine.send(name, AnswerTask("ask", 1, "approved", Person("ada")))
        bench.engine.step()
    bench.restart()
    bench.move(time=False)
    assert [bench.status(name) for name in names] == ["completed"] * 8
    assert all(bench.events(name).count("ExecutionAdmitted") == (name != "e0") for name in names)
    assert not bench.verify().divergences


def test_what_has_failed_or_was_set_aside_stops_no_other() -> None:
    bench = bench_with("skip", {"id": "wait", "type": "fail", "config": {"message": "no", "type": "bad"}}, {"on_failure": "incident"})
    assert fire(bench, "a") == [""]
    assert bench.status("a") == "incident"
    assert fire(bench, "b") == [""]
    other = bench_with("skip")
    fire(other, "a")
    other.ask("a", QuarantineExecution("bad bytes", True))
    assert fire(other, "b") == [""]


def test_a_quota_and_a_pause_are_both_waited_for() -> None:
    bench = bench_with("queue", WAIT, {"quota": {"open": 2, "on_limit": "queue"}})
    fire(bench, "a", "b")
    bench.ask("a", PauseExecution())
    fire(bench, "c")
    folded = bench.engine.owner.executions.get("c")
    assert folded is not None
    assert [item["for"] for item in waiting_for(folded.state, folded.graph)] == ["paused_sibling", "quota"]
    bench.start(execution="mine")  # needs a place, and heeds no pause
    bench.move(time=False)
    bench.ask("b", SendSignal("s", "go", b"1"))
    assert having(bench, "running", "paused") == ["a", "mine"]
    bench.ask("a", ResumeExecution())
    assert bench.status("c") == "created", "there is no room"
    bench.ask("mine", SendSignal("s", "go", b"1"))
    assert bench.status("c") == "running"
    assert not bench.verify().divergences


def test_somebody_may_start_one_that_waits() -> None:
    bench = bench_with("queue", ASK)
    fire(bench, *"abc")
    bench.ask("c", StartExecution())
    assert having(bench, "running") == ["a", "c"]
    answer(bench, "a")
    assert having(bench, "created") == ["b"], "c asks, too"
    answer(bench, "c")
    assert having(bench, "running") == ["b"]
    assert not bench.verify().divergences


def test_one_that_is_set_aside_as_it_is_let_in_keeps_nobody_waiting() -> None:
    bench = bench_with("queue")
    fire(bench, "a")
    bench.ask("a", PauseExecution())
    fire(bench, "b", "c")
    bench.ask("b", QuarantineExecution("bad bytes", True))
    bench.ask("a", ResumeExecution())
    assert (bench.status("b"), bench.status("c")) == ("quarantined", "running")


def test_one_that_is_paused_in_the_very_round_in_which_another_is_let_in_keeps_it_out() -> None:
    bench = bench_with("queue")
    fire(bench, "a", "b")
    bench.ask("a", PauseExecution())
    fire(bench, "c")
    bench.engine.send("a", ResumeExecution())
    bench.engine.step()
    bench.engine.send("b", PauseExecution())
    bench.move(time=False)
    assert (bench.status("b"), bench.status("c")) == ("paused", "created")
    bench.ask("b", ResumeExecution())
    assert bench.status("c") == "running"
    assert not bench.verify().divergences


def test_no_more_wait_than_may() -> None:
    bench = bench_with("queue")
    bench.engine.owner.executions.quotas.queued_max = 2
    fire(bench, "a")
    bench.ask("a", PauseExecution())
    assert fire(bench, *"bcd") == ["", "", "while_paused"]


def test_the_same_cause_twice_is_one_execution_whatever_is_paused_by_then() -> None:
    bench = bench_with("skip")
    assert fire(bench, "a") == [""]
    bench.ask("a", PauseExecution())
    assert fire(bench, "a") == [""]


HOUR = 3_600_000


@pytest.mark.parametrize("policy", ["skip", "queue"])
def test_of_a_schedule_each_time_is_started_queued_or_skipped_once_whatever_is_killed(policy: str) -> None:
    bench = Bench()
    hourly = {"id": "hourly", "type": "schedule", "every": "1h", "catch_up": "all", "input": {"due": "{{ trigger.due }}"}}
    bench.publish({"name": "w", "nodes": [ASK], "triggers": [hourly], "settings": {"while_paused": policy}})
    for hour in range(1, 7):
        until(bench, hour * HOUR)
        bench.restart()
        if hour == 3:
            (first, *_) = having(bench, "running")
            answer(bench, first)
    dues = [rfc3339(HOUR * hour) for hour in range(1, 7)]
    started = [one["input"]["due"] for one in created(bench)]
    skipped = [one for one in Resources(bench.log, bench.clock).triggers.skipped("w.hourly") if one.reason == "while_paused"]
    assert started == ([dues[0], dues[3]] if policy == "skip" else dues)
    assert sorted(started + [one.cause for one in skipped]) == dues
    if policy == "skip":
        assert skipped[0].message.endswith("of w is paused, or waits for a person (`settings.while_paused`)")
    else:
        assert len(having(bench, "running")) == 1
        assert len(having(bench, "created")) == 4
    assert not bench.verify().divergences


def test_what_an_event_would_start_queues_behind_one_that_waits_for_a_person() -> None:
    bench = Bench()
    when = {"id": "then", "type": "event", "filter": "event.type == 'execution.completed' && event.workflow == 'first'"}
    bench.publish({"name": "first", "nodes": [{"id": "n", "type": "merge"}]})
    bench.publish({"name": "w", "nodes": [ASK], "triggers": [when], "settings": {"while_paused": "queue"}})
    bench.move()
    for _ in range(3):
        bench.start("first")
        bench.move(time=False)
        bench.restart()
        bench.move(time=False)
    assert (len(having(bench, "running")), len(having(bench, "created"))) == (1, 2)
