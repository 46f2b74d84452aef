"""What one connection may ask of a server: the head of a request, the time until it is whole, and what is never read."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api.hot import NoRoutes
from api.lane import BODY_BYTES_MAX, HotRoutes, LaneProtocol, make_lane
from api.message import HEAD_BYTES_MAX, HEAD_LINES_MAX, HEAD_S, Message
from api.readers import READ_PAUSE_S, READ_S, Readers

from .conftest import WAITS, WORKS, Server
from .test_limits import until

PATH = "/v1/executions/nobody/signals/go"
BIG = 8 * 1024 * 1024


@pytest.fixture(scope="module", params=[True, False], ids=["lane", "framework"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the lane, and one without."""
    made = Server(tmp_path_factory.mktemp("either") / "data", lane=request.param)
    try:
        made.publish(WORKS)
        yield made
    finally:
        made.kill()


def line_to(server: Server) -> socket.socket:
    host, port = server.host.split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def all_of(line: socket.socket) -> bytes:
    """What is answered until the server closes."""
    found = b""
    try:
        while received := line.recv(65_536):
            found += received
    except ConnectionResetError:  # it did not read all that was sent
        pass
    return found


def head_of(size: int, lines: int = 1) -> bytes:
    """A head of so many bytes, as they are counted, with so many lines of headers more than Host and Connection."""
    fixed = len("POST") + len(PATH) + sum(len(one) + 4 for one in ("hostlocalhost", "connectionclose"))
    each = max(1, (size - fixed) // lines - 4 - 5)
    names = [(f"x-{number:03}", each) for number in range(lines)]
    rest = size - fixed - sum(len(name) + 4 + length for name, length in names)
    names[-1] = (names[-1][0], names[-1][1] + rest)
    more = "".join(f"{name}: {'y' * length}\r\n" for name, length in names)
    return f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n".encode()


# Heads.


@pytest.mark.parametrize("piece", [1 << 20, 1_000], ids=["at once", "in pieces"])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (head_of(HEAD_BYTES_MAX), 404),
        (head_of(HEAD_BYTES_MAX + 1), 431),
        (head_of(5_000, HEAD_LINES_MAX - 2), 404),
        (head_of(5_000, HEAD_LINES_MAX - 1), 431),
    ],
    ids=["as large as may be", "a byte more", "as many lines as may be", "a line more"],
)
def test_a_head_has_a_limit_in_bytes_and_in_lines(either: Server, head: bytes, status: int, piece: int) -> None:
    with line_to(either) as line:
        for begin in range(0, len(head), piece):
            line.sendall(head[begin : begin + piece])
        answered = all_of(line)
    assert answered.startswith(b"HTTP/1.1 %d " % status), answered
    assert b"content-type: application/problem+json" in answered


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"X-Long: ", b"y" * 65_536), (b"", b"x: y\r\n" * 10_000), (b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n" * 10_000)],
    ids=["one header", "many headers", "trailers"],
)
def test_what_never_becomes_whole_is_not_read_for_ever(either: Server, begin: bytes, more: bytes) -> None:
    with line_to(either) as line:
        line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n".encode() + begin)
        taken = send_until_closed(line, more, 2_000)
    assert taken < 2_000
    assert either.get("/health/live").status == 200


def send_until_closed(line: socket.socket, piece: bytes, most: int) -> int:
    """How many pieces were taken."""
    for number in range(most):
        try:
            line.sendall(piece)
        except OSError:
            return number
    return most


def test_what_is_no_http_is_answered_by_a_problem(either: Server) -> None:
    with line_to(either) as line:
        line.sendall(b"\x00\x01 what\r\n\r\n")
        head, _, body = all_of(line).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["reason"] == "http"


def test_the_answer_of_head_is_that_of_get_without_its_body(either: Server) -> None:
    asked, head = either.get("/v1/workflows"), either.ask("HEAD", "/v1/workflows")
    assert (head.status, head.content, head.headers["content-length"]) == (200, b"", str(len(asked.content)))
    assert either.ask("HEAD", "/v1/executions/nobody").status == 404


