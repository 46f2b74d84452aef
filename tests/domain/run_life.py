"""The life of a node run: which transitions a history takes, seen from the statuses before and after each event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from contracts.events import Event
from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.execution.evolve import evolve
from domain.execution.state import Execution

Transition: TypeAlias = tuple[str, str, str]
"""The status before (`none` before the node has begun), the event, the status after (`ended` where there is no run any more)."""


def follow(graph: Graph, state: Execution, decision: Decision) -> set[Transition]:
    """Fold a decision as `fold` does; what it did to runs."""
    taken: set[Transition] = set()
    state.now = decision.now
    for event in decision.events:
        before = {path: run.status for path, run in state.runs.items()}
        graph = evolve(graph, state, event, decision)
        if not state.is_ended:
            taken |= _changes(event, before, {path: run.status for path, run in state.runs.items()})
    return taken


def _changes(event: Event, before: Mapping[str, str], after: Mapping[str, str]) -> set[Transition]:
    name = type(event).__name__
    own = getattr(event, "path", "")
    return {
        (before.get(path, "none"), name, after.get(path, "ended"))
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path) or (path == own and name.startswith("Node"))
    }
