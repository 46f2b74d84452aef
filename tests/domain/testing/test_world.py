"""What a case gives is what its execution meets, each at its time; and no time passes meanwhile."""

from __future__ import annotations

import pytest

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.failure import Failure
from contracts.values import decode, encode
from domain.testing import world
from tests.domain.testing.trying import LINE, case, passes, told

RETRIED = "nodes: [{id: a, type: act, retry: {max_attempts: 3, initial_delay: 1m, multiplier: 1}}]"
WAITS = """
nodes:
  - {id: wait, type: wait_signal, config: {name: go, filter: "signal.ok", timeout: 2h}}
  - {id: late, type: end, config: {outcome: late}}
  - {id: went, type: end, config: {outcome: went, output: "{{ nodes.wait.output }}"}}
edges: [{from: wait.received, to: went}, {from: wait.timeout, to: late}]
"""
TASK = """
nodes:
  - id: ask
    type: human_task
    config: {kind: confirmation, question: "Go?", assignees: [ann@example.com, "group:finance"], approval_threshold: 2, timeout: 1d}
  - {id: yes_, type: end, config: {outcome: "yes", output: "{{ nodes.ask.output.answers.map(one, one.by) }}"}}
  - {id: no_, type: end, config: {outcome: "no"}}
  - {id: late, type: end, config: {outcome: late}}
edges: [{from: ask.approved, to: yes_}, {from: ask.rejected, to: no_}, {from: ask.timeout, to: late}]
"""
LOOP = """
nodes: [{id: each, type: for_each, config: {items: "[1, 2, 3]", body: {nodes: [{id: n, type: act, retry: {max_attempts: 2}}]}}}]
"""


def test_a_mock_is_what_the_node_gives_and_its_call_is_seen() -> None:
    passes(
        LINE,
        "{input: {amount: 5}, mocks: {first: {output: {ok: true}}}, expect: {outcome: done, output: {ok: true}, "
        "calls: [{node: first, kind: charge, config: {amount: 5}}], called: {first: 1}}}",
    )


@pytest.mark.parametrize(
    ("mocks", "expect"),
    [
        ("[{error: x, attempt: 1}, {error: y, attempt: 2}, {output: 7, attempt: 3}]", "{output: 7, called: {a: 3}, lasted: 2m}"),
        ("{error: x}", "{error: x, status: incident, called: {a: 3}}"),
        ("{error: {type: x, retryable: false, message: never}}", "{error: {type: x, message: never}, called: {a: 1}}"),
        ("{output: 1, after: 90s}", "{lasted: 90s, output: 1}"),
        ("[{lost: true, after: 1s, attempt: 1}, {output: 3}]", "{output: 3, called: {a: 2}, events: [{type: NodeRetried, node: a}]}"),
    ],
)  # fmt: skip
def test_an_attempt_ends_as_is_said_of_it(mocks: str, expect: str) -> None:
    passes(RETRIED, f"{{mocks: {{a: {mocks}}}, expect: {expect}}}")


def test_a_worker_that_never_comes_or_never_answers_runs_into_a_time_limit() -> None:
    limits = "nodes: [{id: a, type: act, timeouts: {schedule_to_start: 1m, start_to_close: 2m}}]"
    passes(limits, "{mocks: {a: {never: starts}}, expect: {error: timeout.schedule_to_start, lasted: 1m}}")
    passes(limits, "{mocks: {a: {never: ends}}, expect: {error: timeout.start_to_close, lasted: 2m}}")


def test_each_iteration_and_each_attempt_of_it_has_its_own_mock_and_the_most_special_one_goes_first() -> None:
    mocks = "[{output: any}, {output: second, iteration: 1}, {error: x, iteration: 2, attempt: 1}, {output: again, attempt: 2}]"
    passes(LOOP, f"{{mocks: {{each/n: {mocks}}}, expect: {{output: [any, second, again], called: {{each/n: 4, 'each[2]/n': 2}}}}}}")
    passes(
        LOOP,
        "{mocks: {'each[1]/n': {output: b}, '*': {output: a}}, expect: {output: [a, b, a], path: [each, 'each[0]/n', "
        "'each[1]/n', 'each[2]/n']}}",
    )


