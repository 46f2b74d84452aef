"""The law of those who wait for another workflow: each is told of one that has completed, in time and with its key."""

from __future__ import annotations

from contracts.commands import MeetDependency
from contracts.values import decode, is_reference
from domain.definition.graph import Graph
from domain.execution.history import Folded
from domain.execution.start_values import dependency_key
from domain.execution.state import Execution
from simulation.violation import require


def check_met(graph: Graph, state: Execution, command: MeetDependency, other: Folded | None) -> None:
    """Hold the law for one that is told that another workflow has completed, before that counts."""
    wanted, one = graph.after[command.index], (state.awaited or ())[command.index]
    told = f"{state.execution} is told that {command.execution} has completed"
    require(other is not None and other.state.workflow == wanted.definition.workflow, "who waits is told of what is there", told)
    assert other is not None
    done = other.state.status == "completed" and other.state.ended_at == command.completed_at
    require(done and command.completed_at >= one.since, "who waits begins after one that has completed in time", told)
    if wanted.definition.key is not None and not is_reference(other.state.input):
        key = dependency_key(wanted.definition.key, decode(other.state.input))
        require(key == one.key, "who waits begins after one with its key", f"{told}: its key is {key!r}, wanted {one.key!r}")
