"""Recorded steps: what an attempt has done is kept for the attempts after it, once, and nothing else changes."""

from __future__ import annotations

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.failure import Failure
from domain.execution.decide.activity import ANEW_MAX, LOSSES_MAX, STEPS_BYTES_MAX, STEPS_MAX
from domain.execution.react import react
from tests.domain.spec import Spec

ONE = "nodes: [{id: a, type: a, retry: {max_attempts: 3}}]"


def step(name: str, output: bytes = b"1", attempt: int = 1) -> c.RecordStep:
    return c.RecordStep("a", attempt, name, output)


def test_a_step_is_recorded_and_calls_for_nothing() -> None:
    Spec(ONE).when(step("mail", b'{"v":1}')).then(e.StepRecorded("a", 1)).then_effects()


def test_the_next_attempt_is_given_what_was_recorded() -> None:
    spec = Spec(ONE).given(step("mail", b'{"v":1}'), step("pay", b"2"), c.FailActivity("a", 1, Failure("boom", "no")))
    due = spec.state.timers["a:retry"]
    spec.when(c.FireTimer("a:retry", due), after=due - spec.now)
    spec.then_effects(c.RunActivity("x", "a", 2, "a", b"{}", b"null", "w", steps=(("mail", b'{"v":1}'), ("pay", b"2"))))


def test_what_a_lost_worker_has_recorded_is_given_to_the_next() -> None:
    Spec(ONE).given(step("mail")).when(c.LoseActivity("a", 1, "w")).then_effects(
        c.CancelActivity("x", "a", 0), c.RunActivity("x", "a", 2, "a", b"{}", b"null", "w", steps=(("mail", b"1"),))
    )


def test_the_same_step_again_changes_nothing() -> None:
    Spec(ONE).given(step("mail")).when(step("mail")).then()


def test_another_result_under_the_same_name_is_refused() -> None:
    Spec(ONE).given(step("mail")).when(step("mail", b"2")).then_rejected("step.differs")


def test_a_late_step_of_an_old_attempt_changes_nothing() -> None:
    Spec(ONE).given(c.LoseActivity("a", 1, "w")).when(step("mail")).then_rejected("stale_attempt")


@pytest.mark.parametrize("end", [c.CompleteActivity("a", 1, b"1"), c.CancelExecution(), c.TerminateExecution()])
def test_a_step_after_the_end_changes_nothing(end: c.Command) -> None:
    Spec(ONE).given(end).when(step("mail")).then_rejected("already_ended")


def test_a_pause_holds_up_no_step() -> None:
    Spec(ONE).given(c.PauseExecution()).when(step("mail")).then(e.StepRecorded("a", 1))


def test_a_node_that_runs_again_in_a_loop_begins_without_steps() -> None:
    spec = Spec("nodes: [{id: r, type: repeat, config: {times: 2, body: {nodes: [{id: a, type: a}]}}}]")
    (path,) = (path for path in spec.state.runs if path != "r")
    spec.given(c.RecordStep(path, 1, "mail", b"1")).when(c.CompleteActivity(path, 1, b"1"))
    assert spec.decision is not None
    (effect,) = react(spec.subject.graph, spec.state, spec.decision)
    assert isinstance(effect, c.RunActivity)
    assert (effect.path != path, effect.steps) == (True, ())


def test_an_attempt_that_may_have_begun_begins_anew_and_is_no_try() -> None:
    spec = Spec(ONE).given(step("mail")).when(c.LoseActivity("a", 1, "", True))
    assert spec.state.runs["a"].attempt == 2
    for attempt in range(2, 3 * LOSSES_MAX):
        spec = spec.when(c.LoseActivity("a", attempt, "", True))
    assert spec.state.runs["a"].attempt == 3 * LOSSES_MAX
    assert spec.state.runs["a"].status == "active"


def test_a_worker_that_always_wants_to_begin_anew_does_not_keep_a_node_going_round_for_ever() -> None:
    spec = Spec(ONE)
    for attempt in range(1, ANEW_MAX + 1):
        spec = spec.given(c.LoseActivity("a", attempt, "", True))
    assert spec.state.runs["a"].status == "active"
    with_step = spec.given(step("one", attempt=ANEW_MAX + 1), c.LoseActivity("a", ANEW_MAX + 1, "", True))
    assert (with_step.state.runs["a"].status, with_step.state.runs["a"].begun_anew) == ("active", 1)
    for attempt in range(ANEW_MAX + 2, 2 * ANEW_MAX + 2):
        spec = with_step.given(c.LoseActivity("a", attempt, "", True))
    run = spec.state.runs["a"]
    assert (run.status, run.last_failure and run.last_failure.type) == ("retrying", "worker.lost"), (
        "from here on it is tried like any other"
    )


def test_workers_may_die_as_often_as_they_like_where_each_gets_a_step_further() -> None:
    spec = Spec(ONE)
    for attempt in range(1, 3 * LOSSES_MAX):
        spec = spec.given(step(f"step {attempt}", attempt=attempt), c.LoseActivity("a", attempt, "w"))
    assert spec.state.runs["a"].status == "active"
    for attempt in range(3 * LOSSES_MAX, 4 * LOSSES_MAX - 1):
        spec = spec.given(c.LoseActivity("a", attempt, "w"))
    assert spec.state.runs["a"].status == "active"
    assert spec.given(c.LoseActivity("a", 4 * LOSSES_MAX - 1, "w")).state.runs["a"].status == "retrying"


def test_so_many_steps_and_no_more() -> None:
    spec = Spec(ONE)
    spec.state.runs["a"].steps = {str(number): b"1" for number in range(STEPS_MAX)}  # each one decided would take a while
    spec.when(step("one more")).then_rejected("step.too_many")
    spec.when(step("0")).then()


def test_so_many_bytes_of_steps_and_no_more() -> None:
    most = b'"%s"' % (b"x" * (STEPS_BYTES_MAX - 3))
    Spec(ONE).when(step("a", most)).then(e.StepRecorded("a", 1))
    Spec(ONE).when(step("ab", most)).then_rejected("step.too_large")
    blob = b"@sha256:" + b"0" * 64 + b":%d" % STEPS_BYTES_MAX
    Spec(ONE).when(step("a", blob)).then_rejected("step.too_large")
