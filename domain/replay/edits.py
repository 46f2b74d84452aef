"""Edits: what is set in the state of an execution that another one goes on from: variables, outputs of nodes, parts of the input.

    variables.NAME          a variable of the workflow
    nodes.PATH.output       what a node has given, as long as somebody may still read it: `nodes.each[3]/score.output`
    input                   what it was started with

Each may be followed by the way to a part: `variables.order.lines.0.price`. What has been decided stays as it was: an edit counts for
what begins after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from contracts import values
from contracts.errors import InvalidInput, Problem
from contracts.value_check import DEPTH_MAX, is_deep
from contracts.values import BLOB_BYTES_MIN_DEFAULT
from domain.definition.findings import nearest
from domain.definition.graph import Graph
from domain.definition.inputs import taken_input
from domain.definition.secret_places import secret_places
from domain.execution.paths import node_named
from domain.execution.state import Ended, Execution

ReadBlob = Callable[[str], bytes]
_OF_NODE: Final = re.compile(r"nodes\.(.+?)\.output(?:\.(.+))?\Z", re.DOTALL)
_OTHER: Final = re.compile(r"(?:variables\.([^.]+)|(input))(?:\.(.+))?\Z", re.DOTALL)
EDITS_MAX: Final = 1_000
DIGITS_MAX: Final = 18
"""No list is so long that a place in it has more digits."""


class Edit(NamedTuple):
    """A path, and the JSON that is to stand there."""

    path: str
    value: bytes


def edit(graph: Graph, state: Execution, one: Edit, read_blob: ReadBlob) -> None:
    """Set it. Raises InvalidInput for a path that names nothing, or a value that may not stand there."""
    _check_value(one)
    of_node, other = _OF_NODE.match(one.path), _OTHER.match(one.path)
    if of_node is not None:
        end = _ended(graph, state, one.path, of_node[1])
        end.output = _placed(one, end.output or values.NULL, of_node[2], read_blob)
    elif other is not None and other[2]:
        _set_input(graph, state, one, other[3], read_blob)
    elif other is not None:
        _set_variable(graph, state, one, other[1], other[3], read_blob)
    else:
        raise _wrong(one.path, "path", "expected variables.NAME, nodes.PATH.output or input, with the way to a part of it behind")


def _check_value(one: Edit) -> None:
    if len(one.value) >= BLOB_BYTES_MIN_DEFAULT:
        raise _wrong(one.path, "too_large", f"{len(one.value):,} bytes are given; an edit has less than {BLOB_BYTES_MIN_DEFAULT:,}")
    if is_deep(one.value):
        raise _wrong(one.path, "depth", f"the value is nested deeper than {DEPTH_MAX} levels")


def _ended(graph: Graph, state: Execution, at: str, path: str) -> Ended:
    """What is known of the end of a node. Raises InvalidInput where that is nothing."""
    if node_named(graph, path) is None:
        raise _wrong(at, "unknown_node", f"there is no node {path!r}{_meant(path, graph.root.index_of)}")
    around, _, name = path.rpartition("/")
    scope = state.scopes.get(around)
    index = None if scope is None else graph.bodies[scope.body].index_of.get(name.partition("#")[0])
    end = None if scope is None or index is None else scope.ended.get(index)
    if end is None:
        said = "it has no output here: it has not ended, or everybody who reads it has begun"
        raise _wrong(at, "no_output", f"the output of {path} cannot be set: {said}; fork at the event by which it ends")
    return end


def _set_input(graph: Graph, state: Execution, one: Edit, way: str | None, read_blob: ReadBlob) -> None:
    if secret_places(graph.definition.input) is not None:
        raise _wrong(
            one.path, "secret_input", "the input has texts that are marked secret, which an edit would leave open: start a new one"
        )
    root = state.scopes.get("")
    is_of_root = root is not None and root.input == state.input
    given = _placed(one, state.input, way, read_blob)
    try:
        taken_input(graph, values.decode(given), len(given))
    except InvalidInput as error:
        raise InvalidInput([problem._replace(path=f"/input{problem.path}") for problem in error.problems]) from None
    state.input = given
    if is_of_root and root is not None:
        root.input = given


def _set_variable(graph: Graph, state: Execution, one: Edit, name: str, way: str | None, read_blob: ReadBlob) -> None:
    declared = graph.root.variables
    if name not in declared:
        raise _wrong(one.path, "unknown_variable", f"`{name}` is not declared{_meant(name, declared)}")
    if (root := state.scopes.get("")) is not None:
        root.variables[name] = _placed(one, root.variables.get(name, values.NULL), way, read_blob)
    elif state.started_at:
        raise _wrong(one.path, "has_left", "the workflow's own nodes have all ended here, and its variables with them")
    else:
        first = values.decode(_content(state.initial_variables or b"{}", read_blob))
        first[name] = values.decode(_placed(one, values.encode(first.get(name)), way, read_blob))
        state.initial_variables = values.encode(first)


def _placed(one: Edit, before: bytes, way: str | None, read_blob: ReadBlob) -> bytes:
    """The value with the new one at the end of a way into it."""
    if way is None:
        return one.value
    whole = values.decode(_content(before, read_blob))
    inner, steps = whole, way.split(".")
    for step in steps[:-1]:
        inner = _step(one, inner, step)
    _step(one, inner, steps[-1], is_last=True)
    key: Any = int(steps[-1]) if isinstance(inner, list) else steps[-1]
    inner[key] = values.decode(one.value)
    placed = values.encode(whole)
    _check_value(Edit(one.path, placed))
    return placed


def place_in(found: list[Any], step: str) -> int | None:
    """The place in a list that a step of a way names, counted from 0; None where there is none."""
    is_number = step.isascii() and step.isdecimal() and len(step) <= DIGITS_MAX
    return int(step) if is_number and int(step) < len(found) else None


def _step(one: Edit, inner: Any, step: str, is_last: bool = False) -> Any:
    """What stands there. Raises InvalidInput for a way that leads nowhere."""
    if isinstance(inner, dict):
        if step in inner or is_last:
            return inner.get(step)
        raise _wrong(one.path, "unknown_path", f"there is no {step!r}{_meant(step, inner)}")
    if isinstance(inner, list):
        if (place := place_in(inner, step)) is not None:
            return inner[place]
        raise _wrong(one.path, "unknown_path", f"{step!r} is no place in a list of {len(inner)}")
    raise _wrong(one.path, "unknown_path", f"{step!r} leads into {'null' if inner is None else type(inner).__name__}, which has no parts")


def _content(value: bytes, read_blob: ReadBlob) -> bytes:
    return read_blob(values.blob_of(value)) if values.is_reference(value) else value


def _meant(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = nearest(word, names)
    if near is not None:
        return f"; did you mean {near}?"
    return f"; there are: {', '.join(names[:20])}" if names else "; there is none"


def _wrong(path: str, rule: str, message: str) -> InvalidInput:
    return InvalidInput([Problem(f"/set/{path}", rule, message)])
