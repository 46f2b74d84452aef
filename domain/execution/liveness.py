"""Liveness, law 8 as a checker: what an open execution waits for, by name. Raises AssertionError where something waits for nothing."""

from __future__ import annotations

from domain.definition.graph import Graph
from domain.execution import edges
from domain.execution.breakpoints import is_halted
from domain.execution.debugged import HALT
from domain.execution.keeper import claim_in, is_keeper
from domain.execution.kind import acting_kind
from domain.execution.memo import ChildMemo
from domain.execution.paths import after_timer, held_by, is_for_worker, is_undo
from domain.execution.pins import halted_in
from domain.execution.state import Execution, NodeRun
from domain.execution.wait import OF_NODES


def waits_of(graph: Graph, state: Execution) -> list[str]:
    """What the execution waits for: `activity a@1`, `timer n:delay`, `signal w`, `child c`, `incident 1`, `pause` …"""
    if state.is_ended:
        return []
    if state.quarantine is not None:
        return ["release"]
    if state.admission is not None:
        return [*(["paused_sibling"] if state.admission.heeds_pauses else []), *(["quota"] if graph.settings.quota is not None else [])]
    if state.is_dependent:
        return [f"timer {after_timer(index)}" for index, one in enumerate(state.awaited or ()) if not one.is_settled]
    if not state.started_at:
        return ["turn" if state.slot is not None else "timer :start_at" if ":start_at" in state.timers else "start"]
    if is_keeper(state):
        return [f"execution {claim_in(state.input).execution}"]
    if state.breaker is not None:
        return [f"failures and trials, {state.breaker.state}"]
    found = ["pause"] if state.paused else []
    for run in state.runs.values():
        found.extend(_wait_of_run(graph, state, run))
    _check_bodies(graph, state)
    if not state.runs:
        found.extend(f"child {child}" for child in state.children if state.ending is not None)
    assert found, f"{state.execution} is {state.status} and waits for nothing: {state}"
    return found


def _check_bodies(graph: Graph, state: Execution) -> None:
    """After a back edge a join that an edge from outside satisfies is asked again only when one of the cycle is resolved."""
    for scope in state.scopes.values():
        assert scope.live or scope.lingering or state.paused, f"nothing lives in the open body {scope.path!r}"
        for path in [*scope.live.values(), *scope.lingering]:
            assert path in state.runs, f"{path} is noted as alive in {scope.path!r}, and does not run"
        if scope.ending is None and not state.paused and not scope.rounds:
            for node in graph.bodies[scope.body].nodes:
                turn = edges.turn_of(scope, node)
                assert turn == "not yet", f"the turn of {scope.path}/{node.id} has come ({turn}), and nobody has noticed"


def _wait_of_run(graph: Graph, state: Execution, run: NodeRun) -> list[str]:
    node = graph.nodes[run.node]
    path = run.path
    if run.status == "incident":
        assert any(incident.path == path for incident in state.incidents.values()), f"{path} stands in an incident that is not there"
        return [f"incident {path}"]
    if run.status == "retrying":
        assert f"{path}:retry" in state.timers, f"{path} is to be tried again, and no timer says when"
        return [f"timer {path}:retry"]
    if f"{path}:turn" in state.timers:
        return [f"timer {path}:turn"]
    if f"{path}:next" in state.timers:
        return [f"timer {path}:next"]
    if is_halted(state, path):
        assert f"{path}:{HALT}" in state.timers, f"{path} is halted, and no timer says until when"
        return [f"halt {path}"]
    if breaker := held_by(run):
        return [f"breaker {breaker}"]
    if path in halted_in(state):
        assert state.paused, f"the execution stands before {path}, and is not paused"
        return [f"resumption {path}"]
    if run.status == "queued":
        holder = state.mutexes[node.mutex or ""][0]
        assert holder != path, f"{path} waits for a mutex that it holds"
        assert holder in state.runs, f"{path} waits for a mutex whose holder {holder} is gone"
        return []
    if is_undo(path) and not isinstance(run.memo, ChildMemo):
        assert state.undoing, f"{path} runs, and nothing is being undone"
        return [f"activity {path}@{run.attempt}"]
    if is_for_worker(graph, run):
        return [f"activity {path}@{run.attempt}"]
    if run.bodies:
        bodies = [scope for scope in state.scopes.values() if scope.owner == path]
        assert len(bodies) == run.bodies, f"{path} notes {run.bodies} open bodies, there are {len(bodies)}"
        return []
    wait = acting_kind(graph, run).waits_for(graph, state, run)
    assert wait is not None, f"{path} ({node.type}) is {run.status} and waits for nothing that has a name"
    assert wait.is_there, f"{path} waits for a {wait.sort} that is not there: {wait.details}"
    return [] if wait.sort == OF_NODES else [f"{wait.sort} {wait.name}"]
