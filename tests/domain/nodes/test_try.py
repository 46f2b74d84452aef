"""`try`: catches failures and cleans up."""

import pytest

from contracts import commands as c
from contracts.events import NodeFailed
from contracts.failure import CAUSE_DEPTH_MAX
from tests.domain.spec import World, fails, run

TRY = """
settings: {on_failure: fail}
nodes:
  - id: t
    type: try
    config:
      body: {nodes: [{id: a, type: a}, {id: n, type: merge}], edges: [{from: a, to: n}]}
      catch:
        - {errors: [http.4xx], body: {nodes: [{id: four, type: four}]}}
        - {errors: [http, sig], body: {nodes: [{id: h, type: h}]}}
      finally: {nodes: [{id: z, type: z}]}
  - {id: after, type: noop}
edges: [{from: t, to: after}]
"""


def test_without_a_failure_the_output_is_the_bodys_and_the_finally_runs() -> None:
    world = run(TRY, 3)
    assert (world.output, world.ran) == (3, ["t.body/a", "t.finally/z", "after"])


@pytest.mark.parametrize(
    ("error", "catch"), [("http.404", "t.catch[0]/four"), ("http.500", "t.catch[1]/h"), ("http.connect", "t.catch[1]/h")]
)
def test_the_first_catch_that_matches_takes_the_failure(error: str, catch: str) -> None:
    world = run(TRY, None, {"a": fails(error), "four": lambda call: 4, "h": lambda call: 4})
    assert (world.status, world.output, world.ran) == ("completed", 4, ["t.body/a", catch, "t.finally/z", "after"])


@pytest.mark.parametrize("error", ["other", "signal.timeout", "httpx"])
def test_what_no_catch_matches_goes_on_after_the_finally(error: str) -> None:
    world = run(TRY, None, {"a": fails(error)})
    assert (world.status, world.error, world.ran) == ("failed", error, ["t.body/a", "t.finally/z"])


def test_a_catch_is_given_the_error_and_sees_it() -> None:
    text = TRY.replace("{id: h, type: h}", '{id: h, type: h, config: {m: "{{ error.message }} {{ error.node }} {{ error.attempt }}"}}')
    world = run(text, None, {"a": fails("http.x")})
    assert world.runs[1].config == {"m": "it failed t.body/a 1"}
    assert world.runs[1].input["type"] == "http.x"


def test_a_failing_catch_fails_the_try_after_the_finally() -> None:
    world = run(TRY, None, {"a": fails("http.x"), "h": fails("worse")})
    assert (world.status, world.error, world.ran) == ("failed", "worse", ["t.body/a", "t.catch[1]/h", "t.finally/z"])


def test_a_failing_finally_fails_the_try() -> None:
    world = run(TRY, None, {"z": fails("worse")})
    assert (world.status, world.error) == ("failed", "worse")


def test_a_cancel_runs_the_finally_and_no_catch() -> None:
    world = World(TRY.replace("[http.4xx]", '["*"]').replace("{id: a, type: a}", "{id: a, type: never}")).at(5, c.CancelExecution()).start()
    assert (world.status, world.ran) == ("cancelled", ["t.body/a", "t.finally/z"])


def test_a_cancel_in_the_finally_lets_it_run_to_its_end() -> None:
    text = TRY.replace(
        "{nodes: [{id: z, type: z}]}", "{nodes: [{id: d, type: delay, config: {for: 1s}}, {id: z, type: z}], edges: [{from: d, to: z}]}"
    )
    world = World(text).at(5, c.CancelExecution()).start()
    assert (world.status, world.ran) == ("cancelled", ["t.body/a", "t.finally/z"])


def test_a_terminate_runs_no_finally() -> None:
    world = World(TRY.replace("{id: a, type: a}", "{id: a, type: never}")).at(5, c.TerminateExecution()).start()
    assert (world.status, world.ran) == ("terminated", ["t.body/a"])


