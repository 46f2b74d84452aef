"""Held up: an execution that is paused, or of which a person is asked something. What its workflow's triggers do then, `while_paused` says.

One that has failed and needs a person, or was set aside by the engine, is not held up: a failure stops its own execution, and no other.
"""

from __future__ import annotations

from domain.execution.memo import TaskMemo
from domain.execution.state import Execution, NodeRun


def is_held_up(state: Execution) -> bool:
    """Whether the execution is paused by somebody, or a human task of its own is open."""
    if state.is_ended or not state.started_at:
        return False
    is_paused = state.paused if state.quarantine is None else state.was_paused
    return is_paused or any(_is_open_task(run) for run in state.runs.values())


def _is_open_task(run: NodeRun) -> bool:
    return isinstance(run.memo, TaskMemo) and run.status == "active" and not run.memo.closed
