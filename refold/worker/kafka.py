"""The transport of a worker to a log on Kafka: tasks come from their topics, results go into `commands`, without a server between.

    activities.<queue>.<kind> ──► KafkaTasks ──► in hand ──► outcomes ──► commands, the partition of the task
      ▲ committed once the end of a task is durable ───────────────────────┘
    cancellations ──► in hand                        members ◄── who we are, every two seconds

An append that failed, or of which nothing is known, is done again: the engine takes a result once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import Any, Final

from refold import __version__
from refold.errors import RefoldError, Unavailable
from refold.json_values import dumps, loads
from refold.kafka.address import KafkaAddress
from refold.kafka.append import FRAME_BYTES, Appender
from refold.kafka.buffer import SEQUENCE_MAX, TakenTask
from refold.kafka.client import give_up, is_fatal, reason
from refold.kafka.tail import tail
from refold.kafka.tasks import KafkaTasks
from refold.kafka.topic import MESSAGE_BYTES_MAX
from refold.worker.in_hand import InHand
from refold.worker.task_in_hand import TaskInHand
from refold.worker.transport import BACK_OFF_S, PROTOCOL, ServerRefuses, Terms

HAND_OVER_AFTER_S: Final = 10.0
"""What has run so long, and gives heartbeats, is handed over: they answer for it."""
LOOK_EVERY_S: Final = 0.5
MEMBER_EVERY_S: Final = 2.0
BATCH_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024

_log = logging.getLogger("refold.worker")


class KafkaTransport:
    """To one log. `credits` is how many tasks are in hand at most, those whose result is on its way included."""

    def __init__(self, address: KafkaAddress, terms: Terms) -> None:
        self._address, self._terms = address, terms
        self._is_stopping = False
        self._stop_now: asyncio.Event | None = None
        self._tasks: KafkaTasks | None = None
        self._taken: dict[str, TakenTask] = {}
        """Where the results of what is in hand belong."""
        self._since = int(time.time() * 1000)
        self._incarnation = os.urandom(6).hex()
        self._beats = 0

    def __str__(self) -> str:
        return str(self._address)

    def stop(self) -> None:
        """See Transport."""
        self._is_stopping = True
        if self._stop_now is not None:
            self._stop_now.set()

    async def work(self, in_hand: InHand) -> None:
        """See Transport."""
        in_hand.tells_lines = False  # nobody would hear them: what is written to a log of records is not lossy
        self._stop_now = asyncio.Event()
        if self._is_stopping:
            return
        tasks = self._tasks = self._new_tasks(in_hand)
        self._members = Appender(self._address, MESSAGE_BYTES_MAX)
        tasks.start()
        work: list[asyncio.Task[None]] = [
            asyncio.create_task(self._report_on(in_hand, tasks)),
            asyncio.create_task(self._look_on(in_hand, tasks)),
            asyncio.create_task(tail(self._address, "cancellations", lambda content: self._cancel(in_hand, tasks, content))),
            asyncio.create_task(self._be_member(in_hand)),
        ]
        stopping = asyncio.create_task(self._stop_now.wait())
        ends: list[asyncio.Future[Any]] = [*work, stopping, tasks.failed]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._raise_what_failed(tasks, work)
            await self._end(in_hand, tasks, work)
        finally:
            for end in ends[:-1]:
                end.cancel()
            await asyncio.wait(ends[:-1], timeout=2)
            await tasks.close()
            await self._say_good_bye(in_hand)

    def _new_tasks(self, in_hand: InHand) -> KafkaTasks:
        terms = self._terms
        extra = max(1, terms.concurrency // 4)

        def begin(taken: TakenTask) -> None:
            try:
                content = loads(taken.content)
                in_hand.begin({**content, "may_have_begun": True} if taken.may_have_begun else content)
            except (ValueError, TypeError, LookupError, RecursionError) as error:
                tasks.refuse(taken.task, f"{type(error).__name__}: {error}")
            else:
                self._taken[taken.task] = taken

        def has_room(kind: str) -> bool:
            """A thread has its next task already when it ends one; more would wait behind what is more urgent."""
            is_free = kind in terms.async_kinds or in_hand.owed < terms.concurrency + extra
            return is_free and len(in_hand.tasks) < terms.credits

        routes = [(queue, kind) for queue in terms.queues for kind in terms.kinds]
        tasks = KafkaTasks(self._address, routes, begin, has_room, terms.name if terms.has_own_name else None)
        return tasks

    def _raise_what_failed(self, tasks: KafkaTasks, work: list[asyncio.Task[None]]) -> None:
        try:
            for one in (tasks.failed, *work):
                if one.done():
                    one.result()
        except RefoldError as error:
            raise ServerRefuses(str(error)) from error
        except Exception as error:
            if is_fatal(error):
                raise ServerRefuses(f"{self._address} refuses this worker: {reason(error)}") from error
            raise

    async def _end(self, in_hand: InHand, tasks: KafkaTasks, work: list[asyncio.Task[None]]) -> None:
        """Asked to stop: what has not begun is handed back, what runs may end within the grace."""
        tasks.take_no_more()
        in_hand.hand_back()
        deadline = time.monotonic() + self._terms.stop_grace_s
        while in_hand.tasks and time.monotonic() < deadline:
            await asyncio.wait(work, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            self._raise_what_failed(tasks, work)
        in_hand.cancel_all()

    def on_gone(self, one: TaskInHand) -> None:
        """See Transport."""
        assert self._tasks is not None, "what is in hand came from there"
        self._taken.pop(one.task, None)
        if one.is_handed_back:
            self._tasks.forget(one.task)
        else:
            self._tasks.done(one.task)

    # Results.

    async def _report_on(self, in_hand: InHand, tasks: KafkaTasks) -> None:
        """Append what there is to report, again and again; what may not be there goes once more."""
        appender: Appender | None = None
        head = b'{"protocol":%d,"worker":%s,' % (PROTOCOL, dumps(self._terms.name))
        failures = 0
        try:
            while True:
                await in_hand.has_news.wait()
                tasks.wake()
                if appender is None:  # there are results, so there were tasks, and the log is known
                    appender = Appender(self._address, tasks.limits.result_bytes_max if tasks.limits else MESSAGE_BYTES_MAX)
                batch = self._next_batch(in_hand, head, appender.message_bytes_max - FRAME_BYTES)
                if not batch.records:
                    continue
                try:
                    await appender.append(batch.records)
                except Unavailable as error:
                    if not failures:
                        _log.warning("results could not be appended, trying again: %s", error)
                    await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                    failures += 1
                    in_hand.tell_again(batch.ended + batch.started + batch.stepped)
                    continue
                failures = 0
                self._settle(in_hand, tasks, batch)
        finally:
            if appender is not None:
                await give_up(appender.close())

    def _next_batch(self, in_hand: InHand, head: bytes, most: int) -> _Batch:
        batch = _Batch()
        while batch.count < BATCH_MAX and batch.size < BATCH_BYTES_MAX and (one := in_hand.next_news()) is not None:
            taken = self._taken.get(one.task)
            if taken is None:
                continue
            has_started, has_ended = one.must_tell_start, one.outcome is not None
            news = [head + result[1:] for result in one.take_news()]
            if max(map(len, news), default=0) > most:
                in_hand.fail_as_too_large(one, "one record takes")
                in_hand.tell_again([one])
                continue
            batch.add((self._address.topic("commands"), taken.partition), news)
            if has_started:
                batch.started.append(one)
            if has_ended:
                batch.ended.append(one)
            if one.steps:
                batch.stepped.append(one)
        return batch

    def _settle(self, in_hand: InHand, tasks: KafkaTasks, batch: _Batch) -> None:
        """All of it is durable."""
        for one in batch.started:
            one.must_tell_start = False
            if _runs_long(one):
                tasks.hand_over(one.task)
        in_hand.recorded(batch.stepped)
        for one in batch.ended:
            in_hand.let_go(one)

    # What runs.

    async def _look_on(self, in_hand: InHand, tasks: KafkaTasks) -> None:
        """Hand over what runs long."""
        told: set[str] = set()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            told &= in_hand.tasks.keys()
            for one in in_hand.tasks.values():
                if one.task not in told and one.outcome is None and _runs_long(one):
                    told.add(one.task)
                    in_hand.tell_start(one)

    def _cancel(self, in_hand: InHand, tasks: KafkaTasks, content: bytes) -> None:
        try:
            said: dict[str, Any] = loads(content)
            found = tasks.cancel(str(said["execution"]), str(said["path"]), int(said["attempt"]), int(said.get("sequence", SEQUENCE_MAX)))
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:  # an engine tells it
            _log.debug("a cancellation cannot be read: %r", error)
            return
        for task in found:
            tasks.hand_over(task)  # however long the function takes to stop: nobody is to run it again
            in_hand.cancel(task)

    # Who we are.

    async def _be_member(self, in_hand: InHand) -> None:
        while True:
            try:
                await self._members.append({(self._address.topic("members"), 0): [self._heartbeat(in_hand, is_leaving=False)]})
            except Unavailable as error:
                _log.debug("nobody was told that this worker is there: %s", error)
            await asyncio.sleep(MEMBER_EVERY_S)

    async def _say_good_bye(self, in_hand: InHand) -> None:
        heartbeat = self._heartbeat(in_hand, is_leaving=True)
        await give_up(self._members.append({(self._address.topic("members"), 0): [heartbeat]}))
        await give_up(self._members.close())

    def _heartbeat(self, in_hand: InHand, is_leaving: bool) -> bytes:
        terms, now = self._terms, int(time.time() * 1000)
        self._beats += 1
        worker = {
            "worker": terms.name,
            "kinds": terms.kinds,
            "queues": terms.queues,
            "running": len(in_hand.tasks),
            "last_seen": now,
            "connected": not is_leaving,
        }
        return dumps(
            {
                "heartbeat": 1,
                "node": terms.name,
                "incarnation": self._incarnation,
                "beat": self._beats,
                "since": self._since,
                "roles": ["activities"],
                "address": "",
                "leaving": is_leaving,
                "version": __version__,
                "partitions": {},
                "workers": [worker],
                "generation": 0,
            }
        )


class _Batch:
    """What goes out at once."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], list[bytes]] = {}
        self.count = self.size = 0
        self.started: list[TaskInHand] = []
        self.ended: list[TaskInHand] = []
        self.stepped: list[TaskInHand] = []

    def add(self, key: tuple[str, int], news: list[bytes]) -> None:
        if news:
            self.records.setdefault(key, []).extend(news)
            self.count += len(news)
            self.size += sum(map(len, news))


def _runs_long(one: TaskInHand) -> bool:
    return one.is_begun and one.content.get("heartbeat_ms") is not None and time.monotonic() - one.begun_at > HAND_OVER_AFTER_S
