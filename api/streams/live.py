"""The WebSocket: one connection that subscribes to as much as a page shows, and is told of it by position.

    {"subscribe": "events", "id": "a", "execution": "order-1", "from": "0"}      ─► {"id": "a", "position": "0:17.2", "event": {…}}, …
    {"subscribe": "list", "id": "b", "filter": "status == 'failed'"}             ─► {"id": "b", "rows": […]}, anew when it changes
    {"subscribe": "tasks", "id": "t", "filter": "asked.contains(',ada,')"}       ─► {"id": "t", "rows": […]}, in the same way
    {"subscribe": "passing", "id": "c", "execution": "order-1"}                  ─► {"id": "c", "lossy": true, "topic": "log", …}, …
    {"unsubscribe": "a"}                                                         ─► {"id": "a", "end": "unsubscribed"}

What cannot be done is answered with a `problem`, as over HTTP. Each end of the connection says why, by a code and a reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any, Final, Literal

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.answers import encode
from api.line import LINE, Line, frame_of
from api.problems import value_of
from api.streams.lists import Listed, Lists, What
from api.streams.outlet import ListSink, PassingSink
from api.streams.position import Places, read_position
from api.streams.reader import SAID, SLOW_S, Batch, Why
from api.streams.selection import Entry, select
from api.streams.streams import Streams
from contracts.errors import InvalidInput, Overloaded, Problem, RefoldError
from contracts.ports.lossy_channel import LossyChannel

SUBSCRIPTIONS_MAX: Final = 100
"""So many may one connection have."""
MESSAGE_BYTES_MAX: Final = 64 * 1024
FINISHED, RESTARTS, TRY_LATER, FAILED = 1000, 1012, 1013, 1011
"""Codes of the end (RFC 6455, 7.4): the other side has ended it; the server restarts; too slow, or no room; the server has failed."""
REASON_BYTES_MAX: Final = 123

_encode: Final = encode
_log: Final = logging.getLogger("refold.streams")

HasEnded = Callable[[str], Awaitable[bool]]
"""Whether an execution has ended. Raises Rejected where there is none."""
Reached = Callable[[Places], Awaitable[Places]]
"""Gives places back that the journals have reached. Raises Rejected for others."""


class Ask(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"start": "from"}):
    """What the other side says."""

    subscribe: Literal["events", "list", "tasks", "passing"] | None = None
    unsubscribe: str | None = None
    id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    execution: str | None = None
    workflow: str | None = None
    types: list[str] = []
    filter: str | None = None
    start: str | None = None
    status: list[str] = []
    sort: Literal["created_at", "-created_at"] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


_read: Final = msgspec.json.Decoder(Ask).decode


class Live:
    """One connection. Lives in the event loop's thread."""

    def __init__(
        self, socket: WebSocket, streams: Streams, lists: Lists, channel: LossyChannel, has_ended: HasEnded, reached: Reached
    ) -> None:
        self._socket, self._streams, self._lists, self._channel = socket, streams, lists, channel
        self._has_ended, self._reached = has_ended, reached
        self._loop = asyncio.get_running_loop()
        self._subscribed: dict[str, Callable[[], None]] = {}
        """What ends each subscription."""
        self._line: Line = socket.scope[LINE]
        self.when_room = self._line.when_room
        self._patience: asyncio.TimerHandle | None = None
        self._is_over, self._is_closed = asyncio.Event(), False
        self._end: tuple[int, str] | None = None

    async def run(self) -> None:
        """Until one of both ends it."""
        try:
            forget = self._streams.on_close(lambda: self.end(RESTARTS, SAID["stopping"]))
        except Overloaded as full:
            self.end(TRY_LATER, str(full))
            await self._close()
            return
        tasks = [asyncio.ensure_future(self._hear()), asyncio.ensure_future(self._is_over.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and not isinstance(error := task.exception(), WebSocketDisconnect | None):
                    _log.error("a live connection failed", exc_info=error)
                    self._end = self._end or (FAILED, "the engine failed; its log says why")
        finally:
            forget()
            for task in tasks:
                task.cancel()
            for stop in list(self._subscribed.values()):
                stop()
            self._calm()
            await self._close()

    async def _close(self) -> None:
        self._is_closed = True
        code, reason = self._end or (FINISHED, "")
        with suppress(RuntimeError, TimeoutError, OSError, WebSocketDisconnect):  # the other side is gone
            await asyncio.wait_for(self._socket.close(code, reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")), SLOW_S)

    def end(self, code: int, reason: str) -> None:
        """There is no more to come."""
        self._end = self._end or (code, reason)
        self._is_over.set()

    # What is said to it.

    async def _hear(self) -> None:
        while True:
            if self.is_full:
                await self._room()
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            content = message.get("bytes") or (message.get("text") or "").encode(errors="surrogatepass")
            await self._take(content)

    async def _room(self) -> None:
        """Who does not read what is answered is not listened to: else the answers would be as many as the other side likes."""
        has_room = asyncio.Event()
        self.when_room(has_room.set)
        await has_room.wait()

    async def _take(self, content: bytes) -> None:
        name = ""
        try:
            ask = _read_ask(content)
            name = ask.unsubscribe if ask.unsubscribe is not None else ask.id
            if ask.unsubscribe is not None:
                self._unsubscribe(ask.unsubscribe)
            else:
                await self._subscribe(ask)
        except RefoldError as error:
            self._put({"id": name, "problem": value_of(error)[1]})

    def _unsubscribe(self, name: str) -> None:
        stop = self._subscribed.pop(name, None)
        if stop is not None:
            stop()
        self._put({"id": name, "end": "unsubscribed"})

    async def _subscribe(self, ask: Ask) -> None:
        if ask.id in self._subscribed:
            raise _bad("id", f"there is a subscription {ask.id!r}: end it first, or choose another id")
        if len(self._subscribed) >= SUBSCRIPTIONS_MAX:
            raise Overloaded(f"the connection has {SUBSCRIPTIONS_MAX} subscriptions, which is as much as may be")
        match ask.subscribe:
            case "events":
                await self._subscribe_events(ask)
            case "list":
                self._subscribed[ask.id] = await self._watch(ask, "executions")
            case "tasks":
                self._subscribed[ask.id] = await self._watch(ask, "tasks")
            case "passing":
                self._subscribed[ask.id] = self._listen(ask.id, ask.execution)
            case None:
                raise _bad("subscribe", "expected `subscribe` (events, list, tasks or passing) or `unsubscribe`")

    async def _subscribe_events(self, ask: Ask) -> None:
        selection = select(ask.execution, ask.workflow, ask.types, ask.filter)
        places = None if ask.start in (None, "now") else await self._reached(read_position(ask.start or "", "from"))
        if ask.execution is not None:
            await self._has_ended(ask.execution)
        reader = self._streams.open(selection, places, _Sink(self, ask.id))
        self._subscribed[ask.id] = reader.close
        if reader.is_over:
            self._subscribed.pop(ask.id, None)
        elif ask.execution is not None and await self._has_ended(ask.execution):
            reader.end_at_end()

    async def _watch(self, ask: Ask, what: What) -> Callable[[], None]:
        sink = ListSink(self, ask.id)
        stop = await self._lists.watch(Listed(ask.workflow, tuple(ask.status), ask.filter, ask.limit, what, ask.sort), sink.tell)

        def end() -> None:
            stop()
            sink.end()

        return end

    def _listen(self, name: str, execution: str | None) -> Callable[[], None]:
        sink = PassingSink(self, name)

        def arrived() -> None:
            sink.tell(listener.take())

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended before
                self._loop.call_soon_threadsafe(arrived)

        listener = self._channel.listen(wake, execution)

        def end() -> None:
            listener.end()
            sink.end()

        return end

    # What it says.

    @property
    def is_full(self) -> bool:
        """Whether more waits to be read than is good."""
        return self._line.is_full

    def forget(self, name: str) -> None:
        """A subscription has ended by itself."""
        self._subscribed.pop(name, None)

    def put(self, content: bytes) -> None:
        """Say this."""
        self.write(frame_of(content))

    def _put(self, value: dict[str, Any]) -> None:
        self.put(_encode(value))

    def write(self, frames: bytes) -> None:
        """Say what `frame_of` has made; one who then takes no more for long is cut off."""
        if self._is_closed:  # what passes by comes from another thread, and may come late
            return
        self._line.write(frames)
        if self._line.is_full and self._patience is None:
            self._patience = self._loop.call_later(SLOW_S, self.end, TRY_LATER, SAID["slow"])
            self.when_room(self._calm)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Sink:
    """See `api.streams.reader.Sink`: the events of one subscription."""

    def __init__(self, live: Live, name: str) -> None:
        self._live, self._name, self._prefix = live, name, b'{"id":' + _encode(name)
        self._kind = f"socket {name}"
        self.form = None  # a connection has more to say than this
        self.when_room = live.when_room

    @property
    def is_full(self) -> bool:
        """Whether it takes no more for now."""
        return self._live.is_full

    def tell(self, batch: Batch) -> None:
        """Tell of these."""
        self._live.write(batch.written(self._kind, self._written))

    def _written(self, entries: Sequence[Entry]) -> bytes:
        head = self._prefix + b',"position":"'
        return b"".join([frame_of(b'%b%b","event":%b}' % (head, entry.position.encode(), entry.content)) for entry in entries])

    def say_position(self, position: str) -> None:
        """Everything up to here was told."""
        self._live.put(b'%b,"position":"%b"}' % (self._prefix, position.encode()))

    def beat(self) -> None:
        """WebSockets have pings of their own."""

    def end(self, why: Why) -> None:
        """There is no more to come."""
        self._live.forget(self._name)
        self._live.put(b'%b,"end":"%b","detail":%b}' % (self._prefix, why.encode(), _encode(SAID[why])))


def _read_ask(content: bytes) -> Ask:
    try:
        return _read(content)
    except msgspec.ValidationError as error:
        raise _bad("", str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise _bad("", f"expected JSON, {error}") from None


def _bad(path: str, said: str) -> InvalidInput:
    return InvalidInput([Problem(path, "message", said)])
