"""The API as callers meet it: a real server in a process of its own, on a free port of loopback, over real connections."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import preloaded

ROOT = Path(__file__).parents[2]
READY_S = 60

HELLO: dict[str, Any] = {
    "name": "hello",
    "input": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "nodes": [
        {"id": "greet", "type": "transform", "config": {"operation": "value", "value": {"greeting": "Hello, {{ input.name }}!"}}},
        {"id": "done", "type": "end", "config": {"outcome": "greeted", "output": "{{ nodes.greet.output }}"}},
    ],
    "edges": [{"from": "greet", "to": "done"}],
}
WORKS: dict[str, Any] = {
    "name": "works",
    "nodes": [{"id": f"n{i}", "type": "noop"} for i in range(5)],
    "edges": [{"from": f"n{i}", "to": f"n{i + 1}"} for i in range(4)],
}
WAITS: dict[str, Any] = {
    "name": "waits",
    "variables": {"who": "nobody"},
    "settings": {"search": {"order": "input.order"}},
    "nodes": [
        {"id": "approval", "type": "wait_signal", "config": {"name": "approved"}},
        {"id": "after", "type": "noop"},
    ],
    "edges": [{"from": "approval.received", "to": "after"}],
}
STUCK: dict[str, Any] = {
    "name": "stuck",
    "variables": {"n": 0},
    "nodes": [{"id": "divide", "type": "code", "config": {"source": "12 // input", "input": "{{ vars.n }}"}}],
}
FAILS: dict[str, Any] = {
    "name": "fails",
    "settings": {"on_failure": "fail"},
    "nodes": [{"id": "no", "type": "fail", "config": {"type": "order.refused", "message": "not today"}}],
}
ALL = (HELLO, WORKS, WAITS, STUCK, FAILS)


BEHIND_S = 60
PACE_S = 0.02
"""Between two looks at the same: who waits for something takes no core from what it waits for."""


class Answer:
    """What the server answered."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status, self.headers, self.content = status, headers, content

    @property
    def json(self) -> Any:
        return json.loads(self.content)


WITH_SETTINGS = """
import json, sys
from infra.server.lifetime import serve
from infra.settings.model import EngineSettings, ServerSettings
engine, server = json.loads(sys.argv[1])
serve(EngineSettings(**engine), ServerSettings(port=0, **server), lambda address: print("serves at", address, flush=True))
"""


class Server:
    """`refold serve` on a data folder, with or without the lane; with settings that have no flag, the same by a few lines of code."""

    def __init__(
        self,
        data: Path,
        *flags: str,
        lane: bool = True,
        engine: dict[str, Any] | None = None,
        server: dict[str, Any] | None = None,
        code: str = "",
    ) -> None:
        """`code` calls the command line instead of `refold`."""
        self.data = data
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "REFOLD_LANE": str(lane)}
        words = ["serve", "--data", str(data), "--port", "0", *flags]
        if engine or server:
            code, words = WITH_SETTINGS, [json.dumps([{"data": str(data), **(engine or {})}, {"lane": lane, **(server or {})}])]
        pipe = subprocess.PIPE
        self.process = preloaded.begin(*words, code=code, env=environment, stdout=pipe, stderr=pipe, text=True)
        self._errors: list[str] = []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        assert " at http://" in self.said, f"not ready: {self.said}{self.stderr()}"
        self._looked = ("", 0.0)
        self._paused = threading.Event()
        self.url = self.said.rsplit(" at ", 1)[1].strip()
        self.host = self.url.removeprefix("http://")

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._errors.append(line)

    def stderr(self) -> str:
        return "".join(self._errors)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, timeout=60)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        connection: http.client.HTTPConnection | None = None,
    ) -> Answer:
        """One request; a body that is no bytes goes as JSON."""
        line = connection or self.connect()
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if content is not None else {}
        line.request(method, path, content, {**given, **(headers or {})})
        response = line.getresponse()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        if connection is None:
            line.close()
        assert "traceback" not in self.stderr().lower(), self.stderr()
        return answer

    def get(self, path: str) -> Answer:
        """Ask, and come again as long as the read models are behind: how long that takes on a busy machine is no test's matter."""
        deadline = time.monotonic() + BEHIND_S
        while (answer := self._look(path)).status == 503 and answer.json["reason"] == "behind" and time.monotonic() < deadline:
            pass
        return answer

    def _look(self, path: str) -> Answer:
        before, at = self._looked
        early = at + PACE_S - time.monotonic()
        if path == before and early > 0:
            self._paused.wait(early)
        answer = self.ask("GET", path)
        self._looked = (path, time.monotonic())
        return answer

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def start(self, workflow: str, given: Any = None, wait: float = 0, **more: Any) -> Any:
        """The execution that a start answers."""
        body = {"input": {} if given is None else given, **more}
        answer = self.post(f"/v1/workflows/{workflow}/executions?wait={wait}", body)
        assert answer.status < 300, answer.content
        return answer.json

    def publish(self, *definitions: dict[str, Any]) -> None:
        for definition in definitions:
            assert self.post("/v1/workflows", definition).status in (200, 201)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        """Ask it to stop, and answer its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests share; each makes executions of its own."""
    made = Server(tmp_path_factory.mktemp("served") / "data")
    try:
        made.publish(*ALL)
        yield made
    finally:
        made.kill()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers one after the other on one data folder of the test's own."""
    started: list[Server] = []

    def make(*flags: str, **settings: Any) -> Server:
        started.append(Server(tmp_path / "data", *flags, **settings))
        return started[-1]

    try:
        yield make
    finally:
        for one in started:
            one.kill()
