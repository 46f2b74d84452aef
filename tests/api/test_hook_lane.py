"""Requests to webhooks by the lane and by the framework: the same answers, the same deliveries, the same executions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest

from tests.api.conftest import Server
from tests.api.test_hooks import KEY, OTHER, hook, signed, workflow
from tests.api.test_lane import Pair, taken

SIGNED = {"signature": {"kind": "standard_webhooks", "secret": "orders_hook"}, "key": "trigger.headers['webhook-id']"}
WAITS = {"nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
DEFINITIONS = (
    workflow("orders", hook("orders", **SIGNED, input="{{ trigger.body }}")),
    workflow("plain", hook("plain")),
    workflow("keyed", hook("keyed", key="trigger.body.id")),
    workflow("headed", hook("headed", key="trigger.headers['x-id']")),
    workflow("unready", hook("unready", signature={"kind": "bearer", "secret": "nobody_has"})),
    workflow("misfit", hook("misfit", signature={"kind": "basic", "secret": "orders_hook"})),
    workflow("meta", hook("meta", challenge={"kind": "meta", "secret": "orders_hook"})),
    workflow("formed", hook("formed", content="multipart")),
    workflow("small", hook("small", body_limit=20, methods=["PUT", "POST"])),
    workflow("puts", hook("puts", methods=["PUT"])),
    workflow("filled", hook("filled", input="{{ trigger.body.no.such }}")),
    workflow("strict", hook("strict"), input={"type": "object", "required": ["day"]}),
    workflow("results", hook("results", answer="result", key="trigger.body.id")),
    {"name": "lasting", "triggers": [hook("lasting", answer="result", wait="10ms")], **WAITS},
    workflow("own", hook("own", key="trigger.body.id", answer={"status": 201, "body": "{{ trigger.body.id }}"})),
    workflow("bare", hook("bare", answer={"status": 204})),
    workflow("paused", hook("paused")),
    {"name": "one", "triggers": [hook("one")], "settings": {"concurrency": {"limit": 1, "policy": "reject"}}, **WAITS},
    {"name": "skips", "triggers": [hook("skips", key="trigger.body.id")], "settings": {"while_paused": "skip"}, **WAITS},
    {"name": "fails", "triggers": [hook("fails", answer="result")], "settings": {"on_failure": "fail"},
     "nodes": [{"id": "no", "type": "fail", "config": {"type": "order.refused", "message": "not today"}}]},
)  # fmt: skip
DEEP = b'{"a":' * 199 + b"[]" + b"}" * 199
BIG = b'{"id": "' + b"k" * 100_000 + b'"}'


class Case(NamedTuple):
    name: str
    path: str
    body: bytes | None = b'{"id": 7}'
    headers: Callable[[bytes], dict[str, str]] = lambda body: {}
    times: int = 2


@cache
def just_now() -> float:
    """When the first signed request is made: for all the same, and in time however long ago these tests were collected."""
    return time.time()


CASES = [
    Case("a start", "plain"),
    Case("a query", "plain?a=1&a=2&b=%20x"),
    Case("a query that is no text", "plain?a=%ff"),
    Case("no body", "plain", None),
    Case("other spaces, names twice, numbers", "plain", b' {"a" : 1.50, "a": 2e3, "b": [1e-7, 123456789012345678901234567890]} '),
    Case("null", "plain", b"null"),
    Case("as deep as a body may be", "plain", DEEP),
    Case("as deep as a trigger may be", "plain", DEEP[5:-1]),
    Case("a body that is no JSON", "plain", b'{"id": '),
    Case("half a letter", "plain", b'"\\ud800"'),
    Case("no UTF-8", "plain", b'"\xff"'),
    Case("a number that is none", "plain", b"1e400"),
    Case("text", "plain", b"hello", lambda body: {"Content-Type": "text/plain"}),
    Case("JSON of a kind", "plain", b"[]", lambda body: {"Content-Type": "application/vnd.x+json; charset=utf-8"}),
    Case("headers of a proof and others", "plain", b"1", lambda body: {"Authorization": "Bearer x", "Cookie": "a", "X-Some": "\xe9\xff"}),
    Case("a key", "keyed"),
    Case("a long key", "keyed", BIG),
    Case("a key that is missing", "keyed", b"{}"),
    Case("a key that is none", "keyed", b'{"id": true}'),
    Case("a key in a header", "headed", headers=lambda body: {"X-Id": "7"}),
    Case("a key in a header that proves", "headed", headers=lambda body: {"Authorization": "7"}),
    Case("an empty header", "headed", headers=lambda body: {"X-Id": ""}),
    Case("signed", "orders", headers=lambda body: signed(body, "msg_1", just_now())),
    Case("signed by another", "orders", headers=lambda body: signed(body, "msg_2", just_now(), OTHER)),
    Case("signed long ago", "orders", headers=lambda body: signed(body, "msg_3", 1_000_000_000)),
    Case("not signed", "orders"),
    Case("signed, and no JSON", "orders", b"{", lambda body: signed(body, "msg_4", just_now())),
    Case("a secret that there is not", "unready", headers=lambda body: {"Authorization": "Bearer x"}),
    Case("a secret of another kind", "misfit", headers=lambda body: {"Authorization": "Basic eDp5"}),
    Case("where challenges are answered", "meta"),
    Case("JSON where a form is wanted", "formed"),
    Case("a large body where a small one is wanted", "small", b'{"id": "0123456789abcdef"}'),
    Case("a method that is not wanted", "puts"),
    Case("an input that cannot be filled in", "filled"),
    Case("an input that does not fit", "strict"),
    Case("a result", "results"),
    Case("a result that is late", "lasting"),
    Case("a result that is none", "fails"),
    Case("an answer of its own", "own"),
    Case("an answer without a body", "bare"),
    Case("paused", "paused"),
    Case("one too many", "one", times=3),
    Case("skipped", "skips", b'{"id": 2}'),
    Case("a path that nobody waits at", "nothing"),
    Case("an escaped path", "pl%61in"),
]  # fmt: skip


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = [Server(tmp_path_factory.mktemp(name) / "data", lane=name == "fast") for name in ("fast", "plain")]
    try:
        for one in made:
            one.post("/v1/credentials", {"name": "orders_hook", "kind": "signing", "values": {"secret": KEY}})
            one.publish(*DEFINITIONS)
            one.post("/v1/triggers/paused.hook/pause", {"reason": "later"})
            open_ = one.ask("POST", "/hooks/skips", {"id": 1}).json["execution_id"]
            one.post(f"/v1/executions/{open_}/pause")
        yield Pair(*made)
    finally:
        for one in made:
            one.kill()


KEYED = ("orders", "keyed", "headed", "results", "own", "skips")
"""What these start is called alike everywhere."""


def alike(path: str, content: bytes) -> bytes:
    """Without what differs from server to server, or from moment to moment."""
    text = re.sub(rb"\d{4}-\d\d-\d\dT[0-9:.]*Z", b"TIME", content)
    text = re.sub(rb"\b[0-7][0-9A-HJKMNP-TV-Z]{19}\b", b"ID", text)
    text = re.sub(rb'"correlation_id": ?"[^"]*"', b'"correlation_id":"MADE"', text)
    return text if path in KEYED else re.sub(rb"\bkey-[0-9a-f]{32}\b", b"ID", text)


def seen(server: Server, case: Case) -> list[Any]:
    """What a sender is told each time, how the deliveries are listed, and what has started."""
    path = case.path.partition("?")[0].replace("%61", "a")
    found: list[Any] = []
    for _ in range(case.times):
        given = {"Host": "localhost", **case.headers(case.body or b"")}
        answer = server.ask("POST", f"/hooks/{case.path}", case.body, given)
        headers = {name: one for name, one in answer.headers.items() if name not in ("date", "x-request-id", "content-length")}
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
        found += [answer.status, headers, alike(path, answer.content), *_listed(server, path)]
    return found


def _listed(server: Server, path: str) -> list[Any]:
    listed = server.get(f"/v1/triggers/{path}.hook/deliveries")
    if listed.status == 404:
        return []
    first = listed.json["deliveries"][0]
    whole = server.get(f"/v1/triggers/{path}.hook/deliveries/{first['id']}")
    found = [alike(path, whole.content), listed.json["counts"]]
    if first["execution_id"]:
        history = server.get(f"/v1/executions/{first['execution_id']}/history?limit=1")
        found.append(alike(path, json.dumps(history.json["events"]).encode()))
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_request_to_a_webhook_is_answered_and_noted_alike_by_both(servers: Pair, case: Case) -> None:
    before = taken(servers.fast)
    fast, plain = seen(servers.fast, case), seen(servers.plain, case)
    assert fast == plain
    is_text = case.name == "text"
    assert taken(servers.fast) - before == (0 if is_text else case.times)
