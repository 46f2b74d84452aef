# ruff: noqa: E501 - a node of a definition stands on one line
"""What a body gives: its `output`, the last end, the single last node, an object of the last nodes."""

from typing import Any

import pytest

from tests.domain.spec import run, slow


@pytest.mark.parametrize(
    ("body", "output"),
    [
        ("nodes: [{id: a, type: a}, {id: e, type: end, config: {output: 1}}]\noutput: {v: '{{ nodes.a.output }}'}", {"v": 5}),
        ("nodes: [{id: a, type: a}, {id: e, type: end, config: {output: 1}}]\noutput: null", None),
        ("nodes: [{id: a, type: a}, {id: e, type: end, config: {output: 1}}]", 1),
        ("nodes: [{id: a, type: a}, {id: b, type: merge}]\nedges: [{from: a, to: b}]", 5),
        ("nodes: [{id: a, type: a}, {id: b, type: merge}]", {"a": 5, "b": 7}),
        ("nodes: [{id: a, type: a}, {id: b, type: merge}]\nedges: [{from: a, to: b, when: 'false'}]", 5),
        ("nodes: [{id: a, type: a, when: 'false'}]", None),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_the_output_of_a_body(body: str, output: Any, nested: bool) -> None:
    if nested:
        lines = "\n".join("      " + line for line in body.splitlines())
        body = f"nodes:\n - id: t\n   type: try\n   config:\n     body:\n{lines.replace('      ', '       ')}"
    assert run(body, 7, {"a": slow(5, 5)}).output == output


def test_a_node_that_completed_as_cancelled_does_not_count_as_a_last_one() -> None:
    assert run("nodes: [{id: a, type: never}, {id: c, type: cancel, config: {nodes: [a]}}]").output == ["a"]


def test_an_output_that_cannot_be_evaluated_fails_the_execution() -> None:
    assert run("settings: {on_failure: fail}\nnodes: [{id: a, type: a}]\noutput: '{{ nodes.a.output.no }}'", {}).error == "expression"


def test_an_output_of_a_nested_body_that_cannot_be_evaluated_is_caught() -> None:
    text = """
    nodes:
      - id: t
        type: try
        config: {body: {nodes: [{id: a, type: a}], output: "{{ nodes.a.output.no }}"}, catch: [{errors: [expression], body: {nodes: [{id: h, type: h}]}}]}
    """
    assert run(text, {}).ran == ["t.body/a", "t.catch[0]/h"]
