"""Odd literals in definitions: a value that stands in one comes in as it was written, or is refused with its rule and a way out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.errors import InvalidDefinition
from domain.definition.document import Syntax, parse_document
from domain.definition.text import DEPTH_MAX
from domain.definition.validate import check
from tests.odd_json import meant, odd

SYNTAXES: tuple[Syntax, ...] = ("json", "yaml")
RULES = {"number", "too_deep", "too_large", "syntax", "encoding", "doubled_key", "character"}
REFUSED = [
    ("1e400", "number"),
    ("-1e999999", "number"),
    ("1" + "0" * 400, "number"),
    ("1" + "0" * 5_000, "number"),
    ("18446744073709551616", "number"),
    ("-9223372036854775809", "number"),
    ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), "too_deep"),
    ('{"a":' * 3_000 + "1" + "}" * 3_000, "too_deep"),
    ('{"a": 1, "a": 2}', "doubled_key"),
]
HALVES = ('"\\ud83d"', '"\\ude00"', '{"\\ud800": 1}', '"\\ud83d\\u0041"')
TAKEN = ("1e308", "5e-324", "-0.0", "18446744073709551615", "-9223372036854775808", '"\\u0000"', '{"__proto__": {"": 1}}')


def document(value: str) -> str:
    return f'{{"name": "x", "nodes": [{{"id": "n", "type": "transform", "config": {{"operation": "value", "value": {value}}}}}]}}'


def value_in(text: str, syntax: Syntax | None) -> Any:
    return parse_document(text, syntax)["nodes"][0]["config"]["value"]


def is_read(text: str, syntax: Syntax | None) -> bool:
    try:
        parse_document(text, syntax)
    except InvalidDefinition:
        return False
    return True


def refusal(text: str | bytes, syntax: Syntax | None) -> str:
    """The rule by which a text is refused."""
    with pytest.raises(InvalidDefinition) as raised:
        parse_document(text, syntax)
    (problem,) = raised.value.problems
    assert problem.message
    assert problem.fix
    assert len(problem.message) < 1_000
    return problem.rule


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(("value", "rule"), REFUSED, ids=lambda one: one[:20])
def test_an_odd_literal_is_refused_by_its_rule(value: str, rule: str, syntax: Syntax) -> None:
    assert refusal(document(value), syntax) == rule


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("value", HALVES)
def test_half_a_character_is_refused(value: str, syntax: Syntax) -> None:
    assert refusal(document(value), syntax) in RULES


def test_a_pair_of_halves_is_one_character_in_json_and_not_even_yaml() -> None:
    text = document('"\\ud83d\\ude00"')
    assert value_in(text, "json") == "\U0001f600"
    assert value_in(text, None) == "\U0001f600"
    assert refusal(text, "yaml") == "syntax"


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("value", TAKEN)
def test_a_literal_at_the_edge_is_what_was_written(value: str, syntax: Syntax) -> None:
    text = document(value)
    assert repr(value_in(text, syntax)) == repr(meant(value.encode()))
    assert check(parse_document(text, syntax), {}).problems == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_whatever_the_literal_is_a_definition_is_read_or_refused(syntax: Syntax) -> None:
    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
    @given(odd)
    def each(value: bytes) -> None:
        text = document(value.decode())
        if not is_read(text, syntax):
            assert refusal(text, syntax) in RULES
            return
        if syntax == "json":
            assert repr(value_in(text, syntax)) == repr(meant(value))
        check(parse_document(text, syntax), {})

    each()
