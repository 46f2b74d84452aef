"""The fast path: an activity has completed, and all that follows is that the one behind it is scheduled.

In a sequence nearly every decision is like that. `advance.pump` comes to the same two events by way of the agenda, the
join, losers, limits and bodies; here the compiler has asked all that already (`Node.following`), and what is left to ask
are the few things that only an execution can know. It buys a third of such a decision. `tests/laws` decides with it and
without it, and compares.
"""

from __future__ import annotations

from contracts.commands import CompleteActivity
from contracts.events import NodeCompleted, NodeScheduled
from domain.execution.deciding import Deciding
from domain.execution.paths import node_path
from domain.execution.state import PENDING, NodeRun


def take_fast_path(ctx: Deciding, run: NodeRun, command: CompleteActivity) -> bool:
    """Complete the run and schedule the node behind it; False where more has to be asked.

    What was held in a pause is taken up the long way: its results are not what the decision's own command brought.
    """
    following = ctx.graph.nodes[run.node].following
    if following is None or command is not ctx.command or len(command.output) >= ctx.limits.blob_bytes_min:
        return False
    scope = ctx.state.scopes[run.scope]
    if scope.ending is not None or scope.lingering or scope.rounds or scope.nodes[following.index] != PENDING:
        return False
    if ctx.state.test is not None or ctx.state.debugged is not None:  # the one behind it may be pinned, or stopped before
        return False
    ctx.emit(NodeCompleted(run.path))
    ctx.emit(NodeScheduled(node_path(scope, following), scope.tried + 1))
    return True
