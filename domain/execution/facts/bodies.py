"""What the facts about bodies and variables mean."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.values import NULL
from domain.definition.graph import Graph
from domain.execution.facts import agents
from domain.execution.facts.debugging import note_change
from domain.execution.facts.runs import (
    Applier,
    Cause,
    blank,
    close_lingering,
)
from domain.execution.memo import CallsMemo, TryMemo
from domain.execution.outputs import body_output
from domain.execution.paths import scope_path
from domain.execution.state import (
    Execution,
    NodeRun,
    Scope,
)


def _scope_entered(graph: Graph, state: Execution, event: e.ScopeEntered, cause: Cause) -> None:
    path = scope_path(event.owner, event.label, event.index)
    run = state.runs.get(event.owner)
    if run is None:
        assert graph.handler is not None
        body, around, tried, failure = graph.handler.number, None, 0, state.ending.failure if state.ending else None
        state.handled = True
    else:
        body, around, tried = graph.nodes[run.node].bodies[event.label].number, run.scope, run.tried_before
        failure = run.last_failure if event.label.startswith("catch") else None
    given = event.input
    if given is None:
        given = NULL if run is None else _given(graph, run, event)
    scope = Scope(path, event.owner, event.label, event.index, body, around, given, *blank(graph, body), tried=tried, failure=failure)
    state.scopes[path] = scope
    if run is None:
        scope.variables.update(state.variables)
    if run is not None:
        run.bodies += 1
        if run.memo is not None:
            run.memo.enter(scope.label, scope.index)


def _given(graph: Graph, run: NodeRun, event: e.ScopeEntered) -> bytes:
    """What a body is given, where its event does not say."""
    given = None if run.memo is None else run.memo.given(graph.nodes[run.node].kind, event.index, run.data)
    return run.data if given is None else given


def _scope_stopped(graph: Graph, state: Execution, event: e.ScopeStopped, cause: Cause) -> None:
    state.scopes[event.scope].ending = event.ending


def _scope_left(graph: Graph, state: Execution, event: e.ScopeLeft, cause: Cause) -> None:
    scope = state.scopes.pop(event.scope)
    ending = event.ending
    output = ending.output if ending.output is not None else body_output(graph, scope) or NULL
    if scope.last_end >= 0 and scope.path == "" and ending.status == "completed":
        state.outcome = scope.last_end_outcome
    run = state.runs.get(scope.owner)
    if run is None:
        if scope.path == "":
            state.output = output if ending.status == "completed" else None
            state.variables = {} if graph.handler is None else scope.variables
        return
    run.bodies -= 1
    run.tried_inside = max(run.tried_inside, scope.used)
    if run.status == "lingering":
        if not run.bodies:
            close_lingering(graph, state, run)
        return
    if run.memo is not None:
        run.memo.leave(graph.nodes[run.node].kind, run.path, scope.label, scope.index, ending, output)
        if isinstance(run.memo, CallsMemo):
            agents.note_result(graph, state, run, scope, ending, output)
    if isinstance(run.memo, TryMemo) and ending.status == "failed" and ending.failure is not None:
        run.last_failure = ending.failure  # a catch is about to be told


def _variable_set(graph: Graph, state: Execution, event: e.VariableSet, cause: Cause) -> None:
    variables = state.scopes[event.scope].variables
    if state.debugged is not None:
        note_change(state.debugged, event, variables.get(event.name), cause)
    variables[event.name] = event.value


APPLIERS: Final[dict[type, Applier]] = {
    e.ScopeEntered: _scope_entered,
    e.ScopeStopped: _scope_stopped,
    e.ScopeLeft: _scope_left,
    e.VariableSet: _variable_set,
}
