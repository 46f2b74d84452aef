"""Inputs against their schema: exact numbers, linear patterns, defaults, and a bound for any schema and any value."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidInput
from domain.definition.compile import compile_definition
from domain.definition.findings import Findings
from domain.definition.input_check import check_input_schema
from domain.definition.input_defaults import ADDED_BYTES_MAX, with_defaults
from domain.definition.input_parts import PARTS_MAX, Endless, Schema, TooWide
from domain.definition.input_schema import PARTS_FREE, WORK_MAX, check
from domain.definition.inputs import taken_input
from tests.calls import calls_of


def refusal(schema: Any, value: Any) -> list[tuple[str, str, str]]:
    """Where a value is refused, by which keyword, in which words."""
    try:
        check(schema, value, len(json.dumps(value)))
    except InvalidInput as error:
        return [(problem.path, problem.rule, problem.message) for problem in error.problems]
    return []


def findings(schema: Any) -> list[tuple[str, str]]:
    found = Findings()
    check_input_schema(schema, found)
    return [(problem.path, problem.message) for problem in found.told()]


def test_each_thing_that_is_not_allowed_is_told_with_its_place() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"a/b": {"type": "array", "items": {"type": "integer"}}}}
    assert refusal(schema, {"a/b": [1, "x", 2.5]}) == [
        ("", "required", '"id" is a required property'),
        ("/a~1b/1", "type", '`x` is not of type "integer"'),
        ("/a~1b/2", "type", '2.5 is not of type "integer"'),
    ]


@pytest.mark.parametrize("amount", [19.99, 0.07, 4.35, 1e15, 10**30, 0])
def test_multiples_of_a_decimal_are_exact(amount: Any) -> None:
    assert not refusal({"multipleOf": 0.01}, amount)


def test_what_is_no_multiple_of_a_decimal_is_refused() -> None:
    assert refusal({"multipleOf": 0.01}, 1.005)


@pytest.mark.parametrize(("limit", "value", "fits"), [(2**64, 2**64, True), (2**64, 2**64 + 1, False), (2**53 + 1, float(2**53), True)])
def test_whole_numbers_are_compared_exactly(limit: int, value: Any, fits: bool) -> None:
    assert bool(refusal({"maximum": limit}, value)) is not fits


def test_a_number_with_a_fraction_of_nothing_is_not_another_number() -> None:
    assert refusal({"enum": [2**53 + 1]}, float(2**53))
    assert not refusal({"const": 1}, 1.0)
    assert refusal({"const": 1}, True)


def test_a_pattern_is_searched_and_its_end_is_the_end_of_the_text() -> None:
    assert not refusal({"pattern": "b"}, "abc")
    assert refusal({"pattern": "^[a-z]+$"}, "abc\n")


@pytest.mark.parametrize("pattern", ["^(?!a)", r"(a)\1", "(", "(.{0,500}a){1,20}$"])
def test_a_pattern_that_may_take_long_is_refused_when_published(pattern: str) -> None:
    assert [path for path, _ in findings({"properties": {"a": {"pattern": pattern}}})] == ["input.properties.a.pattern"]
    assert next(path for path, _ in findings({"patternProperties": {pattern: {}}})).startswith("input.patternProperties.")


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"if": {"$ref": "#/$defs/a"}}}},
        {"properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/properties/a"}]}}},
        {"$dynamicAnchor": "n", "oneOf": [{"$dynamicRef": "#n"}]},
    ],
)
def test_a_schema_that_refers_to_itself_for_the_same_value_is_refused(schema: Any) -> None:
    assert [said for _, said in findings(schema)] == ["the schema refers to itself for the same value, without end"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}},
        {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
        {"$id": "https://x.example/a", "$defs": {"q": {"$id": "q", "type": "string"}}, "properties": {"a": {"$ref": "q"}}},
        {"$defs": {"q": {"$anchor": "here", "type": "string"}}, "items": {"$ref": "#here"}},
        {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "object"}}},
        {"oneOf": [{"const": number} for number in range(500)]},
    ],
)
def test_a_schema_that_ends_is_taken(schema: Any) -> None:
    assert findings(schema) == []


def doubling(levels: int) -> dict[str, Any]:
    """`levels` definitions, each of which is the next one twice."""
    defs: dict[str, Any] = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**defs, f"d{levels}": {"type": "integer"}}}


def test_a_schema_that_holds_one_value_to_too_many_parts_is_refused() -> None:
    assert findings(doubling(6)) == []
    with pytest.raises(TooWide):
        Schema(doubling(40)).width()
    assert findings(doubling(40)) == [("input", f"one value would be held to more than {PARTS_MAX:,} parts of the schema")]


def test_a_wide_schema_takes_shorter_inputs() -> None:
    wide = {"items": {"anyOf": [{"const": number} for number in range(PARTS_FREE * 5)]}}
    assert not refusal(wide, [0])
    with pytest.raises(InvalidInput, match=r"bytes are too many where the schema holds one value to \d+ parts"):
        check(wide, [0], WORK_MAX)
    check({"items": {"type": "integer"}}, [0], WORK_MAX)


def test_a_schema_that_refers_to_itself_in_several_ways_is_checked_and_no_place_is_told() -> None:
    grammar = {
        "oneOf": [{"type": "integer"}, {"required": ["not"], "properties": {"not": {"$ref": "#"}}}, {"properties": {"neg": {"$ref": "#"}}}]
    }
    either = {"properties": {"c": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}, "type": ["object", "integer"]}
    assert not Schema(grammar).width().doubles
    assert Schema(either).width().doubles
    value: Any = "x"
    for _ in range(150):
        value = {"c": value}
    assert [(path, rule) for path, rule, _ in refusal(either, value)] == [("", "input")]


def test_unique_items_take_time_in_proportion() -> None:
    items = [{"n": number, "of": [number]} for number in range(20_000)]
    assert not refusal({"uniqueItems": True}, items)
    assert refusal({"uniqueItems": True}, [*items, {"of": [7], "n": 7}])


def test_of_a_large_input_the_first_problem_is_told() -> None:
    assert len(refusal({"items": {"type": "integer"}}, ["x"] * 50_000)) == 1
    assert len(refusal({"items": {"type": "integer"}}, ["x"] * 10)) == 10


def test_a_message_does_not_hold_the_whole_value() -> None:
    assert all(len(said) < 300 for _, _, said in refusal({"type": "integer", "maxLength": 3}, "x" * 5_000))


# Defaults.


def test_a_missing_field_gets_its_default() -> None:
    schema = {"properties": {"size": {"default": 3}, "to": {"properties": {"city": {"default": "Oslo"}}}}}
    given: Any = {"to": {}}
    assert with_defaults(schema, given) == {"to": {"city": "Oslo"}, "size": 3}
    assert given == {"to": {}}


def test_a_default_is_put_in_as_it_is_and_null_is_a_value() -> None:
    schema = {"properties": {"to": {"default": {}, "properties": {"city": {"default": "Oslo"}}}}}
    assert with_defaults(schema, {}) == {"to": {}}
    assert with_defaults(schema, {"to": None}) == {"to": None}


def test_defaults_are_found_behind_references_and_in_items_but_not_behind_alternatives() -> None:
    line = {"properties": {"count": {"default": 1}}}
    schema = {"$defs": {"line": line}, "properties": {"lines": {"items": {"allOf": [{"$ref": "#/$defs/line"}]}}}, "anyOf": [line, {}]}
    assert with_defaults(schema, {"lines": [{}, {"count": 2}, 3]}) == {"lines": [{"count": 1}, {"count": 2}, 3]}


def test_where_nothing_is_missing_the_input_is_the_same_object() -> None:
    given: Any = {"size": 1, "list": [{}]}
    assert with_defaults({"properties": {"size": {"default": 3}}}, given) is given
    assert with_defaults({"type": "object"}, given) is given


def test_a_schema_that_refers_to_itself_fills_in_what_is_there() -> None:
    schema = {"properties": {"name": {"default": "x"}, "next": {"$ref": "#"}}}
    assert with_defaults(schema, {"next": {"next": {}}}) == {"name": "x", "next": {"name": "x", "next": {"name": "x"}}}


def test_the_schemas_of_items_are_followed_once_however_many_items_there_are() -> None:
    schema = {"items": {"allOf": [{"properties": {"a": {"properties": {"b": {"default": n}}}}} for n in range(500)]}}
    few, many = (calls_of("followed", partial(with_defaults, schema, [{"a": {"b": 1}}, [], 0] * items)) for items in (1, 100))
    assert few == many >= 500


def test_defaults_may_add_so_much() -> None:
    schema = {"items": {"properties": {"text": {"default": "x" * 10_000}}}}
    assert len(with_defaults(schema, [{}] * 100)) == 100
    with pytest.raises(InvalidInput, match="would add more than"):
        with_defaults(schema, [{}] * (ADDED_BYTES_MAX // 10_000 + 1))


def test_what_was_published_in_the_first_language_gets_no_defaults() -> None:
    schema = {"properties": {"n": {"default": 3}}}
    for language, taken in ((None, {}), (1, {}), (2, {"n": 3})):
        fields = {"name": "w", "input": schema, "nodes": [{"id": "a", "type": "noop"}], "language": language}
        assert taken_input(compile_definition(WorkflowDefinition.model_validate(fields)), {}, 2) == taken


def test_what_defaults_add_counts_for_the_bound() -> None:
    wide = {"default": ["x"] * 60_000, "items": {"anyOf": [{"const": number} for number in range(99)] + [{"type": "string"}]}}
    fields = {"name": "w", "input": {"properties": {"l": wide}}, "nodes": [{"id": "a", "type": "noop"}], "language": 2}
    with pytest.raises(InvalidInput, match="bytes are too many"):
        taken_input(compile_definition(WorkflowDefinition.model_validate(fields)), {}, 2)


# Any schema, any value.

KEYWORDS = {
    "type": st.sampled_from(["object", "array", "integer", "string", ["null", "number"], "nope", 3]),
    "required": st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True),
    "maximum": st.integers(-3, 2**65),
    "multipleOf": st.sampled_from([0.01, 3, 0]),
    "pattern": st.sampled_from(["a", "^(a+)+$", "(", "(?=a)"]),
    "const": st.sampled_from([1, 1.0, True, None, {}]),
    "$ref": st.sampled_from(["#", "#/$defs/d", "#/properties/a", "#/nowhere", "#x", "https://x.example/y"]),
    "default": st.integers(),
    "uniqueItems": st.booleans(),
    "$id": st.sampled_from(["q", "https://x.example/r"]),
    "$anchor": st.just("x"),
}


def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    inner = st.one_of(inner, st.booleans(), st.none())
    return st.fixed_dictionaries(
        {},
        optional={
            **KEYWORDS,
            **dict.fromkeys(("items", "not", "additionalProperties", "if", "then", "contains", "propertyNames"), inner),
            **{keyword: st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2) for keyword in ("properties", "patternProperties")},
            **{keyword: st.lists(inner, max_size=2) for keyword in ("allOf", "anyOf", "oneOf", "prefixItems")},
            "$defs": st.fixed_dictionaries({"d": inner}),
        },
    )


SCHEMAS = deeper(st.recursive(st.fixed_dictionaries({}, optional=KEYWORDS), deeper, max_leaves=5))
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["a", "aab", ""]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)),
    max_leaves=8,
)


@given(SCHEMAS, VALUES)
@settings(max_examples=400, deadline=None)
def test_a_schema_is_refused_with_a_place_or_takes_and_refuses_values(schema: Any, value: Any) -> None:
    found = findings(schema)
    assert all(path.startswith("input") for path, _ in found)
    said = refusal(schema, with_defaults(schema, value))
    if not found:
        assert all(rule != "input_schema" for _, rule, _ in said)


@given(SCHEMAS, VALUES)
@settings(max_examples=300, deadline=None)
def test_what_is_published_is_judged_as_the_reference_implementation_judges_it(schema: Any, value: Any) -> None:
    text = json.dumps(schema)
    if findings(schema) or any(word in text for word in ('"multipleOf": 0.01', '"$id"')):
        return
    assert (not refusal(schema, value)) == Draft202012Validator(schema).is_valid(value)


def test_endless_is_told_where_it_is() -> None:
    with pytest.raises(Endless) as endless:
        Schema({"properties": {"a": {"$ref": "#/properties/a"}}}).width()
    assert endless.value.path == ("properties", "a")
