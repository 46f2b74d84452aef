"""The lane: every hot request gets the same answer whether it takes the lane or goes through the framework."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from .conftest import ALL, Server

JSON = {"Content-Type": "application/json"}
TRACED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FOREIGN = {"Origin": "https://evil.example"}
START, WAITED = "/v1/workflows/hello/executions", "/v1/workflows/works/executions?wait=30"
POLL = {"protocol": 1, "worker": "w", "kinds": ["ours"], "wait_s": 0}
OURS: dict[str, Any] = {"name": "ours", "nodes": [{"id": "n", "type": "ours", "config": {"tone": "low"}}]}


class Case(NamedTuple):
    """A request, and whether it is one that the lane takes."""

    name: str
    path: str
    body: Any = None
    headers: dict[str, str] = JSON
    is_taken: bool = True
    prepare: tuple[tuple[str, Any], ...] = ()
    """Requests made before, to the same server."""


ADA = {"input": {"name": "Ada"}}
WAITING = ("/v1/workflows/waits/executions", {"execution_id": "w-{case}", "input": {"order": 7}})
ENDED = (f"{START}?wait=30", {"execution_id": "e-{case}", "input": {"name": "Ada"}})
TASK = ("/v1/workflows/ours/executions", {"execution_id": "t-{case}", "input": {"n": 1}})
POLLED = ("/v1/worker/poll", POLL)
RESULTS = {"protocol": 1, "worker": "w", "results": [{"task": "t-{case}/n@1", "output": {"x": 1.50}}]}
FAILURE = {"protocol": 1, "worker": "w", "results": [{"task": "t-{case}/n@1", "error": {"type": "x"}}]}

CASES = [
    Case("starts", START, ADA),
    Case("starts and waits", f"{START}?wait=30", ADA),
    Case("starts with activities and waits", WAITED, {"input": {"text": "x" * 500}}),
    Case("waits that run out", "/v1/workflows/waits/executions?wait=0.05", {}),
    Case("starts without a body", "/v1/workflows/works/executions?wait=5", None, {}),
    Case("starts by a key", START, ADA, {**JSON, "Idempotency-Key": "k-{case}"}),
    Case("starts with an id", START, {**ADA, "execution_id": "own-{case}"}),
    Case("repeats a start", START, {**ADA, "execution_id": "e-{case}"}, prepare=(ENDED,)),
    Case("repeats one that runs", *WAITING, prepare=(WAITING,)),
    Case("repeats one that runs and waits", f"{WAITING[0]}?wait=0.05", WAITING[1], prepare=(WAITING,)),
    Case("starts another with an id", START, {"execution_id": "e-{case}", "input": {"name": "Bob"}}, prepare=(ENDED,)),
    Case("starts later", "/v1/workflows/waits/executions", {"start_at": "2099-01-01T00:00:00Z"}),
    Case("starts with variables and a priority", "/v1/workflows/waits/executions", {"variables": {"who": "A"}, "priority": 9}),
    Case("starts what fails", "/v1/workflows/fails/executions?wait=30", {}),
    Case("starts with a big input", WAITED, {"input": {"text": "x" * 200_000}}),
    Case("starts with a very big input", WAITED, {"input": {"text": "x" * 1_200_000}}, is_taken=False),
    Case("starts with an input that does not fit", START, {"input": {"name": 7}}),
    Case("starts what is not published", "/v1/workflows/nothing/executions", {}, is_taken=False),
    Case("starts with a body that is no JSON", START, b"{", is_taken=False),
    Case("starts with a body that is no UTF-8", START, b'{"input": {"name": "\xff"}}', is_taken=False),
    Case("starts with an unknown field", START, {"inputs": {}}, is_taken=False),
    Case("starts with an id that cannot be one", START, {**ADA, "execution_id": "a b"}, is_taken=False),
    Case("starts with a key and an id", START, {**ADA, "execution_id": "x"}, {**JSON, "Idempotency-Key": "k"}, is_taken=False),
    Case("starts with a key that is too long", START, ADA, {**JSON, "Idempotency-Key": "k" * 256}, is_taken=False),
    Case("starts with a body of no type", START, ADA, {}, is_taken=False),
    Case("signals with a body of no type", "/v1/executions/w-{case}/signals/other", ADA, {}, is_taken=False, prepare=(WAITING,)),
    Case("polls with a body of no type", "/v1/worker/poll", POLL, {}, is_taken=False),
    Case("polls with a form", "/v1/worker/poll", POLL, {"Content-Type": "text/plain"}, is_taken=False),
    Case("hands in results of no type", "/v1/worker/results", RESULTS, {}, is_taken=False),
    Case("starts from a page of another site", START, ADA, {**JSON, **FOREIGN}, is_taken=False),
    Case("starts from a page of nowhere", START, ADA, {**JSON, "Origin": "null"}, is_taken=False),
    Case("starts from a page of another port", START, ADA, {**JSON, "Origin": "http://127.0.0.1:3000"}, is_taken=False),
    Case("starts without a body from another site", START, None, FOREIGN, is_taken=False),
    Case("starts from a page of its own", START, ADA, {**JSON, "Host": "localhost:1", "Origin": "http://localhost:1"}, is_taken=False),
    Case("starts by a name that points here", START, ADA, {**JSON, "Host": "evil.example"}, is_taken=False),
    Case("starts by a loopback name", START, ADA, {**JSON, "Host": "LocalHost."}),
    Case("starts by the loopback of IPv6", START, ADA, {**JSON, "Host": "[::1]:8080"}),
    Case("signals from another site", "/v1/executions/w-{case}/signals/x", None, FOREIGN, is_taken=False, prepare=(WAITING,)),
    Case("polls from another site", "/v1/worker/poll", POLL, {**JSON, **FOREIGN}, is_taken=False),
    Case("polls by a name that points here", "/v1/worker/poll", POLL, {**JSON, "Host": "evil.example:8080"}, is_taken=False),
    Case("hands in results from another site", "/v1/worker/results", RESULTS, {**JSON, **FOREIGN}, is_taken=False),
    Case("starts with text", START, b"hello", {"Content-Type": "text/plain"}, is_taken=False),
    Case("starts with JSON of a kind", START, ADA, {"Content-Type": "application/vnd.x+json; charset=utf-8"}),
    Case("starts with a wait that is too long", f"{START}?wait=61", ADA, is_taken=False),
    Case("starts with a wait that is no number", f"{START}?wait=soon", ADA, is_taken=False),
    Case("starts with another query", f"{START}?wait=1&x=1", ADA, is_taken=False),
    Case("starts with a mistyped query", f"{START}?wiat=1", ADA, is_taken=False),
    Case("signals with a query", "/v1/executions/w-{case}/signals/other?wait=1", None, {}, is_taken=False, prepare=(WAITING,)),
    Case("polls with a query", "/v1/worker/poll?wait_s=1", POLL, is_taken=False),
    Case("starts by an escaped name", "/v1/workflows/hell%6F/executions", ADA, is_taken=False),
    Case("starts and closes", START, ADA, {**JSON, "Connection": "close"}, is_taken=False),
    Case("signals", "/v1/executions/w-{case}/signals/approved", {"by": "Ada"}, prepare=(WAITING,)),
    Case("signals without a body", "/v1/executions/w-{case}/signals/other", None, {}, prepare=(WAITING,)),
    Case("signals by a key", "/v1/executions/w-{case}/signals/other", 1, {**JSON, "Idempotency-Key": "s"}, prepare=(WAITING,)),
    Case("starts in a request with an id", START, ADA, {**JSON, "X-Request-Id": "mine"}),
    Case("starts in a request with an id that is none", START, ADA, {**JSON, "X-Request-Id": "m i n e"}),
    Case("signals in a trace", "/v1/executions/w-{case}/signals/other", 1, {**JSON, "traceparent": TRACED}, prepare=(WAITING,)),
    Case("signals what has ended", "/v1/executions/e-{case}/signals/approved", {}, prepare=(ENDED,)),
    Case("signals nobody", "/v1/executions/nobody/signals/approved", {}),
    Case("signals with a body that is no JSON", "/v1/executions/w-{case}/signals/approved", b"{]", is_taken=False, prepare=(WAITING,)),
    Case("polls in vain", "/v1/worker/poll", {**POLL, "kinds": ["other"], "worker": "v"}),
    Case("polls for a while", "/v1/worker/poll", {**POLL, "kinds": ["other"], "worker": "v", "wait_s": 0.05}),
    Case("polls and gets", "/v1/worker/poll", POLL, prepare=(TASK,)),
    Case("polls in another version", "/v1/worker/poll", {**POLL, "protocol": 99}, is_taken=False),
    Case("polls with what is no poll", "/v1/worker/poll", {"protocol": 1}, is_taken=False),
    Case("hands in results", "/v1/worker/results", RESULTS, prepare=(TASK, POLLED)),
    Case("hands in results twice", "/v1/worker/results", RESULTS, prepare=(TASK, POLLED, ("/v1/worker/results", RESULTS))),
    Case("hands in an error", "/v1/worker/results", FAILURE, prepare=(TASK, POLLED)),
    Case("hands in what nobody waits for", "/v1/worker/results", RESULTS),
    Case("hands in what is no result", "/v1/worker/results", {"results": 7}, is_taken=False),
]  # fmt: skip


class Pair(NamedTuple):
    fast: Server
    plain: Server


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = [Server(tmp_path_factory.mktemp(name) / "data", lane=name == "fast") for name in ("fast", "plain")]
    try:
        for one in made:
            one.publish(*ALL, OURS)
        yield Pair(*made)
    finally:
        for one in made:
            one.kill()


def filled(value: Any, name: str) -> Any:
    """The value with the case's own name in it."""
    if isinstance(value, bytes | None):
        return value
    return json.loads(json.dumps(value).replace("{case}", re.sub(r"\W", "-", name)))


