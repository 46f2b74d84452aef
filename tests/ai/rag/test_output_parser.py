"""`output_parser`: what models say, as values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ai.rag.conftest import Run, failure


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Sure! Here it is:\n```json\n{"a": [1, 2]}\n```\nAnything else?', {"a": [1, 2]}),
        ('The answer is {"a": "}"} as you see {not json}', {"a": "}"}),
        ("Of {these} there are [1, 2.50] items", [1, 2.5]),
        ("12", 12),
        (' "text" ', "text"),
        ("null", None),
        ("{" * 3_000 + "[]", []),
    ],
)
def test_json_is_found_amid_prose(run: Run, text: str, value: Any) -> None:
    if text.startswith("{{{"):
        assert failure(run, "output_parser", text=text).error_type == "ai.output_invalid"
    else:
        assert run("output_parser", text=text)["value"] == value


@pytest.mark.parametrize("text", ["", "no JSON here", "{", '{"a": 1e400}', "NaN", "[" * 100_000, '{"a": ' * 300 + "1" + "}" * 300])
def test_what_is_no_json_is_said_with_the_text(run: Run, text: str) -> None:
    error = failure(run, "output_parser", text=text)
    assert (error.error_type, error.retryable, error.details["text"]) == ("ai.output_invalid", False, text[:2_000])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("- red\n* green\n\n3. blue", ["red", "green", "blue"]),
        ("Here they are:\n1) red\n2) green", ["red", "green"]),
        ("red, green , ,blue", ["red", "green", "blue"]),
        ("red\ngreen, blue", ["red", "green, blue"]),
        ("", []),
    ],
)
def test_a_list_is_read_by_marks_lines_or_commas(run: Run, text: str, value: list[str]) -> None:
    assert run("output_parser", text=text, format="list")["value"] == value


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({"pattern": "[0-9]+"}, "12"),
        ({"pattern": "([0-9]+) (apples)"}, ["12", "apples"]),
        ({"pattern": "(?P<n>[0-9]+) (?P<what>[a-z]+)"}, {"n": "12", "what": "apples"}),
        ({"pattern": "[0-9]+", "all_matches": True}, ["12", "7"]),
        ({"pattern": "kiwi", "all_matches": True}, []),
    ],
)
def test_a_regular_expression_gives_its_groups(run: Run, config: dict[str, Any], value: Any) -> None:
    assert run("output_parser", text="12 apples and 7 pears", format="regex", **config)["value"] == value


def test_a_regular_expression_takes_time_by_the_length_of_the_text_alone(run: Run) -> None:
    assert failure(run, "output_parser", text="a" * 200_000, format="regex", pattern="(a+)+b").error_type == "ai.output_invalid"


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("number", "About 1,234.5 EUR", 1234.5),
        ("number", "-7 degrees", -7),
        ("boolean", "Yes, of course.", True),
        ("boolean", "That is FALSE", False),
    ],
)
def test_numbers_and_truth_are_read(run: Run, form: str, text: str, value: Any) -> None:
    assert run("output_parser", text=text, format=form)["value"] == value


def test_the_value_is_held_to_the_schema_and_what_does_not_match_is_pointed_at(run: Run) -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 3}}}
    assert run("output_parser", text='{"a": 3}', schema=schema)["value"] == {"a": 3}
    error = failure(run, "output_parser", text='{"a": 1}', schema=schema)
    assert (error.error_type, error.details["problems"][0]["pointer"]) == ("ai.output_invalid", "/a")


def test_what_a_model_said_comes_over_an_edge_and_without_it_instructions_are_given(run: Run) -> None:
    assert run("output_parser", {"ai_language_model": [{"text": "[1]"}]})["value"] == [1]
    assert run("output_parser", "[2]")["value"] == [2]
    found = run("output_parser", schema={"type": "array"})
    assert (found["value"], found["instructions"]) == (None, 'Answer with JSON alone that matches this JSON Schema: {"type": "array"}.')


@pytest.mark.parametrize("config", [{"format": "regex"}, {"pattern": "a"}, {"format": "regex", "pattern": "("}, {"format": "xml"}])
def test_what_no_parser_could_do_is_refused(run: Run, config: dict[str, Any]) -> None:
    assert failure(run, "output_parser", text="a", **config).error_type == "input.invalid"
