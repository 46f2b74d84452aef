# ruff: noqa: E501 - a node of a definition stands on one line
"""Retry policies: how often, when, and after which errors."""

from itertools import pairwise
from typing import Any

import pytest

from contracts import commands as c
from tests.domain.spec import fails, gives, run, slow

ONE = "settings: {on_failure: fail%s}\nnodes: [{id: a, type: a%s}]"


def tries(policy: str, act: Any, top: str = "") -> list[str]:
    return run(ONE % (top, f", retry: {{{policy}}}" if policy else ""), None, {"a": act}).ran


@pytest.mark.parametrize(
    ("policy", "error", "count"),
    [
        ("max_attempts: 3", "boom", 3),
        ("max_attempts: 3", "expression", 1),
        ("max_attempts: 3", "input.invalid", 1),
        ("max_attempts: 3", "activity.unknown", 1),
        ("max_attempts: 3", "cancelled", 3),
        ("max_attempts: 3, retry_on: ['*']", "expression", 3),
        ("max_attempts: 3, retry_on: [http]", "http.500", 3),
        ("max_attempts: 3, retry_on: [http]", "httpx", 1),
        ("max_attempts: 3, retry_on: [http.5xx, timeout]", "http.503", 3),
        ("max_attempts: 3, retry_on: [http.4xx]", "http.500", 1),
        ("max_attempts: 3, never_retry_on: [http.4xx]", "http.404", 1),
        ("max_attempts: 3, never_retry_on: [http.4xx]", "http.500", 3),
        ("max_attempts: 3, retry_on: ['*'], never_retry_on: [boom]", "boom", 1),
        ("", "boom", 1),
    ],
)
def test_which_errors_are_tried_again(policy: str, error: str, count: int) -> None:
    assert len(tries(policy, fails(error))) == count


def test_what_a_worker_calls_hopeless_is_not_tried_again() -> None:
    assert len(tries("max_attempts: 3", fails(retryable=False))) == 1


def test_settings_retry_is_the_default_of_activities() -> None:
    assert len(tries("", fails(), ", retry: {max_attempts: 2}")) == 2
    assert len(tries("max_attempts: 1", fails(), ", retry: {max_attempts: 2}")) == 1


@pytest.mark.parametrize(("after_ms", "times"), [(0, [0, 1_000]), (200, [0, 1_000]), (60_000, [0, 60_000]), (-5, [0, 1_000])])
def test_the_next_attempt_is_not_before_the_moment_that_was_said(after_ms: int, times: list[int]) -> None:
    assert run(ONE % ("", ", retry: {max_attempts: 2}"), None, {"a": fails(retry_after_ms=after_ms)}).times_of("a") == times


def test_when_to_come_again_is_no_reason_to_come_again() -> None:
    assert len(tries("", fails(retry_after_ms=60_000))) == 1
    assert len(tries("max_attempts: 3", fails(retry_after_ms=60_000, retryable=False))) == 1


def test_undoing_heeds_it_too() -> None:
    node = "nodes: [{id: a, type: a, compensate: {type: u, retry: {max_attempts: 2}}}, {id: b, type: bad}]\nedges: [{from: a, to: b}]"
    world = run("settings: {on_failure: fail, compensate_on_failure: true}\n" + node, None, {"u": fails(times=1, retry_after_ms=60_000)})
    assert world.times_of("a.compensate") == [0, 60_000]


def test_the_pauses_grow_by_the_multiplier_up_to_the_longest() -> None:
    policy = ", retry: {max_attempts: 5, initial_delay: 100ms, multiplier: 3, max_delay: 500ms}"
    assert run(ONE % ("", policy), None, {"a": fails()}).times_of("a") == [0, 100, 400, 900, 1_400]


def test_the_first_pause_is_a_second_and_it_doubles_by_default() -> None:
    assert run(ONE % ("", ", retry: {max_attempts: 3}"), None, {"a": fails()}).times_of("a") == [0, 1_000, 3_000]


def test_jitter_shortens_a_pause_by_its_share_and_is_the_same_each_time() -> None:
    policy = ", retry: {max_attempts: 4, initial_delay: 1s, multiplier: 1, jitter: 0.5}"
    times = run(ONE % ("", policy), None, {"a": fails()}).times_of("a")
    assert times == run(ONE % ("", policy), None, {"a": fails()}).times_of("a")
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert all(500 <= pause <= 1_000 for pause in pauses)
    assert len(set(pauses)) > 1


def test_a_failure_keeps_the_number_of_its_attempt() -> None:
    world = run(ONE % ("", ", retry: {max_attempts: 3}"), None, {"a": fails()})
    assert world.failure is not None
    assert world.failure.attempt == 3


def test_a_container_is_tried_again_with_its_bodies_anew() -> None:
    text = """
    nodes:
      - id: t
        type: try
        retry: {max_attempts: 2, initial_delay: 10ms}
        config: {body: {nodes: [{id: a, type: a}, {id: b, type: b}], edges: [{from: a, to: b}]}, finally: {nodes: [{id: z, type: z}]}}
    """
    world = run(text, None, {"b": fails(times=1)})
    assert (world.status, world.ran) == ("completed", ["t.body/a", "t.body/b", "t.finally/z", "t.body/a@2", "t.body/b@2", "t.finally/z@2"])


