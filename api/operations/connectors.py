"""Operations on connectors: publishing them, looking at them, and what becomes of an OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.models import Time
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.prompts import below
from api.service import Service
from contracts.caller import Caller
from contracts.catalog import ConnectorPublished
from contracts.connectors import NAME_PATTERN, Connector
from contracts.errors import InvalidDefinition, Problem
from contracts.times import rfc3339
from domain.connectors.connector_check import canonical_connector, checked_connector, connector_hash
from domain.connectors.openapi import Wishes, converted
from domain.connectors.openapi_text import parse_openapi
from projections.definitions import Version

Name = Annotated[str, Path(max_length=63, description=f"its name: `{NAME_PATTERN}`", examples=["crm"])]
_CONNECTOR: Final[Any] = {
    "name": "crm",
    "base_url": "https://crm.example.com/v1",
    "auth": {"key": {"type": "bearer"}},
    "default_auth": [["key"]],
    "actions": {
        "get_person": {
            "method": "GET",
            "path": "/people/{id}",
            "input": {"required": ["id"], "properties": {"id": {"type": "string"}}},
            "parameters": [{"name": "id", "in": "path"}],
        }
    },
}
_OPENAPI: Final[Any] = {"openapi": "3.1.0", "servers": [{"url": "https://crm.example.com/v1"}], "paths": {"/people": {"get": {}}}}


class ConnectorRequest(BaseModel):
    """A connector to publish."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"connector": _CONNECTOR}})

    connector: Connector


class ConnectorBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read: what is wrong with the connector is told as of a definition."""

    connector: Any


class OpenApiRequest(BaseModel):
    """An OpenAPI document, and what one wants of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"openapi": _OPENAPI, "name": "crm"}})

    openapi: dict[str, Any] | str = Field(description="the document, or its text in YAML or JSON")
    name: str | None = Field(default=None, description="what the connector is to be called; without it as the document is")
    base_url: str | None = Field(default=None, description="where paths begin, instead of the document's first server")
    document_url: str | None = Field(default=None, description="where the document is from: its servers may be relative to it")
    only: list[str] | None = Field(default=None, description="the operations that are wanted; without it all")
    tags: list[str] | None = Field(default=None, description="only operations with one of these tags")


class OpenApiBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    openapi: Any
    name: str | None = None
    base_url: str | None = None
    document_url: str | None = None
    only: Sequence[str] | None = None
    tags: Sequence[str] | None = None


class SaidOfOperation(BaseModel):
    """What is said of an operation of an OpenAPI document."""

    operation: str
    said: str
    left_out: bool = Field(description="whether it is no action; else something of it is not taken")


class ConvertedConnector(BaseModel):
    """The connector of an OpenAPI document; it is not published."""

    connector: dict[str, Any] = Field(description="as one may publish it, or change it first")
    told: list[SaidOfOperation] = Field(description="what could not be taken, by operation")


class ConnectorVersion(BaseModel):
    """A version of a connector."""

    name: str
    version: int = Field(description="counts from 1")
    hash: str = Field(description="the SHA-256 of what it says, which workflows pin")
    description: str | None
    base_url: str
    actions: int = Field(description="how many it has")
    published_at: Time
    published_by: str | None


class ConnectorUse(BaseModel):
    """A workflow that names it."""

    workflow: str
    version: int = Field(description="the version that executions start with")
    connector_version: int = Field(description="the version of the connector that it pins")
    actions: list[str] = Field(description="which of its actions")


class ConnectorShown(ConnectorVersion):
    """A version of a connector, whole."""

    connector: dict[str, Any] = Field(description="all that it says, as it was written")
    used_by: list[ConnectorUse] = Field(description="the workflows whose active version pins this connector, in any version")


class ConnectorOutcome(ConnectorVersion):
    """What publishing answers."""

    created: bool = Field(description="false where a version says the same already: it is that one")


class ConnectorList(BaseModel):
    """Of each connector the latest version, by name."""

    connectors: list[ConnectorVersion]


class ConnectorVersions(BaseModel):
    """The first one first."""

    versions: list[ConnectorVersion]


class _Said(msgspec.Struct):
    base_url: str
    actions: dict[str, msgspec.Raw]
    description: str | None = None


_said: Final = msgspec.json.Decoder(_Said)


def connector_version_value(found: ConnectorPublished) -> dict[str, Any]:
    """A version, as JSON shows it."""
    said = _said.decode(found.content)
    return {
        "name": found.name,
        "version": found.version,
        "hash": found.hash,
        "description": said.description,
        "base_url": said.base_url,
        "actions": len(said.actions),
        "published_at": rfc3339(found.recorded_at),
        "published_by": found.actor or None,
    }


def connector_values(found: list[ConnectorPublished]) -> list[dict[str, Any]]:
    """Several of them."""
    return [connector_version_value(one) for one in found]


