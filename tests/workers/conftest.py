"""What the tests of activities share: attempts to run kinds with, and web servers on loopback."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from contracts.commands import Command, RunActivity
from infra.clock import ManualClock
from workers.running.attempt import Attempt


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000_000)


@pytest.fixture
def reports() -> list[tuple[str, Command]]:
    return []


@pytest.fixture
def attempt(clock: ManualClock, reports: list[tuple[str, Command]]) -> Attempt:
    """An attempt in hand, to run a kind with."""
    activity = RunActivity("order-1", "loop[3]/n", 2, "any", b"{}", b"null")
    return Attempt(activity, lambda execution, command: reports.append((execution, command)), clock)


@pytest.fixture
def in_thread() -> Iterator[Callable[..., "Future[Any]"]]:
    """Runs a function in another thread; what it raises, a BaseException too, is in the future."""
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


class Web:
    """A server whose answers a test decides; it remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.was_asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        web = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                web.asked.append(
                    {"method": self.command, "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}
                )
                web.was_asked.set()
                web.may_answer.wait(30)
                echo = 200, {"content-type": "application/json"}, json.dumps({"path": self.path}).encode()
                status, headers, content = web.answers.get(self.path.partition("?")[0], echo)
                with suppress(OSError):
                    self.send_response(status)
                    for name, value in ({"content-length": str(len(content))} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.may_answer.set()
    made.server.shutdown()
    made.server.server_close()
