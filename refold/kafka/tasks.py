"""Taking tasks from Kafka: a member of the consumer group of all workers, that loses nothing and repeats little.

What is done is committed every 100 ms, and before partitions go elsewhere: `refold/kafka/offsets.py`. What ends within two
seconds ends before that; what runs longer goes on here when its partition goes elsewhere or comes again, and is not begun here
a second time. A consumer that breaks down is replaced; what was known of the partitions that come back is kept.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, TypeAlias

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError
from aiokafka.structs import OffsetAndMetadata

from refold.errors import RefoldError, Unavailable
from refold.kafka.address import KafkaAddress
from refold.kafka.assignor import KeepingAssignor
from refold.kafka.buffer import SEQUENCE_MAX, Buffer, PartitionTasks, TakenTask, changed
from refold.kafka.client import give_up, is_away, is_fatal, start, told
from refold.kafka.consumer import committed, ends_of, new_consumer, pass_over_lost_commits
from refold.kafka.letters import Letters, OnNewer, OnUnreadable
from refold.kafka.task_topics import LogLimits, ensure_topics
from refold.kafka.topic import task_topics

Topics: TypeAlias = dict[str, tuple[str, str, int]]
"""Queue, kind and level of each topic."""
COMMIT_EVERY_S: Final = 0.1
COMMIT_SHARE: Final = 0.05
"""Bitmaps of many tasks take their time: no more than this share of it is spent on them."""
COMMIT_TIMEOUT_S: Final = 2.0
"""Before partitions go elsewhere a commit is waited for so long; it is less than a session."""
END_FIRST_S: Final = 2.0
"""Before partitions go elsewhere what runs has so long to end. With a commit it is less than a session, and holds up all members."""
END_LOOK_S: Final = 0.02
POLL_S: Final = 0.1
LOOK_EVERY_S: Final = 1.0
REWIND_MS: Final = 60_000
BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

_log = logging.getLogger("refold.worker")


class KafkaTasks:
    """Takes the tasks of some routes (queue and kind) and gives them to `on_task`, where `has_room` says there is room for the kind.

    All of it is for the loop's thread. Whoever gets a task says `done` once its end is durable, or that it was cancelled;
    and `wake` when there is room again. `failed` ends with an error that trying again would not help.
    With a `stable_name` a process that comes back within a session has its partitions at once; two of the same name are an error.
    `local` says of which partitions the tasks arise in this process: see `refold/kafka/assignor.py`. Who keeps letters elsewhere
    gives `on_unreadable`, called with a record that is no task, and `on_newer`, with one of another version: `refold/kafka/letters.py`.
    """

    def __init__(
        self,
        address: KafkaAddress,
        routes: Iterable[tuple[str, str]],
        on_task: Callable[[TakenTask], None],
        has_room: Callable[[str], bool],
        stable_name: str | None = None,
        local: Callable[[], Collection[int]] = tuple,
        on_unreadable: OnUnreadable | None = None,
        on_newer: OnNewer | None = None,
    ) -> None:
        self._address, self._stable_name = address, stable_name
        self._topics: Topics = {}
        self._wanted = self._topics_of(routes)
        self._assignor = KeepingAssignor(local)
        self._buffer = Buffer(on_task, has_room, self._tell_unreadable, self._tell_newer)
        self._letters = Letters(address, self._buffer.overdue, self._buffer.finish)
        self._on_unreadable, self._on_newer = on_unreadable or self._letters.keep, on_newer or self._letters.leave
        self._consumer: Any = None
        self._work: list[asyncio.Task[None]] = []
        self._broken: Exception | None = None
        self._passed_over: dict[TopicPartition, int] = {}
        """From where partitions were read on before it was known that they are ours."""
        """What went wrong where the client would have gone on."""
        self._commit_lock = asyncio.Lock()
        self._is_closing = False
        self._is_woken = False
        self.limits: LogLimits | None = None
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.joined = asyncio.Event()
        """Whether it has once been given partitions, be it none."""

    def _topics_of(self, routes: Iterable[tuple[str, str]]) -> Topics:
        topic_of = self._address.topic
        return {topic_of(topic): (queue, kind, level) for queue, kind in routes for level, topic in enumerate(task_topics(queue, kind))}

    def start(self) -> None:
        """Begin; it goes on by itself, whether the broker is there or not."""
        pass_over_lost_commits(asyncio.get_running_loop())
        self._work = [asyncio.create_task(work) for work in (self._supervise(), self._commit_on(), self._letters.run())]

    def change(self, routes: Iterable[tuple[str, str]]) -> None:
        """From now on take the tasks of these routes; what runs here goes on."""
        self._wanted = self._topics_of(routes)

    # For whoever runs the tasks.

    def begin(self, topic: str, partition: int, content: bytes, has_room: Callable[[str], bool]) -> str | None:
        """Give a task to `on_task` whose record would come here, before it is there; its id, or None where it has to wait for its turn.

        Whoever calls this appends the record later, unless the task is `done` before.
        """
        return self._buffer.begin(TopicPartition(self._address.topic(topic), partition), content, has_room)

    def done(self, task: str) -> None:
        """Its end is durable, or nobody waits for it: it must not run again."""
        self._buffer.done(task)
        self.wake()

    def hand_over(self, task: str) -> None:
        """It runs on, its heartbeats are reported, and so it need not run again when this worker dies."""
        self._buffer.hand_over(task)

    def forget(self, task: str) -> None:
        """It was not run to its end: another worker is to run it."""
        self._buffer.forget(task)
        self.wake()

    def refuse(self, task: str, why: str) -> None:
        """It was given out, and cannot be read after all."""
        self._buffer.refuse(task, why)
        self.wake()

    def _tell_unreadable(self, key: Any, offset: int, content: bytes, why: str) -> None:
        self._on_unreadable(self._named(key), key.partition, offset, content, why, lambda: self._buffer.finish(key, offset))

    def _tell_newer(self, key: Any, offset: int, content: bytes, what: str) -> None:
        self._on_newer(self._named(key), key.partition, offset, what)

    def _named(self, key: Any) -> str:
        return str(key.topic).removeprefix(f"{self._address.prefix}.")

    def cancel(self, execution: str, path: str, attempt: int, sequence: int = SEQUENCE_MAX) -> list[str]:
        """The tasks that run here and are to be stopped; what waits is not given out any more."""
        found = self._buffer.cancel(execution, path, attempt, sequence)
        self.wake()
        return found

    def wake(self) -> None:
        """There may be room: give out what waits, once for all that is said in this turn of the loop."""
        if not self._is_woken:
            self._is_woken = True
            asyncio.get_running_loop().call_soon(self._give_out)

    def _give_out(self) -> None:
        self._is_woken = False
        self._buffer.give_out()
        self._pause_and_resume()

    def take_no_more(self) -> None:
        """Give out nothing more. Partitions are kept until `close`, for what runs."""
        self._buffer.is_closed = True

    def look_at_local(self) -> None:
        """Ask for the partitions that are local by now, where that has changed."""
        if self._consumer is not None and self._assignor.is_outdated():
            _log.info("other partitions are near now: asking for them")
            self._consumer._coordinator.request_rejoin()

    @property
    def partitions(self) -> list[TopicPartition]:
        """What is ours now."""
        return sorted(self._buffer.partitions)

    @property
    def waiting_count(self) -> int:
        """How many tasks were read and wait here."""
        return self._buffer.waiting_count

    async def close(self) -> None:
        """Commit what is done, and leave. What is not done goes to others."""
        self.take_no_more()
        self._is_closing = True
        await self._commit_now()
        for task in self._work:
            task.cancel()
        if self._work:
            await asyncio.wait(self._work, timeout=5)
        if not self.failed.done():
            self.failed.cancel()

    # The consumer.

    async def _supervise(self) -> None:
        """Have a consumer, again and again."""
        failures = 0
        while not self._is_closing:
            began = time.monotonic()
            try:
                await self._consume()
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if self._is_closing or (current is not None and current.cancelling()):
                    return
                _log.warning("the consumer was cancelled by its client; another one takes over")
            except Exception as error:
                if self._is_final(error):
                    return
                failures = 0 if time.monotonic() - began > 30 else failures
                if not failures:
                    _log.warning("no tasks from %s for now, trying again: %s", self._address, told(error))
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    def _is_final(self, error: Exception) -> bool:
        """Whether trying again would not help; then it is told."""
        is_ours = isinstance(error, RefoldError) and not isinstance(error, Unavailable)
        if not (is_ours or is_fatal(error) or isinstance(error, ValueError)):
            if not (is_away(error) or isinstance(error, Unavailable)):
                _log.error("a mistake of ours in the consumer; another one takes over", exc_info=error)
            return False
        if not self.failed.done():
            self.failed.set_exception(error)
        return True

    async def _consume(self) -> None:
        """Read with one consumer, until it breaks down."""
        consumer, self._broken = new_consumer(self._address, self._assignor, self._stable_name), None
        self._topics, self._passed_over = {}, {}
        try:
            await start(consumer)
            self._consumer = consumer
            while not self._is_closing:
                if self._topics != self._wanted:
                    await self._subscribe(consumer, self._wanted)
                self._take_in(await self._poll(consumer))
                self._give_out()
        finally:
            self._consumer = None
            for tasks in self._buffer.partitions.values():
                tasks.is_ready = False
            await give_up(consumer.stop(), 3.0)

    async def _subscribe(self, consumer: Any, topics: Topics) -> None:
        """Ask for other topics. The consumer stays a member: another one would have to wait until this one is missed."""
        self.limits = await ensure_topics(self._address, [name.removeprefix(f"{self._address.prefix}.") for name in topics])
        self._topics = topics
        consumer.subscribe(list(topics), listener=_Listener(self, consumer))

    async def _poll(self, consumer: Any) -> dict[TopicPartition, list[Any]]:
        """What has come. In a task of its own: it may be cancelled by its client, or wait for ever while the broker is away."""
        polling = asyncio.ensure_future(consumer.getmany(timeout_ms=int(POLL_S * 1000)))
        try:
            while not polling.done():
                await asyncio.wait({polling}, timeout=LOOK_EVERY_S)
                self._check_health(consumer)
        finally:
            polling.cancel()
        if polling.cancelled():
            raise Unavailable("the client has given up")
        try:
            records: dict[TopicPartition, list[Any]] = polling.result()
        except NoOffsetForPartitionError:  # it has one by now
            return {}
        return records

    def _check_health(self, consumer: Any) -> None:
        """The client's own tasks end without a word. Raises Unavailable."""
        if self._broken is not None:
            raise Unavailable(told(self._broken))
        for task in (consumer._coordinator._coordination_task, consumer._fetcher._fetch_task):
            if task.done():
                raise Unavailable("a task of the client has ended")

    def _take_in(self, records: dict[TopicPartition, list[Any]]) -> None:
        for key, several in records.items():
            tasks = self._buffer.partitions.get(key)
            if tasks is None or not tasks.is_ready:  # they are read again, from where we say
                self._passed_over.setdefault(key, several[0].offset)
                continue
            if several[0].offset < tasks.offsets.next:
                _log.error("%s begins anew at offset %d, before %d: records are lost", key, several[0].offset, tasks.offsets.next)
                tasks.is_ready = False
                self._work.append(asyncio.create_task(self._rewind(tasks)))
                continue
            if tasks.lay_here_to == SEQUENCE_MAX:  # nobody has said it: by now all that lay here lies below this
                tasks.lay_here_to = self._consumer.highwater(key) or SEQUENCE_MAX
            for record in several:
                self._buffer.read(tasks, record.offset, record.value)

    async def _rewind(self, tasks: PartitionTasks) -> None:
        """A topic has lost its end, or was made anew: go on with what was appended in the last minute."""
        consumer = self._consumer
        try:
            found = await consumer.offsets_for_times({tasks.key: int(time.time() * 1000) - REWIND_MS})
            first = found[tasks.key].offset if found.get(tasks.key) else (await consumer.end_offsets([tasks.key]))[tasks.key]
            if self._buffer.partitions.get(tasks.key) is tasks and consumer is self._consumer:
                tasks.drop_waiting()
                tasks.offsets = type(tasks.offsets)(first)
                consumer.seek(tasks.key, first)
                tasks.is_ready = True
        except (KafkaError, IllegalStateError, AttributeError) as error:
            _log.warning("%s could not be begun anew: %r", tasks.key, error)

    def _pause_and_resume(self) -> None:
        consumer = self._consumer
        if consumer is None:
            return
        for key, tasks in self._buffer.partitions.items():
            try:
                if tasks.must_pause and not tasks.is_paused:
                    consumer.pause(key)
                    tasks.is_paused = True
                elif tasks.is_paused and tasks.may_resume:
                    consumer.resume(key)
                    tasks.is_paused = False
            except IllegalStateError:  # it is not ours any more
                continue

    # Partitions come and go.

    async def _revoked(self) -> None:
        """Any partition may go elsewhere, where what runs here would be begun again: what ends soon may end first."""
        self._buffer.is_held = True
        deadline = time.monotonic() + END_FIRST_S
        while not (self._buffer.is_at_rest or self._is_closing) and time.monotonic() < deadline:
            await asyncio.sleep(END_LOOK_S)
        await self._commit_now()
        for tasks in self._buffer.partitions.values():
            tasks.is_ready = False

    async def _assigned(self, consumer: Any, keys: Iterable[TopicPartition]) -> None:
        """What stayed ours is read on from where it was; of the others it is read back what is done."""
        keys = list(keys)
        if consumer is not self._consumer:
            return
        known = await committed(consumer, keys, COMMIT_TIMEOUT_S)
        ends = await ends_of(consumer, keys, COMMIT_TIMEOUT_S)
        before, now = self._buffer.partitions, {}
        for key in keys:
            tasks = before.get(key) or PartitionTasks(key, *self._topics[key.topic], key.partition)
            if key in known:
                tasks.offsets.merge(*known[key])
            tasks.lay_here_to = ends.get(key, SEQUENCE_MAX)
            now[key] = tasks
        self._buffer.set_partitions(now)
        for key, tasks in now.items():
            if key in known or key in before:
                consumer.seek(key, tasks.offsets.next)
            elif key in self._passed_over:  # it was read from while nobody knew yet that it is ours
                consumer.seek(key, self._passed_over[key])
            tasks.is_ready, tasks.is_paused = True, False
        self._passed_over.clear()
        self._buffer.is_held = False
        if set(before) != set(now):
            _log.info("tasks come from %d partitions of %d topics", len(now), len({key.topic for key in now}))
        self.joined.set()
        self.wake()

    # Committing.

    async def _commit_on(self) -> None:
        while True:
            cost_s = await self._commit_now()
            await asyncio.sleep(max(COMMIT_EVERY_S, cost_s / COMMIT_SHARE))

    async def _commit_now(self) -> float:
        """Commit what has changed; how long it took to say it. One that fails is made up for by the next."""
        async with self._commit_lock:
            began = time.perf_counter()
            several = list(changed(self._buffer.partitions))
            said = [(tasks, tasks.offsets.changes) for tasks in several]
            offsets = {tasks.key: OffsetAndMetadata(tasks.offsets.lowest, tasks.offsets.metadata()) for tasks in several}
            cost_s = time.perf_counter() - began
            if offsets and self._consumer is not None:
                task = asyncio.ensure_future(self._consumer.commit(offsets))
                await asyncio.wait({task}, timeout=COMMIT_TIMEOUT_S)
                if not task.done():
                    task.cancel()
                elif not task.cancelled() and task.exception() is None:
                    for tasks, changes in said:
                        tasks.committed = changes
            return cost_s


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Tells of partitions that come and go; all go before some come back."""

    def __init__(self, tasks: KafkaTasks, consumer: Any) -> None:
        self._tasks, self._consumer = tasks, consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """See aiokafka."""
        await self._tasks._revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """See aiokafka. What is raised here would only be logged, and nothing more would be read: so the consumer ends."""
        try:
            await self._tasks._assigned(self._consumer, assigned)
        except Exception as error:
            _log.warning("the offsets of partitions could not be read, trying again: %s", told(error))
            self._tasks._broken = error
