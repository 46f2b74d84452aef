"""Start values: under which key an execution counts for `settings.concurrency`, and by which values it can be found.

Both are asked when it is created: their expressions see `input`, `execution` and `trigger`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from contracts.commands import CreateExecution
from contracts.errors import ExpressionError
from contracts.value_check import DEPTH_MAX, depth_of
from contracts.values import NULL, encode
from domain.definition.graph import Graph
from domain.execution.deciding import Deciding
from domain.execution.state import Execution
from domain.expressions import program

KEY_BYTES_MAX: Final = 200
"""A longer key of a dependency is recorded as its digest."""
PRIORITY_MS: Final = 60_000
"""One that waits for a quota counts as having come so much earlier for each level of its priority."""


def priority_of(graph: Graph, state: Execution) -> int:
    """The priority that an execution was started with, or else that of its definition."""
    return graph.priority if state.priority is None else state.priority


def rank_of(graph: Graph, state: Execution) -> int:
    """By what those are let in that wait for a quota, the lowest first: when each came, its priority taken into account (ms)."""
    return state.created_at - priority_of(graph, state) * PRIORITY_MS


def _names(ctx: Deciding, given: bytes, trigger: bytes | None) -> dict[str, Any]:
    state = ctx.state
    execution = {"id": state.execution, "workflow": state.workflow, "version": state.workflow_version}
    return {"input": ctx.parse(given), "execution": execution, "trigger": ctx.parse(trigger or NULL)}


def slot_of(graph: Graph, given: bytes, ctx: Deciding) -> str:
    """The key of the slot, as text: of all executions of the workflow with the same key so many run at a time.

    A key that cannot be evaluated is a slot of its own kind, so that the execution is not lost.
    """
    settings = graph.settings.concurrency
    if settings is None or settings.key is None:
        return ""
    try:
        return encode(program(settings.key).evaluate(_names(ctx, given, ctx.state.trigger))).decode()
    except ExpressionError:
        return "?"


def dependency_key(source: str | None, given: Any) -> bytes | None:
    """By what executions of two workflows belong together, as JSON, of the input of either; None where all do. Raises ExpressionError.

    Values that are equal for an expression are the same key: of objects the order says nothing, and `1.0` is `1`.
    """
    if source is None:
        return None
    key = encode(_comparable(program(source).evaluate({"input": given})))
    return key if len(key) <= KEY_BYTES_MAX else b'"sha256:%b"' % sha256(key).hexdigest().encode()


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _comparable(value[name]) for name in sorted(value, key=str)}
    if isinstance(value, list):
        return [_comparable(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def search_values(ctx: Deciding, command: CreateExecution, given: bytes) -> bytes | None:
    """The values of `settings.search` of an input, as a JSON object; null where one cannot be evaluated."""
    search = ctx.graph.settings.search
    if not search:
        return None
    names = _names(ctx, given, command.trigger)
    found: dict[str, Any] = {}
    for name, source in search.items():
        try:
            found[name] = program(source).evaluate(names)
        except ExpressionError:
            found[name] = None
    return ctx.keep({name: None if depth_of(encode(value)) >= DEPTH_MAX else value for name, value in found.items()})