def test_finallys_run_from_the_inside_out() -> None:
    inner = "{id: u, type: try, config: {body: {nodes: [{id: f, type: fail}]}, finally: {nodes: [{id: y, type: y}]}}}"
    world = run(TRY.replace("{id: a, type: a}", inner).replace("from: a", "from: u"))
    assert world.ran == ["t.body/u.finally/y", "t.finally/z"]


def test_a_failure_in_a_nested_body_keeps_its_innermost_node() -> None:
    inner = "{id: u, type: for_each, config: {items: [1], body: {nodes: [{id: f, type: fail}]}}}"
    world = run(TRY.replace("{id: a, type: a}", inner).replace("from: a", "from: u"))
    assert world.failure is not None
    assert world.failure.node == "t.body/u[0]/f"


def test_the_finally_does_not_change_the_output() -> None:
    assert run(TRY, 3, {"z": lambda call: 99}).output == 3


def test_a_first_attempt_in_a_catch_and_in_a_finally_is_attempt_one() -> None:
    world = run(TRY.replace("{id: a, type: a}", "{id: a, type: a, retry: {max_attempts: 2}}"), None, {"a": fails("http.x")})
    assert world.ran == ["t.body/a", "t.body/a@2", "t.catch[1]/h", "t.finally/z", "after"]


def causes_of(world: World) -> list[str]:
    assert world.failure is not None
    return [failure.type for failure in world.failure.chain()]


def test_a_failure_in_a_catch_or_a_finally_keeps_the_ones_before_as_its_causes() -> None:
    world = run(TRY, None, {"a": fails("http.x"), "h": fails("worse"), "z": fails("worst")})
    assert causes_of(world) == ["worst", "worse", "http.x"]
    assert world.failure is not None
    assert [failure.node for failure in world.failure.chain()] == ["t.finally/z", "t.catch[1]/h", "t.body/a"]


@pytest.mark.parametrize("of", ["output: '{{ nodes.h.output.nothing }}'", "variables: {v: '{{ input.nothing }}'}"])
def test_an_expression_of_a_catch_that_fails_keeps_the_failure_too(of: str) -> None:
    world = run(TRY.replace("[{id: h, type: h}]}", f"[{{id: h, type: h}}], {of}}}"), {}, {"a": fails("http.x")})
    assert causes_of(world) == ["expression", "http.x"]


def test_an_incident_in_a_catch_shows_what_was_caught() -> None:
    world = run(TRY.replace("{on_failure: fail}", "{}"), None, {"a": fails("http.x"), "h": fails("worse")})
    assert (world.status, causes_of(world)) == ("incident", ["worse", "http.x"])


def test_an_error_edge_in_a_catch_sees_what_was_caught() -> None:
    text = TRY.replace(
        "[{id: h, type: h}]",
        "[{id: h, type: h}, {id: e, type: e}], edges: [{from: h.error, to: e}], output: '{{ nodes.e.output.cause.type }}'",
    )
    assert run(text, None, {"a": fails("http.x"), "h": fails("worse")}).output == "http.x"


def test_in_a_loop_of_catches_the_causes_are_bounded() -> None:
    text = "nodes: [{id: a0, type: bad}]"
    for number in range(12):
        body = f"{{nodes: [{{id: a{number + 1}, type: bad}}]}}"
        text = f"nodes: [{{id: t{number}, type: try, config: {{body: {{{text}}}, catch: [{{body: {body}}}]}}}}]"
    assert causes_of(run(text)) == ["boom"] * CAUSE_DEPTH_MAX


def test_the_workflows_error_handler_that_fails_keeps_the_failure_of_the_execution() -> None:
    text = "settings: {on_error: {nodes: [{id: tell, type: worse}]}}\nnodes: [{id: a, type: bad}]"
    world = run(text, None, {"worse": fails("worse")})
    [failed] = [event for event in world.events(NodeFailed) if event.path == "settings.on_error/tell"]
    assert (world.error, [failure.type for failure in failed.failure.chain()]) == ("boom", ["worse", "boom"])
