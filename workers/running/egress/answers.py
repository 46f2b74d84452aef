"""Answers over HTTP: their bodies as values, and the failures that stand for those that nobody wanted."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from workers.running.activity_error import ActivityError

if TYPE_CHECKING:
    from workers.running.egress.exchange import Answer

DETAIL_BYTES_MAX: Final = 2_048
"""So much of the body a failure carries."""
DETAIL_HEADERS: Final = ("content-type", "location", "retry-after", "www-authenticate", "date", "x-request-id")

_JSON = re.compile(r"application/(json|[\w.+-]+\+json)", re.IGNORECASE)
_TEXT = re.compile(r"text/|application/(xml|[\w.+-]+\+xml|javascript|x-www-form-urlencoded|x-ndjson|yaml)", re.IGNORECASE)
_MARK: Final = "\ufeff"
"""A byte order mark says nothing in UTF-8, and is no JSON."""


def status_pattern(item: int | str) -> re.Pattern[str]:
    """What statuses match that are written as 404 or "2xx". Raises ValueError."""
    text = str(item).lower()
    if not re.fullmatch(r"[1-5](\d\d|xx)", text):
        raise ValueError(f'expected statuses or classes like 404 or "2xx", found {item!r}')
    return re.compile(text.replace("x", r"\d"))


def read_body(answer: Answer) -> dict[str, Any]:
    """The body as JSON, as text, or as base64 with `encoding` beside it."""
    content_type = answer.headers.get("content-type", "")
    is_json = bool(_JSON.match(content_type))
    if content_type and answer.body and not is_json and not _TEXT.match(content_type):
        return _as_base64(answer.body)
    try:
        text = answer.body.decode(_charset(content_type)).removeprefix(_MARK)
    except (UnicodeError, LookupError):
        return {"body": answer.body.decode(errors="replace").removeprefix(_MARK)} if content_type else _as_base64(answer.body)
    if is_json and text:
        with suppress(msgspec.DecodeError, RecursionError, UnicodeError):
            return {"body": msgspec.json.decode(text)}
    return {"body": text}


def _as_base64(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "encoding": "base64"}


def _charset(content_type: str) -> str:
    found = re.search(r"charset=\"?([\w.:-]+)", content_type, re.IGNORECASE)
    return found.group(1) if found else "utf-8"


def unexpected(method: str, url: str, answer: Answer, retryable: bool = True) -> ActivityError:
    """The failure `http.<status>` that stands for an answer."""
    details: dict[str, Any] = {
        "status": answer.status,
        "headers": _some(answer.headers),
        "body": answer.body[:DETAIL_BYTES_MAX].decode(errors="replace"),
    }
    if "retry-after" in answer.headers:
        after = answer.headers["retry-after"]
        details["retry_after"] = int(after) if after.isdecimal() and len(after) < 10 else after
    host = re.sub(r"[?#].*|(?<=://)[^/@]*@", "", url)
    message = f"{method} {host} answered {answer.status}"
    return ActivityError(
        f"http.{answer.status}", message, details=details, retryable=retryable, retry_after_s=retry_after_s(answer.headers)
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """In how many seconds a server asks to be asked again; a moment counts from the one that it tells in `Date`. None where it does not."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal() and said.isascii():
        return float(said[:9])
    with suppress(TypeError, ValueError, OverflowError):
        after = (parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
        return max(after, 0.0)
    return None


def _some(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in DETAIL_HEADERS if name in headers}
