"""The herald, a real process: what it writes arrives whole, in order and once, whoever reads, does not read, leaves or dies."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from api.line import Line
from api.streams.crowd import Crowd
from infra.server import herald
from infra.server.herald import Herald

WAIT_S = 60
MUCH = b"m" * 4_000_000
"""More than fits between the two ends of a connection of which one does not read."""


class Flow:
    write_paused = False

    async def drain(self) -> None:
        """Nobody asks for it."""


class End:
    """A connection with its line, and the other side."""

    def __init__(self, transport: asyncio.Transport, other: socket.socket) -> None:
        self.transport, self.other = transport, other
        self.line = Line(transport, Flow())
        self.returned: list[int] = []

    async def read(self, size: int) -> bytes:
        loop, content = asyncio.get_running_loop(), bytearray()
        async with asyncio.timeout(WAIT_S):
            while len(content) < size and (some := await loop.sock_recv(self.other, 65_536)):
                content += some
        return bytes(content)

    async def is_cut_off(self) -> bool:
        try:
            return await self.read(1) == b""
        except ConnectionError:
            return True


async def connected() -> End:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    other.setblocking(False)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=accepted)
    return End(transport, other)


class Told:
    """A crowd, and which of what it was told has been told."""

    def __init__(self, crowd: Crowd | None) -> None:
        assert crowd is not None
        self.crowd = crowd
        self._futures: dict[int, asyncio.Future[None]] = {}

    def tell(self, content: bytes) -> int:
        number = self.crowd.tell(content, lambda number: self._futures[number].set_result(None))
        self._futures[number] = asyncio.get_running_loop().create_future()
        return number

    async def all(self) -> None:
        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(*self._futures.values())


def story(told: Callable[[Herald], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        one = Herald()
        try:
            await told(one)
        finally:
            one.close()

    asyncio.run(run())


def test_all_are_told_everything_in_order_and_what_is_written_behind_comes_behind() -> None:
    async def of(one: Herald) -> None:
        told, ends = Told(one.open()), [await connected() for _ in range(150)]
        assert all(told.crowd.add(end.line, end.returned.append) for end in ends)
        for number in range(200):
            told.tell(b"<%d>" % number)
        for end in ends:
            end.line.write(b"last")
            await end.line.home()
            end.line.write(b".")
        expected = b"".join(b"<%d>" % number for number in range(200)) + b"last."
        for end in ends:
            assert await end.read(len(expected)) == expected
            assert end.returned == []
        await told.all()

    story(of)


def test_one_that_does_not_read_comes_back_with_its_rest_and_holds_up_nobody() -> None:
    async def of(one: Herald) -> None:
        told, slow, other = Told(one.open()), await connected(), await connected()
        for end in (slow, other):
            told.crowd.add(end.line, end.returned.append)
        contents, numbers = list[bytes](), list[int]()
        while not slow.returned:
            contents.append(b"%d" % len(contents) * 50_000)
            numbers.append(told.tell(contents[-1]))
            await told.all()
            if not other.returned:
                assert await other.read(len(contents[-1])) == contents[-1]
        behind = b"what comes behind"
        slow.line.write(behind)
        expected = b"".join(contents[: numbers.index(slow.returned[0]) + 1]) + behind
        assert await slow.read(len(expected)) == expected
        assert len(slow.returned) == 1

    story(of)


def test_a_line_that_is_written_to_comes_back_and_can_be_lent_again() -> None:
    async def of(one: Herald) -> None:
        told, end = Told(one.open()), await connected()
        for round_ in range(20):
            assert told.crowd.add(end.line, end.returned.append)
            assert not told.crowd.add(end.line, end.returned.append)
            told.tell(b"a%d" % round_)
            end.line.write(b"b%d" % round_)
            told.tell(b"not for it")
            await end.line.home()
            await asyncio.sleep(0)
        expected = b"".join(b"a%db%d" % (round_, round_) for round_ in range(20))
        assert await end.read(len(expected)) == expected

    story(of)


def test_a_connection_that_ends_while_it_is_lent_takes_nothing_of_another_with_it() -> None:
    async def of(one: Herald) -> None:
        told = Told(one.open())
        for round_ in range(30):
            gone = await connected()
            told.crowd.add(gone.line, gone.returned.append)
            gone.other.close()
            gone.transport.abort()
            await asyncio.sleep(0)
            stays = await connected()  # under the file descriptor that has just become free
            told.tell(b"to those who are lent")
            stays.line.write(b"mine %d" % round_)
            expected = b"mine %d" % round_
            assert await stays.read(len(expected)) == expected
            await gone.line.home()
        await told.all()

    story(of)


def test_when_it_is_killed_those_it_told_are_cut_off_and_another_is_begun_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def of(one: Herald) -> None:
        told, lent, kept = Told(one.open()), await connected(), await connected()
        told.crowd.add(lent.line, lent.returned.append)
        assert one.pid is not None
        os.kill(one.pid, signal.SIGKILL)
        told.tell(b"nobody knows")
        assert await lent.is_cut_off()
        await told.all()
        assert told.crowd.is_gone
        assert not told.crowd.add(kept.line, kept.returned.append)
        assert one.open() is None
        told.tell(b"nobody hears")
        await told.all()
        monkeypatch.setattr(herald, "AGAIN_S", 0.0)
        again = Told(one.open())
        assert again.crowd.add(kept.line, kept.returned.append)
        again.tell(b"again")
        assert await kept.read(5) == b"again"

    story(of)


def test_one_that_answers_nothing_is_ended_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(herald, "SLOW_S", 0.2)

    async def of(one: Herald) -> None:
        told, lent = Told(one.open()), await connected()
        told.crowd.add(lent.line, lent.returned.append)
        assert one.pid is not None
        os.kill(one.pid, signal.SIGSTOP)
        told.tell(b"x")
        assert await lent.is_cut_off()
        await told.all()

    story(of)


def test_one_that_cannot_be_begun_leaves_all_to_the_event_loop() -> None:
    async def run() -> None:
        one = Herald(("/nowhere/herald",))
        assert one.open() is one.open() is None

    asyncio.run(run())


def test_it_ends_with_its_server() -> None:
    async def run() -> int:
        one = Herald()
        one.open()
        assert one.pid is not None
        pid = one.pid
        one.close()
        return pid

    assert not Path(f"/proc/{asyncio.run(run())}").exists()


def test_what_is_encrypted_or_waits_to_be_written_is_not_lent() -> None:
    async def of(one: Herald) -> None:
        told, end = Told(one.open()), await connected()
        end.line.write(MUCH)
        assert not told.crowd.add(end.line, end.returned.append)
        await end.read(len(MUCH))
        while end.transport.get_write_buffer_size():
            await asyncio.sleep(0)
        assert told.crowd.add(end.line, end.returned.append)
        await end.line.home()
        end.transport.close()
        assert not told.crowd.add(end.line, end.returned.append)

    story(of)
