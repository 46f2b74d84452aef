"""Templates: one alone keeps its type, mixed text is text, what is put in is never read again."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ExpressionError
from domain.expressions import VALUE_DEPTH_MAX, has_template, value

NAMES = {"input": {"id": 7, "name": "Ada", "list": [1, 2.5, None], "none": None, "yes": True, "sly": "{{ input.id }}", "ö": "ü"}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("{{ input.id }}", 7),
        ("{{input.list}}", [1, 2.5, None]),
        (" {{ input.id }}", " 7"),
        ("{{ input.id }}\n", "7\n"),
        ("order {{ input.id }} of {{ input.name }}", "order 7 of Ada"),
        ("{{ input.id }}{{ input.name }}", "7Ada"),
        ("{{ input.list }} {{ input.none }} {{ input.yes }}", "[1,2.5,null] null true"),
        ("ü: {{ {'ä': 'ö'} }}", 'ü: {"ä":"ö"}'),
        ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
        ("{{ {'a': {'b': 1}}}}", {"a": {"b": 1}}),
        ("{{{'a': 1}}}", {"a": 1}),
        ("{{ '}}' }}", "}}"),
        ("{{ \"}}\" + '}}' + r'}}\\d' + '''}}'}}''' }}", "}}}}}}\\d}}'}}"),
        ("{{ '\\'}}' }}", "'}}"),
        ('{{ "{{" }} x }}', "{{ x }}"),
        ("a }} b } c { d", "a }} b } c { d"),
        ("{{ input.id // the id }}", 7),
        ("{{\n  input.id\n  + 1\n}}", 8),
    ],
)
def test_a_string_is_filled_in(raw: str, expected: object) -> None:
    assert value(raw).render(NAMES) == expected


def test_what_is_put_in_is_never_read_as_a_template() -> None:
    assert value("{{ input.sly }}").render(NAMES) == "{{ input.id }}"
    assert value("so: {{ input.sly }}").render(NAMES) == "so: {{ input.id }}"


def test_templates_are_filled_in_at_any_depth_and_the_raw_value_stays() -> None:
    raw: dict[str, Any] = {"a": ["{{ input.id }}", {"b": "n {{ input.name }}"}], "c": 1, "{{ key }}": None}
    one = value(raw)
    assert one.render(NAMES) == {"a": [7, {"b": "n Ada"}], "c": 1, "{{ key }}": None}
    assert raw["a"][0] == "{{ input.id }}"
    assert [reference.path for reference in one.references] == [("id",), ("name",)]
    assert [one.source for one in one.programs] == ["input.id", "input.name"]


@pytest.mark.parametrize("raw", [None, True, 1, 1.5, "text", "a } b }}", [], {}, {"a": [1, {"b": "{ }"}]}])
def test_a_value_without_templates_is_static(raw: object) -> None:
    one = value(raw)
    assert one.is_static
    assert one.literal == raw
    assert one.render({}) == raw
    assert one.references == ()


def test_check_finds_the_wrong_expression_in_any_place() -> None:
    with pytest.raises(ExpressionError, match="unknown name `order`"):
        value({"a": ["{{ input.id }}", "x {{ order.id }}"]}).check()


@pytest.mark.parametrize("raw", ["{{ input.id", "a {{ input.id } }", "{{ (input.id }}", "{{ input.id) }}", "{{", "{{ [1}} ]"])
def test_a_template_that_is_not_closed_is_named(raw: str) -> None:
    with pytest.raises(ExpressionError, match="is not closed") as caught:
        value([raw])
    assert raw[raw.index("{{") :][:40] in str(caught.value)


def test_a_string_that_is_not_closed_is_found_when_the_expression_is_checked() -> None:
    with pytest.raises(ExpressionError, match="a string is not closed"):
        value("{{ 'x }}").check()


@pytest.mark.parametrize("raw", ["{{}}", "{{   }}", "a {{ }} b"])
def test_an_empty_template_is_an_error(raw: str) -> None:
    with pytest.raises(ExpressionError, match="holds no expression"):
        value(raw)


def test_an_expression_in_a_template_has_a_longest_length() -> None:
    with pytest.raises(ExpressionError, match="4,000"):
        value("{{ " + "1 + " * 2_000 + "1 }}")


def test_a_value_has_a_greatest_depth() -> None:
    def nested(depth: int, leaf: object) -> object:
        for _ in range(depth):
            leaf = [leaf]
        return leaf

    assert value(nested(VALUE_DEPTH_MAX, "{{ input.id }}")).render(NAMES) == nested(VALUE_DEPTH_MAX, 7)
    for leaf in ("{{ input.id }}", 1):
        with pytest.raises(ExpressionError, match="nested deeper than 200"):
            value(nested(VALUE_DEPTH_MAX + 1, leaf))
    with pytest.raises(ExpressionError, match="nested deeper than 200"):
        value(nested(50_000, 1))


def test_has_template_looks_for_the_beginning() -> None:
    assert has_template("a {{ b")
    assert not has_template("a { b }}")


plain = st.text(alphabet="ab {}'\"\\`/\nü", max_size=12).filter(lambda text: "{{" not in text and not text.endswith("{"))
literals = st.text(alphabet="ab{}() \\'\"/ü", max_size=8)


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@given(st.lists(st.tuples(plain, literals), max_size=4), plain)
def test_text_made_of_any_pieces_survives(pieces: list[tuple[str, str]], tail: str) -> None:
    raw = "".join(f"{text}{{{{ {quoted(literal)} }}}}" for text, literal in pieces) + tail
    assert value(raw).render({}) == "".join(text + literal for text, literal in pieces) + tail


@given(st.text(alphabet="{}'\"ab ()[].?\\/", max_size=40))
def test_any_text_is_either_read_or_refused(raw: str) -> None:
    with suppress(ExpressionError):
        value(raw).check()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(alphabet="ab}", max_size=4),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_without_templates_stays_as_it_is(raw: object) -> None:
    assert value(raw).render({}) == raw
