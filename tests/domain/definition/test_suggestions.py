"""Suggestions of what a wrong name was meant to be: as many as one definition may cost, and the problems without them after that."""

from typing import Any

import pytest

from contracts.definitions import WorkflowDefinition
from contracts.errors import Problem
from domain.definition.names_check import doubtful_names
from domain.definition.validate import check
from domain.expressions import words

NAMES = 200


def told_of(output: list[str], **fields: Any) -> list[Problem]:
    document = {"name": "x", "nodes": [{"id": "a", "type": "end", "config": {"output": output}}], **fields}
    checked = check(document, {})
    return checked.problems or doubtful_names(WorkflowDefinition.model_validate(document))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The pairs of words that are compared."""
    found: list[tuple[str, str]] = []
    likeness = words.likeness

    def counted(word: str, other: str) -> float:
        found.append((word, other))
        return likeness(word, other)

    monkeypatch.setattr(words, "likeness", counted)
    return found


@pytest.mark.parametrize("further", [True, False])
def test_fields_that_a_schema_does_not_name_are_compared_with_so_many_names_at_most(compared: list[tuple[str, str]], further: bool) -> None:
    schema = {"properties": {f"prop{index}": {} for index in range(NAMES)}, "additionalProperties": further}
    told_of([f"{{{{ input.porp{index} }}}}" for index in range(NAMES)], input=schema)
    assert 0 < len(compared) <= 3 * words.COMPARISONS_MAX


def test_unknown_functions_are_compared_with_so_many_names_at_most(compared: list[tuple[str, str]]) -> None:
    problems = told_of([f"{{{{ startsWit{index}(1) }}}}" for index in range(10)])
    once = len(compared)
    assert "did you mean `startsWith`?" in problems[0].message
    nodes = [{"id": f"a{index}", "type": "end", "config": {"output": f"{{{{ startsWit{index}(1) }}}}"}} for index in range(NAMES * 2)]
    compared.clear()
    problems = check({"name": "x", "nodes": nodes}, {}).problems
    assert len([one for one in problems if one.rule == "expression"]) == NAMES * 2
    assert once < len(compared) <= 2 * words.COMPARISONS_MAX
    assert "did you mean" in problems[0].message
    assert "did you mean" not in problems[-1].message


def test_long_names_use_up_more_of_what_may_be_compared() -> None:
    comparisons = words.Comparisons(10)
    assert comparisons.affordable("short", ["a", "b"]) == ["a", "b"]
    assert comparisons.affordable("long" * 100, ["also" * 100]) == []
    assert comparisons.affordable("short", ["a", "b"]) == []


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({"variables": {"a.b": 1}}, "write `a_b`, for example"),
        ({"variables": {"1.b": 1}}, "write `n1_b`, for example"),
        ({"variables": {"...": 1}}, "write `name_1`, for example"),
        ({"name": "My.Flow"}, "write `my_flow`, for example"),
        ({"edges": [{"from": "A.b.c", "to": "a"}]}, "write `a_b_c`, for example"),
        ({"edges": [{"from": "A!.b", "to": "a"}]}, "write `a_.b`, for example"),
    ],
)
def test_a_name_that_is_offered_may_be_written(fields: dict[str, Any], meant: str) -> None:
    (problem,) = told_of(["1"], **fields)
    assert problem.fix == meant
