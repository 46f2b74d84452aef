"""What passes by: progress and log lines of running attempts, of the engine's own kinds and of a worker, marked as lossy."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import refold

from .conftest import Server
from .test_live import hear, live, say

SAYS: dict[str, Any] = {
    "name": "speaks",
    "nodes": [{"id": "say", "type": "log", "config": {"message": "hello {{ input.who }}", "level": "warning"}}],
}
TALKS: dict[str, Any] = {"name": "talks", "nodes": [{"id": "talk", "type": "talk"}]}


@refold.activity
def talk(context: refold.ActivityContext) -> str:
    context.log("began", part=1, odd=Path("/x"), name="taken")
    context.heartbeat(0.5, {"of": 2})
    context.log("x" * 5_000, "error")
    return "done"


def test_lines_of_the_kind_log_are_heard_as_they_come(server: Server) -> None:
    server.publish(SAYS)
    with live(server) as socket:
        say(socket, subscribe="passing", id="p", execution="said")
        say(socket, subscribe="list", id="l", limit=1)
        assert hear(socket)["id"] == "l"  # so it listens
        server.start("speaks", {"who": "Ada"}, execution_id="said", wait=30)
        while (heard := hear(socket))["id"] != "p":
            pass
    value = {"level": "warning", "message": "hello Ada", "fields": {}}
    expected = {"id": "p", "lossy": True, "execution": "said", "path": "say", "attempt": 1, "topic": "log", "value": value}
    assert heard == expected


def test_a_worker_s_progress_and_lines_are_heard_in_their_order(server: Server) -> None:
    server.publish(TALKS)
    worker = refold.Worker([talk], server.url)
    working = threading.Thread(target=lambda: asyncio.run(worker.serve()))
    with live(server) as socket:
        say(socket, subscribe="passing", id="p")
        say(socket, subscribe="list", id="l", limit=1)
        assert hear(socket)["id"] == "l"
        working.start()
        server.start("talks", execution_id="talked", wait=30)
        heard: list[dict[str, Any]] = []
        while len(heard) < 3:
            one = hear(socket)
            heard += [one] if one["id"] == "p" and one["execution"] == "talked" else []
    worker.stop()
    working.join(30)
    lines = [one["value"] for one in heard if one["topic"] == "log"]
    assert lines[0]["message"] == "began"
    assert lines[0]["fields"] == {"part": "1", "odd": repr(Path("/x")), "name": "'taken'"}
    assert (lines[1]["level"], len(lines[1]["message"])) == ("error", 4_096)
    (progress,) = (one["value"] for one in heard if one["topic"] == "progress")
    assert progress == {"progress": 0.5, "detail": {"of": 2}}
