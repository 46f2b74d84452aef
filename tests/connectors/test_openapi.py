"""What becomes of an OpenAPI document: of its operations, schemas, servers and security; and what is told of that which cannot be taken."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.connectors import ACTION_BYTES_MAX
from contracts.errors import InvalidDefinition
from domain.connectors.connector_check import checked_connector
from domain.connectors.openapi import Converted, Wishes, converted
from domain.connectors.openapi_text import OPENAPI_BYTES_MAX, parse_openapi

SERVERS = [{"url": "https://api.example.com/v1"}]


def document(paths: Any, version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    return {"openapi": version, "info": {"title": "My API!", "version": "1"}, "servers": SERVERS, "paths": paths, **more}


def get(**more: Any) -> dict[str, Any]:
    return {"operationId": "act", "responses": {"200": {"description": "ok"}}, **more}


def take(written: Any, **wishes: Any) -> Converted:
    """The connector of a document, which may be published as it is."""
    found = converted(written, Wishes(**wishes))
    checked_connector(found.connector)
    return found


def action(operation: dict[str, Any], path: str = "/x", method: str = "get", version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = take(document({path: {method: get(**operation)}}, version, **more)).connector["actions"]["act"]
    return found


def query(name: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


def left_out(operation: Any, path: str = "/x", **more: Any) -> str:
    """Why an operation is no action; another one beside it is."""
    written = document({path: {"get": operation}, "/other": {"get": {"operationId": "other"}}}, **more)
    found = take(written)
    (said,) = [one for one in found.told if one.is_left_out]
    assert list(found.connector["actions"]) == ["other"]
    assert said.operation.startswith(f"GET {path}")
    return said.said


# Operations


def test_an_operation_is_an_action_with_its_inputs_at_their_places() -> None:
    item = {
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "id", "in": "query", "schema": {"type": "integer"}, "description": "which"},
            {"name": "lang", "in": "query", "schema": {"type": "string"}},
        ],
        "post": get(
            summary="Act", parameters=[query("lang", {"enum": ["de"]}), {"name": "Accept", "in": "header", "schema": {}}],
            requestBody={"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        ),
    }  # fmt: skip
    found = take(document({"/things/{id}": item}))
    assert (found.connector["name"], found.connector["base_url"], found.told) == ("my-api", "https://api.example.com/v1", [])
    assert found.connector["actions"]["act"] == {
        "summary": "Act",
        "method": "POST",
        "path": "/things/{id}",
        "input": {
            "type": "object",
            "properties": {
                "id": {"type": "string"}, "query_id": {"type": "integer", "description": "which"}, "lang": {"enum": ["de"]},
                "body": {"type": "object"},
            },
            "required": ["id", "body"],
            "additionalProperties": False,
        },
        "parameters": [
            {"name": "id", "in": "path"}, {"name": "id", "in": "query", "input": "query_id"}, {"name": "lang", "in": "query"},
        ],
        "body": {"media_type": "application/json"},
        "retry_on": [429, 503],
    }  # fmt: skip


def test_names_are_those_of_the_document_as_far_as_they_may_be() -> None:
    paths = {
        "/a/{x}": {"get": {"parameters": [{"name": "x", "in": "path", "required": True, "schema": {}}, query("f[a]", {})]}},
        "/b": {"get": {"operationId": "repos/list things"}, "put": {"operationId": "repos/list things"}, "post": {"operationId": "1st"}},
    }
    found = take(document(paths))
    assert list(found.connector["actions"]) == ["get_a__x", "repos/list_things", "repos/list_things_2", "op_1st"]
    assert found.connector["actions"]["get_a__x"]["parameters"][1] == {"name": "f[a]", "in": "query", "input": "f_a"}
    assert [(one.is_left_out, "another operation is called so" in one.said) for one in found.told] == [(False, True)]


def test_only_what_is_wanted_is_taken() -> None:
    paths = {
        "/a": {"get": get(operationId="a", tags=["x"]), "put": get(operationId="b")},
        "/c": {"get": get(operationId="c d", tags=["x"])},
    }
    assert list(take(document(paths), only=["c d", "b"]).connector["actions"]) == ["b", "c_d"]
    assert list(take(document(paths), tags=["x"], name="n").connector["actions"]) == ["a", "c_d"]
    with pytest.raises(InvalidDefinition, match="no operation `nobody`: there are `a`, `b`, `c_d`"):
        take(document(paths), only=["a", "nobody"])


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (get(parameters=[{"$ref": "#/components/parameters/none"}]), "`$ref` leads nowhere: #/components/parameters/none"),
        (get(parameters=[{"$ref": "other.yaml#/x"}]), "`$ref` leads out of the document: other.yaml#/x"),
        (get(parameters=[query("q", {"$ref": "#/components/schemas/none"})]), "`$ref` leads nowhere"),
        (get(parameters=[query("q", {"type": "object", "minimum": "x"})]), "input.properties.q.minimum: not a JSON Schema"),
        (get(parameters=[{"name": "x", "in": "path", "schema": {}}]), "its path and its parameters do not fit together: `x`"),
        (get(parameters=[{"name": "q", "in": "query", "content": {"text/csv": {}}}]), "its parameter `q` is written as text/csv"),
        (get(parameters=[{"name": "x", "in": "body"}]), "a parameter in `body`"),
        (get(parameters=[None]), "expected an object, found None"),
        (get(requestBody={"content": {}}), "its body has no `content`"),
        (get(requestBody={"content": {"application/json": {"schema": 7}}}), "expected a schema, found 7"),
        (get(security=[{"digest": []}]), "it can only be asked in ways that no credential shows: HTTP authentication `digest`"),
        (get(security=[{"nobody": []}]), "there is no security scheme `nobody`"),
        ("text", "it is no object"),
        (get(parameters=[query("q", {"enum": ["x" * ACTION_BYTES_MAX]})]), "is the limit (ACTION_BYTES_MAX)"),
    ],
)
def test_an_operation_that_cannot_be_taken_is_told_with_the_reason(operation: Any, said: str) -> None:
    assert said in left_out(operation, components={"securitySchemes": {"digest": {"type": "http", "scheme": "digest"}}})


def test_what_of_an_operation_is_not_taken_is_told_too() -> None:
    operation = get(
        callbacks={"done": {}},
        requestBody={"content": {"application/xml": {}, "application/json": {"schema": {}}}},
        responses={"200": {"content": {"application/json": {"schema": {"$ref": "#/nowhere"}}}}},
        security=[{"own": []}, {"digest": []}],
        parameters=[query("q", {"type": "file", "pattern": "(?=x)"}), query("s", {}, style="simple")],
    )
    schemes = {"own": {"type": "http", "scheme": "Bearer"}, "digest": {"type": "http", "scheme": "digest"}}
    found = take(document({"/x": {"post": operation}}, components={"securitySchemes": schemes}, webhooks={"w": {}}))
    assert {one.said.partition(":")[0] for one in found.told} == {
        "its callbacks are not taken",
        "its body is sent as application/json, and not as application/xml",
        "what it answers is not described",
        "one of the ways to show who asks is not taken",
        "its parameter `s` is not taken",
        "what the API asks of others is no action; a trigger of the kind `webhook` waits for it",
        "left out",
    }
    assert not any(one.is_left_out for one in found.told)


# Schemas


def test_schemas_of_3_0_are_translated() -> None:
    schema = {
        "type": "object",
        "required": ["id", "a"],
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "a": {"type": "integer", "minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": False, "example": 3},
            "b": {"type": "string", "nullable": True, "enum": ["x"]},
            "c": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/C"}], "description": "see"},
            "d": {"$ref": "#/components/schemas/C", "description": "ignored"},
        },
    }
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    components = {"schemas": {"C": {"type": "number", "xml": {"name": "c"}, "x-mine": 1}}}
    found = take(document({"/x": {"post": get(**operation)}}, "3.0.3", components=components)).connector
    assert found["actions"]["act"]["input"]["properties"]["body"] == {
        "type": "object",
        "required": ["a"],
        "properties": {
            "id": {"type": "string"},
            "a": {"type": "integer", "exclusiveMinimum": 1, "maximum": 5},
            "b": {"type": ["string", "null"], "enum": ["x", None]},
            "c": {"description": "see", "anyOf": [{"allOf": [{"$ref": "#/$defs/C"}]}, {"type": "null"}]},
            "d": {"$ref": "#/$defs/C"},
        },
    }
    assert found["schemas"] == {"C": {"type": "number"}}


def test_schemas_that_refer_to_themselves_are_taken_and_those_without_end_are_not() -> None:
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}
    operation = get(requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}})
    schemas = {"Tree": tree, "Loop": {"$ref": "#/components/schemas/Pool"}, "Pool": {"allOf": [{"$ref": "#/components/schemas/Loop"}]}}
    found = take(document({"/x": {"post": operation}}, components={"schemas": schemas})).connector
    assert found["schemas"]["Tree"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}
    endless = get(parameters=[query("q", {"$ref": "#/components/schemas/Loop"})])
    assert "without end" in left_out(endless, components={"schemas": schemas})


def test_a_reference_may_lead_anywhere_in_the_document() -> None:
    place = "#/paths/~1x/get/responses/200/content/application~1json/schema/properties/a%20b"
    responses = {"200": {"content": {"application/json": {"schema": {"properties": {"a b": {"type": "integer"}}}}}}}
    found = take(document({"/x": {"get": get(parameters=[query("q", {"$ref": place})], responses=responses)}})).connector
    reference = found["actions"]["act"]["input"]["properties"]["q"]["$ref"]
    assert found["schemas"][reference.removeprefix("#/$defs/")] == {"type": "integer"}


def test_files_are_texts_or_base64_and_forms_keep_their_styles() -> None:
    schema = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    encoding = {"file": {"contentType": "image/png, image/jpeg"}, "f": {"style": "deepObject", "explode": True}}
    found = action({"requestBody": {"content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}}, method="post")
    assert found["body"] == {
        "media_type": "multipart/form-data",
        "parts": {"file": {"content_type": "image/png"}, "f": {"style": "deepObject", "explode": True}},
    }
    assert [one["type"] for one in found["input"]["properties"]["body"]["properties"]["file"]["anyOf"]] == ["string", "object"]
    raw = action({"requestBody": {"content": {"*/*": {}}}}, method="post")
    assert (raw["body"]["media_type"], len(raw["input"]["properties"]["body"]["anyOf"])) == ("application/octet-stream", 2)


# Servers and security


@pytest.mark.parametrize(
    ("servers", "wishes", "base_url"),
    [
        ([{"url": "https://{host}/{v}", "variables": {"host": {"default": "a.example"}, "v": {"default": 2}}}], {}, "https://a.example/2"),
        ([{"url": "/v3/"}], {"document_url": "https://b.example/docs/openapi.json"}, "https://b.example/v3"),
        (None, {"document_url": "https://b.example/docs/openapi.json"}, "https://b.example"),
        (None, {"base_url": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ([{"url": "https://a.example"}, {"url": "https://b.example"}], {}, "https://a.example"),
    ],
)
def test_the_first_server_counts_with_its_variables_as_by_default(servers: Any, wishes: Any, base_url: str) -> None:
    assert take(document({"/x": {"get": get()}}, servers=servers), **wishes).connector["base_url"] == base_url


@pytest.mark.parametrize("servers", [None, [], [{"url": "/v1"}], [{"url": "ftp://x"}], [{"url": "http://[bad"}], [None], "x"])
def test_an_api_of_which_nobody_knows_where_it_is_needs_a_base_url(servers: Any) -> None:
    with pytest.raises(InvalidDefinition, match="the document does not say where the API is"):
        converted(document({"/x": {"get": get()}}, servers=servers), Wishes())


def test_an_operation_may_be_at_another_server() -> None:
    assert action({"servers": [{"url": "https://up.example"}]})["base_url"] == "https://up.example"


def test_security_is_by_schemes_that_credentials_show() -> None:
    schemes = {
        "b": {"type": "http", "scheme": "basic"}, "k": {"type": "apiKey", "in": "cookie", "name": "sid", "description": "d"},
        "o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {"read": "", "write": ""}}}},
        "i": {"type": "openIdConnect", "openIdConnectUrl": "https://x"}, "unused": {"type": "http", "scheme": "bearer"},
    }  # fmt: skip
    paths = {
        "/a": {"get": get(operationId="all")}, "/b": {"get": get(operationId="both", security=[{"b": [], "k": []}, {}])},
        "/c": {"get": get(operationId="none", security=[])},
    }  # fmt: skip
    written = document(paths, components={"securitySchemes": schemes}, security=[{"o": ["read"]}, {"i": []}])
    found = take(written).connector
    assert found["auth"] == {
        "b": {"type": "basic"},
        "k": {"type": "api_key", "in": "cookie", "name": "sid", "description": "d"},
        "o": {"type": "oauth2", "token_url": "https://api.example.com/token", "scopes": ["read", "write"]},
        "i": {"type": "bearer"},
    }
    assert [one.get("auth") for one in found["actions"].values()] == [[["o"], ["i"]], [["b", "k"], []], None]


# Pages

LIST = {"type": "array", "items": {}}


@pytest.mark.parametrize(
    ("names", "output", "headers", "paging"),
    [
        (("page", "per_page"), LIST, {"Link": {}}, {"by": "link", "items": "", "size": "per_page"}),
        (("page", "per_page"), LIST, {}, {"by": "page", "input": "page", "items": "", "size": "per_page"}),
        (("cursor",), {"properties": {"data": LIST, "response_metadata": {"properties": {"next_cursor": {"type": "string"}}}}}, {},
         {"by": "cursor", "input": "cursor", "items": "/data", "next": "/response_metadata/next_cursor"}),
        (("pageToken", "maxResults"), {"properties": {"files": LIST, "nextPageToken": {"type": "string"}}}, {},
         {"by": "cursor", "input": "pageToken", "items": "/files", "size": "maxResults", "next": "/nextPageToken"}),
        (("offset", "limit"), {"properties": {"results": LIST, "next": {"type": "string", "format": "uri", "nullable": True}}}, {},
         {"by": "link", "items": "/results", "size": "limit", "next": "/next"}),
        (("starting_after", "limit"), {"properties": {"data": LIST, "has_more": {"type": "boolean"}}}, {},
         {"by": "cursor", "input": "starting_after", "items": "/data", "size": "limit", "last": "/id", "more": "/has_more"}),
        (("offset", "limit"), {"properties": {"things": LIST, "total": {"type": "integer"}}}, {},
         {"by": "offset", "input": "offset", "items": "/things", "size": "limit"}),
        (("offset", "limit"), {"properties": {"a": LIST, "b": LIST}}, {}, None),
        (("q",), LIST, {}, None),
    ],
)  # fmt: skip
def test_pages_are_recognised_by_what_is_usual(names: Any, output: Any, headers: Any, paging: Any) -> None:
    kinds = {"cursor": "string", "pageToken": "string", "starting_after": "string"}
    parameters = [query(name, {"type": kinds.get(name, "integer")}) for name in names]
    responses = {"200": {"headers": headers, "content": {"application/json": {"schema": output}}}}
    assert action({"parameters": parameters, "responses": responses}).get("paging") == paging


# Bad documents


@pytest.mark.parametrize(
    "written",
    [
        None, [], "x", {}, {"openapi": 3}, {"openapi": "4.0"}, {"swagger": "2.0"}, document(None), document([]), document({"/x": None}),
        document({"/x": {"get": None}}), document({"/x": {"$ref": "#/paths/~1x"}}), document({}, servers=7),
        document({"/x": {"get": {"responses": 7, "parameters": 7, "requestBody": 7, "security": 7, "callbacks": 7}}}),
    ],
)  # fmt: skip
def test_a_document_that_is_none_is_refused_with_a_way_out(written: Any) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        converted(written, Wishes())
    assert all(one.message and one.fix for one in caught.value.problems)


@pytest.mark.parametrize("odd", [None, 7, "x", [], [None], {}, {"": None}, True, 1e300, {"$ref": 7}, {"type": [[]]}])
@pytest.mark.parametrize("place", ["info", "components", "security", "servers", "webhooks", "tags"])
def test_odd_values_anywhere_end_in_a_connector_or_a_refusal(odd: Any, place: str) -> None:
    written = {**document({"/x": {"get": get(security=[{"k": []}])}, "/y": {"get": {"security": []}}}), place: odd}
    if place == "servers":
        with pytest.raises(InvalidDefinition, match="where the API is"):
            converted(written, Wishes())
    else:
        assert "get_y" in take(written).connector["actions"]


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [], [None], {}, {"": None}, True, {"$ref": 7}, {"$ref": "#"}, {"type": [[]]}, {"x": {"y": 1}}]
)
@pytest.mark.parametrize(
    "place", ["parameters", "requestBody", "responses", "security", "servers", "callbacks", "operationId", "summary", "tags"]
)
def test_odd_values_in_an_operation_end_in_an_action_or_are_told(odd: Any, place: str) -> None:
    found = take(document({"/x": {"get": {"operationId": "act", place: odd}}, "/y": {"get": {"operationId": "other"}}}))
    assert "other" in found.connector["actions"]
    assert len(found.connector["actions"]) == 2 or any(one.is_left_out for one in found.told)


def test_a_long_document_is_read_as_json_and_too_long_a_one_is_not() -> None:
    text = b'{"openapi": "3.1.0", "x": "' + b"x" * (5 * 1024 * 1024) + b'"}'
    assert parse_openapi(text)["openapi"] == "3.1.0"
    for bad, said in (
        (b"{" + b" " * OPENAPI_BYTES_MAX, "OPENAPI_BYTES_MAX"),
        (text[:-1], "not JSON"),
        (text.replace(b'"x"', b'"\xff"'), "UTF-8"),
    ):
        with pytest.raises(InvalidDefinition, match=said):
            parse_openapi(bad)
