"""The limits of a server, and what becomes of what it had accepted when it reaches one."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

import refold
from api.gate import Gate
from api.problems import BadRequest
from api.sites import Sites
from infra.clock import SystemClock
from infra.files.blobs import MemoryBlobs
from infra.files.snapshots import MemorySnapshots
from infra.log.sqlite import SqliteLog
from infra.server.wiring import build_engine
from infra.settings.model import EngineSettings

from .conftest import WAITS, WORKS, Answer, Server
from .test_life import cli

Serve = Callable[..., Server]
ECHO: dict[str, Any] = {"name": "echoes", "nodes": [{"id": "n", "type": "echo"}]}
WORKER = {"protocol": 1, "worker": "w"}
REACHES_OUT = {"allow_private_addresses": True}
WAIT_S = 30.0
JSON = {"Content-Type": "application/json"}


def until(holds: Callable[[], Any]) -> Any:
    """Ask again and again until something holds."""
    deadline = time.monotonic() + WAIT_S
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never held"
    return found


def ended(server: Server, workflow: str) -> list[str]:
    return [row["status"] for row in server.get(f"/v1/executions?workflow={workflow}&limit=500").json["executions"]]


def verified(data: Path) -> bool:
    done: subprocess.CompletedProcess[str] = cli(data, "verify", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    return True


def poll(server: Server, **more: Any) -> Answer:
    return server.post("/v1/worker/poll", {**WORKER, "kinds": ["echo"], **more})


def report(server: Server, results: list[dict[str, Any]]) -> Answer:
    return server.post("/v1/worker/results", {**WORKER, "results": results})


# Too much waits.


def test_a_full_inbox_refuses_what_is_one_too_many_and_loses_nothing(serve: Serve) -> None:
    server = serve(engine={"inbox_max": 10})
    server.publish(WORKS)
    asked = {"executions": [{"execution_id": f"w-{number}"} for number in range(50)]}
    answer = server.post("/v1/workflows/works/executions/batch", asked)
    items = answer.json["executions"]
    refused = [item["problem"]["reason"] for item in items if item["status"] == 429]
    assert [item["status"] for item in items].count(201) == 10
    assert refused == ["overloaded"] * 40
    again = [one for one, item in zip(asked["executions"], items, strict=True) if item["status"] == 429][:10]
    assert {item["status"] for item in server.post("/v1/workflows/works/executions/batch", {"executions": again}).json["executions"]} == {
        201
    }
    position = server.start("works", wait=30)["position"]
    assert server.get(f"/v1/executions?min_position={position}").status == 200
    assert ended(server, "works") == ["completed"] * 21
    assert server.stop() == 0
    assert verified(server.data)


def test_a_start_that_finds_the_inbox_full_is_told_when_to_come_again(serve: Serve) -> None:
    server = serve(engine={"inbox_max": 1})
    server.publish(WAITS)
    found: list[Answer] = []

    def load() -> None:
        line = server.connect()
        while not found:
            answer = server.ask("POST", "/v1/workflows/waits/executions", {}, connection=line)
            if answer.status == 429:
                found.append(answer)

    threads = [threading.Thread(target=load, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert found[0].json["reason"] == "overloaded"
    assert int(found[0].headers["retry-after"]) >= 1


def test_results_that_find_the_inbox_full_are_taken_when_they_come_again(serve: Serve) -> None:
    server = serve(engine={"inbox_max": 3})
    server.publish(ECHO)
    for number in range(10):
        server.start("echoes", {"number": number})
    tasks = until(lambda: (given := poll(server, credits=20, wait_s=1).json["tasks"]) and len(given) == 10 and given)
    results = [{"task": task["task"], "output": task["input"]} for task in tasks]
    answers = [report(server, results)]
    assert (answers[0].status, answers[0].headers["retry-after"]) == (429, "1")
    while answers[-1].status != 200:
        assert (answers[-1].status, len(answers) < 20) == (429, True)
        answers.append(report(server, results))
    assert sorted(answers[-1].json["accepted"]) == sorted(task["task"] for task in tasks)
    position = json.loads(server.get("/health/ready").content)["position"]
    assert server.get(f"/v1/executions?min_position={position}").status == 200
    assert ended(server, "echoes") == ["completed"] * 10
    assert server.stop() == 0
    assert verified(server.data)


def test_as_many_requests_as_allowed_may_be_under_way(serve: Serve) -> None:
    server = serve(server={"requests_max": 3})
    server.publish(WAITS)
    lines = [server.connect() for _ in range(3)]
    for line in lines[:2]:
        line.request("POST", "/v1/workflows/waits/executions?wait=60", b"{}", {"Content-Type": "application/json"})
    until(lambda: len(server.get("/v1/executions?workflow=waits").json["executions"]) == 2)
    lines[2].request("POST", "/v1/workflows/waits/executions?wait=60", b"{}", {"Content-Type": "application/json"})
    refused = until(lambda: (answer := server.get("/v1/workflows")).status == 429 and answer)
    assert (refused.json["reason"], refused.headers["retry-after"]) == ("overloaded", "1")
    assert server.get("/health/ready").status == 200
    assert poll(server, wait_s=0).status == 200
    lines[0].close()
    until(lambda: server.get("/v1/workflows").status == 200)


# Half requests.


def test_half_requests_do_not_hold_up_whole_ones(serve: Serve) -> None:
    server = serve()
    server.publish(WORKS)
    host, port = server.host.split(":")
    head = b"POST /v1/workflows/works/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    halves = [head, head + b"Content-Length: 2\r\n\r\n{", head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{", b"P"]
    lines = []
    try:
        for number in range(200):
            lines.append(socket.create_connection((host, int(port)), timeout=WAIT_S))
            lines[-1].sendall(halves[number % len(halves)])
        assert server.start("works", wait=30)["status"] == "completed"
        lines[1].sendall(b"}")
        assert lines[1].recv(12) == b"HTTP/1.1 201"
        lines[2].sendall(b"\r\n1\r\n}\r\n0\r\n\r\n")
        assert lines[2].recv(12) == b"HTTP/1.1 201"
    finally:
        for line in lines:
            line.close()
    assert server.stop() == 0


@pytest.mark.parametrize(("pause_s", "body_s"), [(0.05, 60.0), (60.0, 0.05)])
def test_a_body_that_does_not_come_in_time_is_given_up(pause_s: float, body_s: float) -> None:
    under_way: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        under_way.append(gate.requests.under_way)
        while True:
            await receive()

    async def receive() -> Message:
        if not under_way[1:]:
            under_way.append(gate.requests.under_way)
            return {"type": "http.request", "body": b"{", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    gate = Gate(app, Sites("127.0.0.1"), 100, 1, pause_s, body_s)
    with pytest.raises(BadRequest) as refused:
        asyncio.run(gate({"type": "http", "method": "POST", "path": "/v1/x", "headers": [(b"host", b"localhost")]}, receive, send))
    assert (refused.value.status, refused.value.reason) == (408, "too_slow")
    assert (under_way, gate.requests.under_way) == ([1, 1], 0)


def test_a_worker_may_report_more_bytes_at_a_time_than_others(serve: Serve) -> None:
    server = serve()
    spaces = b" " * (17 * 1024 * 1024)
    assert server.post("/v1/worker/results", spaces + b'{"protocol": 1, "worker": "w", "results": []}').status == 200
    assert server.post("/v1/workflows/works/executions", spaces + b"{}").status == 413


def test_who_sends_too_much_reads_that_it_was_too_much(server: Server) -> None:
    with refold.Client(server.url) as client, pytest.raises(refold.Refused) as refused:
        client.start("hello", {"name": "x" * 17 * 1024 * 1024})
    assert refused.value.status == 413


# Not in charge, and stopping.


def throw_out(server: Server) -> None:
    """Claim the partition, as another process would that the log did not keep away."""
    log = SqliteLog(server.data / "log.db")
    build_engine(EngineSettings(), log, MemoryBlobs(), MemorySnapshots(), SystemClock()).owner.claim()
    log.close()


def test_a_server_that_is_thrown_out_says_so_and_loses_nothing(serve: Serve) -> None:
    server = serve()
    server.publish(WAITS)
    names = [server.start("waits", execution_id=f"e-{number}")["execution_id"] for number in range(3)]
    for number in range(3, 100):
        throw_out(server)
        names.append(f"e-{number}")
        starting = threading.Thread(target=server.start, args=("waits",), kwargs={"execution_id": names[-1]})
        starting.start()
        seen = [server.get("/health/ready")]
        while starting.is_alive() and seen[-1].status == 200:
            seen.append(server.get("/health/ready"))
        starting.join(WAIT_S)  # it waits until the server is in charge again
        if seen[-1].status == 503:
            break
    assert (seen[-1].status, seen[-1].json["reason"]) == (503, "not_in_charge")
    assert int(seen[-1].headers["retry-after"]) >= 1
    for name in names:
        assert server.post(f"/v1/executions/{name}/signals/approved", {}).status == 200
        assert server.post("/v1/workflows/waits/executions?wait=30", {"execution_id": name}).json["status"] == "completed"
    assert server.stop() == 0
    assert verified(server.data)


@contextmanager
def stopping(server: Server) -> Iterator[None]:
    """A server that is asked to stop while an activity runs: until the end of the block it waits for a page."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        server.publish({"name": "asks", "nodes": [{"id": "page", "type": "http_request", "config": {"url": url}}]})
        server.start("asks")
        page, _ = listener.accept()
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.get("/health/ready").status == 503)
        yield
        page.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        page.close()
    assert server.process.wait(WAIT_S) == 0
    assert server.stderr() == ""


