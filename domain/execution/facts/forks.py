"""What the facts about forks mean."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.commands import CreateExecution
from domain.definition.graph import Graph
from domain.execution.facts.runs import Applier, Cause, restate
from domain.execution.forked import forked_by, take_up
from domain.execution.state import Execution


def _forked(graph: Graph, state: Execution, event: e.ExecutionForked, cause: Cause) -> None:
    assert isinstance(cause.command, CreateExecution)
    state.forked = forked_by(cause.command)


def _past_taken_up(graph: Graph, state: Execution, event: e.PastTakenUp, cause: Cause) -> None:
    forked = state.forked
    if forked is None or forked.past is None:
        return
    past, forked.past = forked.past, None
    take_up(graph, state, past, cause.now)
    restate(state)


APPLIERS: Final[dict[type, Applier]] = {
    e.ExecutionForked: _forked,
    e.PastTakenUp: _past_taken_up,
}
