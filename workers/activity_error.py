"""How an activity says that it failed, and that it stopped because nobody waits for it any more."""

from __future__ import annotations

from typing import Any, Final

from contracts.errors import InvalidInput
from contracts.failure import MESSAGE_LENGTH_MAX, Failure, shorten
from contracts.values import decode, encode

ERROR_TYPE_LENGTH_MAX: Final = 200
DETAILS_BYTES_MAX: Final = 16 * 1024
"""Larger details of a failure are shown by their beginning only."""
DETAILS_SHOWN_MAX: Final = 1_000


class ActivityError(Exception):
    """A failure with a type of its own. `retryable=False` says that the same attempt would fail the same way."""

    def __init__(self, error_type: str, message: str, *, details: Any = None, retryable: bool = True) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.details = details
        self.retryable = retryable


class Cancelled(BaseException):
    """The activity is to stop: nobody heeds its result. Not an Exception, so that `except Exception` lets it through."""


def failure_of(error: BaseException) -> Failure:
    """The failure that stands for an exception: its `error_type` or its class's name, its message and its `details`."""
    error_type = getattr(error, "error_type", None) or type(error).__name__
    message = str(error) or type(error).__name__
    return Failure(_text(error_type, ERROR_TYPE_LENGTH_MAX), _text(message, MESSAGE_LENGTH_MAX), _json(getattr(error, "details", None)))


def _text(value: object, length_max: int) -> str:
    """The value as text that can be stored: short, and without halves of characters."""
    return shorten(str(value).encode(errors="replace").decode(), length_max)


def _json(details: Any) -> Any:
    """The details as JSON gives them back, so that they are the same when they are read again; else what they look like."""
    try:
        value = encode(details)
        if len(value) <= DETAILS_BYTES_MAX:
            return decode(value)
    except (InvalidInput, TypeError, ValueError, RecursionError):
        pass
    return _text(repr(details), DETAILS_SHOWN_MAX)


def is_retryable(error: BaseException) -> bool:
    """Whether trying again may help, as far as the exception says."""
    return bool(getattr(error, "retryable", True))
