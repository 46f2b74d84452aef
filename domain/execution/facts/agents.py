"""What the facts about the calls of an agent's tools mean to the agent: it notes each result, and no event says one again.

The agent's `memo` has the turns; those who note here are the nodes in its turns, two bodies further in.
"""

from __future__ import annotations

from contracts.events import Ending
from contracts.failure import Failure
from contracts.values import encode
from domain.definition.graph import Graph
from domain.execution.memo import AgentMemo, CallsMemo, number_in
from domain.execution.state import COMPLETED, Execution, NodeRun, Scope

DENIED = "ai.denied"
"""The type of the failure of a call that somebody has denied."""
_NOT_RUN = Failure("cancelled", "the call was cancelled, or its tool was skipped")


def agent_of(state: Execution, run: NodeRun) -> AgentMemo:
    """The notes of the agent in one of whose turns a node runs."""
    memo = state.runs[state.scopes[run.scope].owner].memo
    assert isinstance(memo, AgentMemo), f"{run.path} is no node of an agent's turn"
    return memo


def note_calls(state: Execution, run: NodeRun) -> None:
    """The calls of an answer were looked at: those that will not be run have their result."""
    agent, memo = agent_of(state, run), run.memo
    assert isinstance(memo, CallsMemo)
    for index, verdict in enumerate(memo.verdicts):
        if isinstance(verdict, dict):
            agent.results[index] = (False, encode(verdict))
        else:
            number = number_in(verdict)
            agent.asked[number] = agent.asked.get(number, 0) + 1


def note_result(graph: Graph, state: Execution, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
    """A call has ended so."""
    if state.runs[state.scopes[run.scope].owner].status == "stopping":
        return
    results, agency = agent_of(state, run).results, graph.nodes[run.node].agency
    assert agency is not None
    if ending.status == "completed" and COMPLETED in scope.nodes[len(agency.approvals) :]:
        results[scope.index] = (True, output)
    else:
        results[scope.index] = (False, told(ending.failure or _NOT_RUN))


def told(failure: Failure) -> bytes:
    """A failure as the model is told of it."""
    return encode({"type": failure.type, "message": failure.message})
