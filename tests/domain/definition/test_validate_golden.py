"""The golden file of definitions in which something is wrong: every problem of each, by path and rule."""

from typing import Any

import pytest
import yaml

from contracts.errors import InvalidDefinition
from domain.definition.document import parse_document
from domain.definition.validate import publishable
from tests.domain.definition.definition_samples import ACTIVITIES, EXAMPLES, GOLDEN

CASES: list[dict[str, Any]] = yaml.safe_load((GOLDEN / "invalid_definitions.yaml").read_text())


def test_there_are_many_cases_and_no_two_alike() -> None:
    assert len(CASES) >= 100
    assert len({case["name"] for case in CASES}) == len(CASES) == len({case["document"] for case in CASES})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_problem_is_told_once_with_a_way_out(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidDefinition) as raised:
        publishable(parse_document(case["document"]), ACTIVITIES)
    problems = raised.value.problems
    assert [[problem.path, problem.rule] for problem in problems] == case["problems"]
    for problem in problems:
        assert problem.message
        assert problem.fix
        assert "Input should" not in problem.message


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_have_no_problem(name: str) -> None:
    assert publishable(parse_document(EXAMPLES[name]), ACTIVITIES).name == name