def test_who_hangs_up_in_a_body_is_no_error_of_the_engine(either: Server) -> None:
    for _ in range(3):
        with line_to(either) as line:
            line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode())
            line.sendall(b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
    until(lambda: "refold_requests_under_way 0.0" in either.get("/metrics").content.decode())
    assert either.stderr() == ""


# Half requests, on a loop whose time is set by hand.


class ManualLoop:
    """The part of an event loop that a connection uses."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, function: Callable[..., None], *arguments: Any) -> ManualTimer:
        timer = ManualTimer(self, self.now + delay, lambda: function(*arguments))
        self.timers.append(timer.entry)
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen in its order."""
        end = self.now + seconds
        while due := sorted((one for one in self.timers if one[0] <= end), key=lambda one: one[0])[:1]:
            self.timers.remove(due[0])
            self.now = due[0][0]
            due[0][1]()
        self.now = end


class ManualTimer:
    def __init__(self, loop: ManualLoop, due: float, function: Callable[[], None]) -> None:
        self._loop, self.entry = loop, (due, function)

    def cancel(self) -> None:
        if self.entry in self._loop.timers:
            self._loop.timers.remove(self.entry)


class Wire:
    """A transport that keeps what is written, as if its other end read it, or not."""

    def __init__(self, unread: int = 0) -> None:
        self.written, self.unread = b"", unread
        self.is_closed = self.is_aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def write(self, content: bytes) -> None:
        self.written += content

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def get_write_buffer_size(self) -> int:
        return self.unread


class Greedy:
    """A lane that waits for the body of any request."""

    def may_take(self, message: Message) -> bool:
        return True

    def take(self, message: Message, call: Any) -> bool:
        call.answer(200, b"{}")
        return True


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nothing is passed on")


def connect(routes: HotRoutes) -> tuple[ManualLoop, Wire, LaneProtocol]:
    config = uvicorn.Config(_nobody, ws="none", lifespan="off", access_log=False, timeout_keep_alive=75)
    config.load()
    loop, wire = ManualLoop(), Wire()
    line = make_lane(routes, Readers())(config, ServerState(), {}, loop)
    line.connection_made(wire)  # type: ignore[arg-type]  # a transport as far as the lane asks one
    return loop, wire, line


BEGUN = b"POST /v1/x HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize("routes", [Greedy(), NoRoutes()], ids=["lane", "framework"])
def test_half_a_head_is_sent_away_after_a_while_however_it_drips(routes: HotRoutes) -> None:
    loop, wire, line = connect(routes)
    for number in range(6):
        line.data_received(BEGUN[number : number + 1])
        loop.advance(HEAD_S / 6 - 0.1)
    assert not wire.is_closed
    loop.advance(1.0)
    assert wire.written.startswith(b"HTTP/1.1 408 ")
    assert wire.is_closed


def test_half_a_body_that_the_lane_waits_for_is_sent_away_when_it_pauses() -> None:
    loop, wire, line = connect(Greedy())
    line.data_received(BEGUN + b"Content-Length: 100\r\n\r\n")
    for _ in range(5):
        loop.advance(29.0)
        line.data_received(b"x")
    assert not wire.is_closed
    loop.advance(30.5)
    assert (wire.written[:13], wire.is_closed) == (b"HTTP/1.1 408 ", True)
    assert json.loads(wire.written.partition(b"\r\n\r\n")[2])["reason"] == "too_slow"


def test_half_a_body_that_the_lane_waits_for_is_sent_away_when_it_takes_too_long() -> None:
    loop, wire, line = connect(Greedy())
    line.data_received(BEGUN + b"Content-Length: %d\r\n\r\n" % BODY_BYTES_MAX)
    for _ in range(30):
        loop.advance(10.0)
        line.data_received(b"x")
    loop.advance(1.0)
    assert wire.written.startswith(b"HTTP/1.1 408 ")


def test_a_request_that_becomes_whole_is_answered_and_forgotten() -> None:
    loop, wire, line = connect(Greedy())
    for _ in range(3):
        line.data_received(BEGUN)
        loop.advance(20.0)
        line.data_received(b"Content-Length: 1\r\n\r\n1")
    loop.advance(60.0)
    assert (wire.written.count(b"HTTP/1.1 200 "), wire.is_closed) == (3, False)
    loop.advance(20.0)
    assert (wire.is_closed, loop.timers) == (True, [])


@pytest.mark.parametrize("said", [b"", b"\r\n"])
def test_who_says_nothing_is_let_go(said: bytes) -> None:
    loop, wire, line = connect(Greedy())
    if said:
        line.data_received(said)
    loop.advance(76.0)
    assert (wire.written, wire.is_closed) == (b"", True)


# Answers that nobody reads.


def slow(readers: Readers, loop: Any, unread: int) -> Wire:
    wire = Wire(unread)
    readers.begin(wire, loop)
    return wire


def test_who_reads_nothing_is_cut_off_and_who_reads_goes_on_for_a_while() -> None:
    readers, loop = Readers(), ManualLoop()
    still, reads = slow(readers, loop, 1_000_000), slow(readers, loop, 1_000_000)
    for _ in range(round(READ_S / 10) - 1):
        reads.unread -= 1
        loop.advance(10.0)
    assert (still.is_aborted, reads.is_aborted, readers.count) == (True, False, 1)
    loop.advance(READ_PAUSE_S)
    assert (reads.is_aborted, readers.count, loop.timers) == (True, 0, [])


def test_who_caught_up_is_not_counted() -> None:
    readers, loop = Readers(), ManualLoop()
    wire = slow(readers, loop, 1_000_000)
    readers.end(wire)
    loop.advance(READ_S)
    assert (wire.is_aborted, readers.count) == (False, 0)


def test_what_waits_for_all_together_has_a_limit_and_who_was_slow_longest_goes_first() -> None:
    readers, loop = Readers(unread_bytes_max=10), ManualLoop()
    wires = [slow(readers, loop, 4) for _ in range(4)]
    assert [one.is_aborted for one in wires] == [True, True, False, False]
    large = slow(readers, loop, 50)
    assert [one.is_aborted for one in (*wires, large)] == [True, True, True, True, False]


def test_answers_that_nobody_reads_count_as_requests_under_way(serve: Callable[..., Server]) -> None:
    server = serve(server={"requests_max": 3})
    server.publish(WAITS)
    name = server.start("waits", "x" * BIG)["execution_id"]
    path = f"/v1/executions/{name}/nodes"
    lines = [line_to(server) for _ in range(3)]
    try:
        for line in lines:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(f"GET /v1/executions/{name}/state?whole=true HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: server.get(path).status == 429)
        assert server.get("/health/live").status == 200
    finally:
        for line in lines:
            line.close()
    until(lambda: server.get(path).status == 200)
