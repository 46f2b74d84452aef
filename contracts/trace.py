"""Traces: which trace an execution belongs to, and the ids of its spans, all derived, so that spans can be made again.

    correlation id ─► trace id      as it is where it is one (32 hex digits), else its digest; without one, that of the execution
    execution, node, attempt ─► span id      the digest of its name

The forms are those of W3C Trace Context, level 1.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final

from contracts.commands import RunActivity
from contracts.ids import activity_key

_EMPTY: Final = {size: hashlib.blake2b(digest_size=size) for size in (8, 16)}
"""To copy one takes two thirds of the time that it takes to make one."""
_TRACE: Final = re.compile(r"(?!0{32})[0-9a-f]{32}\Z")


@lru_cache(maxsize=1024)
def trace_id(correlation: str, execution: str) -> str:
    """The trace of an execution: 32 hex digits."""
    return correlation if _TRACE.match(correlation) else _digest(correlation or execution, 16)


def execution_span(execution: str) -> str:
    """The span of an execution: 16 hex digits."""
    return _digest(execution, 8)


def node_span(execution: str, path: str, run: int) -> str:
    """The span of a node: 16 hex digits; of its second run at the same path another one."""
    return _digest(f"{execution}/{path}={run}", 8)


def attempt_span(execution: str, path: str, attempt: int) -> str:
    """The span of an attempt of an activity, or of starting a child: 16 hex digits."""
    return _digest(activity_key(execution, path, attempt), 8)


def traceparent(correlation: str, execution: str, path: str, attempt: int) -> str:
    """What an attempt says of itself to those whom it asks: the header `traceparent`."""
    return task_traceparent(correlation, execution, activity_key(execution, path, attempt))


def task_traceparent(correlation: str, execution: str, task: str) -> str:
    """The same, of an attempt whose `activity_key` is known."""
    return f"00-{trace_id(correlation, execution)}-{_digest(task, 8)}-01"


def execution_traceparent(correlation: str, execution: str) -> str:
    """What an event says of the execution that it is of, in the trace that this correlation id is; empty where it is none."""
    return f"00-{correlation}-{execution_span(execution)}-01" if _TRACE.match(correlation) else ""


def traceparent_of(activity: RunActivity) -> str:
    """The same, of an activity command."""
    return traceparent(activity.correlation, activity.execution, activity.path, activity.attempt)


def _digest(name: str, size: int) -> str:
    digest = _EMPTY[size].copy()
    digest.update(name.encode())
    return digest.hexdigest()
