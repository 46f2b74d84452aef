"""An execution that was set aside is shown wherever one looks, and goes on after each way to release it, once the cause is mended."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import refold
from contracts.values import encode
from infra.files.blobs import content_hash_of
from tests import preloaded

from .conftest import Server

Serve = Callable[..., Server]
BIG = "x" * 70_000
READS: dict[str, Any] = {
    "name": "reads",
    "nodes": [
        {"id": "first", "type": "ours"},
        {"id": "second", "type": "ours", "input": 1},
        {"id": "reads", "type": "transform", "config": {"operation": "value", "value": "{{ size(nodes.first.output) }}"}},
    ],
    "edges": [{"from": "first", "to": "second"}, {"from": "second", "to": "reads"}],
}


def work(server: Server, execution: str, node: str, output: Any) -> None:
    """Run the next task by hand."""
    poll = {"protocol": 1, "worker": "w", "kinds": ["ours"], "wait_s": 5}
    (task,) = server.post("/v1/worker/poll", poll).json["tasks"]
    assert task["task"] == f"{execution}/{node}@1"
    results = {"protocol": 1, "worker": "w", "results": [{"task": task["task"], "output": output}]}
    answer = server.post("/v1/worker/results", results)
    assert answer.status == 200, answer.content


def set_aside(serve: Serve) -> tuple[Server, Path]:
    """A server with an execution whose next decision needs a value that is damaged on disk; the file, to be mended."""
    server = serve()
    server.publish(READS)
    server.start("reads", execution_id="x")
    work(server, "x", "first", BIG)
    assert server.stop() == 0
    (blob,) = (server.data / "blobs").rglob(content_hash_of(encode(BIG)))
    blob.write_bytes(b"damaged" + blob.read_bytes())
    server = serve()
    work(server, "x", "second", 1)
    return server, blob


def mend(blob: Path) -> None:
    blob.write_bytes(blob.read_bytes().removeprefix(b"damaged"))


def command_line(where: Server | Path, *words: str) -> str:
    """What `refold` says of a server, or of a data folder that nobody serves."""
    place = ["--server", where.url] if isinstance(where, Server) else ["--data", str(where)]
    done = preloaded.run(*words, *place, env={**os.environ, "NO_COLOR": "1"})
    return done.stdout + done.stderr


def by_http(server: Server) -> None:
    assert server.post("/v1/executions/x/release").status == 200


def by_command_line(server: Server) -> None:
    assert "was released" in command_line(server, "release", "x")


def by_client(server: Server) -> None:
    with refold.Client(server.url) as client:
        assert client.release("x")["status"] == "completed"


def by_async_client(server: Server) -> None:
    async def release() -> dict[str, Any]:
        async with refold.AsyncClient(server.url) as client:
            return await client.release("x")

    assert asyncio.run(release())["status"] == "completed"


def quarantined(server: Server) -> float:
    found = re.search(r"^refold_quarantined\S* (\S+)", server.get("/metrics").content.decode(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_an_execution_that_was_set_aside_is_shown_wherever_one_looks(serve: Serve) -> None:
    server, _ = set_aside(serve)
    with refold.Client(server.url) as client:
        shown = client.get("x")
    assert (shown["status"], shown["error"]["type"]) == ("quarantined", "quarantined")
    assert "not what its name says" in shown["error"]["message"]
    (incident,) = json.loads(command_line(server, "incidents", "--json"))
    assert (incident["execution_id"], incident["error"]["type"]) == ("x", "quarantined")
    assert "not what its name says" in incident["error"]["message"]
    assert "1 execution is set aside" in command_line(server, "doctor")
    assert quarantined(server) == 1


@pytest.mark.parametrize("release", [by_http, by_command_line, by_client, by_async_client], ids=lambda way: way.__name__)
def test_an_execution_that_was_set_aside_goes_on_after_each_way_to_release_it(serve: Serve, release: Callable[[Server], None]) -> None:
    server, blob = set_aside(serve)
    mend(blob)
    release(server)
    with refold.Client(server.url) as client:
        assert client.wait("x", timeout_s=30)["output"] == len(BIG)
    assert server.stop() == 0
    assert "0 differences" in command_line(server.data, "verify", "--all")


def test_an_execution_that_is_released_before_the_cause_is_mended_is_set_aside_again(serve: Serve) -> None:
    server, blob = set_aside(serve)
    server.post("/v1/executions/x/release")
    assert server.get("/v1/executions/x").json["status"] == "quarantined"
    mend(blob)
    by_http(server)
    assert server.get("/v1/executions/x").json["status"] == "completed"
