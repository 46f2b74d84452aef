"""Cases in a line: a definition, and what stands in a file of tests about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from contracts.errors import InvalidDefinition, Problem
from domain.testing.case import Result, run_case
from domain.testing.checks import Ground
from domain.testing.suite import Suite, read_file, suite_of
from domain.testing.world import Perform, nobody
from tests.domain.spec import document_of, graph_of

LINE = """
nodes:
  - {id: first, type: charge, config: {amount: "{{ input.amount }}"}}
  - {id: last, type: end, config: {outcome: done, output: "{{ nodes.first.output }}"}}
edges: [{from: first, to: last}]
"""


def suite(definition: str, text: str, others: Mapping[str, str] | None = None, outputs: Mapping[str, Any] | None = None) -> Suite:
    """The suite of a text, without its first line: `workflow`. Raises InvalidDefinition."""
    document = {"workflow": "w.yaml", **yaml.safe_load(text)}
    graphs = {name: graph_of(document_of(other) | {"name": name}) for name, other in (others or {}).items()}
    return suite_of(document, read_file(document), Ground(graph_of(definition), graphs, outputs or {}))


def problems(
    definition: str, text: str, others: Mapping[str, str] | None = None, outputs: Mapping[str, Any] | None = None
) -> list[Problem]:
    """What is wrong with a text."""
    try:
        suite(definition, text, others, outputs)
    except InvalidDefinition as error:
        return error.problems
    return []


def results(definition: str, text: str, others: Mapping[str, str] | None = None, perform: Perform = nobody) -> list[Result]:
    """How the cases of a text go."""
    found = suite(definition, text, others)
    return [run_case(found, planned, perform) for planned in found.cases]


def case(definition: str, text: str, others: Mapping[str, str] | None = None, perform: Perform = nobody) -> Result:
    """How one case goes, written without its name."""
    said = yaml.safe_load(text) or {}
    (result,) = results(definition, yaml.safe_dump({"cases": [{"name": "it", **said}]}), others, perform)
    return result


def told(result: Result) -> list[tuple[str, Any, Any]]:
    """The differences of a case."""
    return [(one.what, one.expected, one.found) for one in result.differences]


def passes(definition: str, text: str, others: Mapping[str, str] | None = None, perform: Perform = nobody) -> None:
    """The case passes."""
    result = case(definition, text, others, perform)
    assert result.verdict == "passed", told(result)
