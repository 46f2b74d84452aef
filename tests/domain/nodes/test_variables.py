# ruff: noqa: E501 - a node of a definition stands on one line
"""`set_variable` and `get_variable`: by scope, from the inside out."""

import pytest

from contracts.events import VariableSet
from tests.domain.spec import run


def test_a_variable_is_set_and_read() -> None:
    text = """
    variables: {n: "{{ input.n }}"}
    nodes:
      - {id: s, type: set_variable, config: {name: n, value: "{{ vars.n + 1 }}"}}
      - {id: g, type: get_variable, config: {name: n}}
    edges: [{from: s, to: g}]
    """
    assert run(text, {"n": 4}).output == 5


def test_several_are_evaluated_first_and_set_then() -> None:
    text = """
    variables: {a: 1, b: 2}
    nodes: [{id: s, type: set_variable, config: {values: {a: "{{ vars.b }}", b: "{{ vars.a }}"}}}]
    """
    assert run(text).output == {"a": 2, "b": 1}


def test_the_start_may_bring_first_values() -> None:
    text = "variables: {n: 1}\nnodes: [{id: g, type: get_variable, config: {name: n}}]"
    from tests.domain.spec import World

    assert World(text).start(None, variables=b'{"n":7}').output == 7


@pytest.mark.parametrize(
    ("scope", "written"), [("", "f[0]"), (", scope: workflow", ""), (", scope: node", "f[0]/t.body"), (", scope: loop", "f[0]")]
)
def test_a_variable_is_written_to_the_scope_that_is_meant(scope: str, written: str) -> None:
    text = """
    variables: {n: 0}
    nodes:
      - id: f
        type: for_each
        config:
          items: [1]
          body: {variables: {n: 1}, nodes: [{id: t, type: try, config: {body: {nodes: [{id: s, type: set_variable, config: {name: n, value: 9%s}}]}}}]}
    """
    assert [event.scope for event in run(text % scope).events(VariableSet) if event.value == b"9"] == [written]


def test_each_iteration_has_its_own_variables() -> None:
    text = """
    nodes:
      - id: f
        type: for_each
        config:
          items: [1, 2]
          concurrency: 2
          body:
            variables: {n: "{{ iteration.item }}"}
            nodes: [{id: s, type: set_variable, config: {name: n, value: "{{ vars.n * 10 }}"}}, {id: g, type: get_variable, config: {name: n}}]
            edges: [{from: s, to: g}]
    """
    assert run(text).output == [10, 20]


def test_writes_to_the_workflow_apply_in_the_order_of_the_journal() -> None:
    text = """
    variables: {n: ""}
    nodes:
      - id: f
        type: for_each
        config:
          items: ["30ms", "10ms", "20ms"]
          concurrency: 3
          body:
            nodes: [{id: d, type: delay, config: {for: "{{ iteration.item }}"}}, {id: s, type: set_variable, config: {name: n, value: "{{ vars.n + iteration.item + ' ' }}"}}]
            edges: [{from: d, to: s}]
    output: "{{ vars.n }}"
    """
    assert run(text).output == "10ms 20ms 30ms "


@pytest.mark.parametrize(("first", "output"), [("5", 5), ("null", "none")])
def test_a_variable_without_a_value_gives_the_default(first: str, output: object) -> None:
    assert run(f"variables: {{n: {first}}}\nnodes: [{{id: g, type: get_variable, config: {{name: n, default: none}}}}]").output == output


def test_a_value_put_in_is_never_read_as_a_template_again() -> None:
    assert run("nodes: [{id: s, type: transform, config: {operation: value, value: '{{ input }}'}}]", "{{ 1 + 1 }}").output == "{{ 1 + 1 }}"


def test_variables_get_their_first_values_in_the_order_written() -> None:
    world = run("variables: {price: 2, both: '{{ vars.price * 2 }}'}\nnodes: [{id: n, type: get_variable, config: {name: both}}]")
    assert world.output == 4
