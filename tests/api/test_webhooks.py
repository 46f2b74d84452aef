"""Webhooks: real receivers hear each event at least once, whatever is killed, signed; what they refuse is sent again."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.api.conftest import HELLO, Server

DEADLINE_S = 30.0
CONSUMER = Path(__file__).parents[2] / "docs/snippets/stream_consumer.py"
ALLOWED = ("--allow-private-addresses",)


class Receiver:
    """A real HTTP server that notes what it is sent, and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.headers: dict[str, str] = {}
        self.gate = threading.Event()
        self.gate.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.gate.wait()
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def ids(self) -> set[str]:
        return {event["id"] for event in self.events()}

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receivers() -> Iterator[Callable[[], Receiver]]:
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver())
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data", *ALLOWED)
    made.publish(HELLO)
    yield made
    made.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


def until(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def hook(server: Server, name: str, url: str, **more: Any) -> dict[str, Any]:
    answer = server.ask("PUT", f"/v1/webhooks/{name}", {"url": url, **more})
    assert answer.status == 200, answer.content
    made: dict[str, Any] = answer.json
    return made


def wanted(server: Server, execution: str, *types: str) -> set[str]:
    """The ids of public events of an execution that are of these types of the journal."""
    path = f"/v1/executions/{execution}/history"
    until(lambda: server.get(path).status == 200, "the read models are not there")
    events = server.get(path).json["events"]
    return {f"{execution}/{event['version']}" for event in events if event["type"] in types}


def test_a_receiver_hears_of_what_it_wants_signed_as_a_public_verifier_expects(server: Server, receivers: Callable[[], Receiver]) -> None:
    all_, some, filtered = receivers(), receivers(), receivers()
    before = server.start("hello", {"name": "x"}, wait=20)["execution_id"]
    secret = hook(server, "all", all_.url)["secret"]
    hook(server, "some", some.url, types=["execution.completed"], workflow="hello", secret="whsec_" + "-_" * 20)
    hook(server, "filtered", filtered.url, filter="data.outcome == 'never'")
    done = server.start("hello", {"name": "x"}, wait=20)["execution_id"]
    events = wanted(server, done, "ExecutionCreated", "ExecutionStarted", "ExecutionCompleted")
    until(lambda: len(some.got) == 1 and events <= all_.ids(), "it heard nothing, or not all")
    headers, body = some.got[0]
    assert Webhook("whsec_" + "+/" * 20).verify(body, headers)["subject"] == done
    assert all(Webhook(secret).verify(body, headers)["id"] == headers["webhook-id"] for headers, body in all_.got)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)
    assert not any(one.startswith(before) for one in all_.ids()), "what was before it was made is not sent"
    assert filtered.got == []
    shown = server.get("/v1/webhooks").json["webhooks"]
    late = server.ask("PUT", "/v1/webhooks/all", {"url": some.url}, {"If-Match": '"7"'})
    assert (late.status, late.headers["etag"]) == (412, server.get("/v1/webhooks/all").headers["etag"])
    assert [(one["name"], one["status"], one["secret"]) for one in shown] == [
        (name, "active", None) for name in ("all", "filtered", "some")
    ]


def test_what_is_refused_is_listed_and_sent_again_and_a_slow_receiver_holds_up_no_other(
    server: Server, receivers: Callable[[], Receiver]
) -> None:
    slow, good = receivers(), receivers()
    slow.gate.clear()
    hook(server, "slow", slow.url, types=["execution.completed"])
    hook(server, "good", good.url, types=["execution.completed"])
    done = [server.start("hello", {"name": "x"}, wait=20)["execution_id"] for _ in range(8)]
    until(lambda: len(good.got) == 8, "a slow receiver holds up another")
    slow.status = 500
    slow.gate.set()
    until(lambda: server.get("/v1/webhooks/slow").json["pending"] == 8, "nothing is put aside")
    deliveries = listed(server, "slow", "pending")
    assert {one["event"].rpartition("/")[0] for one in deliveries} == set(done)
    assert {(one["attempts"], one["error"]) for one in deliveries} <= {(1, "answered 500"), (2, "answered 500")}
    assert sum(status == "failing" for status in statuses(server)) == 1
    assert server.get("/v1/webhooks/slow").json["status"] == "failing"
    slow.status = 200
    until(lambda: server.get("/v1/webhooks/slow").json["pending"] == 0, "it is not sent again")
    assert len(slow.got) >= 16


def listed(server: Server, name: str, verdict: str) -> list[dict[str, Any]]:
    deliveries = server.get(f"/v1/webhooks/{name}/deliveries").json["deliveries"]
    return [one for one in deliveries if one["verdict"] == verdict]


def standing(server: Server, name: str) -> list[dict[str, Any]]:
    """What waits, and the last that failed, once as many attempts are counted as are listed; else nothing."""
    deliveries = server.get(f"/v1/webhooks/{name}/deliveries").json["deliveries"]
    pending, failed = ([one for one in deliveries if one["verdict"] == verdict] for verdict in ("pending", "failed"))
    return [pending[0], failed[0]] if pending and failed and pending[0]["attempts"] == len(failed) else []


