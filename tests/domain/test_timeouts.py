# ruff: noqa: E501 - a node of a definition stands on one line
"""Time limits: four of an activity, two of a container and a child, one of the whole."""

import pytest

from contracts import commands as c
from contracts.events import NodeProgressed, TimerCancelled, TimerStarted
from contracts.failure import Failure
from tests.domain.spec import START_MS, After, Spec, World, fails, run, slow

ONE = "settings: {on_failure: fail}\nnodes: [{id: a, type: a, %s}]"


@pytest.mark.parametrize("limits", ["timeout: 5s", "timeouts: {start_to_close: 5s}"])
def test_an_attempt_that_takes_too_long_fails(limits: str) -> None:
    world = run(ONE % limits, None, {"a": slow(6_000)})
    assert (world.error, world.took_ms) == ("timeout.start_to_close", 5_000)


def test_a_result_in_time_ends_the_limit() -> None:
    assert run(ONE % "timeout: 5s", None, {"a": slow(4_999)}).status == "completed"


def test_an_attempt_that_nobody_takes_fails() -> None:
    world = run(ONE.replace("type: a,", "type: unstarted,") % "timeouts: {schedule_to_start: 5s}")
    assert (world.error, world.took_ms) == ("timeout.schedule_to_start", 5_000)


def test_an_attempt_that_has_begun_has_kept_schedule_to_start() -> None:
    assert run(ONE % "timeouts: {schedule_to_start: 5s}", None, {"a": slow(9_000)}).status == "completed"


def test_start_to_close_begins_when_a_worker_takes_it() -> None:
    spec = Spec(ONE % "timeouts: {start_to_close: 5s}").when(c.ReportStarted("a", 1, "w"), after=3_000)
    assert TimerStarted("a:start_to_close", spec.now + 5_000) in spec.events


def test_a_lost_heartbeat_fails_the_attempt() -> None:
    assert run(ONE % "timeouts: {heartbeat: 5s}", None, {"a": slow(6_000)}).error == "timeout.heartbeat"


def test_a_new_attempt_has_new_limits_but_for_schedule_to_close() -> None:
    text = ONE % "timeouts: {start_to_close: 5s, schedule_to_close: 12s}, retry: {max_attempts: 9, initial_delay: 1s, multiplier: 1}"
    world = run(text, None, {"a": slow(6_000)})
    assert (world.error, world.took_ms, world.times_of("a")) == ("timeout.schedule_to_close", 12_000, [0, 6_000, 12_000])


def test_schedule_to_close_counts_the_pauses_between_attempts() -> None:
    world = run(ONE % "timeouts: {schedule_to_close: 2s}, retry: {max_attempts: 9, initial_delay: 5s}", None, {"a": fails()})
    assert (world.error, world.took_ms) == ("timeout.schedule_to_close", 2_000)


@pytest.mark.parametrize("limit", ["start_to_close", "schedule_to_close"])
def test_a_container_that_takes_too_long_cancels_what_runs_and_fails_after_the_clean_up(limit: str) -> None:
    text = """
    nodes:
      - id: p
        type: parallel
        timeouts: {%s: 5s}
        config: {branches: {l: {nodes: [{id: t, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: z}]}}}]}}}
      - {id: h, type: h}
    edges: [{from: p.error, to: h}]
    """
    world = run(text % limit, None, {"z": lambda call: After(700)})
    assert (world.runs[-1].path, world.runs[-1].input["type"], world.took_ms) == ("h", f"timeout.{limit}", 5_700)


def test_a_containers_start_to_close_is_one_attempts() -> None:
    text = "nodes: [{id: p, type: parallel, timeout: 5s, retry: {max_attempts: 2, initial_delay: 1s}, config: {branches: {l: {nodes: [{id: a, type: a}]}}}}]"
    world = run(text, None, {"a": lambda call: After(6_000 if call.attempt == 1 else 1)})
    assert (world.status, world.took_ms) == ("completed", 6_001)


def test_a_child_that_takes_too_long_fails_its_node() -> None:
    text = "settings: {on_failure: fail}\nnodes: [{id: s, type: sub_workflow, timeouts: {start_to_close: 5s}, config: {workflow: child}}]"
    world = World(text, {"child": "nodes: [{id: n, type: never}]"}).start()
    assert (world.error, world.took_ms, world.state("x~s").status) == ("timeout.start_to_close", 5_000, "cancelled")


