"""The clients against `refold serve`, with the example's worker beside it."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

import refold

ROOT = Path(__file__).parents[2]
ORDER = {"order_id": "A-1", "amount": 250}


def test_a_workflow_of_users_activities_runs_to_its_end(client: refold.Client) -> None:
    assert client.run("user_activities", ORDER, timeout_s=15) == "label of A-1"


def test_publishing_the_same_again_creates_nothing(client: refold.Client) -> None:
    answer = client.publish((ROOT / "examples" / "user_activities.yaml").read_text())
    assert (answer["version"], answer["created"]) == (1, False)


def test_a_start_with_the_same_key_is_one_execution(client: refold.Client) -> None:
    ids = {client.start("user_activities", ORDER, idempotency_key="once")["execution_id"] for _ in range(2)}
    assert len(ids) == 1


def test_many_are_started_in_one_request(client: refold.Client) -> None:
    rows = client.start_many("user_activities", [ORDER] * 3)
    assert [client.wait(row["execution"]["execution_id"], timeout_s=15)["status"] for row in rows] == ["completed"] * 3


def test_events_are_streamed_until_the_end(client: refold.Client) -> None:
    execution = client.start("user_activities", ORDER)["execution_id"]
    events = list(client.stream(execution))
    versions = [event["data"]["version"] for event in events]
    assert versions == sorted(set(versions))
    assert (events[0]["type"], events[-1]["type"]) == ("refold.execution.created", "refold.execution.completed")


def test_an_incident_is_found_and_resolved(client: refold.Client) -> None:
    execution = client.start("user_activities", {**ORDER, "amount": 99_999})["execution_id"]
    for event in client.stream(execution):
        if event["type"] == "refold.incident.raised":
            break
    (incident,) = client.incidents(execution)
    assert incident["error"]["type"] == "card.declined"
    client.resolve(execution, incident["incident"], "skip", output={"order_id": "A-2"})
    assert client.wait(execution, timeout_s=15)["output"] == "label of A-2"


def test_signals_and_steering_reach_an_execution(client: refold.Client) -> None:
    client.publish({"name": "waits", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]})
    first, second = (client.start("waits")["execution_id"] for _ in range(2))
    client.pause(first)
    assert client.get(first)["status"] == "paused"
    client.resume(first)
    client.signal(first, "go", {"a": 1}, signal_id="s1")
    assert client.wait(first, timeout_s=15)["status"] == "completed"
    client.cancel(second, "not needed")
    assert client.wait(second, timeout_s=15)["status"] == "cancelled"
    with pytest.raises(refold.Refused) as refused:
        client.signal(second, "go")
    assert refused.value.status == 409


def test_what_the_server_refuses_says_so(client: refold.Client) -> None:
    with pytest.raises(refold.Refused) as refused:
        client.get("nobody")
    assert refused.value.status == 404
    with pytest.raises(refold.Refused) as refused:
        client.start("user_activities", {"order_id": 5})
    assert refused.value.status == 422


def test_an_empty_name_is_that_of_nothing(client: refold.Client) -> None:
    for ask in (client.get, client.workflow, client.pause, client.versions):
        with pytest.raises(refold.Refused):
            ask("")


def test_workflows_are_listed_rolled_back_and_archived(client: refold.Client) -> None:
    for kind in ("noop", "log"):
        config = {"message": "x"} if kind == "log" else {}
        client.publish({"name": "versions", "nodes": [{"id": "a", "type": kind, "config": config}]})
    assert [version["status"] for version in client.versions("versions")] == ["inactive", "active"]
    client.activate("versions", 1)
    assert client.workflow("versions")["definition"]["nodes"][0]["type"] == "noop"
    assert client.workflow("versions", 2)["definition"]["nodes"][0]["type"] == "log"
    assert {version["status"] for version in client.archive("versions")} == {"archived"}
    assert "versions" in {workflow["name"] for workflow in client.workflows()}


def test_a_definition_is_checked_without_being_published(client: refold.Client) -> None:
    (problem,) = client.validate({"name": "bad", "nodes": [{"id": "a", "type": "delay", "config": {"for": "soon"}}]})["problems"]
    assert problem["path"] == "nodes[0].config.for"
    assert client.validate(ROOT / "examples" / "user_activities.yaml")["valid"]


def test_an_execution_is_seen_at_every_version_and_with_its_big_values(client: refold.Client) -> None:
    client.publish({"name": "big", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]})
    execution = client.start("big", {"text": "x" * 100_000})
    name, position = execution["execution_id"], execution["position"]
    assert client.state(name, 1)["status"] == "created"
    assert set(client.state(name, min_position=position)["input"]) == {"blob", "bytes"}
    assert client.state(name, whole=True)["input"] == {"text": "x" * 100_000}
    assert [node["path"] for node in client.nodes(name)] == ["w"]
    assert name in {row["execution_id"] for row in client.list(status=["running", "incident"], workflow="big", page=1)}
    client.terminate(name)


def test_the_server_is_asked_about_itself(client: refold.Client) -> None:
    assert client.ready()["status"] == "ready"
    assert {"for_each", "noop"} <= {kind["kind"] for kind in client.node_kinds()}
    assert {"definition", "events"} <= set(client.schemas())
    kinds = {kind for worker in client.workers()["workers"] for kind in worker["kinds"]}
    assert "charge_card" in kinds
    found = client.cluster()
    assert [row["owner"] for row in found["partitions"]] == [found["node"]]
    assert "charge_card" in {kind for worker in found["workers"] for kind in worker["kinds"]}


def test_both_clients_ask_the_same() -> None:
    def face(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(function).parameters)
            for name, function in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("_")
        }

    assert face(refold.Client) == face(refold.AsyncClient)


def test_the_client_on_the_loop_sees_states_workflows_and_workers(client: refold.Client, server: str) -> None:
    async def ask() -> tuple[Any, ...]:
        async with refold.AsyncClient(server) as many:
            name = (await many.start("user_activities", ORDER))["execution_id"]
            await many.wait(name, timeout_s=15)
            looks = many.state(name, 1), many.nodes(name), many.versions("user_activities"), many.workers(), many.schemas()
            return tuple(await asyncio.gather(*looks))

    state, nodes, versions, workers, schemas = asyncio.run(ask())
    assert (state["status"], len(versions), bool(workers["workers"])) == ("created", 1, True)
    assert nodes
    assert "definition" in schemas


def test_a_failed_execution_is_an_error_of_run(client: refold.Client) -> None:
    client.publish({"name": "fails", "nodes": [{"id": "f", "type": "fail", "config": {"type": "no.luck", "message": "none"}}],
                    "settings": {"on_failure": "fail"}})  # fmt: skip
    with pytest.raises(refold.ExecutionFailed, match=r"no\.luck: none"):
        client.run("fails", timeout_s=15)


def test_the_client_on_the_loop_asks_many_things_at_a_time(client: refold.Client, server: str) -> None:
    async def ask() -> tuple[list[Any], list[str]]:
        async with refold.AsyncClient(server) as many:
            outputs = await asyncio.gather(*(many.run("user_activities", ORDER, timeout_s=15) for _ in range(20)))
            execution = (await many.start("user_activities", ORDER))["execution_id"]
            return outputs, [event["type"] async for event in many.stream(execution)]

    outputs, events = asyncio.run(ask())
    assert outputs == ["label of A-1"] * 20
    assert events[-1] == "refold.execution.completed"


def test_a_server_that_is_not_there_is_told_after_some_tries() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(refold.Unavailable, match="cannot be reached"):
        refold.Client(f"http://127.0.0.1:{port}").get("x")


def test_a_request_is_repeated_when_the_connection_breaks() -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"

    def serve(listener: socket.socket) -> None:
        for reply in (b"", answer):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        assert refold.Client(f"http://127.0.0.1:{listener.getsockname()[1]}").signal("x", "go") == {}
        thread.join(5)
