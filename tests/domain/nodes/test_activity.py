# ruff: noqa: E501 - a node of a definition stands on one line
"""Activities: what a worker is asked for, and what becomes of its reports."""

import pytest

from contracts import commands as c
from contracts.events import NodeCompleted, NodeProgressed, NodeScheduled, TimerFired
from contracts.failure import Failure
from tests.domain.spec import Spec, create, run

ONE = "nodes: [{id: a, type: mail, config: {to: '{{ input.to }}', cc: none}, queue: slow, priority: 2, cache: {ttl: 1h, key: '{{ input.to }}'}}]"
TWO = "nodes: [{id: a, type: a}, {id: b, type: b}]\nedges: [{from: a, to: b}]"


def test_an_attempt_is_asked_for_with_its_templates_filled_in() -> None:
    effect = run(ONE, {"to": "me"}).runs[0].effect
    assert effect == c.RunActivity(
        "x", "a", 1, "mail", b'{"to":"me","cc":"none"}', b'{"to":"me"}', "w", c.Limits(), c.Caching(3_600_000, b'"me"'), "slow", 2
    )


def test_the_execution_says_the_priority_where_the_node_does_not() -> None:
    from tests.domain.spec import World

    assert World("settings: {priority: 7}\n" + TWO).start().runs[0].effect.priority == 7
    assert World("settings: {priority: 7}\n" + TWO).start(None, priority=1).runs[0].effect.priority == 1


def test_a_result_completes_the_node_and_the_next_one_is_scheduled() -> None:
    Spec(TWO).when(c.CompleteActivity("a", 1, b'{"v":1}')).then(NodeCompleted("a"), NodeScheduled("b")).then_effects(
        c.RunActivity("x", "b", 1, "b", b"{}", b'{"v":1}', "w")
    )


def test_a_second_result_of_the_same_attempt_is_refused() -> None:
    Spec(TWO).given(c.CompleteActivity("a", 1, b"1")).when(c.CompleteActivity("a", 1, b"2")).then_rejected("stale_attempt")


@pytest.mark.parametrize("path", ["b", "nobody", "a.compensate"])
def test_a_result_of_a_node_that_does_not_run_is_refused(path: str) -> None:
    Spec(TWO).when(c.CompleteActivity(path, 1, b"1")).then_rejected("stale_attempt")


def test_a_result_of_an_attempt_that_has_failed_is_refused() -> None:
    retried = TWO.replace("type: a}", "type: a, retry: {max_attempts: 2}}")
    Spec(retried).given(c.FailActivity("a", 1, Failure("boom", "no"))).when(c.CompleteActivity("a", 1, b"1")).then_rejected("stale_attempt")


def test_a_worker_tells_that_it_has_begun_once() -> None:
    Spec(TWO).when(c.ReportStarted("a", 1, "w1")).then(NodeProgressed("a", None, None, "w1"))
    Spec(TWO).given(c.ReportStarted("a", 1, "w1")).when(c.ReportStarted("a", 1, "w2")).then()


def test_progress_only_goes_forward() -> None:
    Spec(TWO).given(c.ReportProgress("a", 1, 0.5)).when(c.ReportProgress("a", 1, 0.4)).then()
    Spec(TWO).given(c.ReportProgress("a", 1, 0.5)).when(c.ReportProgress("a", 1, 0.6, b'"x"')).then(NodeProgressed("a", 0.6, b'"x"'))


def test_a_noop_gives_its_data() -> None:
    assert run("nodes: [{id: n, type: noop}]", {"v": 1}).output == {"v": 1}


def test_an_unknown_execution_takes_nothing() -> None:
    Spec(TWO, created=False).when(c.CompleteActivity("a", 1, b"1")).then_rejected("unknown_execution")
    assert Spec(TWO, created=False).when(create()).events


def test_a_config_that_cannot_be_filled_in_is_an_expression_error_and_runs_nothing() -> None:
    world = run(ONE, {})
    assert (world.status, world.error, world.ran) == ("incident", "expression", [])


def test_templates_are_filled_in_once_for_all_attempts() -> None:
    from tests.domain.spec import fails

    text = """
    variables: {n: 1}
    nodes:
      - {id: a, type: bad, config: {n: "{{ vars.n }}"}, retry: {max_attempts: 2, initial_delay: 2s}}
      - {id: d, type: delay, config: {for: 1s}}
      - {id: s, type: set_variable, config: {name: n, value: 2}}
    edges: [{from: d, to: s}]
    """
    assert [call.config for call in run(text, None, {"bad": fails(times=1)}).runs] == [{"n": 1}, {"n": 1}]


INPUT = "nodes: [{id: a, type: a, input: %s%s}]"


def test_an_activity_is_given_its_input_in_place_of_its_data() -> None:
    one = run(INPUT % ("{id: '{{ input.order.id }}', twice: '{{ input.n * 2 }}'}", ""), {"order": {"id": "A-1"}, "n": 3}).runs[0].effect
    assert one.input == b'{"id":"A-1","twice":6}'


@pytest.mark.parametrize(("said", "given"), [("{v: 1}", b'{"v":1}'), ("null", b"null"), ("text", b'"text"'), ("[]", b"[]")])
def test_an_input_without_templates_stands_in_no_event(said: str, given: bytes) -> None:
    Spec(TWO.replace("type: b}", f"type: b, input: {said}}}")).when(c.CompleteActivity("a", 1, b"7")).then(
        NodeCompleted("a"), NodeScheduled("b")
    ).then_effects(c.RunActivity("x", "b", 1, "b", b"{}", given, "w"))


def test_an_input_is_filled_in_once_for_all_attempts() -> None:
    text = TWO.replace("type: b}", "type: b, retry: {max_attempts: 2, initial_delay: 0s}, input: '{{ nodes.a.output.v }}'}")
    Spec(text).when(c.CompleteActivity("a", 1, b'{"v":5}')).then(NodeCompleted("a"), NodeScheduled("b", 1, input=b"5")).then_effects(
        c.RunActivity("x", "b", 1, "b", b"{}", b"5", "w")
    )
    tried = Spec(text).given(c.CompleteActivity("a", 1, b'{"v":5}')).given(c.FailActivity("b", 1, Failure("boom", "no")))
    due = tried.state.timers["b:retry"]
    tried.when(c.FireTimer("b:retry", due), after=due - tried.now).then(TimerFired("b:retry", due), NodeScheduled("b", 2))
    tried.then_effects(c.RunActivity("x", "b", 2, "b", b"{}", b"5", "w"))


def test_the_data_of_the_node_stays_what_came_in() -> None:
    text = INPUT % ("{v: 1}", ", config: {seen: '{{ data.n }}'}")
    one = run(text, {"n": 3}).runs[0].effect
    assert (one.config, one.input) == (b'{"seen":3}', b'{"v":1}')


def test_an_input_that_cannot_be_filled_in_is_a_failure_of_the_node() -> None:
    world = run("settings: {on_failure: fail}\n" + INPUT % ("'{{ input.nothing }}'", ""), {})
    assert world.failure is not None
    assert (world.failure.type, world.failure.node) == ("expression", "a")
