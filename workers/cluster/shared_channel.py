"""The lossy channel of a cluster: who listens here also hears what passes at other processes. See `contracts/ports/lossy_channel.py`.

    listen ─► `heard` in our heartbeats ─► others hear that somebody listens            (workers/cluster/members.py)
    put ─► those who listen here
      └──► somebody listens elsewhere ─► room ─► one record of the `passing` topic every 50 ms ─► whoever listens follows it

Where nobody listens elsewhere nothing is written, and where nobody listens here nothing is read. What does not fit, or finds
no broker, is dropped and counted.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

from contracts.errors import LogError
from contracts.passed_on import PASSING, encode_passing, read_passing
from contracts.ports.lossy_channel import ROOM_DEFAULT, Listener, Passing, Taken
from workers.cluster.ports import ClusterLog
from workers.running.memory_channel import MemoryChannel
from workers.tasks.notices import Notices

ALL: Final = ""
"""Instead of an execution: somebody listens to all of them."""
HEARD_MAX: Final = 20
"""So many executions a heartbeat names; who listens to more listens to all."""
SEND_AFTER_S: Final = 0.05
RECORD_BYTES_MAX: Final = 256 * 1024
"""So much goes into a record; one line has 64 KiB at most."""
FOLLOW_AGAIN_S: Final = 1.0

_log = logging.getLogger("refold.cluster")


class SharedChannel:
    """See `LossyChannel`. Made in the event loop; its methods may be called from any thread.

    `process` tells records of ours from those of others; `say_now` asks for a heartbeat.
    """

    def __init__(self, log: ClusterLog, process: str, say_now: Callable[[], None], room: int = ROOM_DEFAULT) -> None:
        self._local, self._log, self._process, self._say_now, self._room = MemoryChannel(), log, process, say_now, room
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._listening: list[str] = []
        """What each of those who listen here listens to."""
        self._elsewhere: frozenset[str] = frozenset()
        self._waiting: deque[Passing] = deque()
        self._dropped = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._follows = self._is_sending = self._is_closed = False
        self._notices = Notices(_log)

    # Who listens.

    def listen(self, wake: Callable[[], None], execution: str | None = None, room: int = ROOM_DEFAULT) -> Listener:
        """Listen to one execution, or to all, wherever it runs; to what passes elsewhere once the others have heard of it."""
        about = ALL if execution is None else execution
        listening = _Listening(self._local.listen(wake, execution, room), lambda: self._leave(about))
        with self._lock:
            self._listening.append(about)
        self._soon(self._look_again)
        return listening

    def _leave(self, about: str) -> None:
        with self._lock:
            self._listening.remove(about)
        self._soon(self._look_again)

    @property
    def heard(self) -> tuple[str, ...]:
        """What our heartbeats say that somebody here listens to."""
        with self._lock:
            found = sorted(set(self._listening))
        return (ALL,) if ALL in found or len(found) > HEARD_MAX else tuple(found)

    def hear_of(self, heard: Iterable[str]) -> None:
        """What somebody listens to elsewhere, by the heartbeats of the others."""
        self._elsewhere = frozenset(heard)

    def is_heard(self, execution: str) -> bool:
        """Whether anybody listens, here or elsewhere."""
        return self._local.is_heard(execution) or self._is_heard_elsewhere(execution)

    def _is_heard_elsewhere(self, execution: str) -> bool:
        elsewhere = self._elsewhere
        return bool(elsewhere) and (ALL in elsewhere or execution in elsewhere)

    # What passes here.

    def put(self, passing: Passing) -> None:
        """Tell those who listen here, and pass it on where somebody listens elsewhere."""
        self._local.put(passing)
        self._pass_on(passing)

    def _pass_on(self, passing: Passing) -> None:
        if not self._is_heard_elsewhere(passing.execution):
            return
        with self._lock:
            if len(self._waiting) >= self._room:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(passing)
            begins, self._is_sending = not self._is_sending, True
        if begins:
            self._soon(self._begin_to_send)

    def say(self, execution: str, path: str, attempt: int, text: str, is_new: bool) -> Passing | None:
        """Tell more of a text; who listens elsewhere is told what passes from then on."""
        passing = self._local.say(execution, path, attempt, text, is_new)
        if passing is not None:
            self._pass_on(passing)
        return passing

    def hush(self, execution: str, path: str, attempt: int) -> None:
        """Keep a text no longer."""
        self._local.hush(execution, path, attempt)

    def _begin_to_send(self) -> None:
        self._begin(self._send())

    async def _send(self) -> None:
        """Pass on what waits, a record at a time, until nothing does."""
        while True:
            await asyncio.sleep(SEND_AFTER_S)
            batch, dropped = self._take()
            if not batch and not dropped:
                return
            try:
                answer = (await self._log.append(PASSING, {0: [encode_passing(self._process, batch, dropped)]}))[0]
            except LogError as error:
                answer = error
            if isinstance(answer, LogError):
                with self._lock:
                    self._dropped += dropped + len(batch)
                self._notices.say(logging.WARNING, "passing", f"nobody elsewhere hears what passes here at the moment: {answer}")

    def _take(self) -> tuple[list[Passing], int]:
        """As much as fits into a record; where nothing waits, the next `put` begins anew."""
        batch: list[Passing] = []
        size = 0
        with self._lock:
            if not self._waiting:  # how much was dropped is said with the next that passes
                self._is_sending = False
                return [], 0
            while self._waiting and (not batch or size + len(self._waiting[0].value) <= RECORD_BYTES_MAX):
                batch.append(self._waiting.popleft())
                size += len(batch[-1].value)
            dropped, self._dropped = self._dropped, 0
        return batch, dropped

    # What passes elsewhere.

    def _look_again(self) -> None:
        """Somebody listens, or does no more: the others are told, and the topic is followed as long as anybody does."""
        self._say_now()
        if self._listening and not self._follows:
            self._follows = True
            self._begin(self._follow())
        elif not self._listening and self._follows:
            self._follows = False
            self._log.unfollow(PASSING, 0)

    async def _follow(self) -> None:
        while self._follows:
            try:
                end = await self._log.end(PASSING, 0)
            except LogError:
                await asyncio.sleep(FOLLOW_AGAIN_S)
                continue
            if self._follows:
                self._log.follow(PASSING, 0, end, self._on_records)
            return

    def _on_records(self, topic: str, partition: int, records: Sequence[tuple[int, int, bytes]], end: int) -> None:
        for _, _, content in records:
            found = read_passing(content)
            if found is None or found.process == self._process:
                continue
            if found.dropped:
                self._local.miss(found.dropped)
            for passing in found.passing:
                self._local.put(passing)

    # Its life.

    def _soon(self, then: Callable[[], None]) -> None:
        if not self._is_closed:
            self._loop.call_soon_threadsafe(then)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Pass nothing on any more, and follow nothing."""
        self._is_closed, self._follows = True, False
        for task in self._tasks:
            task.cancel()


class _Listening:
    """See `Listener`."""

    def __init__(self, local: Listener, leave: Callable[[], None]) -> None:
        self._local, self._leave, self._has_ended = local, leave, False

    def take(self) -> Taken:
        """All that has come."""
        return self._local.take()

    def end(self) -> None:
        """Listen no more."""
        if not self._has_ended:
            self._has_ended = True
            self._local.end()
            self._leave()
