"""Odd JSON over HTTP: by the lane or by the framework, a value is answered alike, and it comes back the same or is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.odd_json import may_come_in, meant, odd

from .conftest import Server
from .test_lane import until

VALUES: Final = 40
"""So many values a door; each is sent twice."""
LANE: dict[str, str] = {}
FRAMEWORK = {"Connection": "close"}
"""The lane takes no request that closes its connection."""
OURS: dict[str, Any] = {"name": "ours", "nodes": [{"id": "n", "type": "ours", "on_error": "continue"}]}
HEARS: dict[str, Any] = {"name": "hears", "nodes": [{"id": "n", "type": "wait_signal", "config": {"name": "go"}}]}
CHANGING: Final = re.compile(rb'"(\d{4}-\d\d-\d\dT[^"]*)"|"position":\d+')
DOORS: Final = ("start", "signal", "result")


class Doors:
    """A server, and the doors by which a value may come in; each value has an execution of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.count = 0

    def send(self, door: str, value: bytes, way: dict[str, str]) -> tuple[int, bytes, str]:
        """Status and body, with what differs from request to request taken out; and the execution."""
        self.count += 1
        name = f"x{self.count}"
        path, body = getattr(self, f"_{door}")(name, value)
        answer = self.server.ask("POST", path, body, way)
        content = CHANGING.sub(b'"SOME"', answer.content).replace(b'"%s' % name.encode(), b'"ID')
        return answer.status, content, name

    def _start(self, name: str, value: bytes) -> tuple[str, bytes]:
        return "/v1/workflows/hears/executions", b'{"execution_id": "%s", "input": %s}' % (name.encode(), value)

    def _signal(self, name: str, value: bytes) -> tuple[str, bytes]:
        self.server.start("hears", execution_id=name)
        return f"/v1/executions/{name}/signals/go", value

    def _result(self, name: str, value: bytes) -> tuple[str, bytes]:
        self.server.start("ours", execution_id=name)
        poll = {"protocol": 1, "worker": "w", "kinds": ["ours"], "wait_s": 5, "running": []}
        tasks = self.server.post("/v1/worker/poll", poll).json["tasks"]
        assert f"{name}/n@1" in [task["task"] for task in tasks]
        result = b'{"task": "%s/n@1", "output": %s}' % (name.encode(), value)
        return "/v1/worker/results", b'{"protocol": 1, "worker": "w", "results": [%s]}' % result

    def kept(self, door: str, execution: str) -> Any:
        """What the server holds of the value."""
        found: dict[str, Any] = {}

        def is_there() -> bool:
            found.update(json.loads(self.server.get(f"/v1/executions/{execution}/state?whole=true").content))
            return door == "start" or found["status"] != "running"

        until(is_there)
        return found["input" if door == "start" else "output"]

    def taken(self) -> int:
        found = re.search(r"^refold_lane_requests_total (\d+)", self.server.get("/metrics").content.decode(), re.MULTILINE)
        assert found is not None
        return int(found[1])


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    server = Server(tmp_path_factory.mktemp("odd") / "data")
    try:
        server.publish(OURS, HEARS)
        yield Doors(server)
    finally:
        server.kill()


@pytest.mark.parametrize("door", DOORS)
def test_an_odd_value_is_answered_alike_by_both_ways_in_and_harms_nobody(doors: Doors, door: str) -> None:
    before, goods = doors.taken(), 0

    @settings(max_examples=VALUES, deadline=None, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
    @given(odd)
    @example(b"1e400")
    @example(b"1" + b"0" * 400)
    @example(b"[" * 968 + b"]" * 968)
    @example(b'{"a": "\\ud83d"}')
    @example(b'{"__proto__": 1, "a": -0.0, "a": 18446744073709551616}')
    def each(value: bytes) -> None:
        nonlocal goods
        status, content, name = doors.send(door, value, LANE)
        other, other_content, other_name = doors.send(door, value, FRAMEWORK)
        assert (status, content) == (other, other_content)
        assert (status < 300) == (door == "result" or may_come_in(value)), content
        if may_come_in(value):
            goods += 1
            for one in (name, other_name):
                assert repr(doors.kept(door, one)) == repr(meant(value))  # as text: -0.0 is no 0.0
        elif door != "result":
            assert "expected" in content.decode()

    each()
    server = doors.server
    assert server.get("/health/ready").status == 200
    assert server.get("/v1/executions?status=quarantined").json["executions"] == []
    assert doors.taken() - before >= goods > 0, "the lane takes what may come in"
