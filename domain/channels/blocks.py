"""What Slack shows is made of: blocks, within Slack's limits. All texts are plain: nothing in them mentions anybody, or is a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from domain.channels.wording import OVER, about, answer_text, button_text, moment_text, value_text

SECTION_MAX: Final = 3_000
BUTTON_MAX: Final = 75
FALLBACK_MAX: Final = 3_000
ROW_MAX: Final = 5
"""So many buttons stand beside each other; Slack takes 25."""
BLOCKS_MAX: Final = 50
ANSWER: Final = "refold.answer."
"""What the `action_id` of a button begins with that answers."""


def length(text: str) -> int:
    """How many characters Slack counts: UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, as Slack counts them (UTF-16), and of at least one."""
    clean = "".join(one if one.isprintable() or one in "\n\t" else " " for one in text)
    content = clean.encode("utf-16-le")
    if len(content) <= 2 * most:
        return clean if clean.strip() else "-"
    return content[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"


def plain(text: str, most: int = SECTION_MAX) -> dict[str, Any]:
    """A text in which nothing means anything."""
    return {"type": "plain_text", "text": cut(text, most), "emoji": False}


def section(text: str) -> dict[str, Any]:
    """A text that stands by itself."""
    return {"type": "section", "text": plain(text)}


def said(message: Mapping[str, Any]) -> dict[str, Any]:
    """A task as a message says it, as `text`, for notifications, and `blocks`: with buttons as long as anybody is asked."""
    is_over = message["about"] in OVER
    blocks = [section(OVER.get(message["about"], "") + message["question"])]
    for title, name in (("Details", "details"), ("Content", "content")):
        if message[name] is not None:
            blocks.append(section(f"{title}\n{value_text(message[name])}"))
    if message["answered"]:
        blocks.append(section("Answers so far\n" + "\n".join(map(answer_text, message["answered"]))))
    if not is_over:
        blocks.extend(_buttons(message))
    blocks.append({"type": "context", "elements": [plain(_last(message, is_over))]})
    return {"text": fallback(about(message) + message["question"]), "blocks": blocks[:BLOCKS_MAX]}


def fallback(text: str) -> str:
    """A text for notifications, in which Slack reads `<`, `>` and `&`."""
    return cut(text, FALLBACK_MAX).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def closing(task: Mapping[str, Any]) -> dict[str, Any]:
    """The same message for a task that is over, from the task as it is shown."""
    ending = task["status"] if task["status"] in OVER else "withdrawn"
    return said({**task, "about": ending, "answered": task["answers"], "due": None})


def _buttons(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    buttons = [
        {
            "type": "button",
            "action_id": f"{ANSWER}{place}",
            "text": plain(button_text(message["kind"], one["port"], one["label"]), BUTTON_MAX),
            "value": msgspec.json.encode([message["task"], one["port"]]).decode(),
        }
        for place, one in enumerate(message["answers"])
    ]
    for first in range(0, len(buttons), ROW_MAX):
        yield {"type": "actions", "block_id": f"refold.answers.{first}", "elements": buttons[first : first + ROW_MAX]}


def _last(message: Mapping[str, Any], is_over: bool) -> str:
    if is_over:
        return "Nobody is asked any more."
    asked = f"Asked: {', '.join(message['assignees']) or 'anybody'}."
    return asked if message["due"] is None else f"{asked} Until {moment_text(message['due'])}."
