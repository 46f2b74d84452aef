"""Many who read the same: told by another process, and each still hears everything once, also one that is slow, and when that is killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from api.line import Line
from api.streams.crowd import CROWD_FROM
from api.streams.reader import Batch, Form, OnReturn, Reader
from api.streams.selection import select
from api.streams.streams import BEAT_S
from contracts.commands import SendSignal
from tests.workers.harness import payload

from .conftest import Server
from .reading import Stream, ids
from .test_stream_groups import Kept, World

READERS = CROWD_FROM + 20
WAIT_S = 120


class HandCrowd:
    """A crowd, and all there is of crowds: what it is told arrives when a test says so."""

    def __init__(self) -> None:
        self.is_gone = self.is_away = False
        self.told: list[bytes] = []
        self.returns: dict[Line, OnReturn] = {}
        self._under_way: list[tuple[int, Callable[[int], None]]] = []

    def open(self) -> HandCrowd | None:
        return None if self.is_away else self

    def add(self, line: Line, on_return: OnReturn) -> bool:
        self.returns[line] = on_return
        return True

    def tell(self, content: bytes, then: Callable[[int], None]) -> int:
        self.told.append(content)
        self._under_way.append((len(self.told), then))
        return len(self.told)

    def arrive(self) -> None:
        under_way, self._under_way = self._under_way, []
        for number, then in under_way:
            then(number)


class Lent(Kept):
    """A sink whose line can be lent."""

    def __init__(self, crowd: HandCrowd) -> None:
        super().__init__()
        self._crowd, self.line = crowd, Line(None, None)  # type: ignore[arg-type]  # nothing is written to it
        self.form = Form(self.line, _content, b"beat", lambda position: b"at " + position.encode())


def _content(batch: Batch) -> bytes:
    return b"\n".join(entry.content for entry in batch.entries)


def _world(folder: Path, count: int = READERS) -> tuple[World, HandCrowd, list[tuple[Lent, Reader]]]:
    crowd = HandCrowd()
    world = World(folder, crowds=crowd)
    sinks = [Lent(crowd) for _ in range(count)]
    opened = [(sink, world.streams.open(select(), None, sink)) for sink in sinks]
    world.settle()
    return world, crowd, opened


def test_many_who_read_the_same_are_told_once_and_few_by_themselves(tmp_path: Path) -> None:
    for count in (CROWD_FROM, CROWD_FROM - 1):
        (folder := tmp_path / str(count)).mkdir()
        world, crowd, opened = _world(folder, count)
        world.work()
        world.settle()
        is_crowd = count == CROWD_FROM
        assert len(crowd.told) == is_crowd
        assert all(bool(sink.told) != is_crowd for sink, _ in opened)


def test_while_a_crowd_is_told_what_comes_waits_and_goes_out_together(tmp_path: Path) -> None:
    world, crowd, _ = _world(tmp_path)
    for _ in range(3):
        world.work()
        world.settle()
    assert len(crowd.told) == 1
    crowd.arrive()
    world.settle()
    assert len(crowd.told) == 2
    assert crowd.told[1].count(b"\n") > crowd.told[0].count(b"\n")


def test_one_that_comes_back_goes_on_behind_the_message_it_was_told_and_joins_again(tmp_path: Path) -> None:
    world, crowd, opened = _world(tmp_path)
    witness = Kept()
    world.streams.open(select(), None, witness)
    world.settle()
    sink, _ = opened[0]
    world.work()
    world.settle()
    crowd.returns.pop(sink.line)(1)
    crowd.arrive()
    world.work()
    world.settle()
    crowd.arrive()
    before = crowd.told[0].split(b"\n")
    assert sink.told == []
    sink.make_room()
    world.settle()
    assert before + sink.told == witness.told
    world.work()
    world.settle()
    assert sink.line in crowd.returns
    assert before + sink.told + crowd.told[-1].split(b"\n") == witness.told


@pytest.mark.parametrize("comes_again", [False, True])
def test_when_what_tells_a_crowd_is_gone_all_others_are_told_on(tmp_path: Path, comes_again: bool) -> None:
    world, crowd, opened = _world(tmp_path)
    witness, other = Kept(), Kept()
    world.streams.open(select(), None, witness)
    world.work()
    world.settle()
    crowd.is_gone, crowd.is_away = True, not comes_again
    crowd.arrive()
    world.streams.open(select(), None, other)
    world.loop.advance(BEAT_S)
    before = len(witness.told)
    for _ in range(3):
        world.work()
        world.settle()
        crowd.arrive()
    assert len(crowd.told) == 1
    assert witness.told[before:] == other.told != []
    for _, reader in opened:
        reader.close()
    assert world.streams.count == 2


def test_a_crowd_is_told_that_we_are_there_and_where_that_is_by_one_message(tmp_path: Path) -> None:
    world, crowd, _ = _world(tmp_path)
    world.work()
    world.settle()
    crowd.arrive()
    world.loop.advance(BEAT_S)
    crowd.arrive()
    assert crowd.told[1:] == [b"beat"]


def test_all_of_a_crowd_hear_of_the_end_of_what_they_read(tmp_path: Path) -> None:
    crowd = HandCrowd()
    world = World(tmp_path, crowds=crowd)
    world.bench.start("s", execution="ends")
    world.fed.move()
    sinks = [Lent(crowd) for _ in range(READERS)]
    for sink in sinks:
        world.streams.open(select(execution="ends"), None, sink)
    world.settle()
    world.bench.ask("ends", SendSignal("s1", "go", payload(1)))
    world.settle()
    assert crowd.told
    assert {sink.why for sink in sinks} == {"ended"}
    assert world.streams.count == 0


def _herald_of(server: Server) -> int | None:
    for task in Path(f"/proc/{server.process.pid}/task").glob("*/children"):
        for child in task.read_text().split():
            if b"herald_program" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


class Follower:
    """A plain program that follows a workflow, and comes again from its last id where it is cut off."""

    def __init__(self, server: Server) -> None:
        self._server, self.ids, self.cuts = server, list[str](), 0
        self._last, self._block = "", ["", ""]
        self.has_begun = asyncio.Event()

    async def follow(self, count: int) -> None:
        host, _, port = self._server.host.partition(":")
        while len(self.ids) < count:
            reader, writer = await asyncio.open_connection(host, int(port))
            again = f"Last-Event-ID: {self._last}\r\n" if self._last else ""
            writer.write(f"GET /v1/workflows/works/events HTTP/1.1\r\nHost: {self._server.host}\r\n{again}\r\n".encode())
            try:
                self._block = ["", ""]
                while len(self.ids) < count and (line := await reader.readline()):
                    self._take(line)
                self.cuts += len(self.ids) < count
            except ConnectionError:
                self.cuts += 1
            writer.close()

    def _take(self, line: bytes) -> None:
        """A block counts once it is whole."""
        if found := re.match(rb"id: (\S+)", line):
            self._block[0] = found[1].decode()
        elif found := re.match(rb'data: .*?"id":"([^"]+)"', line):
            self._block[1] = found[1].decode()
        elif line == b"\n" and self._block[0]:
            (self._last, event), self._block = self._block, ["", ""]
            self.ids += [event] if event else []
            self.has_begun.set()


def test_each_of_a_crowd_hears_everything_once_also_when_what_tells_it_is_killed(server: Server) -> None:
    server.start("works", execution_id="crowd-0", wait=30)
    each = len(ids(Stream(server, "/v1/executions/crowd-0/events?from=0").rest()))

    async def run() -> list[Follower]:
        followers = [Follower(server) for _ in range(READERS)]
        async with asyncio.timeout(WAIT_S), asyncio.TaskGroup() as group:
            following = [group.create_task(one.follow(each * 6)) for one in followers]
            for one in followers:
                await one.has_begun.wait()
            for number in range(1, 7):
                await asyncio.to_thread(server.start, "works", execution_id=f"crowd-{number}", wait=30)
                if number == 3:
                    while (pid := _herald_of(server)) is None:
                        await asyncio.sleep(0)
                    os.kill(pid, signal.SIGKILL)
            await asyncio.gather(*following)
        return followers

    followers = asyncio.run(run())
    expected = followers[0].ids
    assert len(expected) == len(set(expected)) == each * 6
    assert all(one.ids == expected for one in followers)
    assert any(one.cuts for one in followers)
