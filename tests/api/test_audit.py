"""`/v1/audit`: who did what, over executions, definitions and dead letters."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Server
from .test_dead_letters import bury


@pytest.fixture(scope="module")
def acted(server: Server) -> Server:
    server.publish({"name": "audited", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]})
    server.start("audited", execution_id="audited-1")
    server.post("/v1/executions/audited-1/signals/go", {"payload": 1}, X_Request_Id="my-request")
    server.post("/v1/workflows/audited/archive")
    number = bury(server, "audited-nobody")["letter"]
    server.post(f"/v1/dead-letters/{number}/drop", {"reason": "nobody"})
    return server


def audit(server: Server, query: str) -> list[Any]:
    position = server.get("/health/ready").json["position"]
    answer = server.get(f"/v1/audit?min_position={position}&{query}")
    assert answer.status == 200, answer.content
    found: list[Any] = answer.json["audit"]
    return found


def test_what_was_done_is_told_the_latest_first(acted: Server) -> None:
    found = audit(acted, "workflow=audited")
    assert [(row["command"], row["about"], row["execution_id"]) for row in found] == [
        ("ArchiveDefinition", "", None), ("SendSignal", "go", "audited-1"), ("CreateExecution", "version 1", "audited-1"),
        ("PublishDefinition", "version 1", None),
    ]  # fmt: skip
    assert {row["actor"] for row in found} == {"anonymous"}
    assert audit(acted, "command=DropDeadLetter")[0]["about"].endswith(": nobody")


def test_of_what_is_done_to_a_task_it_says_by_which_channel_and_from_which_address(server: Server) -> None:
    asks = {"name": "audited_task", "nodes": [{"id": "ask", "type": "human_task", "config": {"question": "?", "assignees": ["ada"]}}]}
    server.publish(asks)
    server.start("audited_task", execution_id="audited-task")
    for act, body in (("claim", {}), ("comment", {"comment": "so"}), ("answer", {"port": "approved"})):
        assert server.post(f"/v1/tasks/audited-task~ask@1/{act}", body, Refold_Person="ada").status == 200
    found = audit(server, "execution=audited-task")
    from_where = [(row["command"], row["actor"], row["channel"], row["address"]) for row in found]
    assert from_where == [
        *((f"{act}Task", "ada", "web", "127.0.0.1") for act in ("Answer", "Comment", "Claim")),
        ("CreateExecution", "anonymous", None, None),
    ]
    assert audit(server, "filter=channel%20%3D%3D%20'web'%20%26%26%20address%20%3D%3D%20'127.0.0.1'&execution=audited-task") == found[:3]


def test_it_is_filtered_and_found_by_execution_and_request(acted: Server) -> None:
    assert [row["command"] for row in audit(acted, "execution=audited-1")] == ["SendSignal", "CreateExecution"]
    assert [row["command"] for row in audit(acted, "filter=correlation_id%20%3D%3D%20'my-request'")] == ["SendSignal"]
    wrong = acted.get("/v1/audit?filter=nobody%20%3D%3D%201")
    assert (wrong.status, wrong.json["reason"]) == (422, "filter.invalid")
    assert acted.get("/v1/audit?execution=nobody-knows-it").json["reason"] == "unknown_execution"


def test_pages_go_through_all_of_it_once(acted: Server) -> None:
    whole = audit(acted, "limit=500&workflow=audited")
    seen, cursor = list[Any](), ""
    while True:
        page = acted.get(f"/v1/audit?limit=3&workflow=audited{cursor}").json
        seen += page["audit"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == whole
    assert acted.get("/v1/audit?cursor=junk").status == 422


def test_what_was_done_to_credentials_is_told_and_no_value(acted: Server) -> None:
    acted.post("/v1/credentials", {"name": "audited", "kind": "bearer", "values": {"token": "s3cr3t-t0ken"}})
    acted.post("/v1/credentials/audited/rotate", {"values": {"token": "an0ther-t0ken"}})
    acted.post("/v1/credentials/rotate-master-key")
    acted.ask("DELETE", "/v1/credentials/audited")
    acted.post("/v1/credentials", {"name": "audited", "kind": "bearer", "values": {"token": "th1rd-t0ken"}})
    found = [row for row in audit(acted, "limit=20") if "credential audited" in row["about"]]
    assert [(row["command"], row["about"], row["actor"]) for row in found] == [
        ("CreateCredential", "credential audited, version 3", "anonymous"),
        ("DeleteCredential", "credential audited", "anonymous"),
        ("RewrapCredential", "credential audited", "anonymous"),
        ("RotateCredential", "credential audited, version 2", "anonymous"),
        ("CreateCredential", "credential audited, version 1", "anonymous"),
    ]
    assert audit(acted, "command=RotateCredential&limit=1")[0]["about"] == "credential audited, version 2"
    acted.ask("DELETE", "/v1/credentials/audited")