def test_an_attempt_that_nothing_is_given_for_cannot_run_and_says_what_to_write() -> None:
    result = case(RETRIED, "{mocks: {a: {error: x, attempt: 1}}}")
    assert result.verdict == "error"
    assert told(result)[0][2] == (
        "mocks: nothing is given for attempt 2 of a, a `act`; say what it gives: `mocks: {a: {output: …}}`, or let it run: `real: [a]`"
    )


def test_noop_and_log_give_their_data_without_a_mock_and_a_mock_goes_before() -> None:
    quiet = "nodes: [{id: a, type: noop}, {id: b, type: log, config: {message: hi}}]\nedges: [{from: a, to: b}]"
    passes(quiet, "{input: {x: 1}, expect: {output: {x: 1}, calls: [{node: a}, {node: b, config: {message: hi}}]}}")
    passes(quiet, "{mocks: {a: {output: 2}}, expect: {output: 2}}")


def test_a_signal_without_a_time_comes_as_soon_as_it_is_waited_for_and_one_with_a_time_then() -> None:
    passes(WAITS, "{signals: [{name: go, payload: {ok: true}}], expect: {outcome: went, lasted: 0s}}")
    passes(
        WAITS,
        "{signals: [{name: go, payload: {ok: false}, at: 5m}, {name: go, payload: {ok: true}, at: 1h}], "
        "expect: {outcome: went, lasted: 1h}}",
    )
    passes(WAITS, "{expect: {outcome: late, lasted: 2h}}")


def test_a_signal_that_comes_too_late_or_is_never_waited_for_cannot_be_sent() -> None:
    late = case(WAITS, "{signals: [{name: go, payload: {ok: true}, at: 3h}]}")
    assert late.verdict == "error"
    assert told(late)[0][2].startswith("signals[0]: it is refused: execution test is completed")
    never = case(WAITS, "{mocks: {wait: {output: 1, port: received}}, signals: [{name: go}]}")
    assert told(never)[0][2].startswith("signals[0]: nothing has ever waited for signal go: the execution is completed")


def test_people_answer_those_who_are_asked_next_unless_the_case_names_them() -> None:
    two = "{node: ask, port: approved}"
    passes(TASK, f"{{answers: [{two}, {two}], expect: {{outcome: 'yes', output: [ann@example.com, somebody.of.finance@example.com]}}}}")
    passes(
        TASK,
        "{answers: [{node: ask, port: rejected, by: bob@example.com, groups: [finance], at: 3h}], expect: {outcome: 'no', lasted: 3h}}",
    )
    passes(TASK, "{answers: [{node: ask, port: approved}], expect: {outcome: late, lasted: 1d}}")


def test_an_answer_that_the_engine_refuses_is_told_with_its_place() -> None:
    result = case(TASK, "{answers: [{node: ask, port: approved, by: eve@example.com}]}")
    assert result.verdict == "error"
    assert told(result)[0][2].startswith("answers[0]: it is refused: ")


def test_somebody_cancels_pauses_resumes_delegates_and_resolves() -> None:
    passes(WAITS, "{commands: [{do: cancel, at: 1m, reason: enough}], expect: {status: cancelled, lasted: 1m}}")
    passes(WAITS, "{commands: [{do: terminate}], expect: {status: terminated}}")
    passes(WAITS, "{commands: [{do: pause, at: 1h}, {do: resume, at: 5h}], expect: {outcome: late, lasted: 5h}}")
    passes(WAITS, "{commands: [{do: pause, at: 1h}], expect: {status: paused}}")
    passes(WAITS, "{commands: [{do: start, at: 1h}], expect: {outcome: late, lasted: 3h}}")
    passes(
        LINE,
        "{input: {amount: 1}, mocks: {first: {error: x}}, commands: [{do: resolve, node: first, action: skip, "
        "output: 9}], expect: {output: 9}}",
    )
    delegated = "{do: delegate, node: ask, to: bob@example.com, by: ann@example.com}"
    passes(
        TASK,
        f"{{commands: [{delegated}], answers: [{{node: ask, port: rejected, by: bob@example.com, at: 1s}}], expect: {{outcome: 'no'}}}}",
    )


