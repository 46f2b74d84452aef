"""The errors of the face: what an activity raises to say how it failed, and what a client raises.

Exception
├── ActivityError            raised by an activity: a failure with a type of its own
└── RefoldError
    ├── Refused              the server refuses a request; carries status and problem
    ├── Unavailable          the server cannot be reached, or has no room
    └── ExecutionFailed      an execution that was waited for ended otherwise than completed
BaseException
└── Cancelled                nobody waits for the activity any more
"""

from __future__ import annotations

from typing import Any


class ActivityError(Exception):
    """A failure with a type of its own. `retryable=False` says that the same attempt would fail the same way."""

    def __init__(self, error_type: str, message: str, *, details: Any = None, retryable: bool = True) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.details = details
        self.retryable = retryable


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