def test_a_stopping_server_takes_nothing_new_and_still_answers(serve: Serve) -> None:
    server = serve(engine=REACHES_OUT)
    server.publish(WORKS, WAITS)
    waiting = server.start("waits")["execution_id"]
    with stopping(server):
        for path, body in (
            ("/v1/workflows/works/executions", {}),
            (f"/v1/executions/{waiting}/signals/approved", {}),
            (f"/v1/executions/{waiting}/cancel", {}),
            ("/v1/workflows", WORKS),
        ):
            refused = server.post(path, body)
            assert (refused.status, refused.json["reason"], refused.headers["retry-after"]) == (503, "stopping", "5"), path
        assert server.get("/health/live").status == 200
        assert server.get(f"/v1/executions/{waiting}").json["status"] == "running"


def test_a_stopping_server_answers_polls_and_takes_results_in(serve: Serve) -> None:
    server = serve(engine=REACHES_OUT)
    server.publish(ECHO)
    execution = server.start("echoes", {"number": 1})["execution_id"]
    (task,) = until(lambda: poll(server, credits=1, wait_s=1).json["tasks"])
    line = server.connect()
    line.request("POST", "/v1/worker/poll", json.dumps({**WORKER, "kinds": ["echo"], "wait_s": 15, "running": [task["task"]]}), JSON)
    until(lambda: server.get("/v1/workers").json["workers"][0]["running"] == 1)
    assert [one["execution_id"] for one in server.get("/v1/workers").json["workers"][0]["tasks"]] == [execution]
    with stopping(server):
        assert json.loads(line.getresponse().read())["tasks"] == []
        assert report(server, [{"task": task["task"], "output": 1}]).json["accepted"] == [task["task"]]
    again = serve()
    assert again.get(f"/v1/executions/{execution}").json["status"] == "completed"
    assert again.stop() == 0
    assert verified(again.data)