def taken(server: Server) -> float:
    found = re.search(r"^refold_lane_requests_total (\S+)", server.get("/metrics").content.decode(), re.MULTILINE)
    assert found is not None
    return float(found[1])


TIMES = re.compile(rb'"(\d{4}-\d\d-\d\dT[^"]*)"')
TRACES = re.compile(rb'"(correlation_id|traceparent)":"[^"]*"')
REQUEST_IDS = re.compile(r"[0-9a-f]{32}")
IDS = re.compile(rb'"[0-7][0-9A-HJKMNP-TV-Z]{19}"')


def answer_of(server: Server, case: Case) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; what differs from server to server, or from moment to moment, is made alike."""
    for path, body in case.prepare:
        assert server.post(path, filled(body, case.name)).status < 300
    headers = filled(case.headers, case.name)
    body = filled(case.body, case.name)
    given = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    line = server.connect()
    line.request("POST", filled(case.path, case.name), given, headers)
    response = line.getresponse()
    content = response.read()
    content = TRACES.sub(rb'"\1":"MADE"', IDS.sub(b'"ID"', TIMES.sub(b'"TIME"', content)))
    found = {name.lower(): value for name, value in response.getheaders()}
    assert ("date" in found, found.pop("date", "")) != (False, "")
    for name in ("content-length", "refold-position"):
        found[name] = "some" if name in found else "none"
    if REQUEST_IDS.fullmatch(found.get("x-request-id", "")):
        found["x-request-id"] = "made"
    return response.status, found, re.sub(rb'"position":\d+', b'"position":0', content)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_hot_request_is_answered_alike_by_both(servers: Pair, case: Case) -> None:
    before = taken(servers.fast)
    fast, plain = answer_of(servers.fast, case), answer_of(servers.plain, case)
    assert fast == plain
    prepared = sum(1 for path, _ in case.prepare if path.startswith("/v1/"))
    assert taken(servers.fast) - before == prepared + case.is_taken
    assert taken(servers.plain) == 0


# The connection.


class Line:
    """A connection of which every byte counts."""

    def __init__(self, server: Server, *parts: bytes) -> None:
        host, port = server.host.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self._data = b""
        self.send(*parts)

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def upto(self, mark: bytes) -> bytes:
        """All that came up to the mark, without it."""
        while mark not in self._data:
            received = self.socket.recv(65_536)
            assert received, f"closed after {self._data!r}"
            self._data += received
        found, _, self._data = self._data.partition(mark)
        return found

    def answer(self) -> Any:
        """The JSON of the next answer."""
        length = re.search(rb"content-length: (\d+)", self.upto(b"\r\n\r\n"))
        assert length is not None
        while len(self._data) < int(length[1]):
            self._data += self.socket.recv(65_536)
        body, self._data = self._data[: int(length[1])], self._data[int(length[1]) :]
        return json.loads(body)

    def answers(self, count: int) -> list[Any]:
        return [self.answer() for _ in range(count)]


def request(path: str, body: bytes = b"{}", headers: bytes = b"", method: bytes = b"POST") -> bytes:
    head = b"%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" % (method, path.encode())
    return b"%s%sContent-Length: %d\r\n\r\n%s" % (head, headers, len(body), body)


def until(holds: Callable[[], bool]) -> None:
    """Ask again and again, for a bounded time."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "this still does not hold"


