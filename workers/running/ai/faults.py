"""What goes wrong with a model, as failures: what each of the library's exceptions is called here, and what it is worth trying."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Final, NamedTuple

import msgspec
from pydantic import ValidationError
from pydantic_ai import exceptions as theirs

from workers.running.activity_error import ActivityError
from workers.running.ai.wire import Ask, Fault

BODY_SHOWN_MAX: Final = 2_048
"""So much of what a provider said is kept."""


class _Kind(NamedTuple):
    type: str
    retryable: bool = True
    falls_back: bool = False


_KINDS: Final[tuple[tuple[type[BaseException], _Kind], ...]] = (
    (theirs.ModelRateLimitError, _Kind("ai.rate_limit", True, True)),
    (theirs.ModelQuotaExceededError, _Kind("ai.rate_limit", False, True)),
    (theirs.ModelUnavailableError, _Kind("ai.overloaded", True, True)),
    (theirs.ModelContextWindowExceededError, _Kind("ai.context_length", False)),
    (theirs.ModelAuthenticationError, _Kind("ai.auth", False)),
    (theirs.ModelRequestTimeout, _Kind("http.timeout", True, True)),
    (theirs.ModelTimeoutError, _Kind("http.timeout", True, True)),
    (theirs.ContentFilterError, _Kind("ai.refused", False)),
    (theirs.UnexpectedModelBehavior, _Kind("ai.incomplete", True, True)),
    (theirs.UserError, _Kind("input.invalid", False)),
    (ValidationError, _Kind("ai.incomplete", True, True)),
    (asyncio.CancelledError, _Kind("ai.incomplete", True, True)),
)
"""The first that fits counts."""


def fault_of(ask: Ask, error: BaseException) -> Fault:
    """The failure that an exception of the library is."""
    if isinstance(error, ActivityError):
        return Fault(number=ask.number, type=error.error_type, message=str(error), details=error.details, retryable=error.retryable)
    kind = _kind(error)
    after = getattr(error, "retry_after", None)
    return Fault(
        number=ask.number,
        type=kind.type,
        message=_message(ask, kind, error),
        details=_details(ask, error),
        retryable=kind.retryable,
        retry_after_s=float(after) if isinstance(after, int | float) and 0 <= after < math.inf else None,
        falls_back=kind.falls_back,
    )


def incomplete(ask: Ask, said: str) -> Fault:
    """The answer ended before it was whole."""
    details = {"model": f"{ask.provider}:{ask.model}"}
    message = f"{ask.provider}:{ask.model}: {said}"
    return Fault(number=ask.number, type="ai.incomplete", message=message, details=details, falls_back=True)


def refused(ask: Ask, said: str) -> Fault:
    """The model, or its provider, does not want to answer this."""
    details = {"model": f"{ask.provider}:{ask.model}"}
    message = f"{ask.provider}:{ask.model} refuses to answer" + (f": {said}" if said else "")
    return Fault(number=ask.number, type="ai.refused", message=message, details=details, retryable=False)


def _kind(error: BaseException) -> _Kind:
    for class_, kind in _KINDS:
        if isinstance(error, class_):
            return kind
    status = getattr(error, "status_code", None)
    if isinstance(error, theirs.ModelConnectionError):
        was_sent = error.phase not in ("pool", "connect")
        return _Kind("ai.incomplete" if was_sent else "http.connect", True, True)
    if isinstance(status, int):
        is_theirs = status >= 500
        return _Kind(f"http.{status}", is_theirs or status in (408, 409, 425, 429), is_theirs or status in (408, 429))
    if isinstance(error, theirs.ModelServerError):
        return _Kind("http.500", True, True)
    return _Kind("ai.incomplete" if isinstance(error, theirs.AgentRunError) else type(error).__name__, True, True)


def _message(ask: Ask, kind: _Kind, error: BaseException) -> str:
    who = f"{ask.provider}:{ask.model}"
    if kind.type == "ai.auth":
        return f"{who} refuses the key {_key_in_words(ask)}"
    if isinstance(error, asyncio.CancelledError):
        return f"{who}: the provider's library broke the call off by itself"
    status = getattr(error, "status_code", None)
    return f"{who} answered {status}: {_said(error)}" if isinstance(status, int) else f"{who}: {error}"


def _said(error: BaseException) -> str:
    """What the provider has said about it, in words."""
    found = getattr(error, "body", None)
    while isinstance(found, dict) and isinstance(found.get("error") or found.get("message"), dict | str):
        found = found.get("error") or found.get("message")
    return (found if isinstance(found, str) else str(error))[:1_000]


def _key_in_words(ask: Ask) -> str:
    if ask.credential:
        return f"of the credential `{ask.credential}`"
    if ask.base_url is not None:
        return f", as there is none: {ask.base_url} asks for one, name a `credential` in the node"
    return "that the environment of the worker has for it"


def _details(ask: Ask, error: BaseException) -> dict[str, Any]:
    found: dict[str, Any] = {"model": f"{ask.provider}:{ask.model}"}
    status, body = getattr(error, "status_code", None), getattr(error, "body", None)
    if isinstance(status, int):
        found["status"] = status
    if body is not None:
        shown = body if isinstance(body, str) else msgspec.json.encode(body, enc_hook=str).decode()
        found["body"] = shown[:BODY_SHOWN_MAX]
    return found
