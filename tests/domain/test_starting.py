# ruff: noqa: E501 - a node of a definition stands on one line
"""Starting: idempotent requests, later starts, inputs that are checked, values that are big, bodies that are deep."""

from typing import Any

import msgspec
import pytest

from contracts import commands as c
from contracts.errors import InvalidInput
from contracts.events import ExecutionCreated, ExecutionStarted, NodeCompleted, NodeScheduled, TimerStarted
from contracts.values import encode, is_reference
from tests.domain.spec import START_MS, Spec, World, create, gives, run, slow

ONE = "nodes: [{id: a, type: a}]"


def test_the_same_request_twice_starts_once() -> None:
    Spec(ONE, {"v": 1}).when(create({"v": 1})).then()


def test_another_request_for_the_same_execution_is_refused() -> None:
    Spec(ONE, {"v": 1}).when(create({"v": 2})).then_rejected("already_exists")


def test_a_child_of_before_its_root_was_noted_is_created_once() -> None:
    parent = c.Parent("p", "sub", 1)
    again = create({"v": 1}, parent=msgspec.structs.replace(parent, root="top"))
    Spec(ONE, created=False).given(create({"v": 1}, parent=parent)).when(again).then()
    other = create({"v": 1}, parent=c.Parent("p", "sub", 2, root="top"))
    Spec(ONE, created=False).given(create({"v": 1}, parent=parent)).when(other).then_rejected("already_exists")


def test_the_same_request_after_the_end_starts_nothing() -> None:
    Spec(ONE).given(c.CompleteActivity("a", 1, b"1")).when(create()).then()


def test_a_created_execution_waits_for_its_start() -> None:
    spec = Spec(ONE, created=False).when(create(autostart=False)).then(ExecutionCreated())
    assert spec.state.status == "created"
    spec.when(c.StartExecution()).then(ExecutionStarted(), NodeScheduled("a"))
    spec.when(c.StartExecution()).then()


def test_a_start_in_the_future_is_scheduled_and_begins_then() -> None:
    spec = Spec(ONE, created=False).when(create(start_at=START_MS + 500))
    spec.then(ExecutionCreated(), TimerStarted(":start_at", START_MS + 500))
    assert spec.state.status == "scheduled"
    assert World(ONE).start(start_at=START_MS + 500).times_of("a") == [500]


def test_a_scheduled_execution_may_be_started_by_hand_or_cancelled() -> None:
    assert World(ONE).at(5, c.StartExecution()).start(start_at=START_MS + 500).times_of("a") == [5]
    world = World(ONE).at(5, c.CancelExecution()).start(start_at=START_MS + 500)
    assert (world.status, world.ran) == ("cancelled", [])


def test_an_input_that_does_not_match_is_refused_with_pointers() -> None:
    text = "input: {type: object, required: [id], properties: {n: {type: integer}}}\n" + ONE
    with pytest.raises(InvalidInput) as caught:
        World(text).start({"n": "x"})
    assert [problem.path for problem in caught.value.problems] == ["", "/n"]


DEFAULTS = (
    "input: {properties: {n: {type: integer, default: 3}, m: {default: [1]}}}\nsettings: {search: {n: input.n}}\noutput: '{{ input }}'\n"
    + ONE
)


def test_a_field_that_is_missing_gets_the_default_of_its_schema() -> None:
    world = World(DEFAULTS).start({"m": None})
    assert world.output == {"m": None, "n": 3}
    assert world.events(ExecutionCreated) == [ExecutionCreated(b'{"m":null,"n":3}', b'{"n":3}')]


def test_where_no_field_is_missing_the_input_is_stored_once() -> None:
    assert World(DEFAULTS).start({"m": 1, "n": 2}).events(ExecutionCreated) == [ExecutionCreated(None, b'{"n":2}')]


def test_a_default_that_does_not_match_is_refused_as_the_input_would_be() -> None:
    with pytest.raises(InvalidInput, match="/n"):
        World(DEFAULTS.replace("default: 3", "default: three")).start({})


def test_a_first_value_of_an_undeclared_variable_is_refused() -> None:
    with pytest.raises(InvalidInput):
        World(ONE).start(None, variables=b'{"v":1}')


def test_expressions_see_the_execution_and_its_trigger() -> None:
    text = "nodes: [{id: t, type: transform, config: {operation: value, value: ['{{ execution.id }}', '{{ execution.workflow }}', '{{ execution.started_at }}', '{{ trigger.by }}']}}]"
    assert World(text).start(None, trigger=b'{"by":"hand"}').output == ["x", "w", "1970-01-01T00:16:40.000Z", "hand"]


def test_a_big_result_becomes_a_blob_and_is_read_back() -> None:
    text = "nodes: [{id: a, type: a}, {id: t, type: transform, config: {operation: value, value: '{{ data.size() }}'}}]\nedges: [{from: a, to: t}]"
    world = run(text, None, {"a": gives("y" * 500)}, blob_bytes_min=100)
    assert world.output == 500
    assert is_reference(world.events(NodeCompleted)[0].output)


def test_a_big_list_of_items_is_a_blob_too() -> None:
    text = "nodes: [{id: a, type: a}, {id: f, type: for_each, config: {items: data, body: {nodes: [{id: n, type: n}]}}}]\nedges: [{from: a, to: f}]"
    items = ["z" * 60, "y" * 200]
    assert run(text, None, {"a": gives(items)}, blob_bytes_min=100).output == items


@pytest.mark.parametrize(("length", "status"), [(96, "completed"), (99, "incident")])
def test_a_result_beyond_the_limit_is_a_failure(length: int, status: str) -> None:
    world = run(ONE, None, {"a": gives("y" * length)}, value_bytes_max=100)
    assert (world.status, world.error) == (status, None if status == "completed" else "output.too_large")


def nested(depth: int) -> dict[str, Any]:
    body: dict[str, Any] = {"nodes": [{"id": "n", "type": "n"}]}
    for level in range(depth):
        kind = ("try", "parallel", "for_each")[level % 3]
        config = {"try": {"body": body}, "parallel": {"branches": {"l": body}}, "for_each": {"items": [1], "body": body}}[kind]
        body = {"nodes": [{"id": f"c{level}", "type": kind, "config": config}]}
    return body


def test_bodies_nest_to_a_depth_of_32() -> None:
    from contracts.definitions import NESTING_MAX

    world = World(nested(NESTING_MAX - 1)).start(5)
    assert (world.status, len(world.ran)) == ("completed", 1)
    failing = World({**nested(NESTING_MAX - 1), "settings": {"on_failure": "fail"}}, acts={"n": lambda call: 1 / 0}).start()
    assert (failing.status, failing.error) == ("failed", "ZeroDivisionError")


def test_a_deep_cancel_reaches_the_innermost_node() -> None:
    world = World(nested(20), acts={"n": slow(900)}).at(5, c.CancelExecution()).start()
    assert (world.status, world.took_ms) == ("cancelled", 5)


def test_a_long_loop_stays_equal_to_its_replay() -> None:
    world = run(
        "nodes: [{id: r, type: repeat, config: {times: 300, concurrency: 7, body: {nodes: [{id: n, type: n}]}}}]", None, {"n": gives(1)}
    )
    assert world.output == [1] * 300


def test_history_rolled_twice_is_once() -> None:
    roll = c.RollHistory(encode("state"))
    Spec(ONE).given(roll).when(roll).then()