def shown_connector(found: ConnectorPublished, active: list[Version]) -> dict[str, Any]:
    """A version whole, with the workflows that use the connector, of those that are given."""
    whole = msgspec.json.decode(found.content)
    return {**connector_version_value(found), "connector": whole, "used_by": _uses(found.name, active)}


def _uses(name: str, active: list[Version]) -> list[dict[str, Any]]:
    found: dict[tuple[str, int, int], list[str]] = {}
    for one in active:
        if one.status == "active" and b'"connectors"' in one.content:
            for pin in msgspec.json.decode(one.content).get("connectors", {}).values():
                if pin["content"]["connector"] == name:
                    found.setdefault((one.name, one.version, pin["version"]), []).append(pin["content"]["name"])
    return [
        {"workflow": workflow, "version": version, "connector_version": pinned, "actions": sorted(actions)}
        for (workflow, version, pinned), actions in sorted(found.items())
    ]


def conversion(asked: OpenApiBody) -> dict[str, Any]:
    """What becomes of an OpenAPI document. Raises InvalidDefinition."""
    if not isinstance(asked.openapi, dict | str):
        raise InvalidDefinition([Problem("openapi", "not_an_object", "expected an OpenAPI document, or its text", "give it as it is")])
    document = parse_openapi(asked.openapi.encode()) if isinstance(asked.openapi, str) else asked.openapi
    wishes = Wishes(asked.name, asked.base_url, asked.document_url or "", asked.only or (), asked.tags or ())
    found = converted(document, wishes)
    return {"connector": found.connector, "told": [one.as_value() for one in found.told]}


def checked_content(document: Any) -> tuple[str, bytes]:
    """The name and the canonical form of a connector as somebody writes it. Raises InvalidDefinition."""
    connector = checked_connector(document)
    return connector.name, canonical_connector(connector)


async def list_connectors(service: Service) -> Reply:
    """Of each connector the latest version, by name."""
    await service.know_prompts()
    return Reply({"connectors": await service.compute(connector_values, service.connectors())})


async def publish_connector(caller: Caller, service: Service, body: Body) -> Reply:
    """Keep a connector as the next version of its name; the same as any before is that one. Workflows take it when they are published."""
    try:
        name, content = await service.compute(checked_content, body.read(ConnectorBody).connector)
    except InvalidDefinition as error:
        raise InvalidDefinition(below(error.problems, "connector")) from None
    found, created = await service.publish_connector(name, connector_hash(content), content, caller)
    return Reply({**connector_version_value(found), "created": created}, status=201 if created else 200)


async def convert_openapi(service: Service, body: Body) -> Reply:
    """Make a connector of an OpenAPI document, and tell what cannot be taken; nothing is published."""
    return Reply(await service.compute(conversion, body.read(OpenApiBody)))


async def get_connector(
    service: Service, name: Name, version: Annotated[int | None, Query(ge=1, description="another one than the latest version")] = None
) -> Reply:
    """A connector with its actions, and which workflows use it."""
    await service.know_prompts()
    return Reply(await service.compute(shown_connector, service.connector(name, version), service.workflows()))


async def list_connector_versions(service: Service, name: Name) -> Reply:
    """All versions of a connector, the first one first."""
    await service.know_prompts()
    return Reply({"versions": await service.compute(connector_values, service.connector_versions(name))})


_CREATED: Final[dict[int | str, dict[str, Any]]] = {201: {"model": ConnectorOutcome, "description": "A new version."}}

CONNECTORS: Final = (
    Operation(
        method="GET", path="/v1/connectors", tag="connectors", right="read", do=list_connectors, answer=ConnectorList,
        client=ClientMethod("connectors", "connectors", "Of each connector the latest version, by name."),
    ),
    Operation(
        method="POST", path="/v1/connectors", tag="connectors", right="define", do=publish_connector, answer=ConnectorOutcome,
        takes=ConnectorRequest, is_required=True, problems=(415,), described={"responses": _CREATED},
        client=ClientMethod("publish_connector", says="Keep a connector as the next version of its name; the same again is once."),
    ),
    Operation(
        method="POST", path="/v1/connectors/convert", tag="connectors", right="define", do=convert_openapi, answer=ConvertedConnector,
        takes=OpenApiRequest, is_required=True, problems=(415,),
        client=ClientMethod("convert_openapi", says="Make a connector of an OpenAPI document; nothing is published."),
    ),
    Operation(
        method="GET", path="/v1/connectors/{name}", tag="connectors", right="read", do=get_connector, answer=ConnectorShown,
        problems=(404,),
        client=ClientMethod("connector", says="A connector with its actions and its users; without `version` the latest one."),
    ),
    Operation(
        method="GET", path="/v1/connectors/{name}/versions", tag="connectors", right="read", do=list_connector_versions,
        answer=ConnectorVersions, problems=(404,),
        client=ClientMethod("connector_versions", "versions", "All versions of a connector, the first one first."),
    ),
)  # fmt: skip
