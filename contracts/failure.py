"""A failure as a value: what went wrong in an activity, an expression or the engine, and where."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from contracts.value_check import depth_of
from contracts.values import decode, encode

_pack: Final = msgspec.msgpack.Encoder().encode
MESSAGE_LENGTH_MAX: Final = 4_000
TYPE_LENGTH_MAX: Final = 200
CAUSE_DEPTH_MAX: Final = 8
"""How many failures stand one behind the other, each the cause of the one before it; earlier ones are left out."""
DETAILS_DEPTH_MAX: Final = 100
"""Details that are nested deeper are shown by their beginning: a failure stands within other values."""
DETAILS_SHOWN_MAX: Final = 1_000

ENGINE_ERROR_TYPES: Final = (
    "timeout.schedule_to_start",
    "timeout.start_to_close",
    "timeout.schedule_to_close",
    "timeout.heartbeat",
    "timeout.workflow",
    "expression",
    "expression.limit",
    "input.invalid",
    "output.too_large",
    "loop.limit",
    "switch.no_case",
    "join.unsatisfied",
    "signal.timeout",
    "child.failed",
    "child.cancelled",
    "child.timeout",
    "cancelled",
    "worker.lost",
    "activity.unknown",
)
"""The error types that the engine itself raises; an activity adds its own."""

NEVER_RETRIED_BY_DEFAULT: Final = (
    "expression",
    "input.invalid",
    "loop.limit",
    "switch.no_case",
    "join.unsatisfied",
    "activity.unknown",
)
"""What a retry policy without `retry_on` does not try again: the same input would fail the same way."""


class Failure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What went wrong: `type` is dotted (`http.404`), `node` the innermost path, `attempt` counts from 1.

    `details` are a JSON value; where the log has no word for it, a whole number beyond 64 bits, they are bytes of JSON.
    """

    type: str
    message: str
    details: Any = None
    node: str = ""
    attempt: int = 0
    cause: Failure | None = None

    def at(self, node: str, attempt: int) -> Failure:
        """The same failure, placed: a place it already has is kept, as the innermost one tells most."""
        if self.node:
            return self
        return Failure(
            shorten(self.type, TYPE_LENGTH_MAX), shorten(self.message, MESSAGE_LENGTH_MAX), self.details, node, attempt, self.cause
        )

    def because(self, earlier: Failure) -> Failure:
        """The failure with an earlier one as the last of its causes, unless it is among them already."""
        causes = self.chain()
        if earlier in causes:
            return self
        caused: Failure | None = None
        for failure in reversed([*causes, *earlier.chain()][:CAUSE_DEPTH_MAX]):
            caused = msgspec.structs.replace(failure, cause=caused)
        return caused or self

    def chain(self) -> list[Failure]:
        """The failure and its causes, the latest first."""
        found, failure = [self], self.cause
        while failure is not None:
            found.append(failure)
            failure = failure.cause
        return found

    def as_value(self) -> dict[str, Any]:
        """The failure as an expression and a reader of JSON see it."""
        return {
            "type": self.type,
            "message": self.message,
            "details": decode(self.details) if isinstance(self.details, bytes) else self.details,
            "node": self.node,
            "attempt": self.attempt,
            "cause": self.cause.as_value() if self.cause else None,
        }


def details_of(value: Any) -> Any:
    """A JSON value as the details of a failure."""
    content = encode(value)
    if depth_of(content) > DETAILS_DEPTH_MAX:
        return shorten(content.decode(), DETAILS_SHOWN_MAX)
    try:
        _pack(value)
    except OverflowError:
        return content
    return value


def matches(pattern: str, error_type: str) -> bool:
    """Whether a pattern of `catch.errors`, `retry_on` or `never_retry_on` covers an error type.

    `*` covers all; a type covers itself and what is dotted below it; `http.4xx` covers `http.400` … `http.499`.
    """
    if pattern in ("*", error_type):
        return True
    if error_type.startswith(pattern + "."):
        return True
    if pattern.endswith("xx") and len(pattern) == len(error_type):
        return error_type.startswith(pattern[:-2]) and error_type[-2:].isdigit()
    return False


def shorten(text: str, length_max: int) -> str:
    """The text, cut to a length with a mark where it was cut."""
    return text if len(text) <= length_max else text[: length_max - 1] + "…"
