"""`http_request`: sends an HTTP request and gives `{status, headers, body}`.

The body is sent as JSON unless it is a string, and read as JSON where the response says so. A response whose status is
not expected is the failure `http.<status>`. Only public addresses are reached, unless a setting allows all.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import msgspec
from pydantic import Field

from contracts.credentials import CredentialName
from contracts.ports.activities import ActivityContext
from contracts.values import encode
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.egress.addresses import Allow, Resolve, is_any, is_public, resolve
from workers.running.watch import seconds_of

if TYPE_CHECKING:
    from workers.running.egress.exchange import Answer, Question

DETAIL_BYTES_MAX: Final = 2_048
"""So much of the body a failure carries."""
DETAIL_HEADERS: Final = ("content-type", "location", "retry-after", "www-authenticate", "date", "x-request-id")

_JSON = re.compile(r"application/(json|[\w.+-]+\+json)", re.IGNORECASE)
_TEXT = re.compile(r"text/|application/(xml|[\w.+-]+\+xml|javascript|x-www-form-urlencoded|x-ndjson|yaml)", re.IGNORECASE)
_METHOD = re.compile(r"[A-Z]{1,32}")
_MARK: Final = "\ufeff"
"""A byte order mark says nothing in UTF-8, and is no JSON."""
_FORM: Final = "application/x-www-form-urlencoded"


class HttpRequestConfig(configs.Config):
    """Where to send what, and which answer is a good one."""

    method: str = Field(default="GET", description="GET, POST, PUT, PATCH, DELETE, HEAD …")
    url: str = Field(description="An http or https URL.")
    headers: dict[str, Any] = Field(default_factory=dict, description="Headers; null leaves one out.")
    query: dict[str, Any] = Field(
        default_factory=dict, description="Added to the URL's query; a list repeats the name, null leaves it out."
    )
    credential: CredentialName | None = Field(
        default=None, description="The name of a credential that the request shows: of kind basic, bearer, header or oauth2."
    )
    body: Any = Field(default=None, description="A string is sent as text, null sends nothing, anything else is sent as JSON.")
    timeout: str = Field(default="30s", description="How long all of it may take, a duration.")
    follow_redirects: bool = Field(default=False, description="Whether to go where a redirect points; each address is checked anew.")
    expect: list[int | str] = Field(default=["2xx"], description='The statuses that are no failure, like ["2xx", 404].')
    response_bytes_max: int = Field(default=10 * 1024 * 1024, ge=0, description="The largest body of a response.")


class HttpRequest:
    """Sends an HTTP request."""

    name = "http_request"
    summary = "Sends an HTTP request and gives status, headers and body."
    category = "activities"
    icon = "globe"
    Config = HttpRequestConfig
    gives: Final = {
        "type": "object",
        "required": ["status", "headers", "body"],
        "properties": {
            "status": {"type": "integer", "minimum": 100, "maximum": 599},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "body": True,
            "encoding": {"const": "base64"},
        },
        "additionalProperties": False,
    }

    def __init__(self, settings: ActivitySettings, lookup: Resolve = resolve, is_allowed: Allow = is_public) -> None:
        self._is_allowed: Allow = is_any if settings.allow_private_addresses else is_allowed
        self._lookup = lookup

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Send the request. Raises ActivityError `http.<status>` for a status that is not expected, and what `exchange` raises."""
        from workers.running.egress.exchange import exchange

        wanted = configs.read_config(HttpRequestConfig, config)
        expected = [_status_pattern(item) for item in wanted.expect]
        answer = exchange(context, _question(wanted, context), self._lookup, self._is_allowed)
        if not any(pattern.fullmatch(str(answer.status)) for pattern in expected):
            raise _unexpected(wanted, answer)
        return {"status": answer.status, "headers": answer.headers, **_read_body(answer)}


def _invalid(field: str, message: str) -> ActivityError:
    return ActivityError("input.invalid", f"config.{field}: {message}", retryable=False)


