"""Where problems stand in the text of a definition: line, column, node; the same for YAML and JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Problem
from domain.definition.document import parse_document
from domain.definition.text_positions import located

YAML = """\
# a comment
name: demo
nodes:
  - id: first
    type: noop
  - {id: loop, type: repeat, config: {times: 3,
      body: {nodes: [{id: inner, type: delay}]}}}
edges:
- {from: first, to: nowhere}
"""


def place(text: str, path: str) -> tuple[int, int, str]:
    problem = located([Problem(path, "rule", "message")], text, parse_document(text))[0]
    return problem.line, problem.column, problem.node


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name", (2, 1, "")),
        ("nodes", (3, 1, "")),
        ("nodes[0]", (4, 5, "first")),
        ("nodes[0].type", (5, 5, "first")),
        ("nodes[1].config.times", (6, 39, "loop")),
        ("nodes[1].config.body.nodes[0].type", (7, 34, "inner")),
        ("edges[0].to", (9, 17, "")),
    ],
)
def test_a_problem_has_the_line_and_column_of_its_field(path: str, expected: tuple[int, int, str]) -> None:
    assert place(YAML, path) == expected


def test_what_is_missing_is_told_at_what_it_is_missing_from() -> None:
    assert place(YAML, "nodes[1].config.body.nodes[0].config.for") == (7, 22, "inner")
    assert place(YAML, "settings.timeout") == (0, 0, "")


def test_json_has_places_too() -> None:
    text = '\ufeff{\n\t"name": "demo",\n\t"nodes": [{"id": "a\\"]", "type": "noop"},\n\t\t{"id": "b",\n"type": 3}]}'
    assert place(text, "nodes[1].type") == (5, 1, "b")
    assert place(text, "nodes[0].type") == (3, 27, 'a"]')


def test_an_alias_is_told_where_it_stands() -> None:
    text = "name: demo\nx: &shared {retry: {max_attempts: 0}}\nnodes:\n  - {id: a, type: noop, config: *shared}\n"
    assert place(text, "nodes[0].config.retry.max_attempts") == (4, 25, "a")


def test_a_key_with_a_dot_in_it_is_found() -> None:
    assert place('name: demo\nnodes: []\nvariables:\n  "a.b": 1\n', "variables.a.b") == (4, 3, "")


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "a", '"', "{[", "ä", "\\"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "nodes", "id", ""]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["name", "nodes", "x"]), VALUES), st.sampled_from([None, 1]))
def test_every_value_of_a_json_text_has_a_place_on_its_line(document: dict[str, object], indent: int | None) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    problems = located([Problem(name, "rule", "message") for name in document], text, document)
    lines = text.split("\n")
    for problem in problems:
        assert lines[problem.line - 1][problem.column - 1 :].startswith(json.dumps(problem.path))


@pytest.mark.parametrize("name", ["a]", "]", "[", "a[", "a[x]", "[1]x]", "..", "a.", ".", "", "]]]]"])
def test_a_name_that_looks_like_a_step_of_a_path_keeps_nobody_searching(name: str) -> None:
    (problem,) = located([Problem(f"nodes[0].{name}", "unknown_field", "no such field")], json.dumps({"nodes": [{"id": "n", "x": 1}]}), {})
    assert problem.line == 1
