"""`graphql`: asks a GraphQL server, by POST as "GraphQL over HTTP" says, and gives `{data}`.

The document takes no template: what comes from outside are variables, and so is never read as GraphQL. A server says that something
went wrong in `errors` of an answer whose status may be 200: that is the failure `graphql.errors`, and never taken for an answer.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from contracts.credentials import CredentialName
from contracts.failure import shorten
from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activities.http_request import HttpRequestConfig, question_of
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.egress.addresses import Allow, Resolve, is_any, is_public, resolve
from workers.running.egress.answers import read_body, retry_after_s, unexpected

QUERY_LENGTH_MAX: Final = 256 * 1024
ERRORS_MAX: Final = 10
"""So many errors of an answer a failure carries."""
ACCEPTED: Final = "application/graphql-response+json, application/json;q=0.9"
PASSING: Final = frozenset({408, 425, 429})
"""Statuses of 4xx that say nothing about the request; they and 5xx are what another try helps against."""

_Document = Annotated[
    str,
    BeforeValidator(configs.AsWritten("expected GraphQL as it is, no template: what is to be filled in is a variable, see `variables`")),
    Field(min_length=1, max_length=QUERY_LENGTH_MAX, json_schema_extra={"x-refold-literal": True}),
]


class GraphQlConfig(configs.Config):
    """Whom to ask what."""

    url: str = Field(description="An http or https URL.")
    query: _Document = Field(description="A GraphQL document: a query or a mutation, with fragments.")
    variables: dict[str, Any] = Field(default_factory=dict, description="The values of its variables, by name.")
    operation: str | None = Field(default=None, description="Which operation runs, where the document has several.")
    credential: CredentialName | None = Field(
        default=None, description="The name of a credential that the request shows: of kind basic, bearer, header or oauth2."
    )
    headers: dict[str, Any] = Field(default_factory=dict, description="Headers; null leaves one out.")
    partial: bool = Field(default=False, description="Whether data that comes with errors is given, beside them, and no failure.")
    timeout: str = Field(default="30s", description="How long all of it may take, a duration.")
    response_bytes_max: int = Field(default=10 * 1024 * 1024, ge=0, description="The largest body of a response.")


class GraphQl:
    """Asks a GraphQL server."""

    name = "graphql"
    summary = "Asks a GraphQL server with a query or a mutation and variables; gives the data, and errors as a failure."
    category = "activities"
    icon = "workflow"
    begins_with = (
        '{"url": "https://api.example.com/graphql", '
        '"query": "query ($id: ID!) { order(id: $id) { total } }", "variables": {"id": "{{ input.id }}"}}'
    )
    Config = GraphQlConfig
    gives: Final = {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": ["object", "null"]}, "errors": {"type": "array"}, "extensions": True},
        "additionalProperties": False,
    }

    def __init__(self, settings: ActivitySettings, lookup: Resolve = resolve, is_allowed: Allow = is_public) -> None:
        self._is_allowed: Allow = is_any if settings.allow_private_addresses else is_allowed
        self._lookup = lookup

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Ask. Raises ActivityError `graphql.errors`, `graphql.answer`, `input.invalid`, and those of `http_request`."""
        from workers.running.egress.exchange import exchange

        wanted = configs.read_config(GraphQlConfig, config)
        answer = exchange(context, question_of(_request(wanted), context), self._lookup, self._is_allowed)
        body, status = read_body(answer)["body"], answer.status
        errors = body.get("errors") if isinstance(body, dict) else None
        if isinstance(errors, list) and errors:
            if not (wanted.partial and 200 <= status < 300 and isinstance(body.get("data"), dict)):
                raise _errors(errors, status, retry_after_s(answer.headers))
        elif not 200 <= status < 300:
            raise unexpected("POST", wanted.url, answer, retryable=_may_pass(status))
        elif not _is_answer(body):
            found = shorten(answer.body[:1_000].decode(errors="replace"), 200)
            raise ActivityError("graphql.answer", f"expected an object with `data` or `errors`, found {found!r}", retryable=False)
        return {name: body[name] for name in ("data", "errors", "extensions") if body.get(name) or name == "data"}


def _is_answer(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("data", 0), dict | None) and isinstance(body.get("errors"), list | None)


def _request(wanted: GraphQlConfig) -> HttpRequestConfig:
    """It as a request; a header of the config stands before what is said here."""
    said: dict[str, Any] = {"query": wanted.query, "variables": wanted.variables}
    if wanted.operation is not None:
        said["operationName"] = wanted.operation
    headers = {"accept": ACCEPTED, **{name.lower(): value for name, value in wanted.headers.items()}, "content-type": "application/json"}
    return HttpRequestConfig(
        method="POST", url=wanted.url, headers=headers, credential=wanted.credential, body=said,
        timeout=wanted.timeout, response_bytes_max=wanted.response_bytes_max,
    )  # fmt: skip


def _may_pass(status: int) -> bool:
    return status >= 500 or status in PASSING


def _errors(errors: list[Any], status: int, after_s: float | None) -> ActivityError:
    """What the server says is wrong; another try helps where the status says so, or a moment for it."""
    told = [_told(one) for one in errors[:ERRORS_MAX]]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    is_for_now = _may_pass(status) or after_s is not None
    details = {"status": status, "errors": told, "count": len(errors)}
    return ActivityError("graphql.errors", f"{told[0]['message']}{more}", details=details, retryable=is_for_now, retry_after_s=after_s)


def _told(error: Any) -> dict[str, Any]:
    """An error as the specification has it: its message, the path of the field, and the code that most servers add."""
    if not isinstance(error, dict):
        return {"message": shorten(repr(error), 500)}
    told: dict[str, Any] = {"message": shorten(str(error.get("message", "it does not say what is wrong")), 500)}
    if isinstance(path := error.get("path"), list):
        told["path"] = [shorten(one, 100) if isinstance(one, str) else one for one in path[:20] if isinstance(one, str | int)]
    extensions = error.get("extensions")
    if isinstance(extensions, dict) and isinstance(code := extensions.get("code"), str):
        told["code"] = shorten(code, 100)
    return told
