"""What is written on the buttons that answer a human task."""

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
