"""A wait: what a node that has begun waits for, as its kind says it. Law 8 asks whether it can come, people see what it is."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from domain.execution.state import Execution, NodeRun

OF_NODES: Final = "nodes"
"""The sort of a wait for the end of other nodes: they, too, wait for something that has a name."""


class Wait(NamedTuple):
    """What is waited for: its sort (`signal`, `timer`, `child` …), its name, what people see of it, and whether it can come."""

    sort: str
    name: str
    details: dict[str, Any]
    is_there: bool


def for_timer(state: Execution, run: NodeRun, purpose: str) -> Wait:
    """The wait for a timer of the node."""
    timer = f"{run.path}:{purpose}"
    details = {"purpose": purpose, "due": state.timers.get(timer, 0), "attempt": run.attempt}
    return Wait("timer", timer, details, timer in state.timers)


def for_signal(state: Execution, run: NodeRun, names: list[str]) -> Wait:
    """The wait for a signal of one of these names; until its `timeout`, where it has one."""
    return Wait("signal", run.path, {"names": names, **until(state, run)}, run.path in state.waiting)


def for_nodes(paths: list[str], is_there: bool) -> Wait:
    """The wait for the end of other nodes."""
    return Wait(OF_NODES, "", {"paths": paths}, is_there)


def until(state: Execution, run: NodeRun, purpose: str = "timeout") -> dict[str, int]:
    """When the wait ends at the latest, where there is a timer for it."""
    due = state.timers.get(f"{run.path}:{purpose}")
    return {} if due is None else {"due": due}
