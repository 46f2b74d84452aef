"""What an engine's service says of human tasks."""

from __future__ import annotations

from typing import Any

from infra.server.lookup import Lookup
from workers.reading.task_reader import read_attachment, read_task


class TaskService:
    """A part of a `Service`. All methods belong to the event loop's thread."""

    _lookup: Lookup

    async def task(self, execution: str, path: str, attempt: int) -> dict[str, Any]:
        """A human task with all that was said and done about it. Raises Rejected where there is none."""
        return await self._lookup.read(execution, read_task, path, attempt)

    async def attachment(self, execution: str, path: str, attempt: int, number: int) -> tuple[str, str, bytes]:
        """A file that was attached to a task: its name, its media type, its content. Raises Rejected where there is none."""
        return await self._lookup.read(execution, read_attachment, path, attempt, number)
