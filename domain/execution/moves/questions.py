"""Questions: an attempt ends because its graph asks something, and another one begins when that is answered.

FailActivity `langgraph.interrupted` ─► ActivityAsked ─► a body for each question ─► all left ─► the next attempt, with the answers
"""

from __future__ import annotations

from contracts.events import ActivityAsked
from contracts.failure import Failure
from contracts.questions import questions_in
from domain.execution.deciding import Deciding
from domain.execution.memo import AskedMemo
from domain.execution.moves.entry import enter_scope
from domain.execution.moves.trials import note_success
from domain.execution.state import NodeRun


def ask(ctx: Deciding, run: NodeRun, failure: Failure) -> bool:
    """Ask what an attempt wants to know; False where it wants to know nothing, or nobody was named who knows."""
    if not ctx.graph.nodes[run.node].bodies or run.status != "active" or questions_in(failure) is None:
        return False
    if ctx.state.trials:
        note_success(ctx, run)
    ctx.emit(ActivityAsked(run.path, run.attempt))
    memo = run.memo
    assert isinstance(memo, AskedMemo)
    for index in range(memo.first, memo.first + len(memo.names)):
        if run.status == "active":
            enter_scope(ctx, run.path, "[]", index)
    return True
