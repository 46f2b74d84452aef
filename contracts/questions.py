"""Questions of a graph of LangGraph (`interrupt()`): what an attempt says by which it ends, and what those find who are to answer."""

from __future__ import annotations

from typing import Any, Final

from contracts.failure import Failure
from contracts.values import encode

INTERRUPTED: Final = "langgraph.interrupted"
"""The type of the failure by which an attempt says what its graph asks."""
QUESTIONS_MAX: Final = 100
"""So many questions may an attempt ask at once."""
QUESTION_CHARS_MAX: Final = 2_000
"""So much of a question is shown as its text; the value is whole."""
NAME_LENGTH_MAX: Final = 200


def questions_in(failure: Failure) -> list[tuple[str, bytes]] | None:
    """What an attempt asks by its failure: a name for each question, and what `ask` finds in `data` (JSON). None where it asks nothing."""
    asked = failure.details
    if failure.type != INTERRUPTED or not isinstance(asked, list) or not 0 < len(asked) <= QUESTIONS_MAX:
        return None
    found: dict[str, bytes] = {}
    for one in asked:
        if not isinstance(one, dict) or not isinstance(name := one.get("ask"), str) or not 0 < len(name) <= NAME_LENGTH_MAX:
            return None
        found[name] = encode({"ask": name, "question": _words(one.get("value")), "value": one.get("value")})
    return list(found.items())


def _words(value: Any) -> str:
    """A question as people read it."""
    if isinstance(value, dict) and isinstance(value.get("question"), str):
        value = value["question"]
    text = value if isinstance(value, str) else encode(value).decode()
    text = text if text.strip() else "Go on?"
    return text if len(text) <= QUESTION_CHARS_MAX else text[: QUESTION_CHARS_MAX - 1] + "…"
