"""How buttons that answer a human task, and times, are written for people."""

from __future__ import annotations

from typing import Final

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
