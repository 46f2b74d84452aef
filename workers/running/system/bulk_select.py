"""`refold.bulk_select`: finds what a bulk operation is about, once: what changes afterwards is neither skipped nor doubled."""

from __future__ import annotations

from typing import Any, Final

from contracts.errors import InvalidInput
from contracts.ports.activities import ActivityContext
from domain.bulk.action import ROWS_MAX, Which
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.desk import Desk, Operator, Selected

PAGE_ROWS: Final = 200
"""So many are acted on by one activity: what a crash in the middle does again at most, and looks at first."""


class BulkSelectConfig(configs.Config):
    """What is looked for: see `Which`, or what another operation has done something with."""

    filter: str = ""
    incidents: str | None = None
    executions: list[str] | None = None
    undo: str | None = None


class BulkSelect:
    """Finds executions."""

    name = "refold.bulk_select"
    summary = "Finds the executions of a bulk operation."
    Config = BulkSelectConfig
    at_a_time = 2

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """`{total, pages}`, each page with ids and offsets. Raises ActivityError `bulk.filter` and `bulk.too_many`."""
        wanted = configs.read_config(BulkSelectConfig, config)

        async def select(operator: Operator) -> Selected:
            which = Which(wanted.filter, wanted.incidents, wanted.executions)
            return await (operator.select(which, ROWS_MAX) if wanted.undo is None else operator.succeeded(wanted.undo))

        try:
            found = self._desk.call(context, select)
        except InvalidInput as error:
            raise ActivityError("bulk.filter", str(error), retryable=False) from None
        if len(found.executions) > ROWS_MAX:
            message = f"the filter takes more than {ROWS_MAX:,} executions, the most for one operation; narrow it, by `created_at` say"
            raise ActivityError("bulk.too_many", message, retryable=False)
        offsets = {str(partition): offset for partition, offset in found.offsets.items()}
        pages = [
            {"executions": list(found.executions[first : first + PAGE_ROWS]), "offsets": offsets}
            for first in range(0, len(found.executions), PAGE_ROWS)
        ]
        return {"total": len(found.executions), "pages": pages}
