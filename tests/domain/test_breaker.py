"""Circuit breakers: how one opens, is tried by and closes, and how attempts wait for it. Each command twice is once."""

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.failure import Failure
from contracts.ids import PARTITIONS_MAX, breaker_address, is_breaker_id, is_execution_id, make_breaker_id, partition_of
from contracts.system import BREAKER
from contracts.values import NULL, encode
from domain.execution.breaker import BREAKER_TIMER, breaker_id
from domain.execution.liveness import waits_of
from domain.execution.react import outstanding, react
from projections.waiting import as_value, waiting_for
from tests.domain.spec import START_MS, Spec

LIMITS = c.BreakerLimits(2, 60_000, 30_000)
SEQUENCE = "nodes: [{id: a, type: work, retry: {max_attempts: 3, initial_delay: 1s}}, {id: b, type: work}]\nedges: [{from: a, to: b}]"
BROKEN = Failure("http.503", "down")


def report(what: Any, execution: str = "x", attempt: int = 1, at: int = START_MS) -> c.ReportToBreaker:
    return c.ReportToBreaker("shop", what, execution, "a", attempt, at, LIMITS)


def breaker() -> Spec:
    """A breaker that counts two failures in a minute, and cools down for half of one."""
    return Spec(SEQUENCE, created=False).when(c.CreateExecution(BREAKER, 1, "h", encode({"name": "shop"})))


def opened() -> Spec:
    return breaker().given(report("failed"), report("failed", "y"))


def half_open() -> Spec:
    return opened().given(30_000).given(c.FireTimer(BREAKER_TIMER, START_MS + 30_000))


def state(spec: Spec) -> str:
    assert spec.state.breaker is not None
    return spec.state.breaker.state


# The breaker itself.


def test_a_breaker_begins_closed_and_waits_for_what_is_reported() -> None:
    spec = breaker().then(e.ExecutionCreated(), e.BreakerChanged("closed"))
    assert (spec.state.status, waits_of(spec.subject.graph, spec.state)) == ("running", ["failures and trials, closed"])


def test_it_opens_at_the_failure_that_is_one_too_many_within_the_window() -> None:
    spec = breaker().when(report("failed")).then(e.FailureCounted(), e.TimerStarted(BREAKER_TIMER, START_MS + 60_000))
    spec.given(59_999).when(report("failed", "y", at=START_MS + 59_999))
    changed = e.BreakerChanged("open", START_MS + 89_999, "2 failures within 60 s")
    spec.then(e.FailureCounted(), changed, e.TimerStarted(BREAKER_TIMER, START_MS + 89_999))


def test_failures_outside_the_window_open_nothing() -> None:
    spec = breaker().given(report("failed")).given(60_000)
    spec.when(report("failed", "y", at=START_MS + 60_000)).then(e.FailureCounted())
    assert state(spec) == "closed"


def test_a_failure_that_comes_again_or_long_after_it_was_is_not_counted() -> None:
    breaker().given(report("failed")).when(report("failed")).then()
    breaker().given(60_000).when(report("failed")).then()


def test_a_breaker_whose_window_is_empty_ends() -> None:
    spec = breaker().given(report("failed")).given(60_000)
    timer = c.FireTimer(BREAKER_TIMER, START_MS + 60_000)
    spec.when(timer).then(e.TimerFired(BREAKER_TIMER, timer.due), e.ExecutionCompleted(None, NULL))


def test_a_breaker_whose_window_is_not_empty_looks_again_when_it_may_be() -> None:
    spec = breaker().given(report("failed")).given(30_000).given(report("failed", "z", at=START_MS + 30_000))
    assert state(spec) == "open"
    wide = c.BreakerLimits(9, 60_000, 30_000)
    spec = breaker().given(report("failed")).given(30_000)
    spec.given(c.ReportToBreaker("shop", "failed", "z", "a", 1, START_MS + 30_000, wide)).given(30_000)
    spec.when(c.FireTimer(BREAKER_TIMER, START_MS + 60_000))
    spec.then(e.TimerFired(BREAKER_TIMER, START_MS + 60_000), e.TimerStarted(BREAKER_TIMER, START_MS + 90_000))


def test_an_open_breaker_counts_nothing_and_is_half_open_when_it_has_cooled_down() -> None:
    spec = opened().when(report("failed", "z")).then().when(report("offered")).then().given(30_000)
    spec.when(c.FireTimer(BREAKER_TIMER, START_MS + 30_000))
    spec.then(e.TimerFired(BREAKER_TIMER, START_MS + 30_000), e.BreakerChanged("half_open", 0, "2 failures within 60 s"))


def test_one_at_a_time_tries() -> None:
    spec = half_open().when(report("offered", "p"))
    trial = e.Trial("p", "a", 1)
    changed = e.BreakerChanged("half_open", START_MS + 60_000, "2 failures within 60 s", False, trial)
    spec.then(changed, e.TimerStarted(BREAKER_TIMER, START_MS + 60_000))
    assert spec.decision is not None
    (sent,) = react(spec.subject.graph, spec.state, spec.decision)
    assert isinstance(sent, c.Envelope)
    assert (sent.execution, sent.command) == ("p", c.ReleaseActivity("a", 1, "shop", True))
    spec.when(report("offered", "q")).then()


