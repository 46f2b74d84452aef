"""The page of one human task as HTML: without a script, without cookies, for a phone, light and dark."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final, NamedTuple

from starlette.responses import HTMLResponse

from api.links.form import Field
from api.links.style import STYLE
from contracts.sealed_value import hide_text
from domain.channels.wording import button_text, value_text

SHOWN_LENGTH_MAX: Final = 100_000
"""So much of a value is shown."""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


class Asked(NamedTuple):
    """What is shown of a task: to whom, with which fields, what stands in them, which way was chosen, and what is wrong."""

    task: Mapping[str, Any]
    person: str
    fields: list[Field]
    given: Mapping[str, str]
    chosen: str = ""
    wrong: str = ""
    problems: Mapping[str, str] = {}


def told(status: int, title: str, *sentences: str) -> HTMLResponse:
    """A page that asks nothing."""
    return _page(status, title, f"<h1>{escape(title)}</h1>", *(f"<p>{escape(one)}</p>" for one in sentences))


def asking(status: int, asked: Asked) -> HTMLResponse:
    """The page that asks."""
    task = asked.task
    return _page(
        status,
        task["question"],
        f'<p class="soft">{escape(task["workflow"])} asks {escape(asked.person)}</p><h1>{escape(task["question"])}</h1>',
        *_alert(asked),
        *_shown("Details", task["details"]),
        *(() if isinstance(task["content"], str) and task["kind"] == "review" else _shown("Content", task["content"])),
        *_said(task["answers"]),
        '<form method="post"><button disabled hidden></button>',
        *(_field(field, asked) for field in asked.fields),
        *_content(asked),
        _field(Field("comment", "", "Comment", "textarea", "if you like"), asked),
        '<div class="ways">',
        *_ways(asked),
        "</div></form>",
    )


def _page(status: int, title: str, *parts: str) -> HTMLResponse:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    content = f'<!doctype html><html lang="en"><head>{head}<title>{escape(title[:200])}</title><style>{STYLE}</style></head>'
    return HTMLResponse(hide_text(f"{content}<body><main>{''.join(parts)}</main></body></html>"), status, _HEADERS)


def _alert(asked: Asked) -> Iterable[str]:
    if asked.wrong or asked.problems:
        yield f'<p class="alert" role="alert">{escape(asked.wrong or "Something is not as it was asked for: see below.")}</p>'


def _shown(title: str, value: Any) -> Iterable[str]:
    """A value: a flat object as a list of its parts, a text as it is, all else as JSON."""
    if value is None:
        return
    yield f"<h2>{title}</h2>"
    if isinstance(value, dict) and value and not any(isinstance(one, dict | list) for one in value.values()):
        yield f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{_text(one)}</dd>' for name, one in value.items())}</dl>"
    else:
        yield f'<pre tabindex="0">{_text(value)}</pre>'


def _text(value: Any) -> str:
    text = value_text(value)
    return escape(text[:SHOWN_LENGTH_MAX] + (" … (shortened)" if len(text) > SHOWN_LENGTH_MAX else ""))


def _said(answers: list[dict[str, Any]]) -> Iterable[str]:
    if answers:
        lines = (f"<li>{escape(one['by'])}: {escape(one['port'].replace('_', ' '))}{_comment(one['comment'])}</li>" for one in answers)
        yield f'<h2>Answers so far</h2><ul class="said">{"".join(lines)}</ul>'


def _comment(comment: str) -> str:
    return f" — {escape(comment)}" if comment else ""


def _content(asked: Asked) -> Iterable[str]:
    """What is reviewed, where it is a text: whoever asks for changes may make them."""
    task = asked.task
    if task["kind"] == "review" and isinstance(task["content"], str):
        yield _field(Field("content", "", "Content", "textarea", "you may change it", task["content"]), asked)


def _field(field: Field, asked: Asked) -> str:
    name, value = escape(field.name), escape(asked.given.get(field.name, "" if asked.given else field.first))
    wrong = asked.problems.get(field.name)
    is_needed = field.is_required and asked.task["kind"] == "data_input"
    marks = f'id="{name}" name="{name}"{" required" if is_needed and field.shown != "checkbox" else ""}'
    marks += f' aria-invalid="true" aria-describedby="{name}-wrong"' if wrong else ""
    hint = f' <span class="soft">{escape(field.hint)}</span>' if field.hint else ""
    below = f'<p class="wrong" id="{name}-wrong">{escape(wrong)}</p>' if wrong else ""
    if field.shown == "checkbox":
        box = f'<input type="checkbox" value="on" {marks}{" checked" if value else ""}>'
        return f'<div class="field"><label>{box}{escape(field.label)}{hint}</label>{below}</div>'
    label = f'<label for="{name}">{escape(field.label)}{" *" if is_needed else ""}{hint}</label>'
    return f'<div class="field">{label}{_input(field, marks, value)}{below}</div>'


def _input(field: Field, marks: str, value: str) -> str:
    match field.shown:
        case "textarea" | "json":
            return f'<textarea rows="{8 if field.name == "content" else 3}" {marks}>\n{value}</textarea>'
        case "select":
            options = (
                f'<option value="{place}"{" selected" if place == value else ""}>{escape(one)}</option>' for place, one in field.options
            )
            return f'<select {marks}><option value=""></option>{"".join(options)}</select>'
        case "integer" | "number" as kind:
            return f'<input type="number" step="{1 if kind == "integer" else "any"}" value="{value}" {marks}>'
    return f'<input type="{field.shown}" value="{value}" {marks}>'


def _ways(asked: Asked) -> Iterable[str]:
    task = asked.task
    first = task["ports"][0]["port"]
    main = asked.chosen if any(one["port"] == asked.chosen for one in task["ports"]) else first
    for one in task["ports"]:
        marks = ' class="main"' if one["port"] == main else ""
        marks += " formnovalidate" if one["port"] != first else ""
        text = button_text(task["kind"], one["port"], one["label"])
        yield f'<button name="answer" value="{escape(one["port"])}"{marks}>{escape(text)}</button>'
