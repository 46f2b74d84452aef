"""Workflow definitions as graphs of LangGraph, decided as Refold decides them: see `to_state_graph`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from refold.worker.activities import Activity

if TYPE_CHECKING:
    from langgraph.graph import StateGraph

Activities: TypeAlias = "ModuleType | Mapping[str, Callable[..., Any]] | Iterable[Activity[..., Any]]"
"""A module with activities, functions by the kinds that they run, or activities."""


def to_state_graph(definition: Mapping[str, Any], activities: Activities = ()) -> StateGraph[Any, Any, Any, Any]:
    """The `StateGraph` of a definition, to be compiled as any other, with a checkpointer or without.

    It is invoked with `{"input": …}` and gives `{"output": …, "outcome": …}`; where the execution does not complete, `ExecutionFailed`
    is raised. `activities` run the kinds of their names; kinds that come with Refold run as in its own workers.

    Raises an error that lists all that is wrong with the definition, what cannot go into a graph, and the kinds that nobody runs.
    """
    importlib.import_module("refold.cli.commands")  # where the engine's packages are
    made: StateGraph[Any, Any, Any, Any] = importlib.import_module("infra.state_graph").state_graph(dict(definition), _by_kind(activities))
    return made


def _by_kind(activities: Activities) -> dict[str, Activity[..., Any]]:
    if isinstance(activities, Mapping):
        return {kind: one if isinstance(one, Activity) else Activity(one, kind) for kind, one in activities.items()}
    found: Iterable[Any] = vars(activities).values() if isinstance(activities, ModuleType) else activities
    return {one.name: one for one in found if isinstance(one, Activity)}
