"""Reading one human task: its view, and the files that people have attached to it."""

from __future__ import annotations

import base64
from typing import Any

from contracts.commands import CommentTask
from contracts.errors import Rejected
from contracts.ids import task_id
from projections.task_view import check_is_known, task_view, told_of
from workers.reading.execution_reader import ExecutionReader


def read_task(reader: ExecutionReader, execution: str, path: str, attempt: int) -> dict[str, Any]:
    """A task as JSON shows it. Raises Rejected where the execution has none like that."""
    return task_view(reader.entries(execution), reader.graph, reader.value, path, attempt)


def read_attachment(reader: ExecutionReader, execution: str, path: str, attempt: int, number: int) -> tuple[str, str, bytes]:
    """A file that was attached to a task: its name, its media type, its content. Raises Rejected where there is none."""
    entries = reader.entries(execution)
    first = next(entries)
    check_is_known(first)
    for event, decision in told_of(first, entries, reader.show, path, attempt):
        command = decision.command
        if event.type == "TaskCommented" and event.data.get("number") == number and isinstance(command, CommentTask) and command.content:
            return command.name, command.media_type, base64.b64decode(reader.value(command.content))
    raise Rejected("unknown_attachment", f"nothing is attached to the task {task_id(execution, path, attempt)} under the number {number}")