def test_a_trial_that_succeeds_closes_the_breaker_which_ends() -> None:
    spec = half_open().given(report("offered", "p")).when(report("succeeded", "p"))
    spec.then(e.BreakerChanged("closed", 0, "a of p tried and succeeded"), e.ExecutionCompleted(None, NULL))


def test_a_trial_that_fails_opens_it_again_for_as_long() -> None:
    spec = half_open().given(report("offered", "p")).when(report("failed", "p"))
    changed = e.BreakerChanged("open", START_MS + 60_000, "a of p tried and failed")
    spec.then(changed, e.TimerStarted(BREAKER_TIMER, START_MS + 60_000))


def test_after_a_trial_that_says_nothing_another_one_may_try() -> None:
    spec = (
        half_open()
        .given(report("offered", "p"))
        .when(report("abandoned", "p"))
        .then(e.BreakerChanged("half_open", 0, "2 failures within 60 s"))
    )
    assert BREAKER_TIMER not in spec.state.timers
    spec.when(report("succeeded", "p")).then()
    spec.when(report("offered", "q"))
    assert spec.state.breaker is not None
    assert spec.state.breaker.trial == e.Trial("q", "a", 1)


def test_a_trial_that_takes_longer_than_another_cooling_down_keeps_nobody_from_trying() -> None:
    spec = half_open().given(report("offered", "p")).given(30_000).when(c.FireTimer(BREAKER_TIMER, START_MS + 60_000))
    said = "2 failures within 60 s; a trial took too long"
    spec.then(e.TimerFired(BREAKER_TIMER, START_MS + 60_000), e.BreakerChanged("half_open", 0, said))


def test_however_many_trials_take_too_long_that_is_said_once() -> None:
    spec = half_open()
    for number in range(3):
        spec.given(report("offered", "z", number + 1)).given(30_000)
        spec.given(c.FireTimer(BREAKER_TIMER, START_MS + 60_000 + 30_000 * number))
    assert spec.state.breaker is not None
    assert (spec.state.breaker.trial, spec.state.breaker.reason) == (None, "2 failures within 60 s; a trial took too long")


def test_one_that_a_person_opens_stays_open_until_a_person_closes_it() -> None:
    spec = breaker().when(c.SteerBreaker("shop", "open", "they move house")).then(e.BreakerChanged("open", 0, "they move house", True))
    assert not spec.state.timers
    for reason in ("they move house", ""):
        spec.when(c.SteerBreaker("shop", "open", reason)).then()
    spec.when(c.SteerBreaker("shop", "open", "still")).then(e.BreakerChanged("open", 0, "still", True))
    spec.when(report("failed")).then().when(report("offered")).then()
    spec.when(c.SteerBreaker("shop", "close", "there")).then(e.BreakerChanged("closed", 0, "there"), e.ExecutionCompleted(None, NULL))


def test_a_person_may_keep_open_what_opened_by_itself() -> None:
    spec = (
        half_open()
        .given(report("offered", "p"))
        .when(c.SteerBreaker("shop", "open", "enough"))
        .then(e.BreakerChanged("open", 0, "enough", True))
    )
    assert not spec.state.timers
    spec.when(report("succeeded", "p")).then()


def test_what_is_no_breaker_takes_nothing_that_a_breaker_is_told() -> None:
    for command in (report("failed"), c.SteerBreaker("shop", "open")):
        Spec(SEQUENCE).when(command).then_rejected("no_breaker")


@pytest.mark.parametrize("partition", [0, 31, PARTITIONS_MAX - 1])
def test_a_breaker_has_an_address_that_no_caller_can_choose(partition: int) -> None:
    address = make_breaker_id("0" * 32, partition)
    execution = make_breaker_id("0" * 32, partition, 17)
    assert partition_of(address, 4) == partition_of(execution, 4) == partition
    assert breaker_address(execution) == address
    assert is_breaker_id(execution)
    assert not is_execution_id(address)
    assert breaker_id("shop") == breaker_id("shop") != breaker_id("Shop")
    assert breaker_id("\ud800")


# What goes by it.


def held() -> Spec:
    return Spec(SEQUENCE).given(c.HoldActivity("a", 1, "shop"))


def test_an_attempt_that_is_held_waits_visibly_and_nobody_runs_it() -> None:
    spec = Spec(SEQUENCE).when(c.HoldActivity("a", 1, "shop")).then(e.ActivityHeld("a", 1, "shop"))
    assert outstanding(spec.subject.graph, spec.state) == []
    assert waits_of(spec.subject.graph, spec.state) == ["breaker shop"]
    (wait,) = waiting_for(spec.state, spec.subject.graph)
    shown = {"for": "breaker", "path": "a", "breaker": "shop", "attempt": 1, "since": "1970-01-01T00:16:40.000Z"}
    assert as_value(wait) == shown
    assert spec.state.runs["a"].status == "queued"


