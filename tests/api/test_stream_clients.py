"""Clients that read a stream: they go on over kills and restarts of the server, each event once."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import refold
from projections.public.present import PUBLIC
from refold.client.requests import refusal
from refold.client.stream import Block, Parser
from tests.chaos.processes import free_port

from .conftest import WAITS, WORKS, Server

Serve = Callable[..., Server]
NAMES = {kind.__name__ for kind in PUBLIC}
COUNT = 6


def public_versions(server: Server, execution: str) -> list[int]:
    events = server.get(f"/v1/executions/{execution}/history").json["events"]
    return [event["version"] for event in events if event["type"] in NAMES]


def lives(serve: Serve, port: str) -> Iterator[Server]:
    """Servers at one address, each killed when the next is asked for."""
    while True:
        server = serve("--port", port)
        server.publish(WAITS, WORKS)
        yield server
        server.kill()


def test_streams_go_on_by_themselves_over_kills_of_the_server(serve: Serve) -> None:
    port = str(free_port())
    servers = lives(serve, port)
    server = next(servers)
    told: dict[str, list[dict[str, Any]]] = {"blocking": [], "async": [], "one": []}
    enough = {name: threading.Semaphore(0) for name in told}

    def note(name: str, event: dict[str, Any]) -> bool:
        told[name].append(event)
        if event["type"] == "refold.execution.completed":
            enough[name].release()
        return [one["type"] for one in told[name]].count("refold.execution.completed") == COUNT

    def blocking() -> None:
        with refold.Client(server.url) as client, client.stream(workflow="waits", after="0") as events:
            for event in events:
                if note("blocking", event):
                    return

    async def awaited() -> None:
        async with refold.AsyncClient(server.url) as client, client.stream(workflow="waits", after="0") as events:
            async for event in events:
                if note("async", event):
                    return

    def one() -> None:
        with refold.Client(server.url) as client:
            for event in client.stream("e5"):
                note("one", event)

    for number in range(COUNT):
        server.start("waits", execution_id=f"e{number}")
    readers = [threading.Thread(target=work) for work in (blocking, lambda: asyncio.run(awaited()), one)]
    for reader in readers:
        reader.start()
    for number in range(COUNT):
        server.post(f"/v1/executions/e{number}/signals/approved", {})
        assert enough["blocking"].acquire(timeout=60)
        assert enough["async"].acquire(timeout=60)
        if number in (1, 3):
            server = next(servers)
    for reader in readers:
        reader.join(60)
    expected = sorted((f"e{number}", version) for number in range(COUNT) for version in public_versions(server, f"e{number}"))
    for name, wanted in (("blocking", expected), ("async", expected), ("one", [one for one in expected if one[0] == "e5"])):
        found = [(event["subject"], event["data"]["version"]) for event in told[name]]
        assert sorted(found) == wanted, name
        for execution in {execution for execution, _ in found}:
            versions = [version for of, version in found if of == execution]
            assert versions == sorted(versions)


def test_another_program_goes_on_from_a_position(server: Server) -> None:
    server.start("works", execution_id="handed-over", wait=30)
    with refold.Client(server.url) as client:
        whole = [event["id"] for event in client.stream("handed-over")]
        first = client.stream("handed-over")
        begun = [next(first)["id"] for _ in range(3)]
        first.close()
        rest = [event["id"] for event in client.stream("handed-over", after=first.position)]
    assert begun + rest == whole


def test_what_a_server_refuses_is_raised_and_one_that_is_not_there_for_long_too(server: Server) -> None:
    with refold.Client(server.url) as client:
        with pytest.raises(refold.Refused, match="there is no execution none"):
            next(client.stream("none"))
        with pytest.raises(refold.Refused, match="no events"):
            next(client.stream(types="node.faild"))
        with pytest.raises(ValueError, match="either"):
            client.stream("a", workflow="b")
    with refold.Client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(refold.Unavailable, match="cannot be reached"):
        next(client.stream(patience_s=0))


def test_blocks_are_the_same_however_the_bytes_come(tmp_path: Path) -> None:
    content = (
        b'retry: 1\n\n:\n\nid: 0:1\nevent: position\ndata: {}\n\nid: 0:2\r\ndata: "\xc3\xa9"\r\ndata:b\r\n\r\ndata: c\n\nid: 9\n\ndata: cut'
    )
    whole = [Block("position", "0:1", "{}"), Block("message", "0:2", '"é"\nb'), Block("message", None, "c")]
    for cut in range(len(content)):
        parser = Parser()
        assert [*parser.feed(content[:cut]), *parser.feed(content[cut:])] == whole


@pytest.mark.parametrize("endless", [b"data: x", b"data: x\n"], ids=["line", "event"])
def test_an_event_without_end_is_given_up(endless: bytes) -> None:
    parser = Parser()
    with pytest.raises(refold.errors.Unavailable, match="more than 16,777,216 bytes"):
        deque(map(parser.feed, [endless * 100_000] * 50), maxlen=0)


def test_what_a_proxy_answers_instead_of_a_stream_is_a_refusal() -> None:
    with pytest.raises(refold.errors.Refused, match="403"):
        raise refusal(403, b"[]")
    with pytest.raises(refold.errors.Unavailable, match="503"):
        raise refusal(503, b"")
