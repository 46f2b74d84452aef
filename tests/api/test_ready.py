"""`GET /health/ready` says what the machine is short of, as long as it is, and no longer; what was refused meanwhile harms nothing."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .conftest import Server
from .test_lane import until

Serve = Callable[..., Server]
OURS: dict[str, Any] = {"name": "ours", "nodes": [{"id": "n", "type": "ours"}]}
OUTPUT = "x" * 70_000
FILES_NONE = 3
"""With so many files at most, a process that has more keeps them, and opens none any more."""


@contextmanager
def no_more_files(server: Server) -> Iterator[None]:
    """The server can open no file; what it has open goes on."""
    before = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (FILES_NONE, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before)


class Line:
    """A connection that is open already."""

    def __init__(self, server: Server) -> None:
        self._server, self._connection = server, server.connect()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self._server.ask(method, path, body, connection=self._connection)
        return answer.status, json.loads(answer.content)


@pytest.mark.parametrize("way", ["lane", "framework"])
def test_ready_says_what_is_short_as_long_as_it_is(serve: Serve, way: str) -> None:
    server = serve(lane=way == "lane")
    server.publish(OURS)
    server.start("ours", execution_id="x")
    line = Line(server)
    assert line.ask("GET", "/health/ready")[0] == 200
    (task,) = line.ask("POST", "/v1/worker/poll", {"protocol": 1, "worker": "w", "kinds": ["ours"], "wait_s": 5})[1]["tasks"]
    result = {"protocol": 1, "worker": "w", "results": [{"task": task["task"], "output": OUTPUT}]}
    with no_more_files(server):
        assert line.ask("POST", "/v1/worker/results", result)[0] == 503
        status, problem = line.ask("GET", "/health/ready")
        assert (status, problem["reason"]) == (503, "short")
        assert "Too many open files" in problem["detail"]
        assert line.ask("GET", "/health/live")[0] == 200
        assert line.ask("GET", "/v1/executions/x")[1]["status"] == "running"
    until(lambda: line.ask("GET", "/health/ready")[0] == 200)
    assert line.ask("POST", "/v1/worker/results", result)[1]["accepted"] == [task["task"]]
    until(lambda: line.ask("GET", "/v1/executions/x")[1]["output"] == OUTPUT)
    assert "short of something" in server.stderr()
