"""Inputs: whether what an execution is started with matches what its definition asks for."""

from __future__ import annotations

from typing import Any

from contracts.errors import InvalidInput, Problem
from contracts.values import encode
from domain.definition.graph import Graph
from domain.definition.input_defaults import with_defaults
from domain.definition.input_schema import check


def taken_input(graph: Graph, given: Any, size: int) -> Any:
    """An input of `size` bytes as its definition takes it, with the defaults of its schema; the same object where none is missing.

    Raises InvalidInput with a JSON pointer for each thing that the schema does not allow.
    """
    schema = graph.definition.input
    if schema is None or schema is True:
        return given
    taken = with_defaults(schema, given) if graph.rules.defaults_are_put_in else given
    check(schema, taken, size if taken is given else len(encode(taken)))
    return taken


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
