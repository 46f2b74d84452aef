"""The modal in which an answer is filled in: inputs for the form, the content that is reviewed, a comment; within Slack's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from api.links.form import Field, fields_of
from domain.channels.blocks import cut, length, plain, section
from domain.channels.wording import button_text

CALLBACK: Final = "refold.answer"
FIELDS_MAX: Final = 90
"""Slack takes 100 blocks."""
CHOICES_MAX: Final = 100
INPUT_MAX: Final = 3_000
TITLE_MAX: Final = 24
LABEL_MAX: Final = 2_000
WRONG_MAX: Final = 200
_VALUE: Final = "value"


def asks_more(task: Mapping[str, Any], port: str) -> bool:
    """Whether somebody who answers so has something to fill in."""
    if task["kind"] == "data_input":
        return task["form"] is not None and port == task["ports"][0]["port"]
    return task["form"] is not None or port == "changes_requested"


def modal(task: Mapping[str, Any], port: str) -> dict[str, Any] | None:
    """What is asked; None for a form that Slack cannot show."""
    fields = _inputs(task)
    if len(fields) > FIELDS_MAX or any(len(one.options) > CHOICES_MAX or length(one.first) > INPUT_MAX for one in fields):
        return None
    label = next((one["label"] for one in task["ports"] if one["port"] == port), port)
    is_needed = task["kind"] == "data_input"
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": msgspec.json.encode([task["task_id"], port]).decode(),
        "title": plain(task["workflow"], TITLE_MAX),
        "submit": plain(button_text(task["kind"], port, label), TITLE_MAX),
        "close": plain("Back", TITLE_MAX),
        "blocks": [section(task["question"]), *(_block(place, one, is_needed) for place, one in enumerate(fields))],
    }


def told(said: str) -> dict[str, Any]:
    """What a modal shows when it was sent off."""
    return {"type": "modal", "title": plain("Your answer", TITLE_MAX), "close": plain("Close", TITLE_MAX), "blocks": [section(said)]}


def given_in(task: Mapping[str, Any], view: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, by the names of the inputs."""
    values = view["state"]["values"]
    return {one.name: _text(values.get(_id(place), {}).get(_VALUE) or {}) for place, one in enumerate(_inputs(task))}


def problems_at(task: Mapping[str, Any], problems: Mapping[str, str], wrong: str) -> dict[str, str]:
    """What is wrong, by the block that it stands below; what belongs to none stands below the comment."""
    places = {one.name: _id(place) for place, one in enumerate(_inputs(task))}
    found = {places.get(name, places["comment"]): cut(text, WRONG_MAX) for name, text in problems.items()}
    return {**({places["comment"]: cut(wrong, WRONG_MAX)} if wrong else {}), **found}


def _inputs(task: Mapping[str, Any]) -> list[Field]:
    return [*fields_of(task["form"]), *_content(task), Field("comment", "", "Comment", "textarea", "if you like")]


def _content(task: Mapping[str, Any]) -> Iterator[Field]:
    """What is reviewed, where it is a text that Slack can show: whoever asks for changes may make them."""
    content = task["content"]
    if task["kind"] == "review" and isinstance(content, str) and 0 < length(content) <= INPUT_MAX:
        yield Field("content", "", "Content", "textarea", "you may change it", content)


def _id(place: int) -> str:
    return f"refold.{place}"


def _block(place: int, field: Field, is_needed: bool) -> dict[str, Any]:
    block = {
        "type": "input",
        "block_id": _id(place),
        "optional": field.shown == "checkbox" or not (field.is_required and is_needed),
        "label": plain(field.label, LABEL_MAX),
        "element": {"action_id": _VALUE, **_element(field)},
    }
    return {**block, "hint": plain(field.hint, LABEL_MAX)} if field.hint else block


def _element(field: Field) -> dict[str, Any]:
    match field.shown:
        case "select":
            options = [{"text": plain(text, 75), "value": place} for place, text in field.options]
            first = [one for one in options if one["value"] == field.first]
            return {"type": "static_select", "options": options, **({"initial_option": first[0]} if first else {})}
        case "checkbox":
            options = [{"text": plain(field.label, 75), "value": "on"}]
            return {"type": "checkboxes", "options": options, **({"initial_options": options} if field.first else {})}
    is_long = field.shown in ("textarea", "json")
    first_text = {"initial_value": field.first} if field.first else {}
    return {"type": "plain_text_input", "multiline": is_long, "max_length": INPUT_MAX, **first_text}


def _text(state: Mapping[str, Any]) -> str:
    if "selected_options" in state:
        return "on" if state["selected_options"] else ""
    if "selected_option" in state:
        return str((state["selected_option"] or {}).get("value", ""))
    return str(state.get("value") or "")
