"""Resources over HTTP: each kind is listed, looked at, written and deleted, and nobody overwrites what they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from refold.client import requests as ask
from refold.client.blocking import Client
from tests.api.conftest import Server

LATE: dict[str, Any] = {"filter": "status == 'running' && now - created_at > duration('1h')", "columns": ["execution_id", "search.order"]}


def test_a_view_is_made_listed_changed_and_deleted(server: Server) -> None:
    made = server.ask("PUT", "/v1/views/late", LATE)
    assert (made.status, made.json["revision"], made.json["written_by"], made.json["value"]) == (200, 1, "anonymous", LATE)
    assert server.get("/v1/views/late").json == made.json
    assert made.json in server.get("/v1/views").json["views"]
    assert server.ask("PUT", "/v1/views/late", LATE).json == made.json
    changed = server.ask("PUT", "/v1/views/late?revision=1", {"filter": "true"}).json
    assert (changed["revision"], changed["value"]) == (2, {"filter": "true"})
    assert server.ask("DELETE", "/v1/views/late").json == {"name": "late", "revision": 3}
    assert server.get("/v1/views/late").status == 404


def test_who_has_not_seen_what_is_there_overwrites_and_deletes_nothing(server: Server) -> None:
    server.ask("PUT", "/v1/views/shared", LATE)
    for answer in (
        server.ask("PUT", "/v1/views/shared?revision=0", {"filter": "true"}),
        server.ask("DELETE", "/v1/views/shared?revision=7"),
    ):
        assert (answer.status, answer.json["reason"]) == (409, "overtaken")
        assert "and it is at revision 1, written by anonymous" in answer.json["detail"]
    assert server.get("/v1/views/shared").json["value"] == LATE


def test_with_if_match_only_what_was_seen_is_overwritten_and_deleted(server: Server) -> None:
    made = server.ask("PUT", "/v1/views/tagged", LATE)
    assert made.headers["etag"] == server.get("/v1/views/tagged").headers["etag"] == '"1"'
    changed = server.ask("PUT", "/v1/views/tagged", {"filter": "true"}, {"If-Match": '"7", "1"'})
    assert (changed.status, changed.headers["etag"]) == (200, '"2"')
    for method, body in (("PUT", LATE), ("DELETE", None)):
        for tags in ('"1"', 'W/"2"', '"x"'):
            late = server.ask(method, "/v1/views/tagged", body, {"If-Match": tags})
            assert (late.status, late.json["reason"], late.json["revision"], late.headers["etag"]) == (412, "overtaken", 2, '"2"')
            assert f"If-Match expected {tags}, and it is at revision 2, written by anonymous" in late.json["detail"]
    assert server.ask("PUT", "/v1/views/tagged", LATE, {"If-Match": "*"}).headers["etag"] == '"3"'
    assert server.ask("DELETE", "/v1/views/tagged", None, {"If-Match": '"3"'}).status == 200
    gone = server.ask("PUT", "/v1/views/tagged", LATE, {"If-Match": "*"})
    assert (gone.status, "and there is none" in gone.json["detail"]) == (412, True)
    assert server.get("/v1/views/tagged").status == 404


def test_a_precondition_that_nobody_looks_at_is_refused(server: Server) -> None:
    for method, path, headers, said in (
        ("PUT", "/v1/views/odd", {"If-Match": "3"}, 'expected tags such as "3"'),
        ("PUT", "/v1/views/odd?revision=1", {"If-Match": '"1"'}, "not both"),
        ("PUT", "/v1/views/odd", {"If-None-Match": "*"}, "does not look at it, so it is not done"),
        ("POST", "/v1/operations", {"If-Match": '"1"'}, "does not look at it, so it is not done"),
    ):
        answer = server.ask(method, path, LATE, headers)
        assert (answer.status, said in answer.json["detail"]) == (422, True), answer.content
    assert server.get("/v1/views/odd").status == 404


@pytest.mark.parametrize(
    ("name", "body", "path", "said"),
    [
        ("x", {"filter": "status == 'runing'"}, "/filter", "runing"),
        ("x", {"filter": "1 +"}, "/filter", ""),
        ("x", {"columns": ["execution"]}, "/columns/0", "a list has no column 'execution'"),
        ("x", {"colums": []}, "/colums", "Extra inputs"),
        ("x", {"filter": 7}, "/filter", "string"),
        ("x", {"filter": "\0" * 30_000}, "/filter", "20000"),
        ("x", {"columns": [{}]}, "/columns/0", "string"),
        ("x", [], "", "object"),
    ],
)
def test_what_is_no_view_is_refused_by_what_is_wrong_with_it(server: Server, name: str, body: Any, path: str, said: str) -> None:
    answer = server.ask("PUT", f"/v1/views/{name}", body)
    assert answer.status == 422, answer.content
    (problem,) = answer.json["problems"]
    assert problem["path"] == path
    assert said in problem["message"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"filter":"\\ud800"}', b"[" * 10_000, b'{"filter": 1e400}'])
def test_what_is_no_value_is_refused(server: Server, body: bytes) -> None:
    assert server.ask("PUT", "/v1/views/x", body).status in (400, 422)


@pytest.mark.parametrize("name", ["-x", "a b", "%00", "a" * 64, "é", "..."])
def test_a_name_that_cannot_be_one_is_refused(server: Server, name: str) -> None:
    from urllib.parse import quote

    assert server.ask("PUT", f"/v1/views/{quote(name)}", LATE).status == 422


def test_resources_outlive_the_server(serve: Callable[..., Server]) -> None:
    first = serve()
    first.ask("PUT", "/v1/views/late", LATE)
    first.kill()
    assert serve().get("/v1/views/late").json["value"] == LATE


def test_a_client_writes_and_reads_them(server: Server) -> None:
    with Client(server.url) as client:
        made = client.put_view("mine", "status == 'failed'", columns=["workflow"])
        assert client.view("mine") == made
        assert made in client.views()
        assert client.put_view("mine", "true", revision=made["revision"])["revision"] == made["revision"] + 1
        assert client.delete_view("mine")["name"] == "mine"
    assert ask.asked("DELETE", "/v1/views/mine").body is None