def test_a_child_runs_where_its_definition_is_there_and_its_nodes_are_named_below_its_own() -> None:
    parent = "nodes: [{id: call, type: sub_workflow, config: {workflow: child, input: {n: 1}}}]"
    child = {"child": "nodes: [{id: a, type: act}]"}
    passes(
        parent,
        "{mocks: {call/a: {output: 3}}, expect: {output: 3, calls: [{node: call, input: {n: 1}}, {node: call/a, "
        "input: {n: 1}}], ran: [call/a]}}",
        child,
    )
    passes(
        parent, "{mocks: {call: {output: 4, after: 1h}}, expect: {output: 4, lasted: 1h, called: {call: 1}, did_not_run: [call/a]}}", child
    )
    passes(parent, "{mocks: {call: {error: boom}}, expect: {error: {type: child.failed}}}")
    lacks = case(parent, "{}")
    assert lacks.verdict == "error"
    assert "starts workflow child, which is not here; name its file in `with`" in told(lacks)[0][2]


def test_a_child_that_never_ends_is_cancelled_with_its_parent() -> None:
    parent = "nodes: [{id: call, type: sub_workflow, config: {workflow: child}}]"
    passes(parent, "{mocks: {call: {never: ends}}, commands: [{do: cancel, at: 1h}], expect: {status: cancelled, lasted: 1h}}")
    passes(parent, "{mocks: {call: {never: ends}}, expect: {waiting: [child test~call]}}")


def test_what_the_engine_decides_can_be_given_too_and_does_not_begin_then() -> None:
    passes(WAITS, "{mocks: {wait: {output: {ok: 1}, port: received}}, expect: {outcome: went, output: {ok: 1}, lasted: 0s}}")
    passes("nodes: [{id: a, type: delay, config: {for: 1d}}]", "{mocks: {a: {error: x}}, expect: {error: x, lasted: 0s}}")


def test_a_signal_that_goes_out_is_a_call_and_goes_nowhere() -> None:
    out = "nodes: [{id: say, type: emit_signal, config: {execution: other, name: hello, payload: {n: 1}}}]"
    passes(out, "{expect: {calls: [{node: say, kind: emit_signal, config: {execution: other, name: hello}, input: {n: 1}}]}}")


def test_a_case_begins_at_its_time_and_is_looked_at_as_long_as_it_says() -> None:
    clock = "nodes: [{id: a, type: delay, config: {until: '2026-05-01T00:00:00Z'}}]"
    passes(clock, "{at: '2026-04-30T00:00:00Z', expect: {lasted: 24h}}")
    passes(clock, "{at: '2026-04-30T00:00:00Z', until: 1h, expect: {status: running, waiting: ['timer a:delay'], lasted: 1h}}")


def test_an_input_that_is_refused_is_a_failure_that_one_can_expect() -> None:
    typed = "{input: {type: object, required: [a]}, nodes: [{id: n, type: noop}]}"
    passes(typed, "{input: {}, expect: {error: input.invalid}}")
    assert told(case(typed, "{input: {}}"))[0][2].startswith("refused: input.invalid")


def test_an_execution_that_never_comes_to_rest_is_told_and_not_run_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "STEPS_MAX", 200)
    forever = (
        "nodes: [{id: loop, type: while, config: {condition: 'true', max_iterations: 1000, body: {nodes: [{id: d, "
        "type: delay, config: {for: 1m}}]}}}]"
    )
    result = case(forever, "{}")
    assert result.verdict == "error"
    assert "it still moves after 200 steps; say `until`" in told(result)[0][2]
    passes(forever, "{until: 30m, expect: {status: running}}")


def test_what_runs_for_real_is_asked_for_and_its_failures_are_failures() -> None:
    def perform(activity: RunActivity, is_named: bool) -> CompleteActivity | FailActivity | None:
        if activity.attempt == 1:
            return FailActivity(activity.path, 1, Failure("first", "no"))
        return CompleteActivity(activity.path, activity.attempt, encode([decode(activity.input), is_named]))

    passes(RETRIED, "{real: [a], input: 1, expect: {output: [1, true], called: {a: 2}}}", perform=perform)
    passes(RETRIED, "{real: ['*'], input: 1, expect: {output: [1, false]}}", perform=perform)
    assert "let it run: `real: [a]`" in told(case(RETRIED, "{}", perform=perform))[0][2]
    assert "nobody here runs `act`" in told(case(RETRIED, "{real: [a]}"))[0][2]


def test_a_value_of_any_size_stays_a_value() -> None:
    big = "x" * 200_000
    passes(LINE, f"{{input: {{amount: 1}}, mocks: {{first: {{output: {big}}}}}, expect: {{output: {big}}}}}")
