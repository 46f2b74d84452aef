"""Webhooks that start executions: a real server, requests as other systems send them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from standardwebhooks.webhooks import Webhook

from tests.api.conftest import ROOT, Answer, Server
from tests.api.hook_storm import storm

KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()


def workflow(name: str, *triggers: dict[str, Any], value: str = "{{ input }}", **more: Any) -> dict[str, Any]:
    """A workflow that ends with a value."""
    nodes = [{"id": "n", "type": "transform", "config": {"operation": "value", "value": value}}]
    return {"name": name, "output": "{{ nodes.n.output }}", "triggers": list(triggers), "nodes": nodes, **more}


def hook(path: str, **config: Any) -> dict[str, Any]:
    return {"id": "hook", "type": "webhook", "path": path, **config}


SIGNED = {"signature": {"kind": "standard_webhooks", "secret": "orders_hook"}, "key": "trigger.headers['webhook-id']"}
DEFINITIONS = (
    workflow("orders", hook("orders", **SIGNED, input="{{ trigger.body }}")),
    workflow("results", hook("results", answer="result", key="trigger.body.id")),
    workflow("seen", hook("seen/all", methods=["GET", "POST", "PUT"], answer="result"), value="{{ trigger }}"),
    workflow("plain", hook("plain")),
    workflow("slack-said", hook("slack", signature={"kind": "slack", "secret": "slack_hook"}, challenge={"kind": "slack"})),
    workflow("meta-said", hook("meta", challenge={"kind": "meta", "secret": "slack_hook"})),
    workflow("own", hook("own", key="trigger.body.id", answer={
        "status": 201, "after": "result",
        "body": {"got": "{{ execution.output.id }}", "as": "{{ execution.id }}", "by": "{{ trigger.id }}"},
    })),
    workflow("wrapped", hook("wrapped", key="'one'", input={}, answer={"body": {"a": {"b": "{{ trigger.body }}"}}})),
    workflow("strict", hook("strict", content="json", body_limit=100), input={"type": "object", "required": ["day"]}),
    {"name": "fails", "triggers": [hook("fails", answer="result")], "settings": {"on_failure": "fail"},
     "nodes": [{"id": "no", "type": "fail", "config": {"type": "order.refused", "message": "not today"}}]},
)  # fmt: skip


@pytest.fixture(scope="module")
def hooked(server: Server) -> Server:
    for name, secret in (("orders_hook", KEY), ("slack_hook", "s3cret")):
        made = server.post("/v1/credentials", {"name": name, "kind": "signing", "values": {"secret": secret}})
        assert made.status in (200, 201), made.content
    server.publish(*DEFINITIONS)
    return server


def signed(body: bytes, name: str = "msg_1", at: float | None = None, key: str = KEY) -> dict[str, str]:
    when = int(time.time() if at is None else at)
    signature = Webhook(key).sign(name, datetime.fromtimestamp(when, UTC), body.decode())
    return {"webhook-id": name, "webhook-timestamp": str(when), "webhook-signature": signature}


def send(server: Server, path: str, body: Any = None, headers: dict[str, str] | None = None, method: str = "POST") -> Answer:
    return server.ask(method, f"/hooks/{path}", body, headers)


def output_of(server: Server, answer: Answer) -> Any:
    execution = answer.json["execution_id"]
    return server.get(f"/v1/executions/{execution}").json["output"]


def last(server: Server, name: str, query: str = "") -> Any:
    return server.get(f"/v1/triggers/{name}/deliveries{query}").json["deliveries"][0]


def test_a_signed_request_starts_an_execution_and_again_is_answered_as_the_first_time(hooked: Server) -> None:
    body = b'{"order": 7}'
    first = send(hooked, "orders", body, signed(body, "msg_once"))
    again = send(hooked, "orders", body, signed(body, "msg_once"))
    assert (first.status, first.content) == (again.status, again.content) == (202, first.content)
    found = hooked.get(f"/v1/executions/{first.json['execution_id']}").json
    assert (found["workflow"], found["status"]) == ("orders", "completed")
    assert output_of(hooked, first) == {"order": 7}
    assert [one["verdict"] for one in hooked.get("/v1/triggers/orders.hook/deliveries").json["deliveries"][:2]] == ["repeated", "accepted"]


def test_many_who_send_the_same_at_once_start_one_execution(hooked: Server) -> None:
    body = b"{}"
    headers = signed(body, "msg_many")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(hooked, "orders", body, headers), range(40)))
    assert {(one.status, one.content) for one in answers} == {(202, answers[0].content)}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (lambda body: {}, "no_signature"),
        (lambda body: signed(body, key=OTHER), "bad_signature"),
        (lambda body: signed(body + b" "), "bad_signature"),
        (lambda body: signed(body, at=time.time() - 900), "too_old"),
    ],
)
def test_what_is_not_proved_is_refused_and_seen_by_whoever_looks(
    hooked: Server, headers: Callable[[bytes], dict[str, str]], reason: str
) -> None:  # fmt: skip
    body = b'{"order": 8}'
    answer = send(hooked, "orders", body, headers(body))
    assert (answer.status, answer.json["reason"], "www-authenticate" in answer.headers) == (401, reason, True)
    assert (reason != "too_old") or "5m" in answer.json["detail"]
    assert KEY not in answer.content.decode()
    found = last(hooked, "orders.hook")
    assert (found["verdict"], found["reason"], found["execution_id"]) == ("refused", reason, None)
    text = hooked.get("/metrics").content.decode()
    (count,) = re.findall(r'refold_hook_requests_total\{trigger="orders.hook",verdict="refused"\} (\S+)', text)
    assert float(count) >= 1


def test_a_secret_that_is_rotated_counts_beside_the_new_one(serve: Callable[..., Server]) -> None:
    server = serve()
    server.post("/v1/credentials", {"name": "orders_hook", "kind": "signing", "values": {"secret": KEY}})
    server.publish(DEFINITIONS[0])
    rotated = server.post("/v1/credentials/orders_hook/rotate", {"values": {"secret": OTHER}, "overlap": "1h"})
    assert rotated.status == 200, rotated.content
    for name, key in (("old", KEY), ("new", OTHER)):
        assert send(server, "orders", b"{}", signed(b"{}", name, key=key)).status == 202


def test_a_secret_that_has_just_proved_a_request_proves_none_of_a_workflow_that_may_not_use_it(serve: Callable[..., Server]) -> None:
    server = serve()
    limited = {"name": "orders_hook", "kind": "signing", "values": {"secret": KEY}, "workflows": ["orders"]}
    assert server.post("/v1/credentials", limited).status == 201
    server.publish(DEFINITIONS[0], workflow("others", hook("others", **SIGNED)))
    line = server.connect()
    answers = [server.ask("POST", f"/hooks/{path}", b"{}", signed(b"{}"), line).status for path in ("orders", "others", "orders")]
    assert answers == [202, 503, 202]


def test_without_its_secret_a_webhook_takes_nothing_and_says_so_to_whoever_looks_alone(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish(DEFINITIONS[0])
    answer = send(server, "orders", b"{}", signed(b"{}"))
    assert (answer.status, answer.json["reason"], "retry-after" in answer.headers) == (503, "unready", True)
    assert "orders_hook" not in answer.content.decode()
    assert "orders_hook" in last(server, "orders.hook")["message"]


def test_a_path_that_nobody_waits_at_tells_of_no_other(hooked: Server) -> None:
    for path in ("nothing", "", "orders/", "orders/x", "%2e%2e/v1", "seen"):
        answer = send(hooked, path, {})
        assert (answer.status, answer.json["detail"]) == (404, "there is nothing at this path"), path


def test_the_answer_with_a_result_is_the_output_each_time(hooked: Server) -> None:
    for _ in range(2):
        answer = send(hooked, "results", {"id": "r1", "n": [1, None]})
        assert (answer.status, answer.json) == (200, {"id": "r1", "n": [1, None]})
    failed = send(hooked, "fails", {})
    assert (failed.status, failed.json["reason"], failed.json["execution_status"]) == (500, "execution_not_completed", "failed")


def test_an_answer_of_ones_own_says_what_its_template_says(hooked: Server) -> None:
    first = send(hooked, "own", {"id": 12})
    assert (first.status, first.json["got"], first.json["by"]) == (201, 12, "hook")
    assert send(hooked, "own", {"id": 12}).content == first.content


def test_an_execution_sees_what_came_but_not_what_proves_it(hooked: Server) -> None:
    headers = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Kind": "k"}
    answer = send(hooked, "seen/all?a=1&a=2&b=", {"x": "ä"}, headers, method="PUT")
    assert answer.status == 200, answer.content
    found = answer.json
    assert (found["type"], found["body"], found["query"], found["key"]) == ("webhook", {"x": "ä"}, {"a": ["1", "2"], "b": ""}, None)
    assert found["headers"]["x-kind"] == "k"
    assert not {"authorization", "cookie"} & found["headers"].keys()


PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="who"\r\n\r\nada\r\n'
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhi\xff\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("content_type", "body", "found"),
    [
        ("application/json; charset=utf-8", b'{"n": 12345678901234567890}', {"n": 12345678901234567890}),
        ("application/cloudevents+json", b"[1]", [1]),
        ("application/x-www-form-urlencoded", urlencode({"a": "ä b", "c": ""}).encode(), {"a": "ä b", "c": ""}),
        ("multipart/form-data; boundary=x", PARTS, {"who": "ada", "f": {
            "filename": "a.txt", "content_type": "text/plain", "size": 3, "base64": base64.b64encode(b"hi\xff").decode(),
        }}),
        ("text/plain", "hello ä".encode(), "hello ä"),
        ("application/octet-stream", b"\xff\x00", {"base64": "/wA="}),
        ("text/plain", b"", None),
    ],
)  # fmt: skip
def test_a_body_becomes_a_value(hooked: Server, content_type: str, body: bytes, found: Any) -> None:
    answer = send(hooked, "seen/all", body, {"Content-Type": content_type})
    assert answer.status == 200, answer.content
    assert answer.json["body"] == found


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b'{"x": 1e400}'),
        ("application/json", b'{"x": "\\ud800"}'),
        ("application/json", b'{"a": ' * 10_000 + b"1" + b"}" * 10_000),
        ("application/x-www-form-urlencoded", b"a=%ff"),
        ("application/x-www-form-urlencoded", b"a=1&" * 2_000),
        ("multipart/form-data; boundary=y", PARTS),
        ("multipart/form-data", PARTS),
        ("multipart/form-data; boundary=x", PARTS[:20]),
        ("multipart/form-data; boundary=x", PARTS[:-9]),
        ("multipart/form-data; boundary=x", PARTS[:-4]),
        ("multipart/form-data; boundary=x", PARTS.replace(b"\r\n", b"\n")),
    ],
)
def test_a_body_that_is_none_starts_nothing(hooked: Server, content_type: str, body: bytes) -> None:
    answer = send(hooked, "seen/all", body, {"Content-Type": content_type})
    assert answer.status in (400, 422), answer.content
    assert last(hooked, "seen.hook")["verdict"] == "invalid"


def test_what_does_not_fit_is_told_apart(hooked: Server) -> None:
    assert send(hooked, "strict", b"day: 7", {"Content-Type": "text/plain"}).status == 400
    assert send(hooked, "strict", {"day": 1, "x": "y" * 100}).status == 413
    wrong = send(hooked, "strict", {"x": 1})
    assert (wrong.status, wrong.json["reason"]) == (422, "input.invalid")
    method = send(hooked, "strict", method="GET")
    assert (method.status, method.headers["allow"]) == (405, "POST")
    assert send(hooked, "results", {"other": 1}).json["problems"][0]["rule"] == "key"


def test_challenges_are_answered_and_start_nothing(hooked: Server) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c1"}).encode()
    at = str(int(time.time()))
    proof = hmac.new(b"s3cret", f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={proof}"}
    answer = send(hooked, "slack", body, headers)
    assert (answer.status, answer.content, answer.headers["content-type"].partition(";")[0]) == (200, b"c1", "text/plain")
    assert send(hooked, "slack", body).status == 401
    asked = {"hub.mode": "subscribe", "hub.verify_token": "s3cret", "hub.challenge": "<b>"}
    answer = send(hooked, "meta?" + urlencode(asked), method="GET")
    assert (answer.status, answer.content, answer.headers["x-content-type-options"]) == (200, b"<b>", "nosniff")
    assert send(hooked, "meta?" + urlencode({**asked, "hub.verify_token": "no"}), method="GET").status == 405
    assert hooked.get("/v1/executions?workflow=meta-said").json["executions"] == []


@pytest.mark.parametrize("path", ["seen/all", "get"])
def test_head_starts_nothing(hooked: Server, path: str) -> None:
    hooked.publish(workflow("got", hook("get", methods=["GET"])))
    before = len(hooked.get("/v1/executions").json["executions"])
    answer = send(hooked, path, method="HEAD")
    assert (answer.status, answer.content, "GET" in answer.headers["allow"]) == (405, b"", True)
    assert len(hooked.get("/v1/executions").json["executions"]) == before


def test_head_at_a_challenge_is_answered_as_get_is(hooked: Server) -> None:
    asked = urlencode({"hub.verify_token": "s3cret", "hub.challenge": "c"})
    answer = send(hooked, f"meta?{asked}", method="HEAD")
    assert (answer.status, answer.content, answer.headers["content-length"]) == (200, b"", "1")


@pytest.mark.parametrize(
    ("kind", "query", "status"),
    [
        ("meta", {"hub.mode": "subscribe", "hub.verify_token": "no", "hub.challenge": "c"}, 401),
        ("meta", {"hub.mode": "subscribe", "hub.challenge": "c"}, 401),
        ("meta", {"hub.verify_token": "no"}, 401),
        ("meta", {"hub.verify_token": "s3cret", "hub.challenge": "c" * 1_001}, 400),
        ("dropbox", {"challenge": ""}, 400),
        ("x", {"crc_token": ["a", "b"]}, 400),
    ],
)
def test_a_challenge_that_is_not_answered_starts_nothing(hooked: Server, kind: str, query: dict[str, Any], status: int) -> None:
    challenge = {"kind": kind} if kind == "dropbox" else {"kind": kind, "secret": "slack_hook"}
    hooked.publish(workflow(f"asks-{kind}", hook(f"asks-{kind}", methods=["GET"], challenge=challenge)))
    answer = send(hooked, f"asks-{kind}?" + urlencode(query, doseq=True), method="GET")
    assert (answer.status, answer.json["reason"]) == (status, "bad_challenge")
    assert last(hooked, f"asks-{kind}.hook")["execution_id"] is None
    assert send(hooked, f"asks-{kind}?more=1", method="GET").status == 202


def test_the_token_of_a_challenge_is_seen_by_nobody_who_looks(hooked: Server) -> None:
    challenge = {"kind": "meta", "secret": "slack_hook"}
    hooked.publish(
        workflow("meta-seen", hook("meta-seen", challenge=challenge, methods=["GET"], answer="result"), value="{{ trigger.query }}")
    )
    asked = {"hub.verify_token": "s3cret", "more": "1"}
    assert send(hooked, "meta-seen?" + urlencode(asked), method="GET").json == {"more": "1"}
    assert send(hooked, "meta-seen?" + urlencode({**asked, "hub.challenge": "c"}), method="GET").content == b"c"
    for one in hooked.get("/v1/triggers/meta-seen.hook/deliveries").json["deliveries"]:
        content = hooked.get(f"/v1/triggers/meta-seen.hook/deliveries/{one['id']}").content
        assert b"more=1" in content
        assert b"s3cret" not in content


def test_the_test_address_starts_nothing_and_shows_what_came(hooked: Server) -> None:
    for number in range(60):
        assert hooked.ask("POST", "/hooks-test/plain", {"n": number}).status == 200
    kept = hooked.get("/v1/triggers/plain.hook/deliveries?test=true").json["deliveries"]
    assert len(kept) == 50
    content = hooked.get(f"/v1/triggers/plain.hook/deliveries/{kept[0]['id']}").json
    assert (json.loads(content["body"]), content["method"], content["verdict"]) == ({"n": 59}, "POST", "test")
    assert hooked.get("/v1/executions?workflow=plain").json["executions"] == []
    assert hooked.ask("POST", "/hooks-test/orders", {}).status == 401


def test_what_was_refused_can_be_delivered_again_by_hand(hooked: Server) -> None:
    body = b'{"order": 9}'
    assert send(hooked, "orders", body, signed(body, "msg_9", key=OTHER)).status == 401
    found = last(hooked, "orders.hook")
    started = hooked.post(f"/v1/triggers/orders.hook/deliveries/{found['id']}/redeliver")
    assert started.status == 201, started.content
    again = hooked.post(f"/v1/triggers/orders.hook/deliveries/{found['id']}/redeliver")
    assert again.json["execution_id"] != started.json["execution_id"]
    assert output_of(hooked, again) == {"order": 9}
    assert hooked.post("/v1/triggers/orders.hook/deliveries/none/redeliver").json["reason"] == "unknown_delivery"


def test_a_webhook_that_is_paused_lets_senders_come_again(hooked: Server) -> None:
    hooked.post("/v1/triggers/plain.hook/pause", {"reason": "later"})
    answer = send(hooked, "plain", {})
    assert (answer.status, answer.json["reason"], answer.headers["retry-after"]) == (503, "paused", "60")
    hooked.post("/v1/triggers/plain.hook/resume")
    assert send(hooked, "plain", {}).status == 202


def test_what_a_quota_or_a_limit_refuses_was_no_fault_of_the_request_and_senders_come_again(hooked: Server) -> None:
    waits = {"nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
    hooked.publish(
        {"name": "few-by-hook", "triggers": [hook("few", key="trigger.body.id")], "settings": {"quota": {"open": 1}}, **waits},
        {"name": "one-by-hook", "triggers": [hook("one")], "settings": {"concurrency": {"limit": 1, "policy": "reject"}}, **waits},
    )
    first, again = (send(hooked, "few", {"id": 1}) for _ in range(2))
    assert (first.status, again.status, again.json) == (202, 202, first.json)
    refused = send(hooked, "few", {"id": 2})
    assert (refused.status, refused.json["reason"], refused.headers["retry-after"]) == (429, "quota_exceeded", "5")
    assert [send(hooked, "one", {}).status for _ in range(2)] == [202, 409]
    assert [(one["verdict"], one["status"]) for one in (last(hooked, "few-by-hook.hook"), last(hooked, "one-by-hook.hook"))] == [
        ("failed", 429),
        ("failed", 409),
    ]


def test_a_webhook_says_that_it_was_skipped_while_one_is_paused_and_by_hand_it_starts_all_the_same(hooked: Server) -> None:
    waits = {"nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
    hooked.publish(
        {"name": "skips-by-hook", "triggers": [hook("skips", key="trigger.body.id")], "settings": {"while_paused": "skip"}, **waits},
        {"name": "queues-by-hook", "triggers": [hook("queues")], "settings": {"while_paused": "queue"}, **waits},
    )
    for name in ("skips", "queues"):
        first = send(hooked, name, {"id": 1}).json["execution_id"]
        assert hooked.post(f"/v1/executions/{first}/pause").status == 200
    skipped, again = send(hooked, "skips", {"id": 2}), send(hooked, "skips", {"id": 1})
    assert (skipped.status, skipped.json["skipped"]) == (200, "while_paused")
    assert again.status == 202, "that was started before"
    found = next(one for one in hooked.get("/v1/triggers/skips-by-hook.hook/deliveries").json["deliveries"] if one["verdict"] == "skipped")
    assert (found["status"], found["reason"], found["message"][:10]) == (200, "while_paused", "execution ")
    assert hooked.post("/v1/triggers/skips-by-hook.hook/fire", {"body": {}}).status == 201
    assert hooked.post(f"/v1/triggers/skips-by-hook.hook/deliveries/{found['id']}/redeliver").status == 201
    queued = send(hooked, "queues", {}).json["execution_id"]
    state = hooked.get(f"/v1/executions/{queued}/state").json
    assert (state["status"], state["waiting_for"]) == ("created", [{"for": "paused_sibling", "path": "", "priority": 5, "place": 1}])
    waiting = hooked.get("/v1/waiting?filter=waits_for == 'paused_sibling'".replace(" ", "%20").replace("'", "%27")).json
    assert [one["execution_id"] for one in waiting["waiting"]] == [queued]


def test_a_long_key_is_a_key_and_is_shown_short(hooked: Server) -> None:
    answers = [send(hooked, "results", {"id": "k" * 900_000}) for _ in range(2)]
    assert [one.status for one in answers] == [200, 200]
    assert len(last(hooked, "results.hook")["key"]) < 2_000


def test_a_version_whose_path_was_taken_meanwhile_does_not_become_the_active_one(hooked: Server) -> None:
    hooked.publish(workflow("early", hook("there")))
    assert hooked.post("/v1/workflows/early/archive").status == 200
    hooked.publish(workflow("late", hook("there")))
    refused = hooked.post("/v1/workflows/early/activate", {"version": 1})
    assert (refused.status, refused.json["problems"][0]["rule"]) == (422, "taken")
    assert hooked.post("/v1/workflows/late/archive").status == 200
    assert hooked.post("/v1/workflows/early/activate", {"version": 1}).status == 200


def test_an_answer_that_is_nested_too_deep_is_no_fault_of_the_request(hooked: Server) -> None:
    deep = json.loads("[" * 199 + "]" * 199)
    answers = [hooked.post("/hooks/wrapped", deep) for _ in range(2)]
    assert [(one.status, one.json["reason"]) for one in answers] == [(500, "answer")] * 2
    assert len({one.json["execution_id"] for one in answers}) == 1


def test_a_path_belongs_to_one_trigger(hooked: Server) -> None:
    taken = hooked.post("/v1/workflows", workflow("thief", hook("orders")))
    assert (taken.status, taken.json["problems"][0]["path"], "orders.hook" in taken.json["detail"]) == (422, "triggers[0].path", True)
    by_hand = hooked.ask("PUT", "/v1/triggers/mine", {"workflow": "plain", "trigger": {"type": "webhook", "path": "orders"}})
    assert (by_hand.status, by_hand.json["problems"][0]["path"]) == (422, "/trigger/path")
    asked = hooked.post("/v1/workflows/validate", workflow("thief", hook("orders"))).json
    assert (asked["valid"], asked["problems"][0]["path"], asked["problems"][0]["rule"]) == (False, "triggers[0].path", "taken")
    twice = [hook("a"), {**hook("a"), "id": "other"}]
    assert hooked.post("/v1/workflows", workflow("twice", *twice)).json["problems"][0]["path"] == "triggers[1].path"
    assert hooked.ask("PUT", "/v1/triggers/mine", {"workflow": "plain", "trigger": {"type": "webhook", "path": "mine"}}).status == 200
    assert send(hooked, "mine", {"x": 1}).status == 202
    hooked.ask("DELETE", "/v1/triggers/mine")
    assert send(hooked, "mine", {"x": 1}).status == 404


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"path": "/orders"}, "path"),
        ({"path": "a/../b"}, "path"),
        ({"path": "x", "signature": {"kind": "github", "secret": "a", "tolerance": "5m"}}, "signature"),
        ({"path": "x", "wait": "30s"}, "wait"),
        ({"path": "x", "answer": "result", "wait": "2m"}, "wait"),
        ({"path": "x", "key": "trigger.boddy.id"}, "key"),
        ({"path": "x", "key": "input.id"}, "key"),
        ({"path": "x", "answer": {"body": "{{ execution.output }}"}}, "answer.body"),
        ({"path": "x", "answer": {"body": "{{ trigger.due }}"}}, "answer.body"),
        ({"path": "x", "answer": {"status": 500}}, "answer.status"),
        ({"path": "x", "answer": {"status": 204, "body": "HTTP/1.1 200 OK"}}, "answer.body"),
        ({"path": "x", "methods": []}, "methods"),
        ({"path": "x", "challenge": {"kind": "meta"}}, "challenge"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_said_when_it_is_published(hooked: Server, config: dict[str, Any], path: str) -> None:
    answer = hooked.post("/v1/workflows", workflow("bad", {"id": "h", "type": "webhook", **config}))
    assert answer.status == 422, answer.content
    assert any(one["path"].startswith(f"triggers[0].{path}") or one["path"] == "triggers[0]" for one in answer.json["problems"]), (
        answer.json
    )


def test_the_example_books_an_order_once_and_tells_the_shop_its_number(serve: Callable[..., Server]) -> None:
    server = serve()
    server.post("/v1/credentials", {"name": "shop", "kind": "signing", "values": {"secret": f"whsec_{KEY}"}})
    example = (ROOT / "examples" / "webhook_order.yaml").read_bytes()
    assert server.ask("POST", "/v1/workflows", example, {"Content-Type": "application/yaml"}).status == 201
    body = b'{"order_id": "A-7", "amount": 12.5}'
    for name in ("msg_1", "msg_2"):
        answer = send(server, "shop/orders", body, signed(body, name))
        assert (answer.status, answer.json) == (201, {"booking": "B-A-7"})
    assert len(server.get("/v1/executions?workflow=webhook_order").json["executions"]) == 1
    assert send(server, "shop/orders", b'{"order_id": "A-8", "amount": 0}', signed(b'{"order_id": "A-8", "amount": 0}')).status == 422


def test_a_large_output_is_the_answer_as_it_is(hooked: Server) -> None:
    big = {"id": "big", "text": "x" * 200_000}
    assert send(hooked, "results", big).json == big


def test_what_is_sent_while_the_server_is_killed_and_sent_again_starts_once(serve: Callable[..., Server]) -> None:
    assert storm(serve, 100, 3) == 100