def _status_pattern(item: int | str) -> re.Pattern[str]:
    text = str(item).lower()
    if not re.fullmatch(r"[1-5](\d\d|xx)", text):
        raise _invalid("expect", f'expected statuses or classes like 404 or "2xx", found {item!r}')
    return re.compile(text.replace("x", r"\d"))


def _question(wanted: HttpRequestConfig, context: ActivityContext) -> Question:
    from workers.running.egress.exchange import Question

    method = wanted.method.upper()
    if not _METHOD.fullmatch(method):
        raise _invalid("method", f"expected an HTTP method, found {wanted.method!r}")
    headers = {"idempotency-key": context.idempotency_key, "traceparent": context.traceparent} | {
        name.lower(): _line(f"headers.{name}", value) for name, value in wanted.headers.items()
    }
    content, content_type = _content(wanted.body, headers.get("content-type"))
    if content_type:
        headers.setdefault("content-type", content_type)
    shown = _shown(wanted, context)
    for name in shown:
        if headers.get(name) is not None:
            raise _invalid(f"headers.{name}", f"the credential {wanted.credential} says what stands there; take one of them out")
    headers |= shown
    return Question(
        method=method,
        url=_url(wanted),
        headers={name: value for name, value in headers.items() if value is not None},
        content=content,
        timeout_s=seconds_of(wanted.timeout, "timeout"),
        follow_redirects=wanted.follow_redirects,
        response_bytes_max=wanted.response_bytes_max,
        secret_headers=tuple(shown),
    )


def _shown(wanted: HttpRequestConfig, context: ActivityContext) -> dict[str, str]:
    """The headers that show the credential."""
    if wanted.credential is None:
        return {}
    from workers.running.egress.authorization import authorization

    return authorization(wanted.credential, context.credential(wanted.credential))


def _line(field: str, value: Any) -> Any:
    """The value of a header, None to leave it out."""
    if value is None:
        return None
    text = _word(field, value)
    if not text.isascii() or any(ord(sign) < 32 and sign != "\t" for sign in text):
        raise _invalid(field, "expected one line of ASCII text")
    return text


def _word(field: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _invalid(field, f"expected a string, a number or a boolean, found {type(value).__name__}")


def _url(wanted: HttpRequestConfig) -> Any:
    import httpx2

    try:
        url = httpx2.URL(wanted.url)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise _invalid("url", f"{error}, found {wanted.url[:200]!r}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _invalid("url", f"expected http://… or https://…, found {wanted.url[:200]!r}")
    query: dict[str, Any] = {}
    for name, value in wanted.query.items():
        if value is not None:
            query[name] = [_word(f"query.{name}", item) for item in (value if isinstance(value, list) else [value])]
    return url.copy_merge_params(query) if query else url


def _content(body: Any, content_type: str | None) -> tuple[bytes | None, str | None]:
    """The bytes to send, and their type where the config names none."""
    if body is None:
        return None, None
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    if isinstance(body, dict) and (content_type or "").lower().startswith(_FORM):
        return urlencode(body, doseq=True).encode(), None
    return encode(body), "application/json"


def _read_body(answer: Answer) -> dict[str, Any]:
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


def _unexpected(wanted: HttpRequestConfig, answer: Answer) -> ActivityError:
    details: dict[str, Any] = {
        "status": answer.status,
        "headers": _some(answer.headers),
        "body": answer.body[:DETAIL_BYTES_MAX].decode(errors="replace"),
    }
    if "retry-after" in answer.headers:
        after = answer.headers["retry-after"]
        details["retry_after"] = int(after) if after.isdecimal() else after
    host = re.sub(r"[?#].*|(?<=://)[^/@]*@", "", wanted.url)
    return ActivityError(f"http.{answer.status}", f"{wanted.method.upper()} {host} answered {answer.status}", details=details)


def _some(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in DETAIL_HEADERS if name in headers}
