"""Big values over HTTP: in parts, as files, and of nobody but their execution."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from api.problems import BadRequest
from api.ranges import range_of
from tests.api.conftest import Answer, Server

TEXT = "ä" * 60_000
FILE = base64.b64encode(bytes(range(256)) * 300).decode()
KEEPS: dict[str, Any] = {"name": "value_keeps", "nodes": [{"id": "copy", "type": "noop"}]}
SECRETLY: dict[str, Any] = {**KEEPS, "name": "value_secret", "settings": {"erasable": True}}


def begin(server: Server, given: Any, definition: dict[str, Any] = KEEPS) -> tuple[str, str]:
    """An execution with a big input, and where that is."""
    server.publish(definition)
    execution = server.start(definition["name"], given, wait=20)["execution_id"]
    blob = server.get(f"/v1/executions/{execution}/history?limit=1").json["events"][0]["data"]["input"]["blob"]
    return execution, f"/v1/executions/{execution}/values/{blob}"


def part(server: Server, path: str, **headers: str) -> Answer:
    return server.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_first_part_says_how_long_it_is_and_parts_make_the_whole(server: Server) -> None:
    _, path = begin(server, {"text": TEXT})
    whole = server.get(path)
    assert (whole.status, whole.headers["content-type"], whole.json) == (200, "application/json", {"text": TEXT})
    size, first = len(whole.content), part(server, path, Range="bytes=0-65535")
    assert (first.status, first.headers["content-range"], len(first.content)) == (206, f"bytes 0-65535/{size}", 65536)
    rest = part(server, f"{path}?version=1", Range="bytes=65536-", If_Range=first.headers["etag"])
    assert first.content + rest.content == whole.content
    assert part(server, path, If_None_Match=whole.headers["etag"]).status == 304
    beyond = part(server, path, Range=f"bytes={size}-")
    assert (beyond.status, beyond.json["reason"], beyond.headers["content-range"]) == (416, "range", f"bytes */{size}")
    assert part(server, path, Range="bytes=0-1", If_Range='"another"').status == 200


def test_a_text_in_it_is_given_as_it_is_or_as_the_file_that_it_is_the_base64_of(server: Server) -> None:
    _, path = begin(server, {"files": [{"content": FILE, "n/a": TEXT}]})
    file = server.get(f"{path}?as=bytes&pointer=/files/0/content&download=x%22y.bin")
    assert (file.content, file.headers["content-type"]) == (bytes(range(256)) * 300, "application/octet-stream")
    assert file.headers["content-disposition"] == 'attachment; filename="x_y.bin"'
    assert (file.headers["x-content-type-options"], file.headers["content-security-policy"]) == ("nosniff", "default-src 'none'; sandbox")
    text = server.get(f"{path}?as=text&pointer=/files/0/n~1a")
    assert (text.content.decode(), text.headers["content-type"]) == (TEXT, "text/plain; charset=utf-8")
    assert text.headers["etag"] != file.headers["etag"]
    asked = ("as=text", "as=bytes&pointer=/files/0/n~1a", "as=text&pointer=/files/1", "pointer=/files")
    assert [server.get(f"{path}?{query}").status for query in asked] == [422, 422, 404, 422]
    for no_index in ("00", "%D9%A0", "-0", "9" * 30):
        assert server.get(f"{path}?as=text&pointer=/files/{no_index}/n~1a").status == 404, no_index


def test_a_value_is_told_by_its_own_execution_alone_also_where_somebody_writes_a_reference_to_it(server: Server) -> None:
    _, path = begin(server, {"text": TEXT})
    blob = path.rpartition("/")[2]
    other = server.start("value_keeps", {"guess": f"@{blob}:120010", "alone": blob}, wait=20)["execution_id"]
    for query in ("", "?version=1"):
        answer = server.get(f"/v1/executions/{other}/values/{blob}{query}")
        assert (answer.status, answer.json["reason"]) == (404, "unknown_value")
    assert server.get(f"/v1/executions/{other}/values/{blob[:-1]}").status == 422
    assert server.get(f"/v1/executions/nobody/values/{blob}").json["reason"] == "unknown_execution"


def test_what_was_sealed_is_told_until_it_is_erased(serve: Callable[..., Server]) -> None:
    server = serve()
    execution, path = begin(server, {"text": TEXT}, SECRETLY)
    assert server.get(path).json == {"text": TEXT}
    assert server.post(f"/v1/executions/{execution}/erase", {}).status == 200
    answer = server.get(path)
    assert (answer.status, answer.json["reason"]) == (409, "erased")


def test_nodes_are_told_one_by_one_and_without_what_is_big(server: Server) -> None:
    execution, path = begin(server, {"text": TEXT})
    (node,) = server.get(f"/v1/executions/{execution}/nodes?path=copy&whole=false").json["nodes"]
    assert (node["path"], node["input"]["blob"]) == ("copy", path.rpartition("/")[2])
    assert server.get(f"/v1/executions/{execution}/nodes").json["nodes"][0]["input"] == {"text": TEXT}
    assert server.get(f"/v1/executions/{execution}/nodes?path=nope").json["nodes"] == []


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", (0, 1)), ("bytes=5-", (5, 10)), ("bytes=-3", (7, 10)), ("bytes=-30", (0, 10)), ("BYTES = 2 - 99", (2, 10)),
        (f"bytes=1-{10**30}", (1, 10)), (f"bytes=-{10**30}", (0, 10)), (f"bytes={2:0>30}-5", (2, 6)), (f"bytes=0-{'9' * 9_000}", None),
        ("bytes=0-1,3-4", None), ("bytes=-", None), ("bytes=4-2", None), ("lines=0-1", None), ("", None), ("bytes=\u0661-2", None),
    ],
)  # fmt: skip
def test_a_range_is_one_part_and_all_else_is_the_whole(header: str, found: tuple[int, int] | None) -> None:
    assert range_of(header, 10) == found


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0", f"bytes={10**30}-"])
def test_a_range_beyond_the_end_is_refused(header: str) -> None:
    with pytest.raises(BadRequest, match="expected a part of 10 bytes") as raised:
        range_of(header, 10)
    assert raised.value.status == 416


def test_of_a_lost_value_it_is_said_that_it_is_lost(serve: Callable[..., Server]) -> None:
    server = serve()
    _, path = begin(server, {"text": TEXT})
    for file in (server.data / "blobs").rglob("*"):
        if file.is_file():
            file.unlink()
    answer = server.get(path)
    assert (answer.status, answer.json["reason"]) == (409, "lost_value")
