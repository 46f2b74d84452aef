"""The texts that an execution's attempts are about to give, as server-sent events: each piece once, also for who comes again in its middle.

    id: helper[0]/model 1 0 12           of each text how far it was told: path, attempt, the piece before its first, characters
    event: text
    data: {"path":"helper[0]/model","attempt":1,"seq":3,"text":" tokens"}

    data: {…,"text":"all so far","reset":true}     what was shown of this path before does not count: another attempt, or one comes late
    data: {…,"seq":9,"text":"","gone":true}        to who comes again: this attempt has ended meanwhile; what it gave is the node's output

Tokens are no events: they are kept in memory as long as their attempt runs (`contracts/ports/lossy_channel.py`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

import msgspec
from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.answers import encode
from api.line import LINE, Line, chunk_of
from api.streams.reader import SAID, SLOW_S, Batch, Form, Why
from api.streams.selection import Selection
from api.streams.server_sent import HEADERS, MEDIA_TYPE, RETRY_MS, is_gone
from api.streams.streams import Streams
from contracts.errors import InvalidInput, Problem
from contracts.ports.lossy_channel import Listener, LossyChannel, Passing

PLACES_MAX: Final = 100
"""So many texts at once does a position name; what else is under way is told from its beginning to who comes again."""
ATTEMPT_MAX: Final = 2**53


class Place(NamedTuple):
    """How far a text was told: of which attempt, the number of the piece before its first, and how many characters."""

    attempt: int
    since: int
    chars: int


class _Said(msgspec.Struct):
    """A piece as it passes by (`Topic`)."""

    seq: int
    text: str
    reset: bool = False
    since: int = -1


_read: Final = msgspec.json.Decoder(_Said).decode


def read_places(position: str) -> dict[str, Place]:
    """The places in a `Last-Event-ID`. Raises InvalidInput."""
    found: dict[str, Place] = {}
    try:
        for one in position.split(",") if position else ():
            path, *numbers = one.split(" ")
            attempt, since, chars = map(int, numbers)
            if not path or min(attempt, since, chars) < 0 or max(attempt, since, chars) > ATTEMPT_MAX:
                raise ValueError(one)
            found[unquote(path)] = Place(attempt, since, chars)
    except ValueError:
        fix = "come again with the `id` of the last event, or without `Last-Event-ID` for all that is there"
        raise InvalidInput([Problem("Last-Event-ID", "position", f"no position of texts: {position[:100]!r}", fix)]) from None
    return found


class Telling:
    """What one reader was told of texts: gives of each piece what it has not had."""

    def __init__(self, places: dict[str, Place], path: str | None = None) -> None:
        self.places, self._path = places, path
        self._seqs: dict[str, int] = {}

    def begin(self, passing: list[Passing]) -> list[dict[str, Any]]:
        """Of what was told before, which texts are gone."""
        there = {one.path for one in passing if one.topic == "text"}
        gone = [path for path in self.places if path not in there]
        return [{"path": path, "attempt": self.places.pop(path).attempt, "seq": 0, "text": "", "gone": True} for path in gone]

    def of(self, one: Passing) -> dict[str, Any] | None:
        """What to tell of this; None where that is nothing."""
        if one.topic != "text" or not self._is_wanted(one.path):
            return None
        said, before = _read(one.value), self.places.get(one.path)
        if before is not None and before.attempt == one.attempt and said.seq <= self._seqs.get(one.path, -1) and not said.reset:
            return None
        self._seqs[one.path] = said.seq
        about = {"path": one.path, "attempt": one.attempt, "seq": said.seq}
        if not said.reset:
            since, chars = (said.seq - 1, 0) if before is None else before[1:]
            self.places[one.path] = Place(one.attempt, since, chars + len(said.text))
            return {**about, "text": said.text}
        self.places[one.path] = Place(one.attempt, said.since, len(said.text))
        if before is not None and before[:2] == (one.attempt, said.since) and before.chars <= len(said.text):
            rest = said.text[before.chars :]
            return {**about, "text": rest} if rest else None
        return {**about, "text": said.text, "reset": True}

    def _is_wanted(self, path: str) -> bool:
        wanted = self._path
        return wanted is None or path == wanted or path.startswith((f"{wanted}/", f"{wanted}[", f"{wanted}.", f"{wanted}#"))

    @property
    def position(self) -> str:
        """Where it is, as `Last-Event-ID` gives it back."""
        some = list(self.places.items())[-PLACES_MAX:]
        return ",".join(f"{quote(path, safe='/[]#.')} {one.attempt} {one.since} {one.chars}" for path, one in some)


class TextSink:
    """See `api.streams.reader.Sink`: of the events it tells nothing but that there are no more; what passes by comes by `arrived`."""

    form: Form | None = None

    def __init__(self, line: Line, telling: Telling) -> None:
        self._line, self._telling = line, telling
        self.when_room = line.when_room
        self.has_ended = asyncio.Event()
        self._listener: Listener | None = None
        self._waits = False
        self._patience: asyncio.TimerHandle | None = None

    @property
    def is_full(self) -> bool:
        """Events are not told, so there is room for them."""
        return False

    def listen(self, channel: LossyChannel, execution: str) -> None:
        """Tell of what passes by from now on, and of what is there already."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended before
                loop.call_soon_threadsafe(self.arrived)

        self._listener = channel.listen(wake, execution)
        passing = self._listener.take().passing
        for said in self._telling.begin(passing):
            self._say(said)
        self._tell(passing)

    def arrived(self) -> None:
        """Tell of what has come; who takes no more for now is told of what there is then."""
        if self.has_ended.is_set() or self._listener is None or self._waits:
            return
        if self._line.is_full:
            self._waits = True
            self._line.when_room(self._go_on)
            self._patience = asyncio.get_running_loop().call_later(SLOW_S, self.end, "slow")
            return
        self._tell(self._listener.take().passing)

    def _go_on(self) -> None:
        self._waits = False
        self._calm()
        self.arrived()

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _tell(self, passing: list[Passing]) -> None:
        for one in passing:
            if (said := self._telling.of(one)) is not None:
                self._say(said)

    def _say(self, said: dict[str, Any]) -> None:
        self._line.write(chunk_of(b"id: %b\nevent: text\ndata: %b\n\n" % (self._telling.position.encode(), encode(said))))

    def tell(self, batch: Batch) -> None:
        """Events are told elsewhere."""

    def say_position(self, position: str) -> None:
        """So are their positions."""

    def beat(self) -> None:
        """We are still there."""
        self._line.write(chunk_of(b":\n\n"))

    def end(self, why: Why) -> None:
        """There is no more to come; what has passed before is told."""
        if self.has_ended.is_set():
            return
        if self._listener is not None and not self._line.is_full:
            self._tell(self._listener.take().passing)
        self._line.write(chunk_of(b"event: end\ndata: %b\n\n" % encode({"reason": why, "detail": SAID[why]})))
        self.close()
        self.has_ended.set()

    def close(self) -> None:
        """Listen no more."""
        self._calm()
        if self._listener is not None:
            self._listener.end()


