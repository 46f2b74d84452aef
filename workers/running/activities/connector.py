"""`connector`: makes a request of an API that is described as data, and gives `{status, headers, body}`, or all items of its pages.

Its config has the action as the definition pins it (`domain.definition.pinned_connectors`), so an attempt asks as its execution
began, whatever was published since. The request goes the way that `http_request` goes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from contracts.connectors import ACTION_PATTERN, NAME_PATTERN, PinnedAction
from contracts.credentials import CredentialName
from contracts.errors import InvalidInput
from contracts.ports.activities import ActivityContext
from domain.connectors.connector_check import read_pinned
from domain.connectors.paging import Asked, BadPage, Next, items_of, next_of
from domain.connectors.requests import Request, request_of, taken_input
from domain.connectors.styles import Unfit
from domain.definition.pinned_connectors import PINNED
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.egress.addresses import Allow, Resolve, is_any, is_public, resolve
from workers.running.egress.answers import read_body, status_pattern, unexpected
from workers.running.watch import seconds_of

if TYPE_CHECKING:
    from workers.running.egress.exchange import Answer
    from workers.running.egress.schemes import Shown

PAGES_MAX: Final = 1_000
EXPECTED: Final = ("2xx",)
ACCEPTED: Final = "application/json, */*;q=0.5"


class ConnectorConfig(configs.Config):
    """Which action of which connector, and with what."""

    connector: str = Field(pattern=NAME_PATTERN, description="The name of a connector that is published.")
    version: int | None = Field(
        default=None, ge=1, strict=True, description="Which version of it; without it the latest one as the workflow is published."
    )
    action: str = Field(pattern=ACTION_PATTERN, description="Which of its actions.")
    credential: CredentialName | None = Field(default=None, description="The name of a credential that the request shows.")
    input: dict[str, Any] | None = Field(default=None, description="What the action takes; without it the node's data.")
    base_url: str | None = Field(default=None, description="Where paths begin, instead of what the connector says.")
    pages: int = Field(default=1, ge=1, le=PAGES_MAX, description="How many pages of a long list are asked for, one after the other.")
    timeout: str = Field(default="30s", description="How long each request may take, a duration.")
    follow_redirects: bool = Field(default=False, description="Whether to go where a redirect points; each address is checked anew.")
    response_bytes_max: int = Field(default=10 * 1024 * 1024, ge=0, description="The largest body of a response, of all pages together.")


class Connector:
    """Runs an action of a connector."""

    name = "connector"
    summary = "Runs an action of a connector: an API that is described as data, such as by an OpenAPI document."
    category = "activities"
    icon = "plug-zap"
    begins_with = '{"connector": "an_api", "action": "list_things", "input": {}}'
    Config = ConnectorConfig
    gives: Final = {
        "type": "object",
        "required": ["status", "headers"],
        "properties": {
            "status": {"type": "integer", "minimum": 100, "maximum": 599},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "body": True,
            "encoding": {"const": "base64"},
            "items": {"type": "array"},
            "pages": {"type": "integer", "minimum": 1},
            "next": {"type": ["object", "null"]},
        },
        "additionalProperties": False,
    }

    def __init__(self, settings: ActivitySettings, lookup: Resolve = resolve, is_allowed: Allow = is_public) -> None:
        self._is_allowed: Allow = is_any if settings.allow_private_addresses else is_allowed
        self._lookup = lookup

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Ask. Raises ActivityError `http.…`, `connector.paging`, `input.invalid`, see the reference."""
        given = dict(config)
        pinned = given.pop(PINNED, None)
        wanted = configs.read_config(ConnectorConfig, given)
        if pinned is None:
            said = f"the workflow was published without action {wanted.action} of connector {wanted.connector}"
            raise _invalid(f"config.connector: {said}: publish the connector, then the workflow")
        return self._run(context, wanted, read_pinned(json.loads(pinned)["content"]), data if wanted.input is None else wanted.input)

    def _run(self, context: ActivityContext, wanted: ConnectorConfig, pinned: PinnedAction, given: Any) -> Any:
        call = _Call(self._lookup, self._is_allowed, context, wanted, pinned)
        paging = pinned.action.paging
        taken = _checked(pinned, given)
        answer, asked = call.ask(taken, None)
        found = {"status": answer.status, "headers": answer.headers}
        if paging is None:
            return {**found, **read_body(answer)}
        if wanted.pages == 1:
            body = read_body(answer)
            try:
                following = next_of(pinned.action, asked, answer.headers, body["body"])
            except BadPage:
                following = None  # what it answers is given as it is
            return {**found, **body, "next": None if following is None else following.as_value()}
        return {**found, **call.pages(answer, asked)}


