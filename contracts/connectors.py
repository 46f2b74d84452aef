"""Connectors: APIs over HTTP that are described as data, kept by name and version, and what a published workflow holds of those it uses."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from contracts.definitions import Model, Retry

NAME_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,62}$"
"""What a connector may be called."""
ACTION_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_./:-]{0,127}$"
"""What an action may be called."""
INPUT_PATTERN: Final = r"^[A-Za-z0-9_.-]{1,64}$"
"""What an input of an action may be called: as much as every provider of models takes of a tool's arguments."""
CONNECTOR_BYTES_MAX: Final = 4 * 1024 * 1024
"""So long a connector may be, as JSON."""
ACTION_BYTES_MAX: Final = 64 * 1024
"""So long an action may be with the schemas that its input is made of, as JSON: each call of it has it in its config."""
ACTIONS_MAX: Final = 5_000
CONNECTORS_MAX: Final = 1_000
"""So many versions of connectors are kept, of all names together."""
CONNECTORS_BYTES_MAX: Final = 256 * 1024 * 1024
"""So long all of them may be together: each process that publishes keeps them in memory."""
SCHEMES_MAX: Final = 50
PARAMETERS_MAX: Final = 500
RETRIED: Final[tuple[int | str, ...]] = (408, 425, 429, "5xx")
"""The statuses after which an attempt more may help, where a connector does not say which."""

Place = Literal["path", "query", "header", "cookie"]
Style = Literal["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"]
Status = Annotated[int, Field(ge=100, le=599)] | Annotated[str, Field(pattern=r"^[1-5]([0-9][0-9]|xx)$")]
Statuses = Annotated[list[Status], Field(max_length=50)]
ActionName = Annotated[str, Field(pattern=ACTION_PATTERN)]


class AuthScheme(Model):
    """How a request shows who asks. `bearer` and `oauth2` show a token, `api_key` a word at a place of its own."""

    type: Literal["basic", "bearer", "api_key", "oauth2"]
    place: Literal["header", "query", "cookie"] | None = Field(default=None, alias="in", description="of an API key: where it stands")
    name: str | None = Field(default=None, min_length=1, max_length=200, description="of an API key: what stands before it")
    token_url: str | None = Field(default=None, description="of `oauth2`: where tokens are asked for")
    authorize_url: str | None = Field(default=None, description="of `oauth2`: where a person authorizes it")
    scopes: list[str] | None = Field(default=None, max_length=500, description="of `oauth2`: what may be asked for")
    description: str | None = None


class Parameter(Model):
    """Where an input of an action stands in the request. Styles are those of OpenAPI, with its defaults."""

    name: str = Field(min_length=1, max_length=500, description="what it is called there")
    place: Place = Field(alias="in")
    input: str | None = Field(default=None, pattern=INPUT_PATTERN, description="the input; without it the one of the same name")
    style: Style | None = None
    explode: bool | None = None
    allow_reserved: bool = Field(default=False, description="in a query: `/`, `?` and the like stand there as they are")
    is_json: bool = Field(default=False, description="it stands there as JSON")


class PartEncoding(Model):
    """How a field of a form is written, or a part of a body of several parts."""

    content_type: str | None = None
    style: Style | None = None
    explode: bool | None = None


class RequestBody(Model):
    """What an input is sent as in the body."""

    media_type: str = Field(min_length=1, max_length=200, pattern=r"^[^\s;,]+/[^\s;,]+(;.*)?$")
    input: str = Field(default="body", pattern=INPUT_PATTERN)
    parts: dict[str, PartEncoding] = Field(default_factory=dict, description="of forms: fields that are not written as usual")


class Paging(Model):
    """How a long list comes in pages. Places in the body are JSON pointers."""

    by: Literal["link", "cursor", "page", "offset"] = Field(
        description="the next page's URL (the header `Link`, or in the body), a cursor, a page's number, or how many came before"
    )
    input: str | None = Field(default=None, pattern=INPUT_PATTERN, description="the input that says where a page begins")
    size: str | None = Field(default=None, pattern=INPUT_PATTERN, description="the input that says how many items a page has")
    items: str = Field(default="", pattern=r"^(/.*)?$", description="where the items are; empty: the body is their list")
    next: str | None = Field(default=None, pattern=r"^/", description="where the next cursor is, or by `link` the next URL")
    last: str | None = Field(default=None, pattern=r"^/", description="where in the last item the next cursor is")
    more: str | None = Field(default=None, pattern=r"^/", description="what is true as long as there is another page")
    first: int = Field(default=1, ge=0, le=1, description="the number of the first page")


class Action(Model):
    """A request that the connector can make."""

    summary: str | None = Field(default=None, max_length=2_000)
    description: str | None = Field(default=None, max_length=20_000)
    method: str = Field(pattern=r"^[A-Z]{1,32}$")
    path: str = Field(max_length=2_000, pattern=r"^(/.*)?$", description="after the base URL; `{name}` is a parameter")
    base_url: str | None = Field(default=None, max_length=2_000, description="another one than the connector's")
    input: dict[str, Any] = Field(default_factory=dict, description="JSON Schema of what it takes, an object")
    output: dict[str, Any] | None = Field(default=None, description="JSON Schema of the body that it answers")
    parameters: list[Parameter] = Field(default_factory=list, max_length=PARAMETERS_MAX)
    body: RequestBody | None = None
    accept: str | None = Field(default=None, max_length=500, pattern=r"^[\x20-\x7e]+$", description="the media type that is asked for")
    auth: list[list[str]] | None = Field(
        default=None, max_length=SCHEMES_MAX, description="which schemes it takes: one of these lists, all of that"
    )
    expect: Statuses | None = Field(default=None, min_length=1, description="the statuses that are no failure; without it 2xx")
    retry_on: Statuses | None = Field(default=None, description="the statuses after which an attempt more may help")
    paging: Paging | None = None


class Connector(Model):
    """An API as it is written."""

    name: str = Field(pattern=NAME_PATTERN, description="what nodes call it")
    description: str | None = Field(default=None, max_length=20_000)
    base_url: str = Field(max_length=2_000, description="where paths begin, an http or https URL")
    auth: dict[Annotated[str, Field(min_length=1, max_length=100)], AuthScheme] = Field(
        default_factory=dict, max_length=SCHEMES_MAX, description="by name, how requests show who asks"
    )
    default_auth: list[list[str]] = Field(
        default_factory=list, max_length=SCHEMES_MAX, description="of actions that do not say it: one of these lists, all of that"
    )
    retry: Retry | None = Field(
        default=None, description="of nodes that do not say it, where the method may be sent twice (GET, HEAD, PUT, DELETE, OPTIONS)"
    )
    retry_on: Statuses = Field(default=list(RETRIED), description="the statuses after which an attempt more may help")
    actions: dict[ActionName, Action] = Field(min_length=1, max_length=ACTIONS_MAX)
    schemas: dict[str, Any] = Field(default_factory=dict, description="what `#/$defs/NAME` means in the schemas of actions")


SAFE_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""What is sent twice is done once."""


class PinnedAction(Model):
    """All that a node needs of a connector to run an action: which node runs what is in the definition."""

    connector: str
    name: str
    base_url: str
    auth: dict[str, AuthScheme] = Field(default_factory=dict)
    needs: list[list[str]] = Field(default_factory=list)
    retry_on: Statuses
    retry: Retry | None = None
    action: Action
