"""Who asks, by the head of a request: somebody unknown, and the correlation id under which all that comes of it is found.

    traceparent: 00-<trace id>-<span id>-<flags>   the trace id and the span, where it is valid (W3C Trace Context)
    X-Request-Id: <1 to 128 visible characters>    else this, as it is
    neither                                        else one that is made here, in the form of a trace id

Whichever it is, the answer says it as `X-Request-Id`.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

from contracts.caller import ANONYMOUS, Caller, CallerInSpan

REQUEST_ID: Final = b"x-request-id"
REQUEST_ID_LENGTH_MAX: Final = 128
TRACE_PARENT: Final = b"traceparent"
CALLER: Final = "refold.caller"
"""Where the gate leaves the caller in the scope of a request."""

SOMEBODY: Final = Caller(ANONYMOUS)
"""A caller whose request has no correlation id: what workers do goes back to what began their executions."""

_TRACE: Final = re.compile(rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_REQUEST: Final = re.compile(rb"[!-~]{1,%d}" % REQUEST_ID_LENGTH_MAX)
_PROCESS: Final = os.urandom(8).hex()
_numbers: Final = itertools.count(1)


def caller_of(headers: Iterable[tuple[bytes, bytes]]) -> Caller:
    """The caller of a request with these headers; their names are in small letters. Of a header that stands twice the last counts."""
    trace = request = None
    for name, value in headers:
        if name == TRACE_PARENT:
            trace = value
        elif name == REQUEST_ID:
            request = value
    if trace is not None and (found := _TRACE.fullmatch(trace)) is not None and (found[1] != b"00" or found[4] is None):
        return CallerInSpan(ANONYMOUS, found[2].decode(), found[3].decode())
    return Caller(ANONYMOUS, _request_id(request) or new_correlation())


def caller_in(scope: Scope) -> Caller:
    """The caller that the gate has left in the scope of a request; of one of the worker protocol nothing but that somebody asks."""
    found: Caller = scope.get(CALLER, SOMEBODY)
    return found


def new_correlation() -> str:
    """An id that no other request has: 32 hexadecimal digits."""
    return f"{_PROCESS}{next(_numbers):016x}"


def _request_id(header: bytes | None) -> str | None:
    return header.decode() if header is not None and _REQUEST.fullmatch(header) is not None else None