class _Call:
    """A run of an action: requests that are made of the same things."""

    def __init__(self, lookup: Resolve, is_allowed: Allow, context: ActivityContext, wanted: ConnectorConfig, pinned: PinnedAction) -> None:
        self._lookup, self._is_allowed, self._context, self._wanted, self._pinned = lookup, is_allowed, context, wanted, pinned
        self._bytes_left, self._count = wanted.response_bytes_max, 0
        self._shown = _shown(context, wanted, pinned)

    def ask(self, given: dict[str, Any], url: str | None) -> tuple[Answer, Asked]:
        """The answer to a request for an input, at a URL that a page has said where there is one. Raises ActivityError."""
        from workers.running.egress.exchange import exchange

        pinned, base_url = self._pinned, self._wanted.base_url or self._pinned.base_url
        mark = hashlib.sha256(self._context.idempotency_key.encode()).hexdigest()[:32]
        try:
            request = request_of(pinned, given, base_url, mark)
        except Unfit as unfit:
            raise _invalid(f"config.input: {unfit}") from None
        request = request if url is None else request._replace(url=url)
        self._count += 1
        answer = exchange(self._context, self._question(request), self._lookup, self._is_allowed)
        self._bytes_left -= len(answer.body)
        expected = pinned.action.expect or EXPECTED
        if not _is_among(answer.status, expected):
            raise unexpected(request.method, request.url, answer, retryable=_is_among(answer.status, pinned.retry_on))
        return answer, Asked(given, request.url)

    def pages(self, answer: Answer, asked: Asked) -> dict[str, Any]:
        """The items of this page and of those that follow it. Raises ActivityError."""
        paging, items, seen = self._pinned.action.paging, list[Any](), set[str]()
        assert paging is not None
        while True:
            body = read_body(answer)["body"]
            try:
                items += items_of(paging, body)
                following = next_of(self._pinned.action, asked, answer.headers, body)
            except BadPage as fault:
                raise ActivityError("connector.paging", f"page {self._count}: {fault}", retryable=False) from None
            if following is None or self._count >= self._wanted.pages:
                return {"items": items, "pages": self._count, "next": None if following is None else following.as_value()}
            self._refuse_a_circle(following, seen)
            answer, asked = self.ask({**asked.given, **following.inputs}, following.url)

    def _refuse_a_circle(self, following: Next, seen: set[str]) -> None:
        said = json.dumps(following.as_value(), sort_keys=True)
        if said in seen:
            message = f"page {self._count} says that what follows is a page that was asked for before: it would never end"
            raise ActivityError("connector.paging", message, retryable=False)
        seen.add(said)

    def _question(self, request: Request) -> Any:
        import httpx2

        from workers.running.egress.exchange import Question

        key = self._context.idempotency_key + (f"/page-{self._count}" if self._count > 1 else "")
        accept = self._pinned.action.accept or ACCEPTED
        headers = {"accept": accept, "idempotency-key": key, "traceparent": self._context.traceparent}
        for name in self._shown.headers.keys() & request.headers.keys():
            raise _invalid(f"config.input: the credential {self._wanted.credential} says what stands in the header {name}; take one out")
        headers |= request.headers | self._shown.headers
        cookies = [f"{name}={value}" for name, value in (*request.cookies, *self._shown.cookies)]
        if cookies:
            headers["cookie"] = "; ".join(cookies)
        whole = _with_query(request.url, self._shown.query)
        try:
            url = httpx2.URL(whole)
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise _invalid(f"config.base_url: {error}") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise _invalid(
                f"config.base_url: expected http://… or https://…, found {(self._wanted.base_url or self._pinned.base_url)[:200]!r}"
            )
        return Question(
            method=request.method,
            url=url,
            headers=headers,
            content=request.content,
            timeout_s=seconds_of(self._wanted.timeout, "timeout"),
            follow_redirects=self._wanted.follow_redirects,
            response_bytes_max=self._bytes_left,
            secret_headers=(*self._shown.headers, *(["cookie"] if self._shown.cookies else [])),
        )


def _with_query(url: str, secret: list[tuple[str, str]]) -> str:
    """The URL with what shows who asks; a page's own URL may have it already."""
    if not secret:
        return url
    place, _, query = url.partition("?")
    names = {name for name, _ in secret}
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in names]
    return place + "?" + "&".join([*kept, *(f"{name}={value}" for name, value in secret)])


def _shown(context: ActivityContext, wanted: ConnectorConfig, pinned: PinnedAction) -> Shown:
    from workers.running.egress.schemes import Shown, shown

    if wanted.credential is None:
        return Shown({}, [], [])
    return shown(pinned, wanted.credential, context.credential(wanted.credential))


def _checked(pinned: PinnedAction, given: Any) -> dict[str, Any]:
    """What an action is given, with the defaults of its schema. Raises ActivityError `input.invalid`."""
    try:
        return taken_input(pinned.action.input, given)
    except InvalidInput as error:
        problems = [{"path": f"/input{one.path}", "message": one.message} for one in error.problems]
        said = f"action {pinned.name} of connector {pinned.connector} does not take this: {error}"
        raise ActivityError("input.invalid", f"config.input: {said}", details=problems, retryable=False) from None


def _is_among(status: int, statuses: Any) -> bool:
    return any(status_pattern(one).fullmatch(str(status)) for one in statuses)


def _invalid(message: str) -> ActivityError:
    return ActivityError("input.invalid", message, retryable=False)
