"""The WebSocket: events, lists and what passes by, over one connection; each of its ends says why."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import create_connection
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from .conftest import WAITS, WORKS, Server
from .reading import Stream, ids

Serve = Callable[..., Server]
TAKEN_MAX = 96 * 1024 * 1024
"""Far more than fits into the buffers between two who do not read."""


@contextmanager
def live(server: Server, **more: Any) -> Iterator[ClientConnection]:
    with connect(f"ws://{server.host}/v1/live", **more) as socket:
        yield socket


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps({("from" if name == "start" else name): value for name, value in message.items()}))


def hear(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv(timeout=60))
    return found


def until_end(socket: ClientConnection) -> list[dict[str, Any]]:
    heard = [hear(socket)]
    while "end" not in heard[-1]:
        heard.append(hear(socket))
    return heard


def to_the_end(socket: ClientConnection) -> None:
    while True:
        hear(socket)


def test_events_are_those_of_the_stream_and_can_be_resumed_after_any(server: Server) -> None:
    server.start("works", execution_id="socket", wait=30)
    expected = ids(Stream(server, "/v1/executions/socket/events?from=0").rest())
    with live(server) as socket:
        say(socket, subscribe="events", id="a", execution="socket", start="0")
        heard = until_end(socket)
        assert [one["event"]["id"] for one in heard if "event" in one] == expected
        assert (heard[0]["position"], heard[-1]["end"]) == ("0", "ended")
        for number, after in enumerate(one["position"] for one in heard if "event" in one):
            say(socket, subscribe="events", id="a", execution="socket", start=after)
            assert [one["event"]["id"] for one in until_end(socket) if "event" in one] == expected[number + 1 :]


def test_a_list_comes_to_rest_with_the_last_of_many(server: Server) -> None:
    with live(server) as first, live(server) as second:
        for socket in (first, second):
            say(socket, subscribe="list", id="rows", workflow="works", limit=100)
            hear(socket)
        started = {server.start("works", execution_id=f"many-{number}")["execution_id"] for number in range(60)}
        for socket in (first, second):
            rows = hear(socket)["rows"]
            while not started <= {one["execution_id"] for one in rows if one["status"] == "completed"}:
                rows = hear(socket)["rows"]
            shown = {one["execution_id"]: one for one in server.get("/v1/executions?workflow=works&limit=100").json["executions"]}
            assert {one["execution_id"]: one for one in rows}.items() >= {name: shown[name] for name in started}.items()


def test_many_subscriptions_share_a_connection_and_end_by_themselves(server: Server) -> None:
    with live(server) as socket:
        say(socket, subscribe="events", id="all", workflow="waits")
        say(socket, subscribe="list", id="rows", workflow="waits", filter="search.order == 'L-1'")
        begun = {one["id"]: one for one in (hear(socket), hear(socket))}
        assert begun["rows"]["rows"] == []
        server.start("waits", {"order": "L-1"}, execution_id="listed")
        server.post("/v1/executions/listed/signals/approved", {})
        events, rows = list[str](), list[Any]()
        while "refold.execution.completed" not in events or not rows or rows[-1][0]["status"] != "completed":
            one = hear(socket)
            events += [one["event"]["type"]] if "event" in one else []
            rows += [one["rows"]] if "rows" in one else []
        assert rows[-1][0]["execution_id"] == "listed"
        say(socket, unsubscribe="all")
        while (one := hear(socket)).get("end") != "unsubscribed":
            assert one["id"] in ("all", "rows")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("{", "expected JSON"),
        ('{"id": "a"}', "expected `subscribe`"),
        ('{"subscribe": "evts", "id": "a"}', "evts"),
        ('{"subscribe": "events", "id": "a", "execution": "none"}', "there is no execution none"),
        ('{"subscribe": "events", "id": "a", "from": "x"}', "expected 0 for the beginning"),
        ('{"subscribe": "events", "id": "a", "filter": "x"}', "unknown name `x`"),
        ('{"subscribe": "events", "id": "a", "type": "x"}', "type"),
        ('{"subscribe": "list", "id": "a", "status": ["x"]}', "found 'x'"),
        ('{"subscribe": "list", "id": "a", "limit": 501}', "500"),
        ("[" * 5_000, "Expected `object`"),
        ('{"subscribe": "events", "id": "' + "x" * 65 + '"}', "64"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_problem_and_harms_nothing_else(server: Server, message: str, said: str) -> None:
    with live(server) as socket:
        socket.send(message)
        assert said in hear(socket)["problem"]["detail"]
        say(socket, subscribe="list", id="b", limit=1)
        assert hear(socket)["id"] == "b"


def test_who_does_not_read_what_is_answered_is_not_listened_to(server: Server) -> None:
    host, _, port = server.host.partition(":")
    wrong = b'{"subscribe":"%b"}' % (b"x" * 900)
    frames = (b"\x81\xfe" + len(wrong).to_bytes(2, "big") + bytes(4) + wrong) * 100
    head = ("GET /v1/live HTTP/1.1", f"Host: {server.host}", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    taken = 0
    with create_connection((host, int(port)), timeout=2) as line:
        line.sendall("\r\n".join([*head, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]).encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 101 ")
        with suppress(TimeoutError):
            while taken < TAKEN_MAX:
                taken += line.send(frames[taken % len(frames) :])
    assert taken < TAKEN_MAX
    assert server.get("/health/live").status == 200


def test_an_id_is_given_once_and_there_are_so_many(server: Server) -> None:
    with live(server) as socket:
        for number in range(101):
            say(socket, subscribe="passing", id=str(number))
        assert "100 subscriptions" in hear(socket)["problem"]["detail"]
        say(socket, unsubscribe="0")
        assert hear(socket)["end"] == "unsubscribed"
        say(socket, subscribe="passing", id="1")
        assert "there is a subscription '1'" in hear(socket)["problem"]["detail"]


def test_a_page_of_another_site_opens_none_and_a_plain_request_is_told_to_upgrade(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused, live(server, origin="http://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403
    plain = server.get("/v1/live")
    assert (plain.status, plain.json["reason"]) == (426, "upgrade")
    line = http.client.HTTPConnection(server.host, timeout=30)
    key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    line.request("GET", "/v1/other", headers={"Connection": "Upgrade", "Upgrade": "websocket", **key})
    assert line.getresponse().status == 403


def test_each_end_has_a_code_and_a_reason(serve: Serve) -> None:
    server = serve()
    server.publish(WAITS, WORKS)
    with live(server) as ours, live(server) as large, live(server) as stopped:
        ours.close()
        large.send("x" * 70_000)
        with pytest.raises(ConnectionClosed) as too_large:
            hear(large)
        say(stopped, subscribe="events", id="a")
        hear(stopped)
        assert server.stop() == 0
        with pytest.raises(ConnectionClosed) as restarts:
            to_the_end(stopped)
    assert ours.close_code == 1000
    assert too_large.value.rcvd is not None
    assert too_large.value.rcvd.code == 1009
    assert restarts.value.rcvd is not None
    assert (restarts.value.rcvd.code, restarts.value.rcvd.reason) == (1012, "the server is stopping: come again, from the last position")
