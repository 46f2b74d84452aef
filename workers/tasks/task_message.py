"""A task as it is sent to a worker elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Raw

from contracts.ids import idempotency_key
from contracts.trace import task_traceparent
from contracts.worker_protocol import Task
from workers.tasks.queue import LeasedTask


def task_of(leased: LeasedTask, config: Raw, given: Raw, steps: Mapping[str, Raw]) -> Task:
    """The message, with its values as JSON: config, input, and what was recorded of steps."""
    activity, limits = leased.activity, leased.activity.limits
    return Task(
        task=leased.task,
        execution=activity.execution,
        workflow=activity.workflow,
        path=activity.path,
        attempt=activity.attempt,
        kind=activity.kind,
        config=config,
        input=given,
        idempotency_key=idempotency_key(activity.execution, activity.path),
        timeout_ms=limits.start_to_close,
        heartbeat_ms=limits.heartbeat,
        priority=leased.level,
        report_start=limits.report_start,
        correlation_id=activity.correlation,
        traceparent=task_traceparent(activity.correlation, activity.execution, leased.task),
        steps=dict(steps) or UNSET,
        may_have_begun=activity.may_have_begun or UNSET,
    )


def size_of(task: Task) -> int:
    """About how many bytes it takes on its way."""
    steps = 0 if task.steps is UNSET else sum(len(name) + len(bytes(output)) for name, output in task.steps.items())
    return len(bytes(task.input)) + len(bytes(task.config)) + steps
