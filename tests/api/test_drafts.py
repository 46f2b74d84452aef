"""Drafts: what was typed is kept as it was, and nobody overwrites what somebody else has typed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.operations import drafts
from tests.api.conftest import Answer, Server

BROKEN = "# to do\r\nname: order\n\tnodes: [{id: ä, \u0000"


def put(server: Server, name: str, text: str, query: str = "", match: str | None = None, **more: Any) -> Answer:
    headers = {} if match is None else {"If-Match": match}
    return server.ask("PUT", f"/v1/drafts/{name}{query}", {"text": text, **more}, headers)


def test_a_text_is_kept_as_it_was_typed_also_where_it_is_broken_and_after_a_kill(serve: Callable[..., Server]) -> None:
    server = serve()
    made = put(server, "order", BROKEN, workflow="order", base_version=3)
    assert (made.status, made.headers["etag"]) == (200, '"1"')
    server.kill()
    server = serve()
    found = server.get("/v1/drafts/order").json
    assert (found["text"], found["syntax"], found["workflow"], found["base_version"]) == (BROKEN, "yaml", "order", 3)
    assert (found["revision"], found["written_by"], found["bytes"]) == (1, "anonymous", len(BROKEN.encode()))
    (row,) = server.get("/v1/drafts").json["drafts"]
    assert "text" not in row
    assert row == {name: value for name, value in found.items() if name != "text"}
    assert server.get("/v1/workflows").json["workflows"] == []


def test_of_two_editors_the_second_is_told_that_there_is_another_text_and_which(server: Server) -> None:
    assert put(server, "two-editors", "a: 1").status == 200
    first = put(server, "two-editors", "a: 2", match='"1"')
    assert (first.status, first.headers["etag"]) == (200, '"2"')
    second = put(server, "two-editors", "a: 3", match='"1"')
    assert (second.status, second.json["revision"], second.headers["etag"]) == (412, 2, '"2"')
    assert server.get("/v1/drafts/two-editors").json["text"] == "a: 2"
    unseen = put(server, "two-editors", "a: 3")
    assert (unseen.status, unseen.json["reason"]) == (409, "overtaken")
    assert put(server, "two-editors", "a: 2").headers["etag"] == '"2"'
    assert put(server, "two-editors", "a: 3", "?revision=2").status == 200


def test_a_draft_is_deleted_as_it_was_seen_and_may_be_made_again(server: Server) -> None:
    put(server, "gone", "a: 1")
    put(server, "gone", "a: 2", "?revision=1")
    refused = server.ask("DELETE", "/v1/drafts/gone", headers={"If-Match": '"1"'})
    assert refused.status == 412
    assert server.ask("DELETE", "/v1/drafts/gone", headers={"If-Match": '"2"'}).status == 200
    assert server.get("/v1/drafts/gone").json["reason"] == "unknown_resource"
    again = put(server, "gone", "a: 1")
    assert (again.status, again.json["revision"]) == (200, 4)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"text": 1}, 422), ({"text": "", "more": 1}, 422), ({"text": "", "base_version": 0}, 422),
        ({"text": "", "base_version": 2**64}, 422), (b'{"text": "\\ud800"}', 422), ({"text": "", "syntax": "toml"}, 422),
        (b"{", 400), ({"text": "a" * (drafts.TEXT_BYTES_MAX + 1)}, 413), ({"text": "\u0001" * 200_000}, 413),
    ],
)  # fmt: skip
def test_what_is_no_draft_is_refused(server: Server, body: Any, status: int) -> None:
    assert server.ask("PUT", "/v1/drafts/odd", body, {"Content-Type": "application/json"}).status == status
    assert server.get("/v1/drafts/odd").status == 404


def test_the_longest_text_is_kept_and_a_name_that_is_none_is_refused(server: Server) -> None:
    assert put(server, "longest", "a" * drafts.TEXT_BYTES_MAX).status == 200
    assert server.ask("DELETE", "/v1/drafts/longest").status == 200
    assert put(server, "no%20name", "").status == 422


def test_there_are_no_more_drafts_than_there_may_be(serve: Callable[..., Server]) -> None:
    server = serve()
    line = server.connect()
    for number in range(drafts.DRAFTS_MAX):
        assert server.ask("PUT", f"/v1/drafts/d{number}", {"text": ""}, connection=line).status == 200
    refused = put(server, "more", "")
    assert (refused.status, refused.json["reason"]) == (409, "too_many")
    assert put(server, "d0", "x", "?revision=1").status == 200
