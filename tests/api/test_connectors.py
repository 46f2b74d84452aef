"""Connectors over HTTP: published, listed, made of documents, and named by workflows, which are refused for what is not there."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from refold.client.asynchronous import AsyncClient
from refold.client.blocking import Client
from tests.api.conftest import Server


def a_connector(name: str, path: str = "/people/{id}", **more: Any) -> dict[str, Any]:
    inputs = {"required": ["id"], "properties": {"id": {"type": "string"}}}
    action = {"method": "GET", "path": path, "input": inputs, "parameters": [{"name": "id", "in": "path"}]}
    return {"name": name, "base_url": "https://crm.example.com", "actions": {"get": action}, **more}


def naming(workflow: str, **config: Any) -> dict[str, Any]:
    return {"name": workflow, "nodes": [{"id": "n", "type": "connector", "config": {"action": "get", "input": {"id": "1"}, **config}}]}


def test_a_connector_is_published_once_and_its_versions_are_told(server: Server) -> None:
    told = [server.post("/v1/connectors", {"connector": a_connector("one", path)}) for path in ("/a/{id}", "/a/{id}", "/b/{id}")]
    assert [(one.status, one.json["version"], one.json["created"]) for one in told] == [(201, 1, True), (200, 1, False), (201, 2, True)]
    with Client(server.url) as client:
        assert [one["version"] for one in client.connector_versions("one")] == [1, 2]
        found = next(one for one in client.connectors() if one["name"] == "one")
        assert (found["actions"], found["base_url"], found["version"]) == (1, "https://crm.example.com", 2)
        assert client.connector("one", version=1)["connector"]["actions"]["get"]["path"] == "/a/{id}"
        assert client.publish_connector(a_connector("one", "/b/{id}"))["created"] is False

        async def ask() -> Any:
            async with AsyncClient(server.url) as other:
                return await other.connector("one"), await other.connectors()

        assert asyncio.run(ask()) == (client.connector("one"), client.connectors())


def test_a_workflow_that_names_one_pins_its_action(server: Server) -> None:
    server.post("/v1/connectors", {"connector": a_connector("pinned")})
    server.publish(naming("asks", connector="pinned"))
    found = server.get("/v1/workflows/asks").json["definition"]["connectors"]["pinned/get"]
    shown = server.get("/v1/connectors/pinned").json
    assert (found["version"], found["hash"]) == (1, shown["hash"])
    use = {"workflow": "asks", "version": 1, "connector_version": 1, "actions": ["get"]}
    assert shown["used_by"] == [use]
    server.post("/v1/connectors", {"connector": a_connector("pinned", "/anew/{id}")})
    assert server.get("/v1/connectors/pinned").json["used_by"] == [use]
    server.publish(naming("asks", connector="pinned"))
    assert server.get("/v1/connectors/pinned").json["used_by"] == [{**use, "version": 2, "connector_version": 2}]


def test_a_workflow_that_names_what_is_not_there_is_refused_with_what_was_meant(server: Server) -> None:
    server.post("/v1/connectors", {"connector": a_connector("customers")})
    refused = server.post("/v1/workflows", naming("wrong", connector="custmers"))
    assert (refused.status, [(one["path"], one["fix"]) for one in refused.json["problems"]]) == (
        422, [("nodes[0].config.connector", "did you mean `customers`?")],
    )  # fmt: skip
    checked = server.post("/v1/workflows/validate", naming("wrong", connector="customers", action="gett", input={"di": 1})).json
    assert [(one["path"], one["fix"]) for one in checked["problems"]] == [("nodes[0].config.action", "did you mean `get`?")]


def test_what_is_wrong_with_a_connector_is_told_in_its_place(server: Server) -> None:
    refused = server.post("/v1/connectors", {"connector": a_connector("bad", base_url="nowhere", default_auth=[["key"]])})
    assert (refused.status, sorted(one["path"] for one in refused.json["problems"])) == (
        422,
        ["connector.base_url", "connector.default_auth[0]"],
    )
    assert server.post("/v1/connectors", {"connector": None}).status == 422
    for path in ("/v1/connectors/nobody", "/v1/connectors/nobody/versions", "/v1/connectors/bad?version=7"):
        found = server.get(path)
        assert (found.status, found.json["type"]) == (404, "urn:refold:unknown_connector")


PATHS = {"/people": {"get": {"operationId": "list_people"}, "post": {"requestBody": {"$ref": "#/nowhere"}}}}


TEXT = """
openapi: 3.1.0
info: {title: People}
servers: [{url: /v1}]
paths: {/people: {get: {operationId: list_people}, post: {requestBody: {$ref: '#/nowhere'}}}}
"""
DOCUMENT: Any = {"openapi": "3.1.0", "info": {"title": "People"}, "servers": [{"url": "/v1"}], "paths": PATHS}


@pytest.mark.parametrize(("name", "document"), [("people", DOCUMENT), ("more-people", TEXT)])
def test_a_document_becomes_a_connector_and_what_cannot_be_taken_is_told(server: Server, name: str, document: Any) -> None:
    with Client(server.url) as client:
        found = client.convert_openapi(document, document_url="https://people.example.com/openapi.yaml")
        assert found["told"] == [{"operation": "POST /people", "said": "`$ref` leads nowhere: #/nowhere", "left_out": True}]
        assert (found["connector"]["base_url"], list(found["connector"]["actions"])) == ("https://people.example.com/v1", ["list_people"])
        assert client.publish_connector({**found["connector"], "name": name})["created"] is True


@pytest.mark.parametrize("document", [None, 7, [], "", "{", "openapi: 3.1.0", {"swagger": "2.0"}, {"openapi": "3.1.0", "paths": PATHS}])
def test_a_document_that_is_none_is_refused(server: Server, document: Any) -> None:
    refused = server.post("/v1/connectors/convert", {"openapi": document})
    assert (refused.status, bool(refused.json["problems"][0]["message"])) == (422, True)


def test_half_a_character_in_a_document_is_refused(server: Server) -> None:
    body = b'{"openapi": {"openapi": "3.1.0", "servers": [{"url": "https://x"}], "paths": {"/x": {"get": {"summary": "\\ud800"}}}}}'
    assert server.ask("POST", "/v1/connectors/convert", body, {"content-type": "application/json"}).status == 422


def test_of_many_that_publish_at_once_each_has_a_version(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = [f"/p{number}/{{id}}" for number in range(8)]
        told = list(pool.map(lambda path: server.post("/v1/connectors", {"connector": a_connector("crowd", path)}).json["version"], paths))
    assert sorted(told) == list(range(1, 9))
