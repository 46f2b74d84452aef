"""How what a human task is about is written for people, in all channels: buttons, answers, values, times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

OVER: Final = {"answered": "Answered: ", "withdrawn": "Withdrawn: ", "expired": "Expired: "}
"""What stands before the question where nobody is asked any more."""
_ABOUT: Final = {"reminded": "Reminder: ", "delegated": "Handed on: ", "escalated": "Still open: ", **OVER}
_VERBS: Final = {"approved": "Approve", "rejected": "Reject", "changes_requested": "Request changes"}


def button_text(kind: str, port: str, label: str) -> str:
    """The words for an answer: what the definition calls it, else what one does by it."""
    if label != port.replace("_", " "):
        return label
    if kind == "data_input" and port == "approved":
        return "Send"
    return _VERBS.get(port) or label[:1].upper() + label[1:]


def moment_text(moment: str) -> str:
    """An instant as RFC 3339 writes it in UTC, for people: to the minute, as `2026-12-01 08:46 UTC`."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def about(message: Mapping[str, Any]) -> str:
    """What stands before the question where it is not asked for the first time."""
    return _ABOUT.get(message["about"], "")


def value_text(value: Any) -> str:
    """A value as people read it: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value)).decode()


def answer_text(answer: Mapping[str, Any]) -> str:
    """What somebody has answered, on one line."""
    return f"{answer['by']}: {answer['port'].replace('_', ' ')}" + (f" - {answer['comment']}" if answer["comment"] else "")
