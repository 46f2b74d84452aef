# ruff: noqa: E501 - a node of a definition stands on one line
"""`for_each`: a body for each item."""

from typing import Any

import pytest

from contracts.events import NodeCancelled, ScopeEntered
from tests.domain.spec import NEVER, ActivityError, Called, World, run, signal, slow

LOOP = "nodes: [{id: f, type: for_each, config: {items: %s, body: {nodes: [{id: n, type: n}]}, %s}}]"


def each(items: str = "input", more: str = "concurrency: 1", given: Any = None, act: Any = None) -> World:
    return run(LOOP % (items, more), given, {"n": act} if act else None)


def tenth(call: Called) -> Any:
    return 10 / call.input


def picky(call: Called) -> Any:
    if call.input == 0:
        raise ActivityError("zero")
    return NEVER if call.input < 0 else call.input


def test_the_outputs_stand_in_the_order_of_the_items() -> None:
    world = run(LOOP % ("input", "concurrency: 3"), [30, 10, 20], {"n": lambda call: slow(call.input, call.input)(call)})
    assert (world.output, world.took_ms) == ([30, 10, 20], 30)


def test_items_run_one_after_the_other_unless_told_otherwise() -> None:
    assert run(LOOP % ("input", ""), [1, 2, 3], {"n": slow(10)}).took_ms == 30


def test_no_more_run_at_a_time_than_the_concurrency_allows() -> None:
    assert run(LOOP % ("input", 'concurrency: "{{ input.size() - 2 }}"'), [1, 2, 3, 4], {"n": slow(10)}).took_ms == 20


def test_a_map_gives_key_and_value() -> None:
    assert each("{a: 1, b: 2}").output == [{"key": "a", "value": 1}, {"key": "b", "value": 2}]


def test_a_list_may_hold_templates() -> None:
    assert each('["{{ input.x }}", 2]', given={"x": 1}).output == [1, 2]


def test_no_items_give_an_empty_list() -> None:
    assert each("[]").output == []


@pytest.mark.parametrize("given", [5, "text", None])
def test_items_that_are_no_list_and_no_map_are_an_expression_error(given: Any) -> None:
    assert each(given=given).error == "expression"


def test_too_many_items_are_refused() -> None:
    assert each(more="max_items: 2", given=[1, 2, 3]).error == "loop.limit"


def test_a_failing_item_fails_the_loop_and_cancels_the_others() -> None:
    world = run("settings: {on_failure: fail}\n" + LOOP % ("input", "concurrency: 3"), [-1, 0, -1], {"n": picky})
    assert (world.status, world.error) == ("failed", "zero")
    assert world.paths(NodeCancelled) == ["f[0]/n", "f[2]/n"]


def test_collected_failures_stand_in_the_items_places() -> None:
    world = each(more="on_item_error: collect, concurrency: 2", given=[1, 0, 2], act=picky)
    assert (world.output[0], world.output[1]["error"]["type"], world.output[2]) == (1, "zero", 2)


def test_stop_ends_the_loop_well_with_the_completed_ones() -> None:
    world = each(more="on_item_error: stop, concurrency: 2", given=[1, 0, -1, 4], act=picky)
    assert (world.status, world.output) == ("completed", [1])
    assert len(world.events(ScopeEntered)) == 3


def test_wait_for_any_completes_with_the_first() -> None:
    world = run(LOOP % ("input", "concurrency: 3, wait_for: any"), [30, 10, 20], {"n": lambda call: slow(call.input, call.input)(call)})
    assert (world.output, world.took_ms) == ([10], 10)


def test_wait_for_a_count_completes_with_so_many() -> None:
    world = run(
        LOOP % ("input", "concurrency: 3, wait_for: {count: 2}"), [30, 10, 20], {"n": lambda call: slow(call.input, call.input)(call)}
    )
    assert (world.output, world.took_ms) == ([10, 20], 20)


def test_ignored_losers_run_on_and_no_further_items_begin() -> None:
    act = {"n": lambda call: slow(call.input, call.input)(call)}
    world = run(LOOP % ("input", "concurrency: 2, wait_for: any, losers: ignore"), [30, 10, 20], act)
    assert (world.output, world.took_ms, world.ran) == ([10], 30, ["f[0]/n", "f[1]/n"])


def test_until_is_asked_after_each_item_and_sees_what_it_gave() -> None:
    world = each(more="until: 'data > 1 && nodes.n.output == iteration.item'", given=[1, 2, 3], act=lambda call: call.input)
    assert world.output == [1, 2]


def test_further_items_come_by_signal_while_it_runs() -> None:
    world = World(LOOP % ("[1]", "more: {signal: more}"), acts={"n": slow(10, 0)}).at(5, signal("more", [2, 3]), signal("more", {"x": 4}))
    assert len(world.start().output) == 4
    assert world.runs[-1].input == {"x": 4}


def test_further_items_that_came_before_count_too() -> None:
    text = """
    nodes:
      - {id: d, type: delay, config: {for: 1s}}
      - {id: f, type: for_each, config: {items: [1], more: {signal: more}, body: {nodes: [{id: n, type: noop}]}}}
    edges: [{from: d, to: f}]
    """
    assert World(text).at(5, signal("more", [2])).start().output == [1, 2]


def test_an_iteration_sees_its_item_its_index_and_the_loop_around() -> None:
    world = run(
        """
        nodes:
          - id: f
            type: for_each
            config:
              items: [5, 6]
              body:
                nodes:
                  - id: g
                    type: for_each
                    config:
                      items: ["{{ iteration.item * 10 }}"]
                      body: {nodes: [{id: n, type: transform, config: {operation: value, value: ["{{ iteration.item }}", "{{ iteration.parent.index }}"]}}]}
        """
    )
    assert world.output == [[[50, 0]], [[60, 1]]]


def test_paths_name_the_iterations() -> None:
    nested = LOOP.replace("{id: n, type: n}", "{id: g, type: for_each, config: {items: [1], body: {nodes: [{id: n, type: n}]}}}")
    assert run(nested % ("[1, 2]", "")).ran == ["f[0]/g[0]/n", "f[1]/g[0]/n"]


def test_each_first_try_in_an_iteration_is_attempt_one() -> None:
    world = run(
        LOOP.replace("type: n}", "type: n, retry: {max_attempts: 2}}") % ("[1, 2]", ""),
        None,
        {"n": lambda call: 1 / (call.attempt - (call.path == "f[0]/n"))},
    )
    assert world.ran == ["f[0]/n", "f[0]/n@2", "f[1]/n"]


def test_further_items_beyond_max_items_fail_the_loop() -> None:
    world = World(LOOP % ("[1]", "more: {signal: more}, max_items: 2"), acts={"n": slow(10)}).at(5, signal("more", [2, 3]))
    assert world.start().error == "loop.limit"


def test_a_map_that_is_written_out_gives_its_items_in_the_order_written() -> None:
    world = run("nodes: [{id: l, type: for_each, config: {items: {b: 1, a: 2}, body: {nodes: [{id: n, type: merge}]}}}]")
    assert world.output == [{"key": "b", "value": 1}, {"key": "a", "value": 2}]