def test_each_completed_run_of_a_node_in_a_container_that_is_tried_again_is_undone_newest_first() -> None:
    text = """
    settings: {on_failure: fail, compensate_on_failure: true}
    nodes: [{id: t, type: try, retry: {max_attempts: 3}, config: {body: {nodes: [{id: a, type: a, compensate: {type: undo, config: {was: "{{ nodes.a.output }}"}}}, {id: b, type: bad}], edges: [{from: a, to: b}]}}}]
    """
    world = run(text, None, {"a": lambda call: call.attempt})
    undone = [(call.path, call.attempt, call.config) for call in world.runs if "compensate" in call.path]
    assert undone == [
        ("t.body/a.compensate#2", 1, {"was": 3}),
        ("t.body/a.compensate#1", 1, {"was": 2}),
        ("t.body/a.compensate", 1, {"was": 1}),
    ]
    assert world.status == "failed"


def test_iterations_of_a_loop_that_is_tried_again_are_undone_in_each_try() -> None:
    text = """
    settings: {on_failure: fail, compensate_on_failure: true}
    nodes:
      - id: each
        type: for_each
        retry: {max_attempts: 2}
        config: {items: [1, 2], body: {nodes: [{id: a, type: a, compensate: {type: undo}}, {id: b, type: b, when: "data == 2"}], edges: [{from: a, to: b}]}}
    """
    world = run(text, None, {"b": fails()})
    again = ["each[1]/a.compensate#1", "each[0]/a.compensate#1"]
    assert [one for one in world.ran if "compensate" in one] == [*again, "each[1]/a.compensate", "each[0]/a.compensate"]


def test_a_compensate_node_names_each_run_that_it_has_undone() -> None:
    text = """
    nodes:
      - {id: t, type: try, retry: {max_attempts: 2}, config: {body: {nodes: [{id: a, type: a, compensate: {type: undo}}, {id: b, type: b}], edges: [{from: a, to: b}]}}}
      - {id: c, type: compensate, config: {nodes: [a]}}
    edges: [{from: t, to: c}]
    """
    assert run(text, None, {"b": fails(times=1)}).output == ["t.body/a", "t.body/a"]


@pytest.mark.parametrize("action", ["retry", "skip", "fail"])
def test_an_undoing_that_fails_in_one_try_is_resolved_for_itself(action: Any) -> None:
    text = """
    nodes:
      - {id: t, type: try, retry: {max_attempts: 2}, config: {body: {nodes: [{id: a, type: a, compensate: {type: undo}}, {id: b, type: b}], edges: [{from: a, to: b}]}}}
      - {id: c, type: compensate}
    edges: [{from: t, to: c}]
    """
    world = run(text, None, {"b": fails(times=1), "undo": fails(times=1)})
    assert [incident.path for incident in world.state().incidents.values()] == ["t.body/a.compensate#1"]
    world.send(c.ResolveIncident("1", action))
    again = [*["t.body/a.compensate#1@2"] * (action == "retry"), "t.body/a.compensate"]
    rest = [one for one in world.ran if "compensate" in one][1:]
    assert rest[: len(again)] == again


def test_a_node_that_is_undone_in_each_try_of_its_container_is_undone_under_another_path() -> None:
    text = """
    settings: {on_failure: fail}
    nodes:
      - id: t
        type: try
        retry: {max_attempts: 2, initial_delay: 10ms}
        config:
          body: {nodes: [{id: a, type: a, compensate: {type: undo}}, {id: c, type: compensate}, {id: b, type: bad}], edges: [{from: a, to: c}, {from: c, to: b}]}
    """
    world = run(text)
    assert [one for one in world.ran if "compensate" in one] == ["t.body/a.compensate", "t.body/a.compensate#1"]


def test_a_node_that_completes_again_after_its_first_life_was_undone_is_undone_under_another_path() -> None:
    text = """
    settings: {on_failure: fail, compensate_on_failure: true}
    nodes:
      - id: t
        type: try
        retry: {max_attempts: 2, initial_delay: 10ms}
        config:
          body:
            nodes: [{id: c, type: compensate}, {id: a, type: a, compensate: {type: undo, retry: {max_attempts: 2, initial_delay: 10ms}}}, {id: b, type: bad}]
            edges: [{from: a, to: b}]
    """
    lives = iter([gives(1), slow(50)])
    world = run(text, None, {"a": lambda call: next(lives)(call), "undo": fails(times=1, then=None)})
    assert [one.partition(".compensate")[2] for one in world.ran if "compensate" in one] == ["", "@2", "#1", "#1@2"]


def test_a_node_that_is_undone_by_a_finally_is_undone_under_another_path_in_the_next_try() -> None:
    text = """
    settings: {on_failure: fail}
    nodes:
      - id: t
        type: try
        retry: {max_attempts: 2, initial_delay: 10ms}
        config:
          body: {nodes: [{id: a, type: a, compensate: {type: undo}}, {id: b, type: bad}], edges: [{from: a, to: b}]}
          finally: {nodes: [{id: c, type: compensate}]}
    """
    assert [one for one in run(text).ran if "compensate" in one] == ["t.body/a.compensate", "t.body/a.compensate#1"]
