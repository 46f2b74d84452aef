"""The life of a server: ready, stopped gracefully, killed at any moment, started again; nothing that was accepted is lost."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.settings.model import ServerSettings
from infra.store.statements import stored_name
from projections.registry import MODEL_OF
from tests import preloaded

from .conftest import ROOT, WAITS, WORKS, Server

Serve = Callable[..., Server]
SLOW: dict[str, Any] = {
    "name": "slow",
    "nodes": [{"id": "work", "type": "code", "config": {"source": "sum([i % 7 for i in range(300000)])", "timeout": "60s"}}],
}


def cli(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return preloaded.run(*words, "--data", data)


def ended_of(server: Server, names: list[str]) -> list[str]:
    """The status of each at its end."""
    answers = [server.post("/v1/workflows/works/executions?wait=60", {"execution_id": name}) for name in names]
    assert {answer.status for answer in answers} <= {200}
    return [answer.json["status"] for answer in answers]


def test_every_start_that_was_accepted_ends_once_after_a_kill(serve: Serve) -> None:
    server = serve()
    server.publish(WORKS)
    accepted: list[str] = []
    enough = threading.Event()

    def load(number: int) -> None:
        line = server.connect()
        try:
            for count in range(10_000):
                name = f"load-{number}-{count}"
                answer = server.ask("POST", "/v1/workflows/works/executions", {"execution_id": name}, connection=line)
                assert answer.status == 201
                accepted.append(name)
                if len(accepted) >= 150:
                    enough.set()
        except (OSError, http.client.HTTPException):
            return

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    server.kill()
    for thread in threads:
        thread.join(60)
    again = serve()
    assert ended_of(again, accepted) == ["completed"] * len(accepted)
    position = again.start("works", wait=30)["position"]
    for name in accepted[-20:]:
        events = again.get(f"/v1/executions/{name}/history?min_position={position}").json["events"]
        assert [event["type"] for event in events].count("ExecutionCompleted") == 1
    assert again.stop() == 0
    verified = cli(again.data, "verify", "--all")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_stop_lets_running_activities_end_and_releases_the_folder(serve: Serve) -> None:
    server = serve()
    server.publish(SLOW, WAITS)
    slow = server.start("slow")["execution_id"]
    assert server.stop() == 0
    assert server.stderr() == ""
    assert (server.data / "snapshots").exists()
    assert json.loads(cli(server.data, "list", "--json").stdout)[0]["execution_id"] == slow
    again = serve()
    view = again.post("/v1/workflows/slow/executions?wait=60", {"execution_id": slow}).json
    assert view["status"] == "completed"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_a_server_while_an_activity_runs(serve: Serve, second: signal.Signals) -> None:
    server = serve("--set", "stop_s=600")
    sleeps = {"source": "import time; time.sleep(600)", "sandbox": "process", "timeout": "700s"}
    server.publish({"name": "sleeps", "nodes": [{"id": "a", "type": "code", "config": sleeps}]})
    name = server.start("sleeps")["execution_id"]
    server.process.send_signal(signal.SIGTERM)
    while server.post("/v1/workflows/sleeps/executions").status != 503:  # it has heard the first one
        pass
    server.process.send_signal(second)
    assert server.process.wait(30) == 128 + second
    assert server.stderr() == ""
    assert json.loads(cli(server.data, "list", "--json").stdout)[0]["execution_id"] == name


def test_a_stopping_server_answers_those_who_wait_and_takes_nothing_new(serve: Serve) -> None:
    server = serve()
    server.publish(WAITS)
    line = server.connect()
    line.request("POST", "/v1/workflows/waits/executions?wait=60", b"{}", {"Content-Type": "application/json"})
    while not server.get("/v1/executions?workflow=waits").json.get("executions"):  # 503 until the projector has begun
        pass
    server.process.send_signal(signal.SIGTERM)
    response = line.getresponse()
    assert (response.status, json.loads(response.read())["status"]) == (202, "running")
    assert server.process.wait(30) == 0


def test_a_taken_folder_and_a_taken_port_are_refused_in_one_line(serve: Serve) -> None:
    server = serve()
    held = cli(server.data, "serve", "--port", "0")
    assert (held.returncode, held.stderr.count("\n")) == (1, 1)
    assert "is held by process" in held.stderr
    taken = cli(server.data.with_name("other"), "serve", "--port", server.host.rpartition(":")[2])
    assert (taken.returncode, taken.stderr.count("\n")) == (1, 1)
    assert "cannot listen" in taken.stderr


def projector_of(server: Server) -> int:
    """The process id of the server's projector, as the system knows it; the server begins it after it has said that it serves."""
    deadline = time.monotonic() + 30
    while (found := find_projector(server)) is None:
        assert time.monotonic() < deadline, "no projector"
    return found


