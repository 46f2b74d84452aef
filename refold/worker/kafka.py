"""The road of a worker to a log on Kafka: tasks come from their topics, results go into `commands`, without a server between.

    activities.<queue>.<kind> ──► KafkaTasks ──► the pool ──► outcomes ──► commands, the partition of the task
      ▲ committed once the end of a task is durable ───────────────────────┘
    cancellations ──► the pool                       members ◄── who we are, every two seconds

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
from refold.worker.pool import InHand, Pool
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

    async def work(self, pool: Pool) -> None:
        """See Transport."""
        self._stop_now = asyncio.Event()
        if self._is_stopping:
            return
        tasks = self._new_tasks(pool)
        self._members = Appender(self._address, MESSAGE_BYTES_MAX)
        pool.on_gone = lambda one: self._let_go(tasks, one)
        tasks.start()
        work: list[asyncio.Task[None]] = [
            asyncio.create_task(self._report_on(pool, tasks)),
            asyncio.create_task(self._look_on(pool, tasks)),
            asyncio.create_task(tail(self._address, "cancellations", lambda content: self._cancel(pool, tasks, content))),
            asyncio.create_task(self._be_member(pool)),
        ]
        stopping = asyncio.create_task(self._stop_now.wait())
        ends: list[asyncio.Future[Any]] = [*work, stopping, tasks.failed]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._raise_what_failed(tasks, work)
            await self._end(pool, tasks, work)
        finally:
            for end in ends[:-1]:
                end.cancel()
            await asyncio.wait(ends[:-1], timeout=2)
            await tasks.close()
            await self._say_good_bye(pool)

    def _new_tasks(self, pool: Pool) -> KafkaTasks:
        terms = self._terms
        extra = max(1, terms.concurrency // 4)

        def begin(taken: TakenTask) -> None:
            try:
                pool.begin(loads(taken.content))
            except (ValueError, TypeError, LookupError, RecursionError) as error:
                tasks.refuse(taken.task, f"{type(error).__name__}: {error}")
            else:
                self._taken[taken.task] = taken

        def has_room(kind: str) -> bool:
            """A thread has its next task already when it ends one; more would wait behind what is more urgent."""
            is_free = kind in terms.async_kinds or pool.owed < terms.concurrency + extra
            return is_free and len(pool.in_hand) < terms.credits

        places = [(queue, kind) for queue in terms.queues for kind in terms.kinds]
        tasks = KafkaTasks(self._address, places, begin, has_room, terms.name if terms.has_own_name else None)
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

    async def _end(self, pool: Pool, tasks: KafkaTasks, work: list[asyncio.Task[None]]) -> None:
        """Asked to stop: what has not begun is handed back, what runs may end within the grace."""
        tasks.take_no_more()
        pool.hand_back()
        deadline = time.monotonic() + self._terms.stop_grace_s
        while pool.in_hand and time.monotonic() < deadline:
            await asyncio.wait(work, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            self._raise_what_failed(tasks, work)
        pool.cancel_all()

    def _let_go(self, tasks: KafkaTasks, one: InHand) -> None:
        self._taken.pop(one.task, None)
        if one.is_handed_back:
            tasks.forget(one.task)
        else:
            tasks.done(one.task)

    # Results.

    async def _report_on(self, pool: Pool, tasks: KafkaTasks) -> None:
        """Append what there is to report, again and again; what may not be there goes once more."""
        appender: Appender | None = None
        head = b'{"protocol":%d,"worker":%s,' % (PROTOCOL, dumps(self._terms.name))
        failures = 0
        try:
            while True:
                await pool.has_news.wait()
                tasks.wake()
                if appender is None:  # there are results, so there were tasks, and the log is known
                    appender = Appender(self._address, tasks.limits.result_bytes_max if tasks.limits else MESSAGE_BYTES_MAX)
                batch = self._next_batch(pool, head, appender.message_bytes_max - FRAME_BYTES)
                if not batch.records:
                    continue
                try:
                    await appender.append(batch.records)
                except Unavailable as error:
                    if not failures:
                        _log.warning("results could not be appended, trying again: %s", error)
                    await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                    failures += 1
                    pool.tell_again(batch.ended + batch.started)
                    continue
                failures = 0
                self._settle(pool, tasks, batch)
        finally:
            if appender is not None:
                await give_up(appender.close())

    def _next_batch(self, pool: Pool, head: bytes, most: int) -> _Batch:
        batch = _Batch()
        while batch.count < BATCH_MAX and batch.size < BATCH_BYTES_MAX and (one := pool.next_news()) is not None:
            taken = self._taken.get(one.task)
            if taken is None:
                continue
            has_started, has_ended = one.must_tell_start, one.outcome is not None
            news = [head + result[1:] for result in one.take_news()]
            if max(map(len, news), default=0) > most:
                if has_ended:
                    pool.fail_as_too_large(one, "one record takes")
                    pool.tell_again([one])
                continue
            batch.add((self._address.topic("commands"), taken.partition), news)
            if has_started:
                batch.started.append(one)
            if has_ended:
                batch.ended.append(one)
        return batch

    def _settle(self, pool: Pool, tasks: KafkaTasks, batch: _Batch) -> None:
        """All of it is durable."""
        for one in batch.started:
            one.must_tell_start = False
            if _runs_long(one):
                tasks.hand_over(one.task)
        for one in batch.ended:
            pool.let_go(one)

    # What runs.

    async def _look_on(self, pool: Pool, tasks: KafkaTasks) -> None:
        """Hand over what runs long."""
        told: set[str] = set()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            told &= pool.in_hand.keys()
            for one in pool.in_hand.values():
                if one.task not in told and one.outcome is None and _runs_long(one):
                    told.add(one.task)
                    pool.tell_start(one)

    def _cancel(self, pool: Pool, tasks: KafkaTasks, content: bytes) -> None:
        try:
            said: dict[str, Any] = loads(content)
            found = tasks.cancel(str(said["execution"]), str(said["path"]), int(said["attempt"]), int(said.get("sequence", SEQUENCE_MAX)))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:  # an engine keeps and tells it
            _log.debug("a cancellation cannot be read: %r", error)
            return
        for task in found:
            tasks.hand_over(task)  # however long the function takes to stop: nobody is to run it again
            pool.cancel(task)

    # Who we are.

    async def _be_member(self, pool: Pool) -> None:
        while True:
            try:
                await self._members.append({(self._address.topic("members"), 0): [self._heartbeat(pool, is_leaving=False)]})
            except Unavailable as error:
                _log.debug("nobody was told that this worker is there: %s", error)
            await asyncio.sleep(MEMBER_EVERY_S)

    async def _say_good_bye(self, pool: Pool) -> None:
        heartbeat = self._heartbeat(pool, is_leaving=True)
        await give_up(self._members.append({(self._address.topic("members"), 0): [heartbeat]}))
        await give_up(self._members.close())

    def _heartbeat(self, pool: Pool, is_leaving: bool) -> bytes:
        terms, now = self._terms, int(time.time() * 1000)
        self._beats += 1
        worker = {
            "worker": terms.name,
            "kinds": terms.kinds,
            "queues": terms.queues,
            "running": len(pool.in_hand),
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
        self.started: list[InHand] = []
        self.ended: list[InHand] = []

    def add(self, place: tuple[str, int], news: list[bytes]) -> None:
        if news:
            self.records.setdefault(place, []).extend(news)
            self.count += len(news)
            self.size += sum(map(len, news))


def _runs_long(one: InHand) -> bool:
    return one.is_begun and one.content.get("heartbeat_ms") is not None and time.monotonic() - one.begun_at > HAND_OVER_AFTER_S
