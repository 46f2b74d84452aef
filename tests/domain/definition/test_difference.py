"""What is different between two definitions, by id and field, and as text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.definition.difference import Change, changes_between
from domain.definition.layout import layout_hash, without_layout
from domain.definition.text_difference import LINES_MAX, text_difference

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, -0.0, 1.0, 1e300]) | st.sampled_from(["", "a", "id", "from"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "from", "to", "type", "nodes", "a"]), inner, max_size=4)
        | st.lists(st.fixed_dictionaries({"id": st.sampled_from("abc")}, optional={"x": inner}), max_size=3)
        | st.lists(st.fixed_dictionaries({"from": st.sampled_from("ab"), "to": st.sampled_from(["b", "b #2"])}), max_size=3)
    ),
    max_leaves=8,
)
TEXTS = st.text(st.sampled_from("ab\n\r\x0b\x85"), max_size=30)


def changes(before: Any, after: Any) -> list[Change]:
    return changes_between(json.dumps(before).encode(), json.dumps(after).encode())


@given(VALUES, VALUES)
def test_there_is_no_change_exactly_where_both_say_the_same(before: Any, after: Any) -> None:
    assert (changes(before, after) == []) == (json.dumps(before) == json.dumps(after))


@given(VALUES)
def test_what_is_the_same_has_no_change(value: Any) -> None:
    assert changes(value, value) == []


def test_nodes_and_edges_are_named_by_id_also_in_bodies() -> None:
    def loop(url: str, ends: tuple[str, str]) -> dict[str, Any]:
        body = {"nodes": [{"id": "get", "type": "http_request", "config": {"url": url}}], "edges": [{"from": ends[0], "to": ends[1]}]}
        return {"name": "w", "nodes": [{"id": "loop", "type": "for_each", "config": {"body": body}}]}

    assert changes(loop("old", ("get", "a")), loop("new", ("get", "b"))) == [
        Change("changed", "node", "get", "nodes[loop].config.body.nodes[get].config.url", "old", "new"),
        Change("removed", "edge", "get -> a", "nodes[loop].config.body.edges[get -> a]", {"from": "get", "to": "a"}),
        Change("added", "edge", "get -> b", "nodes[loop].config.body.edges[get -> b]", None, {"from": "get", "to": "b"}),
    ]


def test_a_node_in_another_place_is_reordered_and_no_other_node_is_changed() -> None:
    a, b, c = ({"id": name, "type": "noop"} for name in "abc")
    assert changes({"nodes": [a, b]}, {"nodes": [c, b, a]}) == [
        Change("added", "node", "c", "nodes[c]", None, c),
        Change("reordered", "workflow", "", "nodes", ["a", "b"], ["b", "a"]),
    ]


@pytest.mark.parametrize(("before", "after"), [(1, 1.0), (True, 1), (0.0, -0.0), (None, False), ([], {}), ("1", 1)])
def test_values_that_expressions_tell_apart_are_different(before: Any, after: Any) -> None:
    assert [one.change for one in changes({"a": before}, {"a": after})] == ["changed"]


def test_a_thousand_edges_the_same_way_are_told_apart() -> None:
    edge = {"from": "a", "to": "b"}
    assert changes({"edges": [edge] * 1_000}, {"edges": [edge] * 1_001}) == [
        Change("added", "edge", "a -> b #1001", "edges[a -> b #1001]", None, edge)
    ]


# As text.


def patched(before: str, difference: str) -> str:
    """What becomes of a text by a unified diff, each of its lines checked against what is there."""
    old = before.split("\n")
    made: list[str] = []
    at = 0
    lines = difference.split("\n")[2:-1] if difference else []
    for line in lines:
        if line.startswith("@@"):
            start, _, count = line.split(" ")[1].removeprefix("-").partition(",")
            begin = int(start) - (count != "0")
            made += old[at:begin]
            at = begin
        elif line.startswith("\\"):
            made[-1:] = [made[-1]] if made else []
        elif line.startswith("+"):
            made.append(line[1:])
        else:
            assert old[at] == line[1:]
            at += 1
            made += [line[1:]] if line.startswith(" ") else []
    return "\n".join(made + old[at:])


@given(TEXTS, TEXTS)
def test_the_diff_leads_from_one_text_to_the_other(before: str, after: str) -> None:
    before, after = before + "\n", after + "\n"
    assert patched(before, text_difference(before, after, "a", "b")) == after


@pytest.mark.parametrize("lines", [LINES_MAX, LINES_MAX + 1])
def test_texts_that_differ_everywhere_are_told_whole_beyond_the_limit(lines: int) -> None:
    before = "".join(["same\n", *(f"old {line}\n" for line in range(lines)), "same\n"])
    after = "".join(["same\n", *(f"new {line}\n" for line in reversed(range(lines))), "same\n"])
    told = text_difference(before, after, "a", "b")
    assert patched(before, told) == after
    assert told.count("\n-old") == told.count("\n+new") == lines


def test_a_last_line_without_an_end_says_so() -> None:
    assert text_difference("a\nb", "a\nb\n", "1", "2") == "--- 1\n+++ 2\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"
    assert text_difference("a\r\n", "a\n", "1", "2") == "--- 1\n+++ 2\n@@ -1 +1 @@\n-a\r\n+a\n"
    assert text_difference("a", "a", "1", "2") == ""


def test_where_nodes_stand_in_the_picture_is_left_out_also_in_bodies_and_in_nothing_that_belongs_to_users() -> None:
    def definition(x: int, url: str = "/") -> bytes:
        at = {"position": {"x": x, "y": 0}}
        leaf = {"id": "a", "type": "own", **at, "config": {"url": url, "nodes": [{"type": "own", "position": {"x": 1, "y": 2}}]}}
        inner = {"nodes": [leaf]}
        nodes = [
            {"id": "e", "type": "for_each", **at, "config": {"items": [1], "body": inner}},
            {"id": "p", "type": "parallel", **at, "config": {"branches": {"l": inner, "r": inner}}},
            {"id": "t", "type": "try", **at, "config": {"body": inner, "catch": [{"body": inner}], "finally": inner}},
        ]
        return json.dumps({"name": "w", "nodes": nodes, "settings": {"on_error": inner}}).encode()

    assert len(changes_between(definition(1), definition(2))) > 5
    assert changes_between(definition(1), definition(2), layout=False) == []
    assert layout_hash(definition(1)) == layout_hash(definition(2)) != layout_hash(definition(2, "/b"))
    assert len(changes_between(definition(1), definition(2, "/b"), layout=False)) == 7
    own = without_layout(definition(1))["nodes"][0]["config"]["body"]["nodes"][0]["config"]["nodes"]
    assert own == [{"type": "own", "position": {"x": 1, "y": 2}}]
