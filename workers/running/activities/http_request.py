"""`http_request`: sends an HTTP request and gives `{status, headers, body}`.

The body is sent as JSON unless it is a string, and read as JSON where the response says so. A response whose status is
not expected is the failure `http.<status>`. Only public addresses are reached, unless a setting allows all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pydantic import Field

from contracts.credentials import CredentialName
from contracts.ports.activities import ActivityContext
from contracts.values import encode
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.egress.addresses import Allow, Resolve, is_any, is_public, resolve
from workers.running.egress.answers import read_body, status_pattern, unexpected
from workers.running.watch import seconds_of

if TYPE_CHECKING:
    from workers.running.egress.exchange import Question

_METHOD = re.compile(r"[A-Z]{1,32}")
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
        answer = exchange(context, question_of(wanted, context), self._lookup, self._is_allowed)
        if not any(pattern.fullmatch(str(answer.status)) for pattern in expected):
            raise unexpected(wanted.method.upper(), wanted.url, answer)
        return {"status": answer.status, "headers": answer.headers, **read_body(answer)}


def _invalid(field: str, message: str) -> ActivityError:
    return ActivityError("input.invalid", f"config.{field}: {message}", retryable=False)


def _status_pattern(item: int | str) -> re.Pattern[str]:
    try:
        return status_pattern(item)
    except ValueError as error:
        raise _invalid("expect", str(error)) from None


def question_of(wanted: HttpRequestConfig, context: ActivityContext) -> Question:
    """The request that a config asks for, with what every request carries. Raises ActivityError `input.invalid`."""
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
