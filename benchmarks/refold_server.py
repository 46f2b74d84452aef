"""Refold as it is measured: `refold serve` on a fresh data folder, `refold worker` beside it, all by default settings."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.load import Request
from benchmarks.processes import Process, bytes_in, command_line, family, free_port, python
from benchmarks.steps import LEDGER
from benchmarks.waiting import until
from refold import Client
from refold.client.connection import connect
from refold.errors import Unavailable

COMPLETED = '"status":"completed"'
WAIT_S = 60


def sequence(name: str, kind: str, length: int) -> dict[str, Any]:
    """Steps one after the other."""
    names = [f"n{index}" for index in range(length)]
    nodes = [{"id": node, "type": kind} for node in names]
    return {"name": name, "nodes": nodes, "edges": [{"from": one, "to": other} for one, other in pairwise(names)]}


def fan_out(name: str, width: int) -> dict[str, Any]:
    """Steps beside each other, and a node that waits for all and gathers what they gave."""
    names = [f"n{index}" for index in range(width)]
    nodes: list[dict[str, Any]] = [{"id": node, "type": "step"} for node in names]
    nodes.append({"id": "join", "type": "merge", "join": "all", "aggregate": "array"})
    return {"name": name, "nodes": nodes, "edges": [{"from": node, "to": "join"} for node in names]}


DEFINITIONS = (
    sequence("w1", "step", 10),
    fan_out("w2", 50),
    sequence("w3", "step", 5),
    {"name": "w4", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]},
    sequence("w5", "noted_step", 10),
)


class RefoldServer:
    """A server, its projector and a worker."""

    name = "refold"
    roles = ("server", "projector", "worker")

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        folder.mkdir(parents=True)
        self.ledger = folder / "ledger"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.urls = [self.url]
        self._server = self._serve()
        self._worker = Process(
            python("-m", "refold", "worker", "benchmarks.activities", "--server", self.url),
            folder / "worker.log",
            {LEDGER: str(self.ledger)},
        )

    def _serve(self) -> Process:
        words = python("-m", "refold", "serve", "--data", str(self.data), "--port", str(self._port))
        return Process(words, self.folder / "server.log")

    def wait_ready(self) -> None:
        """Until it answers; then publish, and run one execution."""
        until("the server answers", lambda: health(self.url) is not None, self._check)
        with Client(self.url) as client:
            for definition in DEFINITIONS:
                client.publish(definition)
            client.start("w3", {"v": ""}, wait_s=WAIT_S)

    def _check(self) -> None:
        self._server.check()
        self._worker.check()

    def processes(self) -> dict[str, list[int]]:
        """The process ids by role."""
        return {**split(family(self._server.pid)), "worker": family(self._worker.pid)}

    def request(self, workload: str) -> Request:
        """How an execution is started and waited for."""
        return request_of(workload)

    def waiting(self) -> tuple[Request | None, Request, Request]:
        """For W4."""
        return waiting_of()

    def settle(self) -> None:
        """Until the read models have caught up."""

        def has_caught_up() -> bool:
            seen = health(self.url)
            return seen is not None and seen["projected"] >= seen["position"]

        until("the read models have caught up", has_caught_up, self._check)

    def bytes(self) -> int:
        """The bytes of all its files."""
        return bytes_in(self.data)

    def kill_server(self) -> None:
        """`kill -9`, and start it again at once."""
        self._server.kill()
        self._server = self._serve()

    def stop(self) -> None:
        """End all."""
        self._worker.stop()
        self._server.stop()


def split(server: list[int]) -> dict[str, list[int]]:
    """The processes of servers, projectors apart, and heralds, where there are any."""
    found: dict[str, list[int]] = {"server": [], "projector": []}
    for pid in server:
        line = command_line(pid)
        role = "projector" if "infra.server.projector" in line else "herald" if "infra.server.herald" in line else "server"
        found.setdefault(role, []).append(pid)
    return found


def request_of(workload: str) -> Request:
    """How an execution is started and waited for."""
    key = f"{workload}-{{n}}" if workload == "w5" else ""
    path = f"/v1/workflows/{workload}/executions?wait={WAIT_S}"
    return Request(path=path, body='{"input":{payload}}', key=key, expect=COMPLETED)


def waiting_of() -> tuple[Request | None, Request, Request]:
    """For W4: how an execution comes to wait, how one waits for its end, and how it is signalled."""
    body = '{"execution_id":"w4-{n}","input":{}}'
    start = Request(path="/v1/workflows/w4/executions", body=body)
    held = Request(path=f"/v1/workflows/w4/executions?wait={WAIT_S}", body=body, expect=COMPLETED)
    return start, held, Request(path="/v1/executions/w4-{n}/signals/go")


def health(url: str) -> dict[str, Any] | None:
    """What a server says of itself; None while it does not answer."""
    connection = connect(url)
    try:
        answer = connection.request("GET", "/health/ready", timeout_s=5.0)
    except Unavailable:
        return None
    finally:
        connection.close()
    content: dict[str, Any] | None = json.loads(answer.body) if answer.status == 200 else None
    return content