def start(name: str, wait: str = "") -> bytes:
    body = json.dumps({"execution_id": name, "input": {"order": 1}}).encode()
    return request(f"/v1/workflows/waits/executions{wait}", body)


def test_requests_that_are_sent_ahead_are_answered_in_their_order(servers: Pair) -> None:
    names = [f"ahead-{number}" for number in range(300)]
    parts = [
        start(name) if number % 3 else request(f"/v1/workflows/waits?n={number}", b"", method=b"GET") for number, name in enumerate(names)
    ]
    found = Line(servers.fast, *parts).answers(len(parts))
    assert [one.get("execution_id") for one in found] == [name if number % 3 else None for number, name in enumerate(names)]


def test_a_request_behind_one_that_waits_is_answered_after_it(servers: Pair) -> None:
    line = Line(servers.fast, start("behind-1", "?wait=0.3"), request("/health/live", b"", method=b"GET"), start("behind-2"))
    waited, live, second = line.answers(3)
    assert (waited["execution_id"], live["status"], second["execution_id"]) == ("behind-1", "live", "behind-2")


def test_a_body_that_comes_in_pieces_is_one_request(servers: Pair) -> None:
    whole = start("pieces")
    line = Line(servers.fast, whole[:20])
    for begin in range(20, len(whole), 7):
        line.send(whole[begin : begin + 7])
    assert line.answer()["execution_id"] == "pieces"