class TextStream(Response):
    """The answer that the texts of an execution are, until it has ended."""

    media_type = MEDIA_TYPE

    def __init__(self, streams: Streams, channel: LossyChannel, selection: Selection, telling: Telling, has_ended: Any) -> None:
        """Raises Overloaded where there is no room for it."""
        streams.check_room()
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._streams, self._channel, self._selection = streams, channel, selection
        self._telling, self._has_ended = telling, has_ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell until the reader is gone, or there is no more to come."""
        line: Line = scope[LINE]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if not line.is_head:
            await send({"type": "http.response.body", "body": b"retry: %d\n\n" % RETRY_MS, "more_body": True})
            await self._tell(TextSink(line, self._telling), receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, sink: TextSink, receive: Receive) -> None:
        assert self._selection.execution is not None
        sink.listen(self._channel, self._selection.execution)
        reader = self._streams.open(self._selection, None, sink)
        self._streams.requests.under_way -= 1  # it has a bound of its own
        gone, over = asyncio.ensure_future(is_gone(receive)), asyncio.ensure_future(sink.has_ended.wait())
        try:
            if await self._has_ended():
                reader.end_at_end()
            await asyncio.wait({gone, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams.requests.under_way += 1
            sink.close()
            reader.close()
            gone.cancel()
            over.cancel()
