"""Dead letters of a cluster: what somebody has put into a topic and nobody can read, kept once, whoever comes upon it and however often.

    come upon ─► counted, told ─► is it ours? ─► not buried yet ─► `dead-letters`
                                       └── else remembered: it is ours when partition 0 is

What lies in a partition is buried by who owns that or takes its tasks, what lies in a topic of one partition by the owner of
partition 0. Whether it is buried already is known from the end of `dead-letters`, which is followed; the origin of a letter names
the record. What is of a newer version is told and left where it is, for whoever can read it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import msgspec

from contracts import codec
from contracts.dead_letter import DeadLetter
from contracts.errors import LogError
from contracts.ports.clock import Clock
from workers.tasks.eager import Put
from workers.tasks.notices import Notices

DEAD_LETTERS: Final = "dead-letters"
LOOK_BACK_RECORDS: Final = 10_000
"""So many letters are remembered, the last ones."""
LEFT_MAX: Final = 1_000
"""So many records are remembered that are not ours to bury."""
FRAME_BYTES: Final = 4_096
"""So much a letter takes besides what is in it."""

_log = logging.getLogger("refold.cluster")
_letters: Final = msgspec.msgpack.Decoder(DeadLetter)


def origin_of(topic: str, partition: int, offset: int) -> str:
    """The origin of a letter that holds a record."""
    return f"{topic}/{partition}@{offset}"


class DeadLetters:
    """Lives in the event loop. `is_ours` says whether what stands in a topic of one partition is for us to bury."""

    def __init__(self, put: Put, clock: Clock, record_bytes_max: int, is_ours: Callable[[], bool]) -> None:
        self._put, self._clock, self._content_max, self._is_ours = put, clock, record_bytes_max - FRAME_BYTES, is_ours
        self._loop = asyncio.get_running_loop()
        self._known: OrderedDict[str, None] = OrderedDict()
        """The origins of letters, and of those that are on their way."""
        self._left: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._waiting: list[tuple[str, int, int, bytes, str, Callable[[], None] | None]] = []
        self._read_to: int | None = None
        """The offset up to which letters have to be read before any is written; None: it was."""
        self._notices = Notices(_log)
        self.unreadable: Counter[str] = Counter()
        """By topic, how many records were come upon here that nobody can read."""
        self.newer: Counter[str] = Counter()
        """By topic, how many were come upon that a newer version has written."""

    # What was buried.

    def begin(self, start: int, end: int) -> None:
        """The letters from `start` to `end` are about to be read."""
        self._read_to = end if end > start else None

    def on_records(self, topic: str, partition: int, records: Iterable[tuple[int, int, bytes]], end: int) -> None:
        """Take what the tail of the topic has read."""
        for offset, _, content in records:
            with suppress(msgspec.MsgspecError):  # what is no letter lies where it belongs
                self._note(_letters.decode(content).origin)
            if self._read_to is not None and offset + 1 >= self._read_to:
                self._read_to = None
                self._bury_waiting()
        self.look_again()

    def _bury_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            self.bury(*one)

    def _note(self, origin: str) -> None:
        self._known[origin] = None
        self._left.pop(origin, None)
        if len(self._known) > LOOK_BACK_RECORDS:
            self._known.popitem(last=False)

    # What is found.

    def bury(self, topic: str, partition: int, offset: int, content: bytes, why: str, then: Callable[[], None] | None = None) -> None:
        """A record of a partition that is ours cannot be read; `then` hears when it is kept."""
        if self._read_to is not None:
            self._waiting.append((topic, partition, offset, content, why, then))
        elif self._is_new(topic, partition, offset, why):
            self._bury(origin_of(topic, partition, offset), content, why, then)
        elif then is not None:
            then()

    def find(self, topic: str, offset: int, content: bytes, why: str) -> None:
        """A record of a topic of one partition, which everybody reads, cannot be read."""
        origin = origin_of(topic, 0, offset)
        if origin not in self._left and self._is_new(topic, 0, offset, why):
            self._left[origin] = content[: self._content_max], why
            if len(self._left) > LEFT_MAX:
                self._left.popitem(last=False)
            self.look_again()

    def from_thread(self, work: Callable[..., None], *arguments: object) -> None:
        """Any of these, from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work, *arguments)

    def leave(self, topic: str, partition: int, offset: int, what: str) -> None:
        """A record is of a newer version: it stays where it is."""
        self.newer[topic] += 1
        self._tell(topic, partition, offset, "is of a newer version, and left to whoever can read it", what)

    def _is_new(self, topic: str, partition: int, offset: int, why: str) -> bool:
        if origin_of(topic, partition, offset) in self._known:
            return False
        self.unreadable[topic] += 1
        self._tell(topic, partition, offset, "cannot be read and becomes a dead letter", why)
        return True

    def _tell(self, topic: str, partition: int, offset: int, what: str, why: str) -> None:
        self._notices.say(logging.ERROR, f"{topic} {what}", f"{topic}, partition {partition}, offset {offset} {what}: {why[:500]}")

    def put_again(self, topic: str, partition: int, content: bytes, then: Callable[[LogError | None], None]) -> None:
        """Append a record that was buried to its topic once more."""
        self._put(topic, partition, content, then)

    def look_again(self) -> None:
        """Bury what was found and is ours by now."""
        if self._left and self._read_to is None and self._is_ours():
            left, self._left = self._left, OrderedDict()
            for origin, (content, why) in left.items():
                self._bury(origin, content, why, None)

    def _bury(self, origin: str, content: bytes, why: str, then: Callable[[], None] | None) -> None:
        self._note(origin)
        letter = DeadLetter(content[: self._content_max], why[:1_000], origin, self._clock.now())

        def out(error: LogError | None) -> None:
            if error is not None:
                _log.error("the record at %s is in no dead letter: %s", origin, error)
            if then is not None:
                then()

        self._put(DEAD_LETTERS, 0, codec.pack(letter), out)
