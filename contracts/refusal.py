"""Refusals on their way: why a command was refused, as it stands in the journal for whoever waits elsewhere, and back."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from contracts.errors import InvalidInput, Problem, RecordTooLarge, RefoldError, Rejected

INVALID_INPUT: Final = "input.invalid"
TOO_LARGE: Final = "decision_too_large"
"""What follows of a command at once is more than the log takes as one record: coming again does not help."""
MESSAGE_BYTES_MAX: Final = 1_000
"""A longer message is cut; of many problems the first are told."""

_problems: Final = msgspec.json.Decoder(list[Problem])


def told_of(error: Exception) -> tuple[str, str]:
    """Reason and message of a refusal, each short enough for a record."""
    if isinstance(error, InvalidInput):
        problems = list(error.problems)
        while len(content := msgspec.json.encode(problems)) > MESSAGE_BYTES_MAX and len(problems) > 1:
            problems.pop()
        if len(content) <= MESSAGE_BYTES_MAX:
            return INVALID_INPUT, content.decode()
    reason = TOO_LARGE if isinstance(error, RecordTooLarge) else error.reason if isinstance(error, Rejected) else "not_decided"
    return reason, str(error).encode()[:MESSAGE_BYTES_MAX].decode(errors="ignore")


def refusal_of(reason: str, message: str, execution: str, status: str, retry_after_s: int = 0) -> RefoldError:
    """The refusal that was told of."""
    if reason == INVALID_INPUT:
        try:
            return InvalidInput(_problems.decode(message))
        except msgspec.DecodeError:
            pass
    details: dict[str, Any] = {"status": status} if status else {}
    if retry_after_s:
        details["retry_after_s"] = retry_after_s
    return Rejected(reason, message, execution=execution, **details)
