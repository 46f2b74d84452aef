"""On Kafka a page hears progress and log lines of attempts wherever in the cluster they run, and of workers that ask at another server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

import refold
from infra.log.kafka.log import KafkaLog
from refold.kafka.address import KafkaAddress
from tests.api.conftest import Server
from tests.api.test_live import hear, live, say
from tests.api.test_passing import SAYS, TALKS, talk
from tests.kafka.topics import new_topics

Serve = Callable[..., Server]
COUNT = 12
ASKED_MAX = 500


@pytest.fixture
def address(broker: str) -> KafkaAddress:
    return new_topics(broker, 4)


@pytest.fixture
def serve(address: KafkaAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setenv("REFOLD_LOG", str(address))
    monkeypatch.setenv("REFOLD_SESSION_S", "2")
    started: list[Server] = []

    def make(node: str, *flags: str) -> Server:
        started.append(Server(tmp_path / node, "--node", node, *flags))
        return started[-1]

    yield make
    for one in started:
        one.kill()


def written(address: KafkaAddress) -> int:
    log = KafkaLog(address)
    try:
        return log.end("passing", 0)
    finally:
        log.close()


def until_heard(told: Server, socket: ClientConnection) -> None:
    """Start executions at one server until a line of one of them has come by: so it has heard that somebody listens elsewhere."""
    for number in range(ASKED_MAX):
        told.start("speaks", {"who": "nobody"}, execution_id=f"asked-{number}", wait=30)
        with suppress(TimeoutError):
            socket.recv(timeout=0.1)
            return
    raise AssertionError(f"nothing of what runs at {told.url} is heard elsewhere")


def test_lines_are_heard_at_a_server_where_no_attempt_runs_and_not_written_where_nobody_listens(
    serve: Serve, address: KafkaAddress
) -> None:
    worker, asked = serve("works"), serve("asked", "--roles", "api")
    worker.publish(SAYS)
    worker.start("speaks", {"who": "nobody"}, wait=30)
    assert written(address) == 0
    with live(asked) as socket:
        say(socket, subscribe="passing", id="p")
        until_heard(worker, socket)
        names = [f"said-{number}" for number in range(COUNT)]
        for name in names:
            worker.start("speaks", {"who": name}, execution_id=name, wait=30)
        heard: list[str] = []
        while len(heard) < COUNT:
            one = hear(socket)
            assert "dropped" not in one
            heard += [one["value"]["message"]] if one["execution"] in names else []
    assert heard == [f"hello {name}" for name in names]


def test_a_worker_s_progress_is_heard_at_another_server_than_the_one_it_asks(serve: Serve) -> None:
    asked, other = serve("asked"), serve("other")
    asked.publish(SAYS, TALKS)
    worker = refold.Worker([talk], asked.url)
    working = threading.Thread(target=lambda: asyncio.run(worker.serve()))
    with live(other) as socket:
        say(socket, subscribe="passing", id="all")
        until_heard(asked, socket)
        say(socket, subscribe="passing", id="p", execution="talked")
        working.start()
        asked.start("talks", execution_id="talked", wait=30)
        heard: list[dict[str, Any]] = []
        while len(heard) < 3:
            one = hear(socket)
            heard += [one] if one["id"] == "p" else []
    worker.stop()
    working.join(30)
    assert [one["value"]["message"][:5] for one in heard if one["topic"] == "log"] == ["began", "xxxxx"]
    assert [one["value"] for one in heard if one["topic"] == "progress"] == [{"progress": 0.5, "detail": {"of": 2}}]
