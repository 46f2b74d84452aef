"""The errors of the face: what an activity raises to say how it failed, and what a client raises.

Exception
├── ActivityError            raised by an activity: a failure with a type of its own
└── RefoldError
    ├── Refused              the server refuses a request; carries status and problem
    ├── Unavailable          the server cannot be reached, or has no room
    ├── ExecutionFailed      an execution that was waited for ended otherwise than completed
    └── IncidentOpen         an execution that is waited for needs a person; carries the incidents
BaseException
└── Cancelled                nobody waits for the activity any more
"""

from __future__ import annotations

from typing import Any


class ActivityError(Exception):
    """A failure with a type of its own. `retryable=False` says that the same attempt would fail the same way.

    `retry_after_s`: whoever was asked has said when to come again; where it is tried again, then not before. Of built-in kinds only.
    """

    def __init__(
        self, error_type: str, message: str, *, details: Any = None, retryable: bool = True, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.details = details
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class Cancelled(BaseException):
    """The activity is to stop: nobody heeds its result. Not an Exception, so that `except Exception` lets it through."""


class RefoldError(Exception):
    """What a client or a worker of Refold itself raises."""


class Refused(RefoldError):
    """The server refuses a request. `status` is that of HTTP, `problem` the problem document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        title = problem.get("title") or "refused"
        super().__init__(f"{status} {title}: {problem.get('detail') or ''}".rstrip(": "))
        self.status = status
        self.problem = problem


class Unavailable(RefoldError):
    """The server cannot be reached, or has no room now."""


class ExecutionFailed(RefoldError):
    """An execution ended otherwise than completed; `execution` is the answer of the server."""

    def __init__(self, execution: dict[str, Any]) -> None:
        error = execution.get("error") or {}
        said = f": {error.get('type')}: {error.get('message')}" if error else ""
        super().__init__(f"execution {execution.get('execution_id')} is {execution.get('status')}{said}")
        self.execution = execution


class IncidentOpen(RefoldError):
    """An execution that is waited for, or one below it, needs a person: it goes on when its `incidents` are resolved.

    `execution` is the answer of the server, `incidents` are the open ones, the oldest first.
    """

    def __init__(self, execution: dict[str, Any], incidents: list[dict[str, Any]]) -> None:
        said = "; ".join(_incident_in_words(one) for one in incidents[:3])
        more = f" (and {len(incidents) - 3} more)" if len(incidents) > 3 else ""
        first = incidents[0]
        way_out = f"refold resolve {first.get('execution_id')} retry --incident {first.get('incident')}"
        super().__init__(f"execution {execution.get('execution_id')} needs a person: {said}{more}; `{way_out}` tries it again")
        self.execution = execution
        self.incidents = incidents


def _incident_in_words(incident: dict[str, Any]) -> str:
    error = incident.get("error") or {}
    return f"{incident.get('path') or incident.get('execution_id')}: {error.get('type')}: {error.get('message')}"
