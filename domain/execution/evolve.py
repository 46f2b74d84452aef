"""Evolve: what a history adds up to. Nothing but facts changes the state, and deciding goes through the same functions.

Every event has one function in `domain/facts`, and a test walks `EVENTS` to see that none is missing. `Deciding.emit`
applies what it appends, so what was decided live and what is folded later cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.events import Event
from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.execution.facts import APPLIERS
from domain.execution.facts.runs import Cause
from domain.execution.state import Execution


def initial(execution: str) -> Execution:
    """The state before anything has happened."""
    return Execution(execution)


def evolve(graph: Graph, state: Execution, event: Event, cause: Cause) -> None:
    """Let one fact change the state."""
    state.version += 1
    APPLIERS[type(event)](graph, state, event, cause)


def fold(graph: Graph, state: Execution, decisions: Iterable[Decision]) -> Execution:
    """Let all events of the decisions change the state, and give it back."""
    for decision in decisions:
        state.now = decision.now
        for event in decision.events:
            state.version += 1
            APPLIERS[type(event)](graph, state, event, decision)
    return state
