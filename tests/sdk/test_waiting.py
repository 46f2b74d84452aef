"""Waiting for an end: what needs a person is told at once, and the time that was given is one time."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

import refold
from refold.client.requests import Ask

BREAKS: dict[str, Any] = {"name": "breaks", "nodes": [{"id": "f", "type": "fail", "config": {"type": "no.luck", "message": "none"}}]}
PARENT: dict[str, Any] = {"name": "parent", "nodes": [{"id": "child", "type": "sub_workflow", "config": {"workflow": "breaks"}}]}
WAITS: dict[str, Any] = {"name": "waits", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]}


class Counting(refold.Client):
    """A client that notes what it asks."""

    def __init__(self, server: str) -> None:
        super().__init__(server)
        self.asked: list[Ask] = []

    def _ask(self, request: Ask) -> Any:
        self.asked.append(request)
        return super()._ask(request)


@pytest.fixture
def prepared(client: refold.Client) -> refold.Client:
    for definition in (BREAKS, PARENT, WAITS):
        client.publish(definition)
    return client


def test_an_incident_ends_a_wait_and_says_what_to_do(prepared: refold.Client) -> None:
    with pytest.raises(refold.IncidentOpen, match=r"f: no\.luck: none; `refold resolve .* retry --incident ") as stuck:
        prepared.run("breaks", timeout_s=15)
    (incident,) = stuck.value.incidents
    assert (stuck.value.execution["status"], incident["error"]["type"]) == ("incident", "no.luck")
    with pytest.raises(refold.IncidentOpen):
        prepared.wait(incident["execution_id"])


def test_an_incident_of_a_child_ends_the_wait_for_its_parent(prepared: refold.Client) -> None:
    with pytest.raises(refold.IncidentOpen, match="no\\.luck") as stuck:
        prepared.run("parent", timeout_s=25)
    assert stuck.value.incidents[0]["execution_id"] != stuck.value.execution["execution_id"]


def test_the_client_on_the_loop_is_told_of_incidents_alike(prepared: refold.Client, server: str) -> None:
    async def run(workflow: str) -> None:
        async with refold.AsyncClient(server) as client:
            with pytest.raises(refold.IncidentOpen, match="no\\.luck"):
                await client.run(workflow, timeout_s=25)

    asyncio.run(run("breaks"))
    asyncio.run(run("parent"))


def test_whoever_wants_to_waits_through_incidents(prepared: refold.Client, server: str) -> None:
    name = "stuck-and-freed"
    ended: list[Any] = []
    waiting = threading.Thread(target=lambda: ended.append(run(server, name)))
    waiting.start()
    for event in stream(prepared, name):
        if event["type"] == "refold.incident.raised":
            break
    prepared.resolve(name, prepared.incidents(name)[0]["incident"], "skip", output=7)
    waiting.join(20)
    assert ended == [7]


def run(server: str, name: str) -> Any:
    with refold.Client(server) as client:
        return client.run("breaks", timeout_s=20, through_incidents=True, execution_id=name)


def stream(client: refold.Client, name: str) -> Any:
    """The events of an execution that may only be about to be started."""
    while True:
        try:
            client.get(name)
            return client.stream(name)
        except refold.Refused:
            continue


def test_a_start_that_waits_is_answered_at_the_incident(prepared: refold.Client, server: str) -> None:
    first = prepared.start("breaks", wait_s=15, idempotency_key="stuck-once")
    again = prepared.start("breaks", wait_s=15, idempotency_key="stuck-once")
    assert (first["status"], again["status"], first["execution_id"]) == ("incident", "incident", again["execution_id"])
    counting = Counting(server)
    with pytest.raises(refold.IncidentOpen):
        counting.run("breaks")
    assert [request.method for request in counting.asked] == ["POST", "GET", "GET"]  # the start, a look, the incidents


def test_the_time_that_is_given_is_not_taken_twice(prepared: refold.Client, server: str) -> None:
    counting = Counting(server)
    with pytest.raises(TimeoutError, match=r"is running after 0\.5 s"):
        counting.run("waits", timeout_s=0.5)
    assert len(counting.asked) <= 3, "the start has taken all of it, and nothing is left to wait for"


def test_what_must_not_be_repeated_is_not_sent_into_a_connection_that_was_closed_meanwhile() -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    closed = threading.Event()

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        client = refold.Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert client.get("x") == {}
        assert closed.wait(5)
        assert client.resolve("x", "i", "retry") == {}