def test_what_is_released_is_the_same_attempt() -> None:
    spec = held().when(c.ReleaseActivity("a", 1, "shop")).then(e.ActivityReleased("a", 1))
    assert [one.attempt for one in outstanding(spec.subject.graph, spec.state)] == [1]
    assert spec.decision is not None
    assert react(spec.subject.graph, spec.state, spec.decision) == outstanding(spec.subject.graph, spec.state)


def test_only_what_a_breaker_holds_is_released_by_it() -> None:
    held().when(c.ReleaseActivity("a", 1, "another")).then()
    held().when(c.ReleaseActivity("a", 2, "shop")).then()
    held().when(c.ReleaseActivity("b", 1, "shop")).then()


def test_what_is_not_to_run_is_not_held() -> None:
    Spec(SEQUENCE).when(c.HoldActivity("b", 1, "shop")).then()
    Spec(SEQUENCE).when(c.HoldActivity("a", 2, "shop")).then()
    Spec(SEQUENCE).given(c.CompleteActivity("a", 1, b"1")).when(c.HoldActivity("a", 1, "shop")).then()


def test_the_time_until_a_worker_begins_does_not_go_on_while_an_attempt_is_held() -> None:
    limited = "nodes: [{id: a, type: work, timeouts: {schedule_to_start: 1s, schedule_to_close: 1h}}]"
    spec = Spec(limited).given(c.HoldActivity("a", 1, "shop"))
    assert spec.state.timers == {"a:schedule_to_close": START_MS + 3_600_000}
    spec.given(5_000).when(c.ReleaseActivity("a", 1, "shop"))
    spec.then(e.ActivityReleased("a", 1), e.TimerStarted("a:schedule_to_start", START_MS + 6_000))


def test_a_result_that_comes_all_the_same_counts() -> None:
    held().when(c.CompleteActivity("a", 1, b"1")).then(e.NodeCompleted("a"), e.NodeScheduled("b"))


def test_what_is_held_can_be_cancelled() -> None:
    spec = held().when(c.CancelExecution(""))
    assert spec.state.status == "cancelled"


def test_in_a_pause_what_is_released_goes_on_with_the_rest() -> None:
    spec = held().given(c.PauseExecution()).when(c.ReleaseActivity("a", 1, "shop")).then(e.CommandHeld())
    spec.when(c.ResumeExecution()).then(e.ExecutionResumed(), e.ActivityReleased("a", 1))


def test_a_failure_counts_for_the_breakers_that_its_owner_names() -> None:
    spec = Spec(SEQUENCE).when(c.FailActivity("a", 1, BROKEN, True, ("shop", "all")))
    spec.then(e.FailureCounted("a", 1, ("shop", "all")), e.NodeRetried("a", 2, spec.state.timers["a:retry"]))
    assert spec.decision is not None
    sent = [effect for effect in react(spec.subject.graph, spec.state, spec.decision) if isinstance(effect, c.Envelope)]
    assert [one.execution for one in sent] == [breaker_id("shop"), breaker_id("all")]
    assert sent[0].command == c.ReportToBreaker("shop", "failed", "x", "a", 1, START_MS)


def trying() -> Spec:
    return held().given(c.ReleaseActivity("a", 1, "shop", True))


def test_how_a_trial_has_ended_is_told() -> None:
    trying().when(c.CompleteActivity("a", 1, b"1")).then(
        e.TrialEnded("a", 1, "shop", "succeeded"), e.NodeCompleted("a"), e.NodeScheduled("b")
    )
    spec = trying().when(c.FailActivity("a", 1, BROKEN, True, ("shop",)))
    spec.then(
        e.TrialEnded("a", 1, "shop", "failed"), e.FailureCounted("a", 1, ("shop",)), e.NodeRetried("a", 2, spec.state.timers["a:retry"])
    )
    spec = trying().when(c.FailActivity("a", 1, Failure("http.404", "not there"), False))
    assert spec.decision is not None
    assert spec.decision.events[0] == e.TrialEnded("a", 1, "shop", "succeeded")
    spec = trying().when(c.LoseActivity("a", 1, "w"))
    assert spec.decision is not None
    assert spec.decision.events[-1] == e.TrialEnded("a", 1, "shop", "abandoned")
    trying().when(c.HoldActivity("a", 1, "other")).then(e.ActivityHeld("a", 1, "other"), e.TrialEnded("a", 1, "shop", "abandoned"))


def test_of_a_trial_that_ends_with_its_execution_the_breaker_hears() -> None:
    spec = trying().when(c.TerminateExecution(""))
    assert spec.decision is not None
    sent = [effect for effect in react(spec.subject.graph, spec.state, spec.decision) if isinstance(effect, c.Envelope)]
    assert [one.command for one in sent] == [c.ReportToBreaker("shop", "abandoned", "x", "a", 1, START_MS)]


def test_nobody_tries_who_is_not_held_or_paused() -> None:
    for spec in (Spec(SEQUENCE), held().given(c.PauseExecution()), held().given(c.ReleaseActivity("a", 1, "shop"))):
        spec.when(c.ReleaseActivity("a", 1, "shop", True)).then_rejected("no_trial")
    trying().when(c.ReleaseActivity("a", 1, "shop", True)).then()
