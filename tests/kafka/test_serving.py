"""`refold serve --log kafka://…`: one process that owns the only partition, from the API to the read models."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from brokers.cluster import Cluster
from contracts.ids import PARTITIONS_MAX
from tests.api.conftest import HELLO, WAITS, Server
from tests.kafka.played_engine import until
from tests.kafka.topics import new_topics

Serve = Callable[[], Server]


@pytest.fixture
def serve(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts servers one after the other on one log, with one data folder for what is no log."""
    monkeypatch.setenv("REFOLD_LOG", str(new_topics(cluster.bootstrap)))
    started: list[Server] = []

    def make() -> Server:
        started.append(Server(tmp_path / "data"))
        return started[-1]

    yield make
    for one in started:
        one.kill()


def test_a_server_on_kafka_runs_what_is_started_and_goes_on_after_a_kill(serve: Serve) -> None:
    first = serve()
    assert "serves kafka://127.0.0.1:" in first.said
    first.publish(HELLO, WAITS)
    assert first.start("hello", {"name": "Ada"}, wait=20)["output"] == {"greeting": "Hello, Ada!"}
    waiting = first.start("waits", {"order": 7})["execution_id"]
    first.kill()

    second = serve()
    listed = second.get("/v1/executions?status=running").json["executions"]
    assert [one["execution_id"] for one in listed] == [waiting]
    assert second.post(f"/v1/executions/{waiting}/signals/approved", {"payload": True}).status < 300
    until(lambda: second.get(f"/v1/executions/{waiting}").json["status"] == "completed")
    assert second.stop() == 0


def test_a_server_whose_broker_freezes_and_thaws_answers_what_it_was_asked_in_between(cluster: Cluster, serve: Serve) -> None:
    server = serve()
    server.publish(HELLO)
    cluster.nodes[0].freeze()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.start, "hello", {"name": "Ada"}, 50)
        with pytest.raises(TimeoutError):
            asked.result(1)
        cluster.nodes[0].thaw()
        assert asked.result(50)["output"] == {"greeting": "Hello, Ada!"}


def test_a_server_whose_broker_is_killed_goes_on_when_it_is_back(cluster: Cluster, serve: Serve) -> None:
    server = serve()
    server.publish(HELLO)
    cluster.nodes[0].kill()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.start, "hello", {"name": "Ada"}, 50)
        cluster.nodes[0].start()
        assert asked.result(50)["output"] == {"greeting": "Hello, Ada!"}


def test_people_are_asked_and_answer_on_kafka_too(serve: Serve) -> None:
    server = serve()
    server.publish({"name": "asks", "nodes": [{"id": "t", "type": "human_task", "config": {"question": "Go on?", "assignees": "ada"}}]})
    execution = server.start("asks", execution_id="x")["execution_id"]
    until(lambda: [one["task_id"] for one in server.get("/v1/tasks").json["tasks"]] == ["x~t@1"])
    assert server.post("/v1/tasks/x~t@1/answer", {"port": "approved"}).status == 403
    answered = server.post("/v1/tasks/x~t@1/answer", {"port": "approved"}, refold_person="ada")
    assert (answered.status, answered.json["decided"]) == (200, True)
    until(lambda: server.get(f"/v1/executions/{execution}").json["status"] == "completed")
    assert server.get("/v1/tasks/x~t@1").json["answers"][0]["by"] == "ada"


def test_positions_and_cursors_name_the_partition(serve: Serve) -> None:
    server = serve()
    server.publish(HELLO)
    names = [server.start("hello", {"name": "Ada"}, wait=20)["execution_id"] for _ in range(3)]
    position = server.start("hello", {"name": "Eve"}, wait=20)["position"]
    assert position % PARTITIONS_MAX == 0
    first = server.get(f"/v1/executions?limit=3&min_position={position}").json
    assert [one["execution_id"] for one in first["executions"][1:]] == names[:0:-1]
    assert first["position"] >= position
    assert all(one["position"] <= position for one in first["executions"])
    second = server.get(f"/v1/executions?limit=3&cursor={first['next']}").json
    assert [one["execution_id"] for one in second["executions"]] == names[:1]
    assert second["next"] is None
    before = base64.urlsafe_b64encode(b"e7").decode().rstrip("=")  # as cursors were once
    assert server.get(f"/v1/executions?cursor={before}").json["reason"] == "request.invalid"
    elsewhere = server.get(f"/v1/executions?min_position={position + 1}")
    assert (elsewhere.status, elsewhere.json["reason"]) == (422, "unknown_position")
    assert "partition 1, which the log does not have" in elsewhere.json["detail"]


def test_a_server_says_why_it_does_not_start(tmp_path: Path) -> None:
    command = [".venv/bin/refold", "serve", "--data", str(tmp_path), "--log", "kafka:/nowhere", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "a server is named HOST:PORT" in done.stderr


def test_a_server_on_kafka_shows_the_cluster_it_is_part_of(serve: Serve) -> None:
    server = serve()
    server.publish(HELLO)
    server.start("hello", {"name": "Ada"}, wait=20)
    found = server.get("/v1/cluster").json
    (process,) = found["processes"]
    assert (process["node"], process["state"], process["address"]) == (found["leader"], "alive", server.url)
    assert {(row["owner"], row["assigned_to"]) for row in found["partitions"]} == {(found["node"], found["node"])}
    text = server.get("/metrics").content.decode()
    assert f"refold_takeover_seconds_count {len(found['partitions'])}.0" in text
    assert "refold_append_seconds_count 0.0" not in text
