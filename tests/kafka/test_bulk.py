"""A bulk operation in a cluster: over all partitions, wherever they are owned, and past the death of the process that was at it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from refold.client.blocking import Client
from tests.api.conftest import Server
from tests.kafka.topics import new_topics

DEADLINE_S = 60.0
STOPS: dict[str, Any] = {"name": "stops", "nodes": [{"id": "no", "type": "fail", "config": {"type": "order.refused", "message": "no"}}]}


@pytest.fixture
def serve(broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts servers of one log of four partitions, each with a data folder of its own."""
    monkeypatch.setenv("REFOLD_LOG", str(new_topics(broker, 4)))
    monkeypatch.setenv("REFOLD_SESSION_S", "2")
    started: list[Server] = []

    def make(node: str) -> Server:
        started.append(Server(tmp_path / node, "--node", node))
        return started[-1]

    yield make
    for one in started:
        one.kill()


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def operation(server: Server, name: str) -> dict[str, Any]:
    answer = server.get(f"/v1/operations/{name}")
    return answer.json if answer.status == 200 else {"done": 0, "ended_at": None}


def test_each_is_retried_once_over_all_partitions_whichever_server_is_killed(serve: Callable[[str], Server]) -> None:
    servers = {node: serve(node) for node in "ab"}
    a, b = servers.values()
    until(lambda: a.get("/health/ready").status == 200 and b.get("/health/ready").status == 200)
    a.publish(STOPS)
    with Client(a.url) as client:
        client.start_many("stops", [{}] * 600, idempotency_key="many")
    until(lambda: len(a.get("/v1/incidents?limit=500").json.get("incidents", ())) == 500)
    begun = a.post("/v1/operations", {"action": "retry", "filter": "workflow == 'stops'", "rate": 150})
    assert begun.status == 201, begun.content
    name = begun.json["operation_id"]
    until(lambda: operation(a, name)["done"] >= 200)
    a.kill()
    until(lambda: operation(b, name)["ended_at"])
    done = operation(b, name)
    assert (done["status"], done["total"], done["ok"]) == ("completed", 600, 600)
    retried: Counter[int] = Counter()
    for number in range(600):
        events = b.get(f"/v1/executions/many-{number}/history").json["events"]
        retried[sum(event["type"] == "IncidentResolved" for event in events)] += 1
    assert retried == {1: 600}
    check_they_go_on_by_another_version(b)


def check_they_go_on_by_another_version(server: Server) -> None:
    """In a cluster, too: planned over all partitions, done, and taken back."""
    server.publish(STOPS | {"nodes": [*STOPS["nodes"], {"id": "later", "type": "noop"}], "edges": [{"from": "no.error", "to": "later"}]})
    wanted = {"from_version": 1, "to_version": 2}
    planned = server.post("/v1/workflows/stops/migrations/plan", wanted)
    assert (planned.status, planned.json["total"], planned.json["ready"]) == (200, 600, 600), planned.content
    begun = server.post("/v1/workflows/stops/migrations", {**wanted, "rate": 2000})
    assert begun.status == 201, begun.content
    until(lambda: operation(server, begun.json["operation_id"])["ended_at"])
    assert operation(server, begun.json["operation_id"])["ok"] == 600
    assert {server.get(f"/v1/executions/many-{number}").json["version"] for number in range(0, 600, 50)} == {2}
    undone = server.post(f"/v1/operations/{begun.json['operation_id']}/undo").json["operation_id"]
    until(lambda: operation(server, undone)["ended_at"])
    assert operation(server, undone)["ok"] == 600
    assert {server.get(f"/v1/executions/many-{number}").json["version"] for number in range(0, 600, 50)} == {1}
