"""Evolve: what a history adds up to. Nothing but facts changes the state, and deciding goes through the same functions.

Every event has one function in `domain/facts`, and a test walks `EVENTS` to see that none is missing. `Deciding.emit`
applies what it appends, so what was decided live and what is folded later cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts.commands import ChangeDefinition, RevertDefinition
from contracts.events import DefinitionChanged, Event
from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.execution.facts import APPLIERS
from domain.execution.facts.runs import Cause
from domain.execution.state import Execution

CHANGES: Final = frozenset({ChangeDefinition, RevertDefinition})
"""The commands by which the definition of an execution is changed."""


def initial(execution: str) -> Execution:
    """The state before anything has happened."""
    return Execution(execution)


def evolve(graph: Graph, state: Execution, event: Event, cause: Cause) -> Graph:
    """Let one fact change the state, and give the definition that it goes on by."""
    state.version += 1
    APPLIERS[type(event)](graph, state, event, cause)
    return graph.others(event.definition) if type(event) is DefinitionChanged else graph


def graph_after(graph: Graph, decision: Decision) -> Graph:
    """The definition that an execution goes by after a decision, which went by this one before."""
    if type(decision.command) not in CHANGES:
        return graph
    changed = next((event for event in decision.events if isinstance(event, DefinitionChanged)), None)
    return graph if changed is None else graph.others(changed.definition)


def fold(graph: Graph, state: Execution, decisions: Iterable[Decision]) -> Execution:
    """Let all events of the decisions change the state, and give it back."""
    for decision in decisions:
        state.now = decision.now
        for event in decision.events:
            state.version += 1
            APPLIERS[type(event)](graph, state, event, decision)
            if type(event) is DefinitionChanged:
                graph = graph.others(event.definition)
    return state
