"""The gateway: takes tasks from their topics for workers that come over HTTP, and for the kinds that this process runs itself.

    topics ─► TaskSource ─► TaskLeases ─► a worker that polls, or a thread here ─► a result ─► the owner of the partition
                ▲    ▲                                                                                │ durable
    owners here ┘    └───────────────────────── done: committed, it does not come again ◄────────────┘
   (workers/tasks/eager.py)

A worker may poll one process and report to another. Who is given a result of a task that it does not have takes it in, and
tells the others that nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Final, Protocol, TypeAlias

from contracts.commands import CancelActivity, Command, CompleteActivity, Envelope, FailActivity, LoseActivity, RunActivity
from contracts.errors import VERDICTS, LogError, Overloaded
from contracts.ids import activity_key
from contracts.ports.activities import Report
from contracts.worker_protocol import BadMessage, Result, WrongProtocol
from contracts.worker_topics import (
    CANCELLATIONS,
    Cancellation,
    attempt_of,
    decode_cancellation,
    decode_task,
    encode_cancellation,
    encode_result,
)
from workers.partition.round import Answer, Reply
from workers.tasks.dead_letters import DeadLetters
from workers.tasks.eager import EagerTasks, Put
from workers.tasks.shared_leases import SharedTaskLeases

TaskRoute: TypeAlias = tuple[str, str]
"""Queue and kind."""
TICK_S: Final = 1.0
RETRY_S: Final = 0.2
AHEAD_MAX: Final = 500
"""While so many tasks wait here for workers, further ones go through their topics."""
LOOKED_UP_MAX: Final = 500
"""While so many tasks are looked up, no more are taken."""
JOIN_AFTER_S: Final = 0.2
"""Workers that come together are one change of what is taken."""


class Taken(Protocol):
    """A task that was taken: its record, and the partition of its execution."""

    @property
    def content(self) -> bytes:
        """The record."""

    @property
    def task(self) -> str:
        """Its id."""

    @property
    def is_ahead(self) -> bool:
        """Whether it was begun before its record was there."""

    @property
    def may_have_begun(self) -> bool:
        """Whether another process may have begun it."""

    @property
    def partition(self) -> int:
        """Where its execution lives."""


class TaskSource(Protocol):
    """Takes tasks of some routes; see `refold.kafka.tasks.KafkaTasks`."""

    def start(self) -> None:
        """Begin."""

    def change(self, routes: Iterable[TaskRoute]) -> None:
        """Take the tasks of these routes from now on."""

    def begin(self, topic: str, partition: int, content: bytes, has_room: Callable[[str], bool]) -> str | None:
        """Take a task whose record would come here, before it is there; its id, or None where it has to wait for its turn."""

    def done(self, task: str) -> None:
        """It must not run again."""

    def forget(self, task: str) -> None:
        """It was not run: another worker is to run it."""

    def refuse(self, task: str, why: str) -> None:
        """Its record cannot be read after all."""

    def cancel(self, execution: str, path: str, attempt: int, sequence: int) -> list[str]:
        """The tasks that run here and are to be stopped."""

    def wake(self) -> None:
        """There may be room again."""

    def look_at_local(self) -> None:
        """Other partitions may be local by now."""

    async def close(self) -> None:
        """Commit what is done, and leave."""


LocalPartitions: TypeAlias = Callable[[], Collection[int]]


class Homes(Protocol):
    """Where executions live; see `ClusterService`."""

    def home(self, execution: str) -> int:
        """The partition of an execution."""

    def route(self, execution: str, command: Command, reply: Reply | None) -> None:
        """Give a command to the owner, wherever that is; answered once it is decided, or durable in `commands`."""


class OwnedHere(Protocol):
    """What is owned here; see `workers.cluster.locality.Locality`."""

    def local(self) -> Collection[int]:
        """Its partitions: their tasks need no way through their topics when the worker is here, too."""

    def look_up(self, activity: RunActivity, then: Callable[[bool], None]) -> None:
        """Say whether an activity is still to be run, as far as is known here."""


class TaskTopics(Protocol):
    """The topics of tasks of a log; see `infra.server.kafka.KafkaTaskTopics`."""

    def take(
        self,
        routes: Iterable[TaskRoute],
        on_task: Callable[[Taken], None],
        has_room: Callable[[str], bool],
        local: LocalPartitions,
        letters: DeadLetters,
    ) -> TaskSource:
        """What takes the tasks of routes, where there is room for their kind, once it is started; those that are local come here first.

        What is no task, or of another version, is told to `letters`.
        """


MakeLeases: TypeAlias = Callable[[Report, Callable[[], None], Callable[[str], None]], SharedTaskLeases]
"""Makes what gives tasks to workers, given what takes reports, hears of what workers offer, and of tasks that are done."""


class Gateway:
    """Lives in the event loop; `report` may be called from any thread."""

    def __init__(
        self,
        topics: TaskTopics,
        own_routes: Iterable[TaskRoute],
        make_leases: MakeLeases,
        homes: Homes,
        here: OwnedHere,
        put: Put,
        name: str,
        letters: DeadLetters,
    ) -> None:
        self._topics, self._own_routes = topics, frozenset(own_routes)
        self._homes, self._here, self._put, self._name = homes, here, put, name
        self.letters = letters
        self._loop = asyncio.get_running_loop()
        self._own_kinds = frozenset(kind for _, kind in self._own_routes)
        self._source: TaskSource | None = None
        self._routes: frozenset[TaskRoute] = frozenset()
        self._reports: deque[tuple[str, Command]] = deque()
        self._alive: dict[str, tuple[RunActivity, int]] = {}
        """The tasks in hand whose signs of life somebody waits for, and the last one that was passed on."""
        self._signing: set[str] = set()
        self._looked_up: set[str] = set()
        """The tasks of which it is not known yet whether they are to be run."""
        self._changing: asyncio.Task[None] | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._is_closed = self._is_due = False
        self.ahead = EagerTasks(self._begin, put)
        self.remote = make_leases(self.report, self._look_at_routes, self._done)

    def start(self) -> None:
        """Begin to take tasks."""
        self._look_at_routes()
        self._on_tick()

    async def close(self) -> None:
        """Take no more; what is in hand and has not ended comes again elsewhere."""
        self._is_closed = True
        self._looked_up.clear()
        if self._tick is not None:
            self._tick.cancel()
        if self._changing is not None:
            await asyncio.wait({self._changing})
        if self._source is not None:
            await self._source.close()

    # Which tasks.

    def _look_at_routes(self) -> None:
        """Workers with other kinds have come or gone."""
        wanted = self._own_routes | self.remote.routes()
        if wanted != self._routes and self._changing is None and not self._is_closed:
            self._changing = asyncio.ensure_future(self._change())

    async def _change(self) -> None:
        try:
            await asyncio.sleep(JOIN_AFTER_S)
            self._routes = self._own_routes | self.remote.routes()
            if self._source is None and self._routes and not self._is_closed:
                self._source = self._topics.take(self._routes, self._take, self._has_room, self._here.local, self.letters)
                self._source.start()
            elif self._source is not None and self._routes:
                self._source.change(self._routes)
            elif self._source is not None:
                before, self._source = self._source, None
                await before.close()
        finally:
            self._changing = None
        self._look_at_routes()

    def _has_room(self, kind: str) -> bool:
        if len(self._looked_up) >= LOOKED_UP_MAX:
            return False
        return self.remote.has_own_room if kind in self._own_kinds else self.remote.has_room(kind)

    def _begin(self, topic: str, partition: int, content: bytes) -> str | None:
        """See `workers.tasks.eager`."""
        return None if self._source is None else self._source.begin(topic, partition, content, self._has_room_ahead)

    def _has_room_ahead(self, kind: str) -> bool:
        return self.remote.has_own_room if kind in self._own_kinds else self.remote.waiting_count < AHEAD_MAX

    def _take(self, taken: Taken) -> None:
        try:
            activity = decode_task(taken.content, taken.may_have_begun)
        except (BadMessage, WrongProtocol) as error:
            if self._source is not None:
                self._source.refuse(taken.task, str(error))
            return
        if taken.is_ahead:
            self._run(taken.task, activity)
        else:
            self._looked_up.add(taken.task)
            self._here.look_up(activity, partial(self._on_looked_up, taken.task, activity))

    def _on_looked_up(self, task: str, activity: RunActivity, is_waited_for: bool) -> None:
        if task not in self._looked_up:
            return  # it was cancelled meanwhile
        self._looked_up.discard(task)
        if is_waited_for:
            self._run(task, activity)
        else:  # its end is durable: who took it before has died before that was committed
            self._done(task)

    def _run(self, task: str, activity: RunActivity) -> None:
        if activity.limits.heartbeat is not None:
            self._alive[task] = (activity, 0)
        self.remote.run(activity)
        self._step_soon()

    def _step_soon(self) -> None:
        """Move what runs here, once for all that comes in this turn of the loop."""
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._step)

    def _step(self) -> None:
        self._is_due = False
        if self.remote.step():
            self._step_soon()

    def wake(self) -> None:
        """There may be room again."""
        if self._source is not None:
            self._source.wake()

    # What comes of them.

    def report(self, execution: str, command: Command) -> None:
        """Take in what is reported here. May be called from any thread."""
        self._reports.append((execution, command))
        self._loop.call_soon_threadsafe(self._pass_on)

    def _pass_on(self) -> None:
        while self._reports:
            execution, command = self._reports.popleft()
            self._tell(execution, command)

    def _tell(self, execution: str, command: Command) -> None:
        """Bring it to the owner, again until it is there; a task that has ended is done then."""

        def then(answer: Answer) -> None:
            if isinstance(answer.error, LogError) and not isinstance(answer.error, VERDICTS):
                self._loop.call_later(RETRY_S, self._tell, execution, command)
            elif isinstance(command, CompleteActivity | FailActivity | LoseActivity):
                self._done(activity_key(execution, command.path, command.attempt))

        try:
            self._homes.route(execution, command, then)
        except Overloaded:
            self._loop.call_later(RETRY_S, self._tell, execution, command)

    def submit(self, envelope: Envelope, reply: Reply | None) -> None:
        """Take in what a worker over HTTP reports. Raises Overloaded."""
        command = envelope.command
        if not isinstance(command, CompleteActivity | FailActivity | LoseActivity):
            self._homes.route(envelope.execution, command, reply)
            return
        task = activity_key(envelope.execution, command.path, command.attempt)
        if not self.remote.is_adopted(task) or reply is None:
            self._homes.route(envelope.execution, command, reply)
            return
        ended = encode_cancellation(CancelActivity(envelope.execution, command.path, command.attempt))

        def then(answer: Answer) -> None:
            self._put(CANCELLATIONS, 0, ended, lambda error: reply(answer))

        self._homes.route(envelope.execution, command, then)

    def _done(self, task: str) -> None:
        self._alive.pop(task, None)
        self._looked_up.discard(task)
        self.ahead.ended(task)
        if self._source is not None:
            self._source.done(task)

    # Cancellations.

    def on_cancellations(self, topic: str, partition: int, records: Iterable[tuple[int, int, bytes]], end: int) -> None:
        """Nobody waits for these any more."""
        for offset, _, content in records:
            try:
                cancelled = decode_cancellation(content)
            except BadMessage as error:
                self.letters.find(CANCELLATIONS, offset, content, str(error))
                continue
            self._cancel(cancelled)

    def _cancel(self, cancelled: Cancellation) -> None:
        said = CancelActivity(cancelled.execution, cancelled.path, cancelled.attempt)
        if cancelled.attempt:
            self.remote.cancel(said)
        if self._source is None:
            return
        for task in self._source.cancel(said.execution, said.path, said.attempt, cancelled.sequence):
            self.remote.cancel(CancelActivity(*attempt_of(task)))
            self._done(task)

    # Signs of life.

    def _on_tick(self) -> None:
        for task, (activity, told) in list(self._alive.items()):
            seen = self.remote.last_heartbeat(activity.execution, activity.path, activity.attempt)
            if seen is not None and seen > told and task not in self._signing:
                self._alive[task] = (activity, seen)
                self._sign(task, activity.execution)
        for task in self.remote.hand_back():
            self._alive.pop(task, None)
            self.ahead.let_out(task)
            if self._source is not None:
                self._source.forget(task)
        self._step_soon()
        self._look_at_routes()
        if self._source is not None:
            self._source.look_at_local()
        self.wake()
        self._tick = self._loop.call_later(TICK_S, self._on_tick)

    def _sign(self, task: str, execution: str) -> None:
        """Pass a sign of life on; the next one when this is out, so that there is one of each task, however long a broker is away."""
        self._signing.add(task)
        sign = encode_result(self._name, Result(task=task, progress=None))
        self._put("commands", self._homes.home(execution), sign, lambda error: self._signing.discard(task))