def find_projector(server: Server) -> int | None:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command, parent = (folder / "cmdline").read_bytes(), (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if b"infra.server.projector" in command and int(parent) == server.process.pid:
            return int(folder.name)
    return None


def dump(path: Path) -> dict[str, list[Any]]:
    """All rows, byte for byte: no table depends on how the batches were cut."""
    with closing(sqlite3.connect(path)) as connection:
        names = {table: stored_name(table, model.version) for table, model in MODEL_OF.items()}
        return {
            table.name: connection.execute(f"SELECT * FROM {name} ORDER BY {', '.join(table.key)}").fetchall()
            for table, name in names.items()
        }


def test_a_killed_projector_comes_back_and_has_every_row(serve: Serve) -> None:
    server = serve()
    server.publish(WORKS, WAITS)
    for number in range(60):
        started = server.start("works", {"n": number}, wait=10 if number % 10 == 0 else 0)
        if number % 20 == 5:
            os.kill(projector_of(server), signal.SIGKILL)
            assert server.get(f"/v1/executions?limit=1&min_position={started['position']}").status == 200
    position = server.start("works", wait=30)["position"]
    assert len(server.get(f"/v1/executions?limit=100&min_position={position}").json["executions"]) == 61
    assert "refold_projector_restarts_total 3.0" in server.get("/metrics").content.decode()
    assert server.stop() == 0
    before = dump(server.data / "projection.db")
    for name in ("", "-wal", "-shm"):
        (server.data / f"projection.db{name}").unlink(missing_ok=True)
    again = serve()
    assert len(again.get("/v1/executions?limit=100").json["executions"]) <= 61
    position = json.loads(again.get("/health/ready").content)["position"]
    assert again.get(f"/v1/executions?min_position={position}").status == 200
    assert again.stop() == 0
    assert dump(again.data / "projection.db") == before


def test_a_list_on_the_command_line_says_that_it_lacks_something(serve: Serve) -> None:
    server = serve()
    server.publish(WAITS)
    position = server.start("waits")["position"]
    assert server.get(f"/v1/executions?min_position={position}").status == 200
    assert (len(asked_by_the_command_line(server, "list")[0]), asked_by_the_command_line(server, "list")[1]) == (1, "")
    projector = projector_of(server)
    os.kill(projector, signal.SIGSTOP)
    try:
        position = server.start("waits")["position"]
        for verb in ("list", "incidents"):
            assert "lacks the last record of the journal" in asked_by_the_command_line(server, verb)[1]
    finally:
        os.kill(projector, signal.SIGCONT)
    assert server.get(f"/v1/executions?min_position={position}").status == 200
    assert (len(asked_by_the_command_line(server, "list")[0]), asked_by_the_command_line(server, "list")[1]) == (2, "")


def asked_by_the_command_line(server: Server, verb: str) -> tuple[list[Any], str]:
    """The rows, and what is said beside them."""
    done = preloaded.run(verb, "--json", "--server", server.url)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def limit_files(server: Server, most: int) -> None:
    """Let no file of the server grow beyond so many bytes; what it appends then fails."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (most, hard))


def status_of(server: Server, path: str, **headers: str) -> int:
    """The status of a request, 0 where there is no answer within a second."""
    line = http.client.HTTPConnection(server.host, timeout=1)
    try:
        return server.ask(path.split()[0], path.split()[1], {} if path.startswith("POST") else None, headers, line).status
    except TimeoutError:
        return 0
    finally:
        line.close()


def test_a_start_that_could_not_be_stored_is_not_told_to_whoever_repeats_it(serve: Serve) -> None:
    server = serve()
    server.publish(WAITS)
    server.start("waits")
    limit_files(server, 4096)
    path, name = "POST /v1/workflows/waits/executions", f"key-{hashlib.sha256(b'waits/k').hexdigest()[:32]}"
    key = {"Idempotency-Key": "k"}
    assert status_of(server, path, **key) in (0, 503)
    assert status_of(server, path, **key) in (0, 503)
    assert status_of(server, f"GET /v1/executions/{name}") == 503
    server.kill()
    again = serve()
    assert again.get(f"/v1/executions/{name}").status == 404
    assert again.post("/v1/workflows/waits/executions", {}, Idempotency_Key="k").status == 201


def test_an_end_that_could_not_be_stored_is_not_told_to_whoever_waits_for_it(serve: Serve) -> None:
    server = serve()
    server.publish({"name": "ends", "nodes": WAITS["nodes"][:1]})
    line = server.connect()
    line.request("POST", "/v1/workflows/ends/executions?wait=2", b'{"execution_id": "w"}', {"Content-Type": "application/json"})
    while server.get("/v1/executions/w").status == 404:
        pass
    limit_files(server, 4096)
    assert status_of(server, "POST /v1/executions/w/signals/approved") in (0, 503)
    response = line.getresponse()
    assert response.status == 503, response.read()


def test_every_setting_of_a_server_has_its_row() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    section = page.split("## ServerSettings", 1)[1].split("\n## ", 1)[0]
    assert all(f"| `{name}` |" in section for name in ServerSettings.model_fields)


def test_a_server_ends_though_an_execution_moves_by_itself(serve: Serve) -> None:
    server = serve()
    body = {"nodes": [{"id": "rest", "type": "delay", "config": {"for": "0s"}}]}
    loop = {"id": "again", "type": "while", "config": {"condition": True, "max_iterations": 10_000_000, "body": body}}
    server.publish({"name": "moving", "nodes": [loop]})
    server.start("moving")
    assert server.stop() == 0
