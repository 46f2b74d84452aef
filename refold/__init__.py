"""Refold: a workflow execution engine whose only memory is a log.

What users import stands here and is loaded when it is first used: `activity` and `ActivityContext` to write activities,
`Worker` to run them, `Client` and `AsyncClient` to talk to a server, and the errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refold.client.asynchronous import AsyncClient
    from refold.client.blocking import Client
    from refold.errors import ActivityError, Cancelled, ExecutionFailed, IncidentOpen, RefoldError, Refused, Unavailable
    from refold.worker.activities import Activity, ActivityContext, activity
    from refold.worker.worker import Worker

__version__ = "0.1.0"

__all__ = [
    "Activity",
    "ActivityContext",
    "ActivityError",
    "AsyncClient",
    "Cancelled",
    "Client",
    "ExecutionFailed",
    "IncidentOpen",
    "RefoldError",
    "Refused",
    "Unavailable",
    "Worker",
    "__version__",
    "activity",
]

_HOMES = {
    "Activity": "refold.worker.activities",
    "ActivityContext": "refold.worker.activities",
    "AsyncClient": "refold.client.asynchronous",
    "Client": "refold.client.blocking",
    "Worker": "refold.worker.worker",
    "activity": "refold.worker.activities",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'refold' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_HOMES.get(name, "refold.errors")), name)
    return value
