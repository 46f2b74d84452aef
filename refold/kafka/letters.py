"""What a member of the group of workers does about records that are not for it: dead letters, and tasks of another version.

no task at all       ─► a record in `dead-letters`, and then it is done
another version      ─► left where it is; with thousands of records behind it once more at the end, so that commits go on

Who embeds the tasks elsewhere may have a keeper of letters of its own (`on_unreadable` of `KafkaTasks`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec

from refold.errors import Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.append import Appender
from refold.kafka.client import give_up
from refold.kafka.topic import MESSAGE_BYTES_MAX

DEAD_LETTERS: Final = "dead-letters"
FRAME_BYTES: Final = 4_096
LOOK_EVERY_S: Final = 1.0
AGAIN_MAX: Final = 100
"""So many tasks of another version are appended once more at a time."""

OnUnreadable: TypeAlias = Callable[[str, int, int, bytes, str, Callable[[], None]], None]
"""Called with topic (without prefix), partition, offset and content of what is no task, why, and what to call when it is kept."""
OnNewer: TypeAlias = Callable[[str, int, int, str], None]
"""Called with topic, partition and offset of a task of another version, and what it is."""

_log = logging.getLogger("refold.worker")


class Letters:
    """Appends what has to be kept, again until it is there; lives in the event loop."""

    def __init__(
        self, address: KafkaAddress, overdue: Callable[[], Iterable[tuple[Any, int, bytes]]], finish: Callable[[Any, int], None]
    ) -> None:
        self._address, self._overdue, self._finish = address, overdue, finish
        self._letters: list[tuple[bytes, Callable[[], None]]] = []
        self._appender: Appender | None = None
        self._told: dict[str, int] = {}

    def keep(self, topic: str, partition: int, offset: int, content: bytes, why: str, then: Callable[[], None]) -> None:
        """A record is no task: keep it as a dead letter; `then` hears when it is durable."""
        self._say(f"{topic}, partition {partition}, offset {offset} is no task and becomes a dead letter: {why[:500]}", topic)
        cut = content[: MESSAGE_BYTES_MAX // 2 - FRAME_BYTES]
        letter = msgspec.msgpack.encode([cut, why[:1_000], f"{topic}/{partition}@{offset}", int(time.time() * 1000)])
        self._letters.append((letter, then))

    def leave(self, topic: str, partition: int, offset: int, what: str) -> None:
        """A task is of another version, and left where it is."""
        self._say(f"{topic}, partition {partition}, offset {offset} is left to whoever can read it: {what}", f"{topic} {what}")

    def _say(self, line: str, about: str) -> None:
        """Once in a while of each topic, however much of it there is."""
        count = self._told[about] = self._told.get(about, 0) + 1
        if count & (count - 1) == 0:
            _log.error("%s%s", line, f" ({count} so far)" if count > 1 else "")

    async def run(self) -> None:
        """Append what there is, for as long as somebody wants to."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                try:
                    await self._append()
                except Unavailable as error:
                    _log.warning("dead letters could not be appended, trying again: %s", error)
        finally:
            if self._appender is not None:
                await give_up(self._appender.close())

    async def _append(self) -> None:
        again = [one for one, _ in zip(self._overdue(), range(AGAIN_MAX), strict=False)]
        letters, records = self._letters[:AGAIN_MAX], dict[tuple[str, int], list[bytes]]()
        if letters:
            records[self._address.topic(DEAD_LETTERS), 0] = [letter for letter, _ in letters]
        for key, _, content in again:
            records.setdefault((key.topic, key.partition), []).append(content)
        if not records:
            return
        self._appender = self._appender or Appender(self._address, MESSAGE_BYTES_MAX)
        await self._appender.append(records)
        del self._letters[: len(letters)]
        for _, then in letters:
            then()
        for key, offset, _ in again:
            self._finish(key, offset)
