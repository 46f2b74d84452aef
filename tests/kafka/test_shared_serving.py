"""Servers that share their read models: each projects what it owns, any answers for all, and whoever dies is replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import HELLO, WAITS, Server
from tests.kafka.topics import new_topics

Serve = Callable[..., Server]
DEADLINE_S = 60.0


@pytest.fixture
def serve(broker: str, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts servers of one log of four partitions, each with a data folder of its own and all with one database."""
    monkeypatch.setenv("REFOLD_LOG", str(new_topics(broker, 4)))
    monkeypatch.setenv("REFOLD_SESSION_S", "2")
    started: list[Server] = []

    def make(node: str, *flags: str) -> Server:
        started.append(Server(tmp_path / node, "--node", node, "--read-models", postgres_url, *flags))
        return started[-1]

    yield make
    for one in started:
        one.kill()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def listed(server: Server, **wanted: Any) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in {"limit": 500, **wanted}.items())
    answer = server.get(f"/v1/executions?{query}")
    return [one["execution_id"] for one in answer.json["executions"]] if answer.status == 200 else []


def lists(server: Server, executions: list[str]) -> bool:
    return sorted(listed(server)) == sorted(executions)


def start_many(server: Server, count: int, prefix: str) -> list[str]:
    starts = [server.start("waits", {"order": number}, execution_id=f"{prefix}-{number}") for number in range(count)]
    for one in starts:
        assert server.get(f"/v1/executions/{one['execution_id']}/history?min_position={one['position']}").status == 200
    return [one["execution_id"] for one in starts]


def test_any_server_lists_what_any_has_started_also_after_one_was_killed(serve: Serve, tmp_path: Path) -> None:
    one = serve("one")
    one.publish(HELLO, WAITS)
    first = start_many(one, 12, "first")
    other, asked = serve("other"), serve("asked", "--roles", "api")
    second = start_many(other, 12, "second")
    for server in (one, other, asked):
        until(partial(lists, server, first + second))
    one.kill()
    third = start_many(other, 12, "third")
    until(lambda: sorted(listed(asked, status="running")) == sorted(first + second + third))
    position = other.post(f"/v1/executions/{third[0]}/cancel").json["position"]
    assert listed(asked, status="cancelled", min_position=position) == [third[0]]
    assert not list(tmp_path.rglob("projection*.db"))


def is_signalled(server: Server, path: str) -> bool:
    return server.post(f"{path}/signals/approved", {}).status == 200


def test_traces_values_and_drafts_are_the_same_at_any_server_also_after_the_owner_was_killed(serve: Serve) -> None:
    one, other = serve("one"), serve("other")
    one.publish(WAITS)
    text = "ä" * 40_000
    started = [one.start("waits", {"order": number, "text": text}, execution_id=f"t-{number}") for number in range(4)]
    asked = [(f"/v1/executions/{begun['execution_id']}", f"?min_position={begun['position']}") for begun in started]
    before = [one.get(f"{path}/trace{position}").json for path, position in asked]
    assert [trace["last"] for trace in before] == [other.get(f"{path}/trace{position}").json["last"] for path, position in asked]
    longest = "# ä\r\n" + "a" * 500_000
    assert one.ask("PUT", "/v1/drafts/order", {"text": longest}).status == 200
    until(lambda: other.get("/v1/drafts").json["drafts"] != [])
    assert other.ask("PUT", "/v1/drafts/order", {"text": "b"}, {"If-Match": '"1"'}).status == 200
    overtaken = one.ask("PUT", "/v1/drafts/order", {"text": "c"}, {"If-Match": '"1"'})
    assert (overtaken.status, overtaken.json["revision"]) == (412, 2)
    one.kill()
    for (path, _), trace in zip(asked, before, strict=True):
        until(partial(is_signalled, other, path))
        grown = other.get(f"{path}/trace?since={trace['version']}").json
        assert (grown["after"], grown["last"] > trace["last"]) == (trace["version"], True)
        blob = other.get(f"{path}/history?limit=1").json["events"][0]["data"]["input"]["blob"]
        part = other.ask("GET", f"{path}/values/{blob}", headers={"Range": "bytes=0-99"})
        assert (part.status, len(part.content)) == (206, 100)
