"""A mail about one version of a human task: the same each time it is made, so that a mail that comes twice is seen to be one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any, Final

from domain.channels.wording import about, answer_text, button_text, moment_text, value_text
from domain.execution.moves.notices import CLOSED

SUBJECT_LENGTH_MAX: Final = 150
SHOWN_LENGTH_MAX: Final = 20_000
"""So much of a value is shown."""
ID_LENGTH_MAX: Final = 75
"""A longer id in `In-Reply-To` would be written as an encoded word, and match nothing."""
_NO_REPLY: Final = "Nobody reads answers to this mail."


def mail_of(message: Mapping[str, Any], sender: str, link: str | None) -> EmailMessage:
    """The mail. What could end a header in a question does not come into one."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = _subject(message)
    mail["From"], mail["To"] = sender, message["target"]
    mail["Date"] = format_datetime(datetime.fromisoformat(message["at"]))
    mail["Message-ID"] = message_id(message, sender, message["version"])
    first = message_id(message, sender, 1)
    if message["version"] > 1 and len(first) <= ID_LENGTH_MAX:
        mail["In-Reply-To"] = mail["References"] = first
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_text(message, link))
    mail.add_alternative(_html(message, link), subtype="html")
    for part in mail.iter_parts():
        del part["MIME-Version"]
    mail.set_boundary("=_" + hashlib.sha256(str(mail["Message-ID"]).encode()).hexdigest()[:32])
    return mail


def message_id(message: Mapping[str, Any], sender: str, version: int) -> str:
    """The id of the mail about a version of a task to one address."""
    what = hashlib.sha256(f"{message['task']}\0{message['target']}".encode()).hexdigest()[:24]
    return f"<{what}.{version}@{sender.rpartition('@')[2]}>"


def _subject(message: Mapping[str, Any]) -> str:
    question = " ".join("".join(one if one.isprintable() else " " for one in message["question"]).split())
    short = question if len(question) <= SUBJECT_LENGTH_MAX else question[: SUBJECT_LENGTH_MAX - 1] + "…"
    return about(message) + short


def plain(text: str) -> str:
    """A text without what no mail may hold: signs that are not printed, and halves of characters."""
    return "".join(one if one.isprintable() or one in "\n\t" else " " for one in text.replace("\r\n", "\n"))


def _value(value: Any) -> str:
    text = value_text(value)
    return plain(text if len(text) <= SHOWN_LENGTH_MAX else text[:SHOWN_LENGTH_MAX] + " … (shortened)")


def _sections(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for title, name in (("Details", "details"), ("Content", "content")):
        if message[name] is not None:
            yield title, _value(message[name])
    if message["answered"]:
        yield "Answers so far", "\n".join(plain(answer_text(one)) for one in message["answered"])


def _ways(message: Mapping[str, Any], link: str) -> list[tuple[str, str]]:
    """Each answer, and the link that opens the page with it chosen; none of them answers by itself."""
    ways = [(button_text(message["kind"], one["port"], one["label"]), f"{link}?answer={one['port']}") for one in message["answers"]]
    return [*ways, ("Open", link)]


def _last(message: Mapping[str, Any], link: str | None) -> list[str]:
    due = [] if message["due"] is None or message["about"] in CLOSED else [f"Until {moment_text(message['due'])}."]
    if link is not None:
        return [*due, "A link opens a page that asks again; it is meant for you alone.", _NO_REPLY]
    if message["about"] in CLOSED:
        return ["Nobody is asked any more.", _NO_REPLY]
    return [*due, f"Whoever is asked answers in the list of tasks: {plain(message['task'])}", _NO_REPLY]


def _text(message: Mapping[str, Any], link: str | None) -> str:
    parts = [plain(message["question"]), *(f"{title}:\n{text}" for title, text in _sections(message))]
    if link is not None:
        parts += [f"{text}:\n{where}" for text, where in _ways(message, link)]
    return "\n\n".join([*parts, "\n".join(_last(message, link))]) + "\n"


def _html(message: Mapping[str, Any], link: str | None) -> str:
    parts = [f'<h1 style="font-size:20px;white-space:pre-wrap">{escape(plain(message["question"]))}</h1>']
    for title, text in _sections(message):
        parts.append(f'<h2 style="font-size:13px">{title}</h2><pre style="white-space:pre-wrap">{escape(text)}</pre>')
    if link is not None:
        style = "display:inline-block;padding:10px 16px;margin:0 8px 8px 0;border:1px solid #1f6feb;border-radius:8px"
        parts += [f'<a style="{style}" href="{escape(where)}">{escape(text)}</a>' for text, where in _ways(message, link)]
    parts += [f'<p style="font-size:13px">{escape(one)}</p>' for one in _last(message, link)]
    return f'<!doctype html><html><body style="font:16px/24px system-ui,sans-serif">{"".join(parts)}</body></html>\n'
