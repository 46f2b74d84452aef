"""Inputs: whether what an execution is started with matches what its definition asks for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry

from contracts import values
from contracts.errors import InvalidInput, Problem
from domain.definition.graph import Graph

PROBLEMS_MAX = 50


@lru_cache(maxsize=512)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(values.decode(schema), registry=Registry())


def check_input(graph: Graph, given: Any) -> None:
    """Raise InvalidInput with a JSON pointer for each thing in the input that the schema does not allow."""
    schema = graph.definition.input
    if schema is None or schema is True:
        return
    problems = []
    for error in _validator(values.encode(schema)).iter_errors(given):
        pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in error.absolute_path)
        problems.append(Problem(pointer, str(error.validator), error.message[:500]))
        if len(problems) >= PROBLEMS_MAX:
            break
    if problems:
        raise InvalidInput(sorted(problems))


def check_variables(graph: Graph, given: Any) -> None:
    """Raise InvalidInput for a first value of a variable that the definition does not declare."""
    if given is None:
        return
    if not isinstance(given, dict):
        raise InvalidInput([Problem("", "type", f"variables: expected an object, found {type(given).__name__}")])
    declared = graph.root.variables
    unknown = [name for name in given if name not in declared]
    if unknown:
        known = ", ".join(declared) or "none"
        raise InvalidInput(
            [Problem(f"/{name}", "unknown_variable", f"`{name}` is not declared; declared are: {known}") for name in unknown]
        )
