"""The laws of who is let in: no more are open than a quota allows, and what triggers start heeds who is paused or waits for a person."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.commands import AdmitExecution, CreateExecution
from contracts.events import ExecutionAdmitted
from contracts.journal import Decision
from domain.execution.held_up import is_held_up
from domain.execution.history import Folded
from simulation.violation import require


def check_open(folded: Folded, open_ones: Iterable[Folded]) -> None:
    """Hold the law for the workflow of an execution about which something was just decided."""
    quota, workflow = folded.graph.settings.quota, folded.state.workflow
    if quota is None or quota.open is None:
        return
    let_in = let_in_of(workflow, open_ones)
    require(let_in <= quota.open, "a quota holds", f"{let_in} executions of {workflow} are open; its quota is {quota.open}")


def check_pauses(folded: Folded, decision: Decision, open_ones: Iterable[Folded]) -> None:
    """Hold the law for what a trigger has started, before that counts: it is let in while nobody of its workflow is held up."""
    command, state = decision.command, folded.state
    if not folded.graph.heeds_pauses or not decision.events:
        return
    begins = isinstance(command, CreateExecution) and command.heeds_pauses and not command.awaits_quota
    is_let_in = any(isinstance(event, ExecutionAdmitted) for event in decision.events) and isinstance(command, AdmitExecution)
    if begins or (is_let_in and state.admission is not None and state.admission.heeds_pauses):
        held_up = [
            one.state.execution
            for one in open_ones
            if one.state.workflow == folded.graph.name and one.state.parent is None and one.graph.heeds_pauses and is_held_up(one.state)
        ]
        require(not held_up, "a trigger heeds who is held up", f"{decision.execution} is let in while {held_up} are held up")


def let_in_of(workflow: str, open_ones: Iterable[Folded]) -> int:
    """How many of them count against the quota of a workflow."""
    return sum(
        one.state.workflow == workflow and one.state.parent is None and one.state.admission is None and not one.state.is_ended
        for one in open_ones
    )
