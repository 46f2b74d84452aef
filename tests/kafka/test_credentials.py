"""Credentials of servers that share a log on Kafka: kept in PostgreSQL, written at any of them, used where the activity runs."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.api.conftest import Server
from tests.kafka.test_shared_serving import Serve, serve  # noqa: F401  # a fixture
from tests.kafka.topics import new_topics
from tests.workers.conftest import Web, web  # noqa: F401  # a fixture

SECRET = "s3cr3t-t0ken"
PAYS = {"name": "pays", "nodes": [{"id": "pay", "type": "http_request", "config": {"credential": "crm"}}]}

SIGNS_IN = {
    "name": "signs_in",
    "input": {"type": "object", "properties": {"token": {"type": "string", "writeOnly": True}}},
    "nodes": [{"id": "pay", "type": "http_request", "config": {"url": "http://127.0.0.1:1/", "headers": {"x-key": "{{ input.token }}"}}}],
    "output": "{{ input }}",
}


def test_a_credential_that_one_server_keeps_another_uses_and_none_tells(
    serve: Serve, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setenv("REFOLD_MASTER_KEY", "env:KEY_OF_ALL")
    monkeypatch.setenv("KEY_OF_ALL", base64.b64encode(bytes(range(32))).decode())
    web.answers["/pay"] = (200, {"content-type": "text/plain"}, SECRET.encode())
    worker = serve("worker", "--allow-private-addresses", "--set", "roles=owner,projector,worker")
    asked = serve("asked", "--set", "roles=api")
    made = asked.post("/v1/credentials", {"name": "crm", "kind": "bearer", "values": {"token": SECRET}})
    assert made.status == 201, made.content
    asked.publish({**PAYS, "nodes": [{**PAYS["nodes"][0], "config": {"credential": "crm", "url": f"{web.url}/pay"}}]})  # type: ignore[dict-item]  # JSON
    ended = asked.start("pays", wait=60)
    assert ended["status"] == "completed", ended
    assert web.asked[0]["headers"]["authorization"] == f"Bearer {SECRET}"
    (use,) = asked.get("/v1/credentials/crm/uses").json["uses"]
    assert (use["execution_id"], use["version"]) == (ended["execution_id"], 1)
    assert asked.post("/v1/credentials/crm/rotate", {"values": {"token": "an0ther-t0ken"}}).status == 200
    assert asked.start("pays", wait=60)["status"] == "completed"
    assert web.asked[1]["headers"]["authorization"] == "Bearer an0ther-t0ken"
    node = {"id": "pay", "type": "http_request", "config": {"url": f"{web.url}/pay", "headers": {"x-key": "{{ input.token }}"}}}
    asked.publish({**SIGNS_IN, "nodes": [node]})
    one = asked.start("signs_in", {"token": SECRET}, wait=60, execution_id="one")
    assert (one["status"], one["output"]) == ("completed", {"token": "•••"})
    assert web.asked[2]["headers"]["x-key"] == SECRET
    assert asked.post("/v1/workflows/signs_in/executions", {"execution_id": "one", "input": {"token": SECRET}}).status == 200
    told = b"".join(asked.get(f"/v1/executions/{name}/history").content for name in (ended["execution_id"], "one"))
    left = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert SECRET not in (told + left).decode(errors="replace") + asked.stderr() + worker.stderr()


def test_without_a_shared_database_none_can_be_kept(broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFOLD_LOG", str(new_topics(broker, 1)))
    server = Server(tmp_path / "data")
    try:
        refused = server.post("/v1/credentials", {"name": "crm", "kind": "bearer", "values": {"token": SECRET}})
        assert (refused.status, refused.json["reason"]) == (409, "not_here")
        assert "name a database with the setting `read_models`" in refused.json["detail"]
        assert server.get("/v1/credentials").status == 409
        assert server.get("/v1/audit").status == 200
        server.publish(SIGNS_IN)
        refused = server.post("/v1/workflows/signs_in/executions", {"input": {"token": SECRET}})
        assert (refused.status, refused.json["reason"]) == (409, "not_here")
        assert SECRET.encode() not in refused.content
    finally:
        server.kill()