def statuses(server: Server) -> list[str]:
    """How its webhooks stand, by its metrics."""
    found = re.findall(r'^refold_webhooks{status="(\w+)"} (\d+)\.0$', server.get("/metrics").content.decode(), re.MULTILINE)
    assert {status for status, _ in found} == {"active", "disabled", "failing"}
    return [status for status, count in found for _ in range(int(count))]


def test_what_was_sent_is_listed_with_its_verdict_also_after_a_kill(tmp_path: Path, receivers: Callable[[], Receiver]) -> None:
    receiver = receivers()
    server = Server(tmp_path / "data", *ALLOWED)
    server.publish(HELLO)
    hook(server, "log", receiver.url, types=["execution.completed"])
    first = server.start("hello", {"name": "x"}, wait=20)["execution_id"]
    until(lambda: listed(server, "log", "delivered"), "what has arrived is not listed")
    (sent,) = listed(server, "log", "delivered")
    assert (sent["event"].rpartition("/")[0], sent["status"], sent["error"], sent["due"]) == (first, 204, None, None)
    assert 0 <= sent["duration_ms"] < 15_000
    server.kill()
    server = Server(tmp_path / "data", *ALLOWED)
    assert listed(server, "log", "delivered") == [sent]
    receiver.status = 503
    assert server.post("/v1/webhooks/log/deliveries", {"event": sent["event"]}).status == 202
    until(lambda: len(standing(server, "log")) == 2, "what has failed is not listed, or the attempt is not counted")
    pending, failed = standing(server, "log")
    assert (failed["event"], failed["status"], failed["error"]) == (sent["event"], 503, "answered 503")
    assert (pending["event"], pending["status"], pending["at"]) == (sent["event"], 503, failed["at"])
    server.kill()


def test_a_secret_is_stored_sealed_and_signs_after_a_kill_and_a_change(tmp_path: Path, receivers: Callable[[], Receiver]) -> None:
    receiver = receivers()
    server = Server(tmp_path / "data", *ALLOWED)
    server.publish(HELLO)
    secret = hook(server, "log", receiver.url, types=["execution.completed"])["secret"]
    server.kill()
    files = [one for one in (tmp_path / "data").rglob("*") if one.is_file()]
    assert files
    assert not [one for one in files if secret.removeprefix("whsec_").encode() in one.read_bytes()]
    server = Server(tmp_path / "data", *ALLOWED)
    first = server.start("hello", {"name": "x"}, wait=20)["execution_id"]
    until(lambda: len(receiver.got) == 1, "nothing has come")
    assert hook(server, "log", receiver.url, types=["execution.completed"], workflow="hello")["secret"] == secret
    second = server.start("hello", {"name": "y"}, wait=20)["execution_id"]
    until(lambda: len(receiver.got) == 2, "nothing has come after the change")
    for headers, body in receiver.got:
        Webhook(secret).verify(body.decode(), headers)
    assert {event["subject"] for event in receiver.events()} == {first, second}
    server.kill()


def test_what_cannot_be_signed_is_not_sent_and_is_once_the_master_key_is_back(tmp_path: Path, receivers: Callable[[], Receiver]) -> None:
    receiver = receivers()
    server = Server(tmp_path / "data", *ALLOWED)
    server.publish(HELLO)
    secret = hook(server, "log", receiver.url, types=["execution.completed"])["secret"]
    server.kill()
    key = tmp_path / "data" / "master.key"
    away = key.rename(tmp_path / "away.key")
    server = Server(tmp_path / "data", *ALLOWED)
    for name, asked in (
        ("log", {"url": receiver.url}),
        ("another", {"url": receiver.url}),
        ("own", {"url": receiver.url, "secret": secret}),
    ):
        refused = server.ask("PUT", f"/v1/webhooks/{name}", asked)
        assert (refused.status, refused.json["reason"]) == (409, "no_credential"), refused.content
    done = server.start("hello", {"name": "x"}, wait=20)["execution_id"]
    server.kill()
    assert not receiver.got
    away.rename(key)
    server = Server(tmp_path / "data", *ALLOWED)
    until(lambda: len(receiver.got) == 1, "nothing has come once the key was back")
    headers, body = receiver.got[0]
    assert Webhook(secret).verify(body.decode(), headers)["subject"] == done
    server.kill()


def test_each_event_arrives_over_kills(tmp_path: Path, receivers: Callable[[], Receiver]) -> None:
    receiver = receivers()
    server = Server(tmp_path / "data", *ALLOWED)
    server.publish(HELLO)
    hook(server, "all", receiver.url)
    done: list[str] = []
    for turn in range(2):
        receiver.status = (503, 200)[turn]
        done += [server.start("hello", {"name": "x"}, wait=20)["execution_id"] for _ in range(5)]
        server.kill()
        server = Server(tmp_path / "data", *ALLOWED)
    expected = {one for execution in done for one in wanted(server, execution, "ExecutionCreated", "NodeCompleted", "ExecutionCompleted")}
    until(lambda: expected <= receiver.ids(), f"missing: {expected - receiver.ids()}")
    until(lambda: server.get("/v1/webhooks/all").json["pending"] == 0, "something is still pending")
    server.kill()


