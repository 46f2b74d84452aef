"""Streams of events as clients read them: over one connection after the other, each event once, from a position on.

what is asked ─► connect ─► blocks ─► events, each with the position after it ─► … ─► the execution has ended
                   ▲                                       │
                   └─── after the last position, in a moment ── the connection broke, the server stops, or we were too slow
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple

from refold.client.requests import PAUSES_S, asked, part, refusal
from refold.errors import Unavailable
from refold.json_values import loads

SILENCE_S: Final = 45.0
"""A server says every 15 seconds that it is there; after so long without a word the connection is given up."""
NOW: Final = "now"
PATIENCE_S: Final = 60.0
"""So long a server may not be reached before that is raised."""
BLOCK_BYTES_MAX: Final = 16 * 1024 * 1024
"""So much of an event is read; they hold no values, so none is near that."""


class Block(NamedTuple):
    """What a blank line ends in a stream of server-sent events."""

    event: str
    id: str | None
    data: str


class Parser:
    """Takes blocks out of the bytes of a stream (WHATWG HTML, 9.2.6)."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._event, self._data, self._size = "", list[str](), 0
        self._id: str | None = None

    def feed(self, content: bytes) -> list[Block]:
        """The blocks that are whole with these bytes. Raises Unavailable for one without end."""
        blocks: list[Block] = []
        *lines, rest = content.split(b"\n")
        for line in lines:
            self._line += line
            whole, self._line = self._line, bytearray()
            if (block := self._take(whole.rstrip(b"\r").decode())) is not None:
                blocks.append(block)
        self._line += rest
        self._check(self._size + len(self._line))
        return blocks

    def _check(self, size: int) -> None:
        if size > BLOCK_BYTES_MAX:
            raise Unavailable(f"the stream has an event of more than {BLOCK_BYTES_MAX:,} bytes, which are read at most")

    def _take(self, line: str) -> Block | None:
        if line:
            self._size += len(line)
            self._check(self._size)
            name, _, value = line.partition(":")
            self._note(name, value.removeprefix(" "))
            return None
        block = Block(self._event or "message", self._id, "\n".join(self._data)) if self._data else None
        self._event, self._id, self._data, self._size = "", None, [], 0
        return block

    def _note(self, name: str, value: str) -> None:
        match name:
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
            case "event":
                self._event = value


class Reading:
    """What both clients share: where they ask, up to where they were told, how long they try."""

    def __init__(
        self,
        execution_id: str | None,
        workflow: str | None,
        types: str | Sequence[str],
        filter: str | None,
        after: str | None,
        patience_s: float | None,
        on_lost: Callable[[Unavailable], None] | None = None,
    ) -> None:
        """`on_lost` hears once of each time that the server does not answer."""
        if execution_id is not None and workflow is not None:
            raise ValueError("give either execution_id or workflow")
        if execution_id is not None:
            self._path, after = f"/v1/executions/{part(execution_id)}/events", after or "0"
        else:
            self._path = "/v1/events" if workflow is None else f"/v1/workflows/{part(workflow)}/events"
        self._query = {"type": [types] if isinstance(types, str) else list(types), "filter": filter}
        self.position = None if after == NOW else after
        """After what was given last: hand it back as `after` to go on from there."""
        self._patience_s, self._tries, self._on_lost = patience_s, 0, on_lost
        self._since: float | None = None
        self.is_over = self._is_told = False

    def begin(self) -> tuple[str, dict[str, str]]:
        """The path of a request, and its headers."""
        self.parser = Parser()
        headers = {"accept": "text/event-stream", "accept-encoding": "identity"}
        if self.position is not None:
            headers["last-event-id"] = self.position
        return asked("GET", self._path, query={**self._query, "type": tuple(self._query["type"] or ())}).path, headers

    def take(self, content: bytes) -> Iterator[dict[str, Any]]:
        """The events in these bytes; with each, `position` moves on."""
        for block in self.parser.feed(content):
            self._tries, self._since, self._is_told = 0, None, False
            if block.event == "end":
                self.is_over = loads(block.data.encode())["reason"] == "ended"
                continue
            if block.id is not None:
                self.position = block.id
            if block.event == "message":
                event: dict[str, Any] = loads(block.data.encode())
                yield event

    def pause_s(self, why: Unavailable | None) -> float:
        """How long to wait before the next connection. Raises Unavailable once there was none for too long."""
        self._since = self._since or time.monotonic()
        if why is not None and self._patience_s is not None and time.monotonic() - self._since > self._patience_s:
            raise why
        self._tries += 1
        if why is not None and self._on_lost is not None and not self._is_told:
            self._is_told = True
            self._on_lost(why)
        return PAUSES_S[min(self._tries - 1, len(PAUSES_S) - 1)]


class EventStream:
    """Events as they happen: iterate over it. It connects again by itself; what a server refuses is raised (Refused)."""

    def __init__(self, url: str, reading: Reading) -> None:
        self._url, self._reading = url, reading
        self._events = self._read()

    @property
    def position(self) -> str | None:
        """Where it stands: `stream(after=…)` goes on from there, in another program, too."""
        return self._reading.position

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self._events)

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Read no more."""
        self._events.close()

    def _read(self) -> Generator[dict[str, Any]]:
        from refold.client.connection_httpx import open_stream  # nobody else waits for it

        reading = self._reading
        while not reading.is_over:
            why: Unavailable | None = None
            path, headers = reading.begin()
            try:
                with open_stream(self._url, path, headers, SILENCE_S) as (status, body):
                    if status != 200:
                        raise refusal(status, b"".join(body))
                    for content in body:
                        yield from reading.take(content)
            except Unavailable as error:
                why = error
            if not reading.is_over:
                time.sleep(reading.pause_s(why))


class AsyncEventStream:
    """The same on the event loop."""

    def __init__(self, url: str, reading: Reading) -> None:
        self._url, self._reading = url, reading
        self._events = self._read()

    @property
    def position(self) -> str | None:
        """Where it stands: `stream(after=…)` goes on from there, in another program, too."""
        return self._reading.position

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self

    async def __anext__(self) -> dict[str, Any]:
        return await anext(self._events)

    async def __aenter__(self) -> AsyncEventStream:
        return self

    async def __aexit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Read no more."""
        await self._events.aclose()

    async def _read(self) -> AsyncGenerator[dict[str, Any]]:
        from refold.client.connection_httpx import open_async_stream  # nobody else waits for it

        reading = self._reading
        while not reading.is_over:
            why: Unavailable | None = None
            path, headers = reading.begin()
            try:
                async with open_async_stream(self._url, path, headers, SILENCE_S) as (status, body):
                    if status != 200:
                        raise refusal(status, b"".join([content async for content in body]))
                    async for content in body:
                        for event in reading.take(content):
                            yield event
            except Unavailable as error:
                why = error
            if not reading.is_over:
                await asyncio.sleep(reading.pause_s(why))
