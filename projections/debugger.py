"""How a debugged execution is shown: its breakpoints, where it stands and what is seen there, and the halts that are over."""

from __future__ import annotations

from typing import Any

from contracts.times import rfc3339
from domain.definition.graph import Graph
from domain.execution.debugged import HALT, Debugged, Halt, HaltOver
from domain.execution.history import Folded
from domain.execution.paths import node_in_definition
from domain.execution.state import Execution, Scope
from projections.breakpoints import breakpoint_value
from projections.history import Show


def debugger_value(folded: Folded, show: Show) -> dict[str, Any]:
    """All that whoever debugs an execution looks at."""
    state, debugged = folded.state, folded.state.debugged or Debugged()
    return {
        "execution_id": state.execution,
        "status": state.status,
        "at": state.version,
        "breakpoints": [breakpoint_value(one) for one in debugged.breakpoints.values()],
        "halts": [_halt_value(folded.graph, state, halt, show) for halt in debugged.halts.values()],
        "ended": [_over_value(one) for one in reversed(debugged.ended)],
    }


def _halt_value(graph: Graph, state: Execution, halt: Halt, show: Show) -> dict[str, Any]:
    run = state.runs[halt.path]
    node = graph.nodes[run.node]
    return {
        "path": halt.path,
        "node": node_in_definition(node),
        "type": node.type,
        "attempt": run.attempt,
        "breakpoint": halt.breakpoint,
        "detail": halt.detail or None,
        "halts": halt.halts,
        "by": halt.by or None,
        "since": rfc3339(halt.since),
        "until": rfc3339(state.timers.get(f"{halt.path}:{HALT}", halt.since + halt.timeout_ms)),
        "at": halt.seen,
        "changed_by": halt.changed_by or None,
        "error": None if halt.failed is None else halt.failed.failure.at(halt.path, run.attempt).as_value(),
        "data": show(run.data),
        "variables": _variables(state, state.scopes.get(run.scope), show),
        "ports": list(node.ports),
        "has_body": bool(node.bodies) or node.kind.name == "sub_workflow",
    }


def _variables(state: Execution, scope: Scope | None, show: Show) -> dict[str, Any]:
    """What the node sees as `vars`, that of the nearest body first."""
    found: dict[str, Any] = {}
    while scope is not None:
        for name, value in scope.variables.items():
            found.setdefault(name, show(value))
        scope = None if scope.parent is None else state.scopes[scope.parent]
    return found


def _over_value(one: HaltOver) -> dict[str, Any]:
    return {"path": one.path, "at": one.at, "ended_at": rfc3339(one.ended_at), "how": one.how, "by": one.by or None}