def test_a_workflow_that_takes_too_long_fails_after_its_clean_up() -> None:
    text = "settings: {timeout: 5s}\nnodes: [{id: t, type: try, config: {body: {nodes: [{id: n, type: never}]}, catch: [{body: {nodes: [{id: h, type: h}]}}], finally: {nodes: [{id: z, type: z}]}}}]"
    world = run(text, None, {"z": slow(300)})
    assert (world.status, world.error, world.ran, world.took_ms) == ("failed", "timeout.workflow", ["t.body/n", "t.finally/z"], 5_300)


def test_a_limit_that_comes_due_in_a_pause_acts_on_resume() -> None:
    for text in (ONE % "timeout: 5s", "settings: {timeout: 5s, on_failure: fail}\nnodes: [{id: a, type: a}]"):
        world = World(text, acts={"a": slow(60_000)}).at(1_000, c.PauseExecution()).at(9_000, c.ResumeExecution()).start()
        assert (world.status, world.took_ms) == ("failed", 9_000)


def test_a_result_kept_in_a_pause_comes_before_a_limit_that_came_due_later() -> None:
    world = World(ONE % "timeout: 5s", acts={"a": slow(2_000)}).at(1_000, c.PauseExecution()).at(9_000, c.ResumeExecution()).start()
    assert world.status == "completed"


def test_a_timer_of_an_earlier_attempt_is_refused() -> None:
    spec = Spec(ONE % "timeout: 5s, retry: {max_attempts: 2}").given(c.ReportStarted("a", 1, "w"))
    due = spec.state.timers["a:start_to_close"]
    spec.given(c.FailActivity("a", 1, Failure("boom", "no"))).when(c.FireTimer("a:start_to_close", due), after=9_000).then_rejected(
        "stale_timer"
    )


HANDLED = "settings: {timeout: 10s, on_failure: fail, on_error: {nodes: [{id: t, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: z}]}}}]}}\nnodes: [{id: a, type: a}]"


def test_an_error_handler_that_hangs_is_ended_by_the_workflows_limit_with_its_clean_up() -> None:
    world = run(HANDLED, None, {"a": lambda call: After(3_000, ValueError("why"))})
    assert (world.status, world.error, world.ran[-1], world.took_ms) == ("failed", "ValueError", "settings.on_error/t.finally/z", 13_000)


def test_an_error_handler_that_runs_because_time_is_up_has_as_long_again() -> None:
    world = run(HANDLED, None, {"a": slow(99_000)})
    assert (world.status, world.error, world.took_ms) == ("failed", "timeout.workflow", 20_000)


def test_an_error_handler_in_time_ends_its_limit() -> None:
    text = HANDLED.replace("type: never", "type: n") + "\nvariables: {}"
    world = run(text.replace("on_error:", "compensate_on_failure: true, on_error:"), None, {"a": fails("boom")})
    assert (world.status, world.took_ms, world.events(TimerCancelled)) == ("failed", 0, [TimerCancelled(":workflow")])


def test_progress_without_a_word_of_the_beginning_counts_as_the_beginning() -> None:
    spec = Spec(ONE % "timeouts: {start_to_close: 5s, schedule_to_start: 1s, heartbeat: 2s}").when(c.ReportProgress("a", 1, 0.5), 100)
    due = START_MS + 100
    spec.then(
        NodeProgressed("a"),
        TimerStarted("a:start_to_close", due + 5_000),
        TimerStarted("a:heartbeat", due + 2_000),
        NodeProgressed("a", 0.5),
    )
    assert "a:schedule_to_start" not in spec.state.timers
    spec.when(c.ReportStarted("a", 1, "w"), 100).then()


def test_progress_of_a_node_without_limits_is_progress_and_nothing_else() -> None:
    Spec(ONE % "priority: 5").when(c.ReportProgress("a", 1, 0.5)).then(NodeProgressed("a", 0.5))


@pytest.mark.parametrize(
    ("kind", "limits", "message"),
    [
        ("unstarted", "schedule_to_start: 5s", "no worker began a within 5000 ms"),
        ("never", "start_to_close: 5s", "a took longer than 5000 ms"),
        ("never", "schedule_to_close: 5s", "a with all its attempts took longer than 5000 ms"),
        ("never", "heartbeat: 5s", "a gave no sign of life for 5000 ms"),
    ],
)
def test_the_message_of_a_limit_says_what_has_passed(kind: str, limits: str, message: str) -> None:
    world = run(ONE.replace("type: a,", f"type: {kind},") % f"timeouts: {{{limits}}}")
    assert world.failure is not None
    assert world.failure.message == message