def test_a_poll_of_a_stopping_server_does_not_hold_it_up(serve: Serve) -> None:
    server = serve(engine=REACHES_OUT)
    with stopping(server):
        lines = [server.connect() for _ in range(3)]
        for number, line in enumerate(lines):
            line.request("POST", "/v1/worker/poll", json.dumps({**WORKER, "worker": f"w-{number}", "kinds": ["echo"], "wait_s": 15}), JSON)
        for line in lines:
            answer = line.getresponse()
            answer.read()
            assert answer.status in (200, 503)


# What follows of one command.

MANY = {"name": "many", "variables": {f"v{n}": "" for n in range(200)}, "nodes": [
    {"id": "set", "type": "set_variable", "config": {"values": {f"v{n}": "{{ input.text }}" for n in range(200)}}},
]}  # fmt: skip
GROWING = {"name": "growing", "variables": {"all": []}, "nodes": [
    {"id": "each", "type": "for_each", "config": {"items": "input.items", "body": {"nodes": [
        {"id": "add", "type": "set_variable", "config": {"name": "all", "value": "{{ vars.all + [iteration.item] }}"}},
    ]}}},
]}  # fmt: skip


def test_a_start_whose_first_decision_is_too_large_is_refused_for_good(serve: Serve) -> None:
    server = serve()
    server.publish(MANY)
    answer = server.post("/v1/workflows/many/executions", {"input": {"text": "x" * 60_000}})
    assert (answer.status, answer.json["reason"]) == (422, "decision_too_large")
    assert "the log takes 8388608" in answer.json["detail"]
    assert "retry-after" not in answer.headers


def test_a_variable_that_grows_is_not_stored_again_and_again_in_one_decision(serve: Serve) -> None:
    server = serve()
    server.publish(GROWING)
    answer = server.start("growing", {"items": [f"item number {number}" for number in range(600)]}, wait=30)
    assert answer["status"] == "completed"
    assert server.stop() == 0
    assert verified(server.data)
