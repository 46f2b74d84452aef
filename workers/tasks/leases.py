"""Activities for workers in processes of their own: who is to have which attempt, who has it, and until when.

    run ──► a local kind: the local worker
       └──► waiting, by queue, kind and priority ──poll──► with a worker, leased ──results──► a command for the owner
                 ▲                                              │
                 └── the worker never got it: offered again ────┤
                                                                └── no sign of it for the length of the lease: LoseActivity

Pure and moved from outside: no threads, no tasks, no waiting; the time comes from the clock. It remembers nothing that
cannot be derived again: after a restart the owner runs what is owed, and a worker that still has it keeps it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Final, Protocol

from msgspec import UNSET, Raw

from contracts.commands import CancelActivity, Command, CompleteActivity, FailActivity, LoseActivity, RecordStep, RunActivity
from contracts.errors import Overloaded
from contracts.failure import Failure
from contracts.ids import activity_key
from contracts.ports.activities import ActivityWorker, Report
from contracts.ports.blobs import Blobs
from contracts.ports.clock import Clock
from contracts.ports.lossy_channel import LossyChannel
from contracts.ports.result_cache import ResultCache
from contracts.values import blob_of, is_reference
from contracts.worker_protocol import Assignment, Poll, Result, Task, WaitingRow, Workers
from workers.running.activity_settings import ActivitySettings
from workers.running.result_cache import cached, keep
from workers.tasks.queue import LeasedTask, TaskQueue
from workers.tasks.report import command_instead, command_of, pass_on
from workers.tasks.task_message import size_of, task_of
from workers.tasks.worker import TASKS_SHOWN_MAX, RemoteWorker

LEASE_MS_DEFAULT: Final = 30_000
WORKERS_MAX: Final = 10_000
FORGET_AFTER_MS: Final = 5 * 60_000
"""A worker that has nothing and was not heard of for so long is forgotten."""
CHECK_EVERY_MS: Final = 1_000
ASSIGNMENT_BYTES_MAX: Final = 4 * 1024 * 1024
"""An assignment that has grown over this gets no further task."""
SETTLED_MAX: Final = 10_000
"""So many tasks that were reported are remembered, to know a report that comes again."""


class LocalWorker(ActivityWorker, Protocol):
    """The worker in the engine's own process."""

    def next_due(self) -> int | None:
        """When `step` will have something to do by itself (milliseconds since 1970), None as far as it knows."""

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Take nothing more, and let what runs end."""


class TaskLeases:
    """An activity worker that stands in front of the local one. See `contracts.ports.activities.ActivityWorker`."""

    def __init__(
        self,
        local: LocalWorker,
        local_kinds: Container[str],
        settings: ActivitySettings,
        report: Report,
        clock: Clock,
        blobs: Blobs,
        lease_ms: int = LEASE_MS_DEFAULT,
        cache: ResultCache | None = None,
        channel: LossyChannel | None = None,
    ) -> None:
        self._local, self._local_kinds, self._settings, self._channel = local, local_kinds, settings, channel
        self._report, self._clock, self._blobs, self.lease_ms = report, clock, blobs, lease_ms
        self._cache = cache
        self._waiting = TaskQueue()
        self._leased: dict[str, LeasedTask] = {}
        self._by_execution: dict[str, dict[str, LeasedTask]] = {}
        self._workers: dict[str, RemoteWorker] = {}
        self._settled: deque[str] = deque()
        self._is_settled: set[str] = set()
        self._number = 0
        self._check_at = self._stepped_at = 0
        self._on_tasks: Callable[[], None] = lambda: None

    def listen(self, on_tasks: Callable[[], None]) -> None:
        """Call this from now on when there may be something new for those who poll; it has to return at once."""
        self._on_tasks = on_tasks

    # The port.

    def run(self, activity: RunActivity) -> None:
        """Take an activity in; one that is in hand already is left alone."""
        if activity.kind in self._local_kinds:
            self._local.run(activity)
            return
        self._number += 1
        leased = LeasedTask(activity, self._number)
        if leased.task in self._leased or (activity.caching is not None and self._is_cached(activity)):
            return
        self._leased[leased.task] = leased
        self._by_execution.setdefault(activity.execution, {})[leased.task] = leased
        self._waiting.add(leased)
        self._on_tasks()

    def _is_cached(self, activity: RunActivity) -> bool:
        """Whether its result is known; then that is reported, and nobody runs it."""
        output = cached(self._cache, activity)
        if output is None:
            return False
        self._report(activity.execution, CompleteActivity(activity.path, activity.attempt, output, True))
        return True

    def take_over(self, activities: Sequence[RunActivity]) -> None:
        """Have in hand what is waited for, and nothing else."""
        self._local.take_over([one for one in activities if one.kind in self._local_kinds])
        wanted = {activity_key(one.execution, one.path, one.attempt) for one in activities}
        for one in [leased.activity for task, leased in self._leased.items() if task not in wanted]:
            self.cancel(CancelActivity(one.execution, one.path, one.attempt))
        for activity in activities:
            self.run(activity)

    def cancel(self, activity: CancelActivity) -> None:
        """Nobody waits for it any more: what waits is dropped, and who has it is told."""
        self._local.cancel(activity)
        for leased in list(self._by_execution.get(activity.execution, {}).values()):
            if leased.is_meant_by(activity):
                self._drop(leased)
                self._is_done_with(leased.task)
                if leased.worker:
                    self._workers[leased.worker].cancels[leased.task] = None
                    self._on_tasks()

    def step(self) -> bool:
        """Move the local worker, and report what was lost with a worker."""
        worked = self._local.step()
        now = self._clock.now()
        if now < self._stepped_at:  # the clock went back: leases last as long as they were to
            for leased in self._leased.values():
                leased.until -= self._stepped_at - now
            self._check_at = now
        self._stepped_at = now
        if now >= self._check_at:
            self._check_at = now + min(CHECK_EVERY_MS, self.lease_ms // 4)
            worked |= self._expire(now)
        return worked

    def next_due(self) -> int | None:
        """When `step` looks at the leases again (milliseconds since 1970); None while nothing is in hand.

        What still waits counts: a worker takes it between two steps, and nobody is woken for that.
        """
        return self._check_at if self._leased else None

    def last_heartbeat(self, execution: str, path: str, attempt: int) -> int | None:
        """When the attempt last gave a sign of life; one that has not begun is alive as long as its worker is."""
        for leased in self._by_execution.get(execution, {}).values():
            if leased.activity.path == path and leased.activity.attempt == attempt:
                return leased.seen_at if leased.is_started else self._clock.now()
        return self._local.last_heartbeat(execution, path, attempt)

    @property
    def in_hand(self) -> int:
        """How many attempts wait for a worker elsewhere or are with one."""
        return len(self._leased)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Stop the local worker. What is elsewhere stays there: its result is taken in after the next start."""
        return self._local.stop(timeout_s)

    # Workers ask.

    def poll(self, poll: Poll) -> Assignment:
        """What a worker is to run and to stop; what it was given and does not have is offered again first."""
        now = self._clock.now()
        worker = self._met(poll.worker, now)
        if poll.kinds != worker.kinds or poll.queues != worker.queues:
            worker.kinds, worker.queues = poll.kinds, poll.queues
            worker.routes = tuple((queue, kind) for queue in dict.fromkeys(poll.queues) for kind in dict.fromkeys(poll.kinds))
        running = dict.fromkeys(poll.running)
        its = worker.leased_tasks
        if not its.keys() <= running.keys():
            for leased in [leased for task, leased in its.items() if task not in running]:
                self._offer_again(worker, leased)
        self._renew(worker, its.values(), now)
        worker.cancels = {task: None for task in [one for one in running if one not in its] if not self._is_its(worker, task, now)}
        # Ends that were accepted while this poll was on its way make room too: the worker still counts them as in hand.
        worker.most = len(its) + len(self._is_settled.intersection(running)) + poll.credits
        if not worker.kinds and not worker.leased_tasks:
            del self._workers[worker.name]
        return self._take(worker, now)

    def take(self, name: str) -> Assignment:
        """What has come for a worker since it polled, while that poll waits."""
        worker = self._workers.get(name)
        now = self._clock.now()
        if worker is None:
            return Assignment(tasks=[], cancel=[], lease_s=self.lease_ms / 1000)
        self._renew(worker, worker.leased_tasks.values(), now)
        return self._take(worker, now)

    def _met(self, name: str, now: int) -> RemoteWorker:
        worker = self._workers.get(name)
        if worker is None:
            self.make_room_for(name)
            worker = self._workers[name] = RemoteWorker(name)
            worker.since = now
        worker.seen_at = now
        return worker

    def make_room_for(self, name: str) -> None:
        """See to it that a worker can be met: those that are gone are forgotten, and nobody who is there. Raises Overloaded."""
        if name not in self._workers and len(self._workers) >= WORKERS_MAX:
            self._forget(self._clock.now(), self.lease_ms)
            if len(self._workers) >= WORKERS_MAX:
                raise Overloaded(f"{len(self._workers)} workers are there, and no more may be")

    def _renew(self, worker: RemoteWorker, leased_tasks: Iterable[LeasedTask], now: int) -> None:
        worker.seen_at, until = now, now + self.lease_ms
        for leased in leased_tasks:
            leased.until = until

    def _is_its(self, worker: RemoteWorker, task: str, now: int) -> bool:
        """Whether the worker is to go on with a task that it says it has; one that nobody else has becomes its own."""
        leased = self._leased.get(task) or self._adopt(task)
        if leased is None:
            return task in self._is_settled
        if not leased.worker:
            if leased in self._waiting:  # else it was adopted just now
                self._waiting.remove(leased)
            self._give(worker, leased, now)
        if leased.worker == worker.name:
            leased.until = now + self.lease_ms
        return leased.worker == worker.name

    def _offer_again(self, worker: RemoteWorker, leased: LeasedTask) -> None:
        """The worker does not have it: the answer that gave it was lost, or it hands it back. What took steps begins anew, with them."""
        if leased.takes_steps:
            self._drop(leased)
            self._report(leased.activity.execution, LoseActivity(leased.activity.path, leased.activity.attempt, worker.name, True))
            return
        del worker.leased_tasks[leased.task]
        leased.worker, leased.is_started = "", False
        self._waiting.put_back(leased)
        self._on_tasks()

    def _give(self, worker: RemoteWorker, leased: LeasedTask, now: int) -> None:
        leased.worker, leased.taken_at = worker.name, now
        worker.leased_tasks[leased.task] = leased

    def _take(self, worker: RemoteWorker, now: int) -> Assignment:
        cancel, worker.cancels = list(worker.cancels), {}
        tasks: list[Task] = []
        size = 0
        while len(worker.leased_tasks) < worker.most and size < ASSIGNMENT_BYTES_MAX:
            leased = self._waiting.take(worker.routes)
            if leased is None:
                break
            task = self._task_of(leased)
            if task is not None:
                self._give(worker, leased, now)
                leased.until = now + self.lease_ms
                tasks.append(task)
                size += size_of(task)
        return Assignment(tasks=tasks, cancel=cancel, lease_s=self.lease_ms / 1000)

    def _task_of(self, leased: LeasedTask) -> Task | None:
        """The task as it is sent; None where that is not needed: its result is known, or a value of it is lost, which is its failure."""
        activity = leased.activity
        if activity.caching is not None and self._is_cached(activity):
            self._drop(leased)
            return None
        try:
            config, given = self._value(activity.config or b"{}"), self._value(activity.input or b"null")
            steps = {name: self._value(output) for name, output in activity.steps}
        except KeyError as error:
            self._drop(leased)
            failure = Failure("blob.missing", f"the blob store has no {error.args[0]}")
            self._report(activity.execution, FailActivity(activity.path, activity.attempt, failure))
            return None
        return task_of(leased, config, given, steps)

    def _value(self, value: bytes) -> Raw:
        return Raw(self._blobs.get(blob_of(value)) if is_reference(value) else value)

    # Workers report.

    def receive(self, name: str, result: Result) -> Command | str | None:
        """The command that a result comes to; None where there is nothing to tell; a word where nobody waits for it.

        The task of an end stays in hand until `settle`, as it may still get lost on its way into the log.
        """
        leased = self._leased.get(result.task) or self._adopt(result.task)
        now = self._clock.now()
        if leased is None:
            return None if result.task in self._is_settled else "not_waited_for"
        if leased.worker not in ("", name):
            return "not_yours"
        worker = self._met(name, now)
        if leased.worker == name:
            leased.until = now + self.lease_ms
        else:
            self._is_its(worker, result.task, now)
        leased.seen_at = now
        result = self._settings.redaction.result(result)
        if result.log is not UNSET or result.progress is not UNSET:
            pass_on(self._channel, leased, result)
        command = command_of(leased, result, now, self._settings.output_bytes_max)
        leased.takes_steps |= result.step is not UNSET
        if leased.activity.caching is not None and isinstance(command, CompleteActivity):
            keep(self._cache, leased.activity, command.output)
        return None if isinstance(command, RecordStep) and command.name in leased.stored else command

    def stored(self, task: str, step: str) -> None:
        """A step is recorded, and durable."""
        if (leased := self._leased.get(task)) is not None:
            leased.stored.add(step)

    def settle(self, task: str) -> None:
        """How it ended is durable, or nobody wants to know: it is in nobody's hands any more."""
        leased = self._leased.get(task)
        if leased is not None:
            self._drop(leased)
        self._is_done_with(task)
        if task not in self._is_settled:
            self._is_settled.add(task)
            self._settled.append(task)
        if len(self._settled) > SETTLED_MAX:
            self._is_settled.remove(self._settled.popleft())
        self._on_tasks()

    def cancels_of(self, name: str) -> list[str]:
        """What the worker is to stop, and has not been told of yet."""
        worker = self._workers.get(name)
        if worker is None:
            return []
        cancels, worker.cancels = list(worker.cancels), {}
        return cancels

    def _drop(self, leased: LeasedTask) -> None:
        """It is not in hand any more."""
        del self._leased[leased.task]
        siblings = self._by_execution[leased.activity.execution]
        del siblings[leased.task]
        if not siblings:
            del self._by_execution[leased.activity.execution]
        if leased.worker:
            self._workers[leased.worker].leased_tasks.pop(leased.task, None)
        elif leased in self._waiting:
            self._waiting.remove(leased)

    # Where tasks are shared with other processes: `workers/tasks/shared_leases.py`.

    def _adopt(self, task: str) -> LeasedTask | None:
        """The errand of a task that is not known here; None: nobody waits for it."""
        return None

    def _is_done_with(self, task: str) -> None:
        """Its end is durable, or nobody waits for it."""

    # Leases.

    def _expire(self, now: int) -> bool:
        in_hand = [leased for worker in self._workers.values() for leased in worker.leased_tasks.values()]
        told = [(leased, command) for leased in in_hand if (command := command_instead(leased, now)) is not None]
        for leased, command in told:
            if isinstance(command, LoseActivity):
                self._drop(leased)
            self._report(leased.activity.execution, command)
        self._forget(now, FORGET_AFTER_MS)
        return bool(told)

    def _forget(self, now: int, after_ms: int) -> None:
        for worker in [one for one in self._workers.values() if not one.leased_tasks and now - one.seen_at >= after_ms]:
            del self._workers[worker.name]

    # Who is there.

    def workers(self, tasks_max: int = TASKS_SHOWN_MAX) -> Workers:
        """Who is there, each with so many of its tasks at most, and what waits for a worker that is not there."""
        now = self._clock.now()
        rows = [worker.row(now, self.lease_ms, tasks_max) for worker in self._workers.values()]
        return Workers(workers=sorted(rows, key=lambda row: row.worker), waiting=self.waiting())

    def waiting(self) -> list[WaitingRow]:
        """What waits for a kind, in a queue, that no worker offers which was heard of within a lease."""
        now = self._clock.now()
        offered = {route for one in self._workers.values() if now - one.seen_at < self.lease_ms for route in one.routes}
        rows = [WaitingRow(kind=kind, queue=queue, count=count) for (queue, kind), count in self._waiting.counts()]
        return sorted((row for row in rows if (row.queue, row.kind) not in offered), key=lambda row: (row.kind, row.queue))