def test_one_that_is_gone_is_disabled_and_can_be_enabled_and_sent_to_once_more(server: Server, receivers: Callable[[], Receiver]) -> None:
    receiver = receivers()
    receiver.status = 410
    hook(server, "old", receiver.url, types=["execution.completed"])
    done = server.start("hello", {"name": "x"}, wait=20)["execution_id"]
    until(lambda: server.get("/v1/webhooks/old").json["status"] == "disabled", "it is not disabled")
    assert "410" in server.get("/v1/webhooks/old").json["reason"]
    assert "disabled" in statuses(server)
    later = server.start("hello", {"name": "x"}, wait=20)["execution_id"]
    receiver.status = 200
    assert server.post("/v1/webhooks/old/enable").json["status"] == "active"
    until(
        lambda: server.get("/v1/webhooks/old").json["pending"] == 0 and later in {one["subject"] for one in receiver.events()}, "not sent"
    )
    heard = len(receiver.got)
    (event,) = wanted(server, done, "ExecutionCompleted")
    assert server.post("/v1/webhooks/old/deliveries", {"event": event}).status == 202
    until(lambda: len(receiver.got) > heard, "it is not sent once more")
    assert receiver.events()[-1]["id"] == event


def test_private_addresses_are_guarded(tmp_path: Path, receivers: Callable[[], Receiver]) -> None:
    receiver = receivers()
    server = Server(tmp_path / "data")
    try:
        server.publish(HELLO)
        hook(server, "inside", receiver.url, types=["execution.completed"])
        server.start("hello", {"name": "x"}, wait=20)
        until(lambda: server.get("/v1/webhooks/inside").json["pending"] == 1, "it is not refused")
        assert "http.forbidden_address" in server.get("/v1/webhooks/inside/deliveries").json["deliveries"][0]["error"]
        assert receiver.got == []
    finally:
        server.kill()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"url": "ftp://x"}, "/url: expected http:// or https:// and a host, found 'ftp://x'"),
        ({"url": "http://x.example:abc/"}, "/url: expected http:// or https:// and a host, found 'http://x.example:abc/'"),
        ({"url": "http://x.example:99999/"}, "/url: expected"),
        ({"url": "http://[::1"}, "/url: expected"),
        ({"url": "http://ada:password@x.example/"}, "/url: expected"),
        ({"url": "http://x.example", "types": ["execution.complete"]}, "did you mean `refold.execution.completed`"),
        ({"url": "http://x.example", "filter": "status == 'x'"}, "status"),
        ({"url": "http://x.example", "secret": "short"}, "/secret"),
        ({"url": "http://x.example", "more": 1}, "/more"),
    ],
)
def test_a_webhook_that_could_not_work_is_refused(server: Server, asked: dict[str, Any], said: str) -> None:
    answer = server.ask("PUT", "/v1/webhooks/wrong", asked)
    assert (answer.status, said in answer.content.decode()) == (422, True), answer.content


def test_an_event_of_what_was_erased_since_is_not_sent_again_and_keeps_no_other(tmp_path: Path, receivers: Callable[[], Receiver]) -> None:
    receiver = receivers()
    receiver.status = 500
    server = Server(tmp_path / "data", *ALLOWED)
    try:
        server.publish({**HELLO, "settings": {"erasable": True}})
        hook(server, "inside", receiver.url, types=["execution.completed"])
        for name in ("erased", "kept"):
            server.start("hello", {"name": "x"}, wait=20, execution_id=name)
        until(lambda: server.get("/v1/webhooks/inside").json["pending"] == 2, "it is not refused")
        assert server.post("/v1/executions/erased/erase", {}).status == 200
        receiver.got.clear()
        receiver.status = 204
        server.post("/v1/webhooks/inside/enable")
        until(lambda: server.get("/v1/webhooks/inside").json["pending"] == 0, "something waits for ever")
        assert {name.partition("/")[0] for name in receiver.ids()} == {"kept"}
    finally:
        server.kill()


def test_a_client_of_fifteen_lines_hears_all_over_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--port", str(free_port()))
    server.publish(HELLO)
    done = [server.start("hello", {"name": "x"}, wait=20)["execution_id"]]
    out = tmp_path / "heard.txt"
    with out.open("wb") as file, subprocess.Popen([sys.executable, str(CONSUMER), server.url], stdout=file) as consumer:
        try:
            until(lambda: "execution.completed" in out.read_text(), "the client has heard nothing")
            server.kill()
            server = Server(tmp_path / "data", "--port", server.url.rpartition(":")[2])
            done.append(server.start("hello", {"name": "x"}, wait=20)["execution_id"])
            until(lambda: out.read_text().count("execution.completed") == 2, "the client has not come back")
        finally:
            consumer.kill()
            server_events = {one: wanted(server, one, "ExecutionCreated", "ExecutionCompleted") for one in done}
            server.kill()
    heard = [line.split()[0] for line in out.read_text().splitlines()]
    assert len(heard) == len(set(heard))
    assert {event for events in server_events.values() for event in events} <= set(heard)
