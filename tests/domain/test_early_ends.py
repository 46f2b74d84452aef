# ruff: noqa: E501 - a node of a definition stands on one line
"""What ends early completes after the clean-up of what it cancels, and only then goes on; a `join: any` does not wait."""

from typing import Any

import pytest

from contracts.events import ScopeLeft
from tests.domain.spec import World, fails, run, slow

GUARDED = "{id: t, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: z}]}}}"
BODY = (
    "{nodes: [{id: c, type: condition, config: {expression: 'iteration.index == %d'}}, %s, "
    + GUARDED
    + "], edges: [{from: c.true, to: q}, {from: c.false, to: t}]}"
)
QUICK = "{id: q, type: q}"
EARLY = {
    "break": "{id: l, type: repeat, config: {times: 2, concurrency: 2, body: " + BODY % (1, "{id: q, type: break}") + "}}",
    "until": "{id: l, type: for_each, config: {items: [1, 2], concurrency: 2, until: 'true', body: " + BODY % (1, QUICK) + "}}",
    "stop": "{id: l, type: for_each, config: {items: [1, 2], concurrency: 2, on_item_error: stop, body: "
    + BODY % (1, "{id: q, type: bad}")
    + "}}",
    "wait_for": "{id: l, type: for_each, config: {items: [1, 2], concurrency: 2, wait_for: any, body: " + BODY % (1, QUICK) + "}}",
    "parallel": "{id: l, type: parallel, config: {wait_for: any, branches: {one: {nodes: ["
    + GUARDED
    + "]}, two: {nodes: ["
    + QUICK
    + "]}}}}",
}
ACTS: dict[str, Any] = {"q": lambda call: "quick", "z": slow(300)}


def early(how: str, acts: dict[str, Any] | None = None, more: str = "") -> World:
    text = f"nodes: [{EARLY[how][:-1]}{more}}}, {{id: after, type: after}}]\nedges: [{{from: l, to: after}}]"
    return run(text, None, {**ACTS, **(acts or {})})


@pytest.mark.parametrize("how", EARLY)
def test_the_successor_waits_for_the_clean_up_of_what_is_cancelled(how: str) -> None:
    world = early(how)
    assert (world.status, world.times_of("after"), world.ran[-1]) == ("completed", [300], "after")
    assert world.output == {"break": [], "until": ["quick"], "stop": [], "wait_for": ["quick"], "parallel": {"two": "quick"}}[how]


@pytest.mark.parametrize("how", EARLY)
def test_a_clean_up_that_fails_changes_nothing_any_more(how: str) -> None:
    world = early(how, {"z": fails("late")})
    assert (world.status, world.ran[-1]) == ("completed", "after")


@pytest.mark.parametrize("how", EARLY)
def test_a_time_limit_holds_for_the_clean_up_too(how: str) -> None:
    world = early(how, more=", timeouts: {schedule_to_close: 200ms}")
    assert (world.status, world.error, world.times_of("after")) == ("incident", "timeout.schedule_to_close", [])


def test_what_has_nothing_to_clean_up_goes_on_at_once() -> None:
    text = "nodes: [{id: l, type: for_each, config: {items: [1, 2], concurrency: 2, wait_for: any, body: {nodes: [{id: q, type: q}]}}}, {id: after, type: after}]\nedges: [{from: l, to: after}]"
    assert run(text, None, {"q": slow(10)}).times_of("after") == [10]


def test_a_join_of_any_does_not_wait_and_the_body_does() -> None:
    text = f"nodes: [{QUICK}, {GUARDED}, {{id: after, type: after, join: any}}]\nedges: [{{from: q, to: after}}, {{from: t, to: after}}]"
    world = run(text, None, ACTS)
    assert (world.times_of("after"), world.took_ms, world.events(ScopeLeft)[-1].scope) == ([0], 300, "")


def test_losers_that_are_ignored_are_not_waited_for() -> None:
    text = "nodes: [{id: l, type: parallel, config: {wait_for: any, losers: ignore, branches: {one: {nodes: [{id: s, type: s}]}, two: {nodes: [{id: q, type: q}]}}}}, {id: after, type: after}]\nedges: [{from: l, to: after}]"
    world = run(text, None, {**ACTS, "s": slow(500)})
    assert (world.times_of("after"), world.took_ms) == ([0], 500)


def test_an_output_that_is_too_large_is_the_failure_of_what_ends_early() -> None:
    world = World(f"nodes: [{EARLY['wait_for']}]", acts={**ACTS, "q": lambda call: "x" * 90}, value_bytes_max=92, blob_bytes_min=50).start()
    assert (world.error, world.failure and world.failure.node) == ("output.too_large", "l")
