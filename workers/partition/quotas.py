"""Quotas: `settings.quota`. Of a workflow so many executions that were started from outside are open, and so many begin in a minute.

All of them lie in one partition, so its owner counts. What is counted follows from the executions, those of the last minute from
when they were created; a snapshot keeps the latter, as an execution may have ended since.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from contracts.definitions import Quota
from contracts.errors import Rejected

MINUTE_MS: Final = 60_000
OPEN_RETRY_S: Final = 5
"""After so long it is worth another try where too many are open: nobody knows when one ends."""


class Quotas:
    """What counts against the quotas of the workflows of a partition."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self._workflow_of: dict[str, str] = {}
        self.starts: dict[str, deque[int]] = {}
        """By workflow when the last ones were created, the first one first (milliseconds since 1970)."""

    def begin(self, execution: str, workflow: str, created_at: int) -> None:
        """One more is open, that has just been created, or was then."""
        self.found(execution, workflow)
        starts = self.starts.setdefault(workflow, deque())
        starts.append(created_at)
        _forget(starts, created_at)

    def found(self, execution: str, workflow: str) -> None:
        """One is open; found twice it is one."""
        if execution not in self._workflow_of:
            self._workflow_of[execution] = workflow
            self.open[workflow] += 1

    def end(self, execution: str) -> None:
        """One is open no more, if it was; whatever execution that is."""
        workflow = self._workflow_of.pop(execution, None)
        if workflow is not None:
            self.open[workflow] -= 1

    def check(self, workflow: str, quota: Quota, now: int) -> None:
        """Raise Rejected for a start over the quota; `retry_after_s` says when another try may succeed."""
        if quota.open is not None and self.open[workflow] >= quota.open:
            said = f"{self.open[workflow]} executions of {workflow} are open; its quota is {quota.open} (`settings.quota.open`)"
            raise Rejected("quota_exceeded", said, workflow=workflow, retry_after_s=OPEN_RETRY_S)
        starts = self.starts.get(workflow, deque())
        _forget(starts, now)
        if quota.starts_per_minute is not None and len(starts) >= quota.starts_per_minute:
            said = f"{len(starts)} executions of {workflow} were started in the last minute; its quota is {quota.starts_per_minute}"
            after_s = -(-(starts[-quota.starts_per_minute] + MINUTE_MS - now) // 1000)
            raise Rejected("quota_exceeded", f"{said} (`settings.quota.starts_per_minute`)", workflow=workflow, retry_after_s=after_s)

    def restore(self, starts: dict[str, list[int]]) -> None:
        """What a snapshot holds of the last minute."""
        self.starts = {workflow: deque(found) for workflow, found in starts.items()}


def _forget(starts: deque[int], now: int) -> None:
    """What is more than a minute ago, and what a clock that was set back says is yet to come, counts no more."""
    while starts and not now - MINUTE_MS < starts[0] <= now:
        starts.popleft()
