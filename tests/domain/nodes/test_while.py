# ruff: noqa: E501 - a node of a definition stands on one line
"""`while`: a body as long as a condition holds."""

from tests.domain.spec import gives, run

LOOP = """
variables: {n: 0}
nodes:
  - id: w
    type: while
    config:
      condition: "vars.n < %s"
      %s
      body: {nodes: [{id: s, type: set_variable, config: {name: n, value: "{{ vars.n + 1 }}"}}, {id: a, type: a}], edges: [{from: s, to: a}]}
"""


def test_the_body_runs_as_long_as_the_condition_holds() -> None:
    world = run(LOOP % (3, ""))
    assert (world.output, world.ran) == (3, ["w[0]/a", "w[1]/a", "w[2]/a"])


def test_without_a_round_the_output_is_null() -> None:
    assert run(LOOP % (0, "")).output is None


def test_one_round_too_many_fails() -> None:
    world = run(LOOP % (9, "max_iterations: 2"))
    assert (world.error, len(world.ran)) == ("loop.limit", 2)


def test_exactly_as_many_rounds_as_allowed_are_fine() -> None:
    assert run(LOOP % (2, "max_iterations: 2")).status == "completed"


def test_a_thousand_rounds_are_the_default_limit() -> None:
    text = "nodes: [{id: w, type: while, config: {condition: true, body: {nodes: [{id: m, type: merge}]}}}]"
    failure = run(text).failure
    assert failure is not None
    assert "1000 rounds" in failure.message


def test_iteration_item_is_what_the_round_before_gave() -> None:
    text = "nodes: [{id: w, type: while, config: {condition: 'iteration.item == null || iteration.item < 8', body: {nodes: [{id: a, type: a}]}}}]"
    assert run(text, None, {"a": gives(8)}).ran == ["w[0]/a"]


def test_each_round_is_given_the_data_of_the_loop() -> None:
    text = "nodes: [{id: w, type: while, config: {condition: 'iteration.index < 2', body: {nodes: [{id: a, type: a}]}}}]"
    assert [call.input for call in run(text, {"x": 1}, {"a": gives(8)}).runs] == [{"x": 1}, {"x": 1}]


def test_a_condition_that_is_no_boolean_is_an_expression_error() -> None:
    assert (
        run("nodes: [{id: w, type: while, config: {condition: 'input', body: {nodes: [{id: m, type: merge}]}}}]", 5).error == "expression"
    )


def test_a_condition_that_fails_in_a_later_round_fails_the_loop() -> None:
    text = "nodes: [{id: w, type: while, config: {condition: 'iteration.index < 1 || iteration.item.no', body: {nodes: [{id: m, type: merge}]}}}]"
    world = run(text, {})
    assert (world.status, world.error) == ("incident", "expression")
