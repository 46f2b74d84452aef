"""What a WebSocket is told goes past the framework: written once for all, in frames that are whole, to those who read."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import connect
from websockets.uri import parse_uri

from api.line import LINE, Line, frame_of
from api.streams import live as module
from api.streams.lists import Lists
from api.streams.live import Live
from workers.running.memory_channel import MemoryChannel

from .conftest import Server
from .reading import Stream, ids
from .test_stream_groups import World


class Wire:
    """A transport and its flow: keeps what is written, and takes so many writes before it is full."""

    def __init__(self, takes: int = 1_000) -> None:
        self._takes = takes
        self.written: list[bytes] = []
        self._has_room = asyncio.Event()

    @property
    def write_paused(self) -> bool:
        return len(self.written) >= self._takes

    def is_closing(self) -> bool:
        return False

    def write(self, content: bytes) -> None:
        self.written.append(content)

    async def drain(self) -> None:
        await self._has_room.wait()

    @property
    def line(self) -> Line:
        return Line(cast(asyncio.Transport, self), self)


class Peer:
    """One connection as the framework has it: says what it is given, then nothing more; keeps what it is sent."""

    def __init__(self, world: World, wire: Wire, *says: dict[str, Any]) -> None:
        self.world, self.wire = world, wire
        self.sent: list[tuple[str, Any]] = []
        self._says = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": json.dumps(one)} for one in says)]

    async def _receive(self) -> dict[str, Any]:
        if not self._says:
            await asyncio.Event().wait()
        return self._says.pop(0)

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append((message["type"], message.get("code")))

    async def open(self) -> Live:
        socket = WebSocket({"type": "websocket", LINE: self.wire.line}, self._receive, self._send)
        await socket.accept()
        return Live(socket, self.world.streams, Lists(_none, _never, _none), MemoryChannel(), _none, _none)

    async def run(self) -> None:
        await (await self.open()).run()


async def _none(*_: Any) -> Any:
    raise AssertionError("nothing is asked for")


def _never(*_: Any) -> Any:
    raise AssertionError("nothing is watched")


EVENTS = {"subscribe": "events", "id": "a"}


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 1_000_000])
def test_a_message_of_any_size_is_one_whole_frame(size: int) -> None:
    peer = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    peer.receive_data(frame_of(b"x" * size) + frame_of("ä".encode()))
    assert peer.events_received() == [Frame(Opcode.TEXT, b"x" * size), Frame(Opcode.TEXT, "ä".encode())]


def test_one_connection_too_many_is_told_to_come_later(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, streams_max=1)
        forget = world.streams.on_close(lambda: None)
        peer = Peer(world, Wire())
        await peer.run()
        assert peer.sent[1:] == [("websocket.close", 1013)]
        forget()
        world.streams.check_room()

    asyncio.run(story())


def test_what_many_are_told_is_written_once(tmp_path: Path) -> None:
    async def story() -> None:
        world, wires = World(tmp_path), [Wire() for _ in range(3)]
        running = [asyncio.ensure_future(Peer(world, wire, EVENTS).run()) for wire in wires]
        while any(not wire.written for wire in wires):
            await asyncio.sleep(0)
        world.settle()
        world.work()
        world.settle()
        first, *others = (wire.written[-1] for wire in wires)
        assert b'"event":{"specversion"' in first
        assert all(other is first for other in others)
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(story())


def test_who_takes_no_more_is_cut_off_and_told_nothing_behind_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.01)

    async def story() -> None:
        peer = Peer(World(tmp_path), Wire(takes=1), EVENTS)
        live = await peer.open()
        await live.run()
        assert peer.sent[1:] == [("websocket.close", 1013)]
        before = len(peer.wire.written)
        live.put(b"{}")
        assert len(peer.wire.written) == before > 0

    asyncio.run(story())


def test_who_reads_slowly_through_a_narrow_window_hears_everything_once(server: Server) -> None:
    loop = {"times": 1_500, "body": {"nodes": [{"id": "n", "type": "noop"}]}}
    server.publish({"name": "narrow", "nodes": [{"id": "l", "type": "repeat", "config": loop}]})
    server.start("narrow", execution_id="narrow", wait=60)
    expected = ids(Stream(server, "/v1/executions/narrow/events?from=0").rest())
    host, _, port = server.host.partition(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.connect((host, int(port)))
    heard = list[str]()
    with connect(f"ws://{server.host}/v1/live", sock=narrow, max_queue=1) as peer:
        peer.send(json.dumps({**EVENTS, "execution": "narrow", "from": "0"}))
        while "end" not in (one := json.loads(peer.recv(timeout=60))):
            heard += [one["event"]["id"]] if "event" in one else []
    assert heard == expected
    assert len(heard) > 3_000
