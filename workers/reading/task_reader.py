"""Reading one human task: its view, and the files that people have attached to it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from contracts.commands import CommentTask
from contracts.errors import Rejected
from contracts.ids import task_id
from domain.execution.history import Entry
from projections.task_view import Show, check_is_known, task_view, told_of
from workers.reading.execution_reader import ExecutionReader


def read_task(reader: ExecutionReader, execution: str, path: str, attempt: int) -> dict[str, Any]:
    """A task as JSON shows it. Raises Rejected where the execution has none like that."""
    return task_view(reader.entries(execution), reader.graph, reader.value, path, attempt)


def read_attachment(reader: ExecutionReader, execution: str, path: str, attempt: int, number: int) -> tuple[str, str, bytes]:
    """A file that was attached to a task: its name, its media type, its content. Raises Rejected where there is none."""
    return attachment_in(reader.entries(execution), reader.show, reader.value, path, attempt, number)


def attachment_in(
    entries: Iterator[Entry], show: Show, value: Callable[[bytes], Any], path: str, attempt: int, number: int
) -> tuple[str, str, bytes]:
    """The same, among the decisions of its execution."""
    first = next(entries)
    check_is_known(first)
    for event, decision in told_of(first, entries, show, path, attempt):
        command = decision.command
        if event.type == "TaskCommented" and event.data.get("number") == number and isinstance(command, CommentTask) and command.content:
            return command.name, command.media_type, base64.b64decode(value(command.content))
    task = task_id(first.decision.execution, path, attempt)
    raise Rejected("unknown_attachment", f"nothing is attached to the task {task} under the number {number}")
