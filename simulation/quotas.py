"""The law of quotas: of a workflow no more executions are open than may be, those that wait to be let in left out."""

from __future__ import annotations

from collections.abc import Iterable

from domain.execution.history import Folded
from simulation.violation import require


def check_open(folded: Folded, open_ones: Iterable[Folded]) -> None:
    """Hold the law for the workflow of an execution about which something was just decided."""
    quota, workflow = folded.graph.settings.quota, folded.state.workflow
    if quota is None or quota.open is None:
        return
    let_in = let_in_of(workflow, open_ones)
    require(let_in <= quota.open, "a quota holds", f"{let_in} executions of {workflow} are open; its quota is {quota.open}")


def let_in_of(workflow: str, open_ones: Iterable[Folded]) -> int:
    """How many of them count against the quota of a workflow."""
    return sum(
        one.state.workflow == workflow and one.state.parent is None and one.state.admission is None and not one.state.is_ended
        for one in open_ones
    )