ASKS = b"POST /v1/workflows/waits/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_a_request_that_asks_to_go_on_behind_one_that_waits_is_told_to(servers: Pair) -> None:
    line = Line(servers.fast, start("expect", "?wait=0.2"), ASKS, b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert line.answer()["execution_id"] == "expect"
    assert line.upto(b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue")
    line.send(b"{}")
    assert line.answer()["status"] == "running"


def test_a_chunked_request_goes_the_usual_way(servers: Pair) -> None:
    before = taken(servers.fast)
    line = Line(servers.fast, ASKS, b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert line.answer()["status"] == "running"
    assert taken(servers.fast) == before


def test_a_caller_that_hangs_up_is_not_waited_for(servers: Pair) -> None:
    line = Line(servers.fast, start("gone", "?wait=60"))
    until(lambda: servers.fast.get("/v1/executions/gone").status == 200)
    line.socket.close()
    until(lambda: "refold_requests_under_way 0.0" in servers.fast.get("/metrics").content.decode())
    assert servers.fast.get("/v1/executions/gone").json["status"] == "running"


def test_garbage_behind_a_request_that_waits_ends_the_connection_and_nothing_else(servers: Pair) -> None:
    line = Line(servers.fast, start("garbage", "?wait=30"), b"\x00\x01 what\r\n\r\n")
    assert line.upto(b"\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert servers.fast.get("/v1/executions/garbage").json["status"] == "running"


def test_many_at_once_on_many_connections_all_end(servers: Pair) -> None:
    lines = [Line(servers.fast) for _ in range(50)]
    for number, line in enumerate(lines):
        line.send(request(WAITED, json.dumps({"execution_id": f"many-{number}"}).encode()))
    assert [line.answer()["status"] for line in lines] == ["completed"] * 50


def test_a_stopping_server_answers_the_starts_that_wait_in_the_lane(serve: Callable[[], Server]) -> None:
    server = serve()
    server.publish(*ALL)
    lines = [Line(server, start(f"stop-{number}", "?wait=60")) for number in range(3)]
    until(lambda: all(server.get(f"/v1/executions/stop-{number}").status == 200 for number in range(3)))
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    found = [line.answer()["status"] for line in lines]
    stopping.join(30)
    assert (found, server.process.returncode) == (["running"] * 3, 0)
