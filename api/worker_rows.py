"""Activity workers as they are shown: what the task endpoint knows of them, with times as all others are."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec.structs import asdict

from contracts.times import rfc3339
from contracts.worker_protocol import InHandRow, WaitingRow, WorkerRow, Workers


class InHandView(msgspec.Struct, kw_only=True):
    """A task that a worker has."""

    task: str
    execution_id: str
    path: str
    attempt: int
    kind: str
    since: Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class WorkerView(msgspec.Struct, kw_only=True):
    """A worker, as far as is known."""

    worker: str
    kinds: list[str]
    queues: list[str]
    running: int
    last_seen: Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    connected: bool
    since: Annotated[str | None, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    tasks: list[InHandView]


class WorkersView(msgspec.Struct, kw_only=True):
    """Who is there, and what waits for a worker that is not there."""

    workers: list[WorkerView]
    waiting: list[WaitingRow]


def worker_value(row: WorkerRow) -> dict[str, Any]:
    """A row as JSON shows it."""
    since = rfc3339(row.since) if row.since else None
    return {**asdict(row), "last_seen": rfc3339(row.last_seen), "since": since, "tasks": [_in_hand(task) for task in row.tasks]}


def _in_hand(row: InHandRow) -> InHandView:
    times = {"since": rfc3339(row.since)}
    return InHandView(task=row.task, execution_id=row.execution, path=row.path, attempt=row.attempt, kind=row.kind, **times)


def workers_view(known: Workers) -> WorkersView:
    """All that is known."""
    return WorkersView(workers=[WorkerView(**worker_value(row)) for row in known.workers], waiting=known.waiting)
