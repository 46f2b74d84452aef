"""Texts of definitions: what JSON and YAML mean, and that nothing a text can be brings the reader down."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.errors import InvalidDefinition, Problem
from domain.definition.document import parse_document
from domain.definition.text import DEPTH_MAX, VALUES_MAX


def problem_of(text: str | bytes, syntax: Any = None) -> Problem:
    with pytest.raises(InvalidDefinition) as raised:
        parse_document(text, syntax)
    (problem,) = raised.value.problems
    assert problem.message
    assert problem.fix
    return problem


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("Off", "off".title()),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("Null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T12:00:00Z", "2024-01-31T12:00:00Z"),
        ("12:30:00", "12:30:00"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("!!float 1", 1.0),
        ("=", "="),
        ("a<<b", "a<<b"),
    ],
)
def test_a_plain_word_means_what_the_core_schema_of_yaml_1_2_says(written: str, meant: object) -> None:
    found = parse_document(f"value: {written}\n", "yaml")["value"]
    assert (found, type(found)) == (meant, type(meant))


def test_a_key_called_on_stays_a_text() -> None:
    assert parse_document("on: 1\nno: 2\n") == {"on": 1, "no": 2}


def test_an_alias_stands_for_a_copy_of_its_value() -> None:
    assert parse_document("a: &x {b: [1]}\nc: *x\n") == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize("text", ['{"a": [1, {"b": "c"}]}', '\ufeff{"a": [1, {"b": "c"}]}', "{a: [1, {b: c}]}", "a: [1, {b: c}]"])
def test_the_syntax_is_found_from_the_text(text: str) -> None:
    assert parse_document(text) == {"a": [1, {"b": "c"}]}
    assert parse_document(text.encode()) == {"a": [1, {"b": "c"}]}


def test_yaml_is_not_json_where_json_is_asked_for() -> None:
    assert problem_of("{a: 1}", "json").rule == "syntax"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", (5, 3)),
        ('{"a": 1,\n "b": {"c": ["c", {"c": 1}], "c": 2}}', (2, 30)),
        ('{"a\\u0062": 1, "ab": 2}', (1, 16)),
    ],
)
def test_a_doubled_key_is_refused_with_its_place(text: str, place: tuple[int, int]) -> None:
    problem = problem_of(text)
    assert problem.rule == "doubled_key"
    assert (problem.line, problem.column) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: b: c", (1, 5)),
        ("a: 'x", (1, 6)),
        ('{"a": [1,2,}', (1, 12)),
        ("a: 1\n\tb: 2", (2, 1)),
    ],
)
def test_a_broken_text_is_refused_with_its_place(text: str, place: tuple[int, int]) -> None:
    problem = problem_of(text)
    assert problem.rule == "syntax"
    assert (problem.line, problem.column) == place


@pytest.mark.parametrize(
    "text",
    [
        "1: a",
        "true: a",
        "? [a]\n: b",
        "a: 1\n---\nb: 2",
        "a: !!python/object/apply:os.system [ls]",
        "a: !mine x",
        "a: !!int x",
        "a: !!set {b}",
        "<<: {a: 1}",
        "a: &x [*x]",
        "a: *x",
        "a: {{ input.x }}",
        "a: \x01",
    ],
)
def test_what_is_no_json_value_is_a_fault_of_syntax(text: str) -> None:
    assert problem_of(text).rule == "syntax"


@pytest.mark.parametrize("text", [b"\xff\xfea\x00", b"a: \xc3\x28", "a: \ud800", '{"a": "\\ud800"}'])
def test_what_is_not_utf_8_is_refused(text: str | bytes) -> None:
    assert problem_of(text).rule == "encoding"


@pytest.mark.parametrize("text", ["", "  \n", "# only a comment\n", b""])
def test_an_empty_document_is_refused(text: str | bytes) -> None:
    assert problem_of(text).rule == "empty"


@pytest.mark.parametrize("text", ["[1]", "a", "1", "---\n", "null", '"text"'])
def test_a_document_is_an_object(text: str) -> None:
    assert problem_of(text).rule == "not_an_object"


@pytest.mark.parametrize(
    "text", ["a: .inf", "a: .NaN", '{"a": NaN}', '{"a": 1e999}', "a: 1e999", f"a: {'1' * 5000}", f'{{"a": {"1" * 5000}}}']
)
def test_a_number_fits_into_json_and_64_bits(text: str) -> None:
    assert problem_of(text).rule == "number"


def test_whole_numbers_have_64_bits() -> None:
    assert parse_document(f"a: {2**64 - 1}\nb: {-(2**63)}") == {"a": 2**64 - 1, "b": -(2**63)}
    assert problem_of(f"a: {2**64}").rule == "number"


HUGE = "1" * 5_001


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ('{"a":\n [2, 1e400]}', (2, 6), "`1e400`"),
        ('{"a": "1e400", "b": -1E+400}', (1, 21), "`-1E+400`"),
        ('{"a": [NaN]}', (1, 8), "`NaN`"),
        ('{"a": -Infinity}', (1, 7), "`-Infinity`"),
        (f'{{"a":\n {HUGE}}}', (2, 2), "(5,001 digits)"),
        ('{"a": 18446744073709551616}', (1, 2), "`18446744073709551616`"),
        ('{"a": ["\\\\ud800 \\ud83d\\ude00 \\udc00"]}', (1, 30), "\\udc00"),
        ("b: 1\na: 1e400", (2, 4), "`1e400`"),
        ("ä: 1\nb: ä\x01", (2, 5), "control characters"),
        (f"a: 0x{'F' * 2_000}", (1, 4), "`0xFFFF"),
        ("a: [-.inf]", (1, 5), "`-.inf`"),
        (f"a: {HUGE}", (1, 4), "(5,001 digits)"),
        ("a: {b: 18446744073709551616}", (1, 5), "`18446744073709551616`"),
    ],
)
def test_a_bad_value_is_shown_as_it_was_written_with_its_place(text: str, place: tuple[int, int], found: str) -> None:
    problem = problem_of(text)
    assert (problem.line, problem.column) == place
    assert found in problem.message


@pytest.mark.parametrize("written", [str(2**64), str(-(2**63) - 1), "9" * 308])
def test_the_way_out_of_a_number_that_is_too_long_is_one(written: str) -> None:
    problem = problem_of(f"input: {{maximum: {written}}}")
    assert problem.path == "input.maximum"
    meant = problem.fix.split("`")[1]
    assert parse_document(f"a: {meant}")["a"] == pytest.approx(float(written))


def test_a_problem_of_a_text_says_its_place_where_only_the_message_is_shown() -> None:
    with pytest.raises(InvalidDefinition, match="line 2, column 1"):
        parse_document("a: 1\n\tb: 2")


# Limits.


def test_a_document_beyond_the_limit_is_not_even_looked_at() -> None:
    at_limit = '{"a": "' + "x" * (DEFINITION_BYTES_MAX - 9) + '"}'
    assert len(at_limit) == DEFINITION_BYTES_MAX
    assert parse_document(at_limit)
    for text in (at_limit + " ", "x" * 10_000_000, b"x" * 10_000_000, "ä" * (DEFINITION_BYTES_MAX // 2 + 1)):
        problem = problem_of(text)
        assert problem.rule == "too_large"
        assert "DEFINITION_BYTES_MAX" in problem.message


@pytest.mark.parametrize(
    "wrap", [lambda depth: "a: " + "[" * depth + "]" * depth, lambda depth: '{"a": ' + "[" * depth + "]" * depth + "}"]
)
def test_depth_has_a_limit_in_both_syntaxes(wrap: Any) -> None:
    assert parse_document(wrap(DEPTH_MAX - 1))
    for depth in (DEPTH_MAX + 1, 100_000):
        problem = problem_of(wrap(depth))
        assert problem.rule == "too_deep"
        assert "at most 200 deep" in problem.message
        assert (problem.line, problem.column) == (1, wrap(DEPTH_MAX).index("[") + DEPTH_MAX)


@pytest.mark.parametrize("text", ["- " * 5_000, "a: " + "{a: " * 3_000, '{"a":' * 200_000, "[" * 1_000_000])
def test_a_text_that_only_opens_ends_well(text: str) -> None:
    assert problem_of(text).rule in ("too_deep", "syntax")


def test_aliases_unfold_up_to_a_limit() -> None:
    levels = ["a0: &a0 [" + ",".join(["x"] * 10) + "]"]
    levels += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert problem_of("\n".join(levels)).rule == "too_large"
    long = "a: &a " + "x" * 10_000 + "\nb: [" + ",".join(["*a"] * 1_000) + "]"
    assert problem_of(long).rule == "too_large"


def test_aliases_count_for_the_depth_they_bring() -> None:
    deep = "a: &a " + "[" * 150 + "]" * 150
    assert problem_of(f"{deep}\nb: {'[' * 60}*a{']' * 60}").rule == "too_deep"


def test_the_number_of_values_has_a_limit() -> None:
    assert problem_of('{"a": [' + ",".join(["1"] * VALUES_MAX) + "]}").rule == "too_large"


# Properties.

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), values, max_size=5))
def test_json_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    assert parse_document(json.dumps(document), "json") == document


def problems_of(text: str | bytes, syntax: Any) -> list[Problem]:
    try:
        assert isinstance(parse_document(text, syntax), dict)
    except InvalidDefinition as error:
        return error.problems
    return []


@given(st.text(max_size=200) | st.binary(max_size=200), st.sampled_from([None, "json", "yaml"]))
def test_any_text_is_a_document_or_has_a_problem(text: str | bytes, syntax: Any) -> None:
    assert all(problem.message and problem.fix for problem in problems_of(text, syntax))


@given(st.lists(st.sampled_from(list("{}[]:,&*!|>-?'\"#%@` \nab1~<")), max_size=60).map("".join))
def test_any_heap_of_punctuation_is_a_document_or_has_a_problem(text: str) -> None:
    assert all(problem.message and problem.fix for problem in problems_of(text, "yaml"))
