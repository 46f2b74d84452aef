"""TaskOutbox: the activities of one partition on their way to workers that share topics. They outlive the engine's process.

    run, cancel ─► a record of a topic ─► put (durable later, again and again until it is) ─► out

What the decisions below an offset call for is out once all of it is durable; that offset goes into the next decision
(`dispatched_to`), so that whoever takes over sends little again. A worker knows a task that comes again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Sequence
from typing import Final, TypeAlias

from contracts import codec
from contracts.commands import CancelActivity, Command, CompleteActivity, Envelope, FailActivity, RunActivity
from contracts.conversation import MODEL_KIND, whole
from contracts.errors import LogError
from contracts.failure import Failure
from contracts.ids import activity_key
from contracts.ports.blobs import Blobs
from contracts.ports.clock import Clock
from contracts.ports.result_cache import ResultCache
from contracts.values import blob_of, is_reference
from contracts.worker_topics import BUILT_IN, CANCELLATIONS, encode_cancellation, encode_task, task_topic
from workers.partition.round import Made
from workers.running.result_cache import cached, keep

Put: TypeAlias = Callable[[str, int, bytes, "Callable[[LogError | None], None]"], None]
"""Brings a record into a topic (named without prefix) and a partition; calls back when it is durable, or can never be."""
COMMANDS: Final = "commands"
SEQUENCES_A_DECISION: Final = 1_000_000
"""Decisions call for less than this, taken together: each step of the offset makes so much room."""
KEEP_MAX: Final = 10_000
"""So many activities are remembered whose results are to be kept; of those before them they are not."""
SEEN_MAX: Final = 100_000
"""So many signs of life are remembered; without one an activity counts as seen when the partition was taken over."""


class _Stretch:
    """What decisions from `start` on have called for."""

    __slots__ = ("left", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.left = 0


class TaskOutbox:
    """An activity worker, as the owner of a partition sees it, and its outbox. See `contracts.ports.activities`."""

    def __init__(
        self, partition: int, put: Put, blobs: Blobs, clock: Clock, cache: ResultCache | None = None, built_in: Container[str] = ()
    ) -> None:
        self._partition, self._put, self._built_in = partition, put, built_in
        self._blobs, self._clock, self._cache = blobs, clock, cache
        self._stretches: deque[_Stretch] = deque([_Stretch(0)])
        self._seen: dict[str, int] = {}
        self._to_keep: dict[str, RunActivity] = {}
        """Activities that were sent, and whose results are to be used again."""
        self._taken_over_at = self._sequence = 0

    # The activity worker.

    def run(self, activity: RunActivity) -> None:
        """Send an activity to whoever offers its kind."""
        output = cached(self._cache, activity)
        if output is not None:
            self._tell(activity, CompleteActivity(activity.path, activity.attempt, output, True))
            return
        try:
            steps = {name: self._inline(output) for name, output in activity.steps}
            given = self._inline(activity.input)
            if activity.kind == MODEL_KIND:
                given = whole(given, self._inline)
            record = encode_task(activity, self._inline(activity.config), given, self._next(), steps)
        except KeyError as error:
            self._fail(activity, "blob.missing", f"the blob store has no {error.args[0]}")
            return

        stretch = self._stretches[-1]

        def then(error: LogError | None) -> None:
            if error is not None:
                self._fail(activity, "input.too_large", f"config, input and recorded steps cannot be sent to a worker: {error}", stretch)

        if activity.caching is not None and self._cache is not None:
            self._to_keep[activity_key(activity.execution, activity.path, activity.attempt)] = activity
            if len(self._to_keep) > KEEP_MAX:
                del self._to_keep[next(iter(self._to_keep))]
        kind = BUILT_IN if activity.kind in self._built_in else activity.kind
        self._send(task_topic(activity.queue, kind, activity.priority), self._partition, record, then)

    def _inline(self, value: bytes) -> bytes:
        return self._blobs.get(blob_of(value)) if is_reference(value) else value

    def _fail(self, activity: RunActivity, kind: str, message: str, stretch: _Stretch | None = None) -> None:
        self._tell(activity, FailActivity(activity.path, activity.attempt, Failure(kind, message), retryable=False), stretch)

    def _tell(self, activity: RunActivity, command: Command, stretch: _Stretch | None = None) -> None:
        """No worker needs to run it; what is known of it goes the way of every result, so that it outlives this process too."""
        envelope = Envelope("", activity.execution, command)
        self._send(COMMANDS, self._partition, codec.encode_envelope(envelope), lambda error: None, stretch)

    def take_over(self, activities: Sequence[RunActivity]) -> None:
        """Send those that may not be out."""
        self._taken_over_at = self._clock.now()
        self._seen.clear()
        for activity in activities:
            self.run(activity)

    def note_decided(self, base: int, made: Sequence[Made]) -> None:
        """Decisions are durable: the results among them may be used again. See `Hearers`."""
        for one in made if self._to_keep else ():
            command = one.decision.command
            if isinstance(command, CompleteActivity) and one.decision.rejection is None:
                activity = self._to_keep.pop(activity_key(one.decision.execution, command.path, command.attempt), None)
                if activity is not None and not command.cached and not is_reference(command.output):
                    keep(self._cache, activity, command.output)

    def cancel(self, activity: CancelActivity) -> None:
        """Tell all workers; who does not have it does not mind."""
        self._send(CANCELLATIONS, 0, encode_cancellation(activity, self._next()), lambda error: None)

    def step(self) -> bool:
        """There is nothing to do from here."""
        return False

    def note_sign(self, task: str) -> None:
        """A worker has given a sign of life of a task."""
        self._seen.pop(task, None)
        self._seen[task] = self._clock.now()
        if len(self._seen) > SEEN_MAX:
            del self._seen[next(iter(self._seen))]

    def last_heartbeat(self, execution: str, path: str, attempt: int) -> int | None:
        """When the attempt last gave a sign of life; who has just taken over has heard of none yet."""
        return max(self._taken_over_at, self._seen.get(activity_key(execution, path, attempt), 0))

    # The outbox.

    def _send(
        self, topic: str, partition: int, record: bytes, then: Callable[[LogError | None], None], stretch: _Stretch | None = None
    ) -> None:
        """Send a record that decisions of a stretch have called for, of the present one if not told."""
        stretch = stretch or self._stretches[-1]
        stretch.left += 1

        def out(error: LogError | None) -> None:
            then(error)
            stretch.left -= 1

        self._put(topic, partition, record, out)

    def _next(self) -> int:
        """Sequences rise in the partition, with whoever owns it: they begin with an offset of its journal."""
        self._sequence += 1
        return self._sequence

    def begins_at(self, partition: int, offset: int, end: int) -> None:
        """The partition was taken over at `end`; below this offset everything is out."""
        self._stretches = deque([_Stretch(offset)])
        self._sequence = end * SEQUENCES_A_DECISION

    def calls_for(self, partition: int, offset: int) -> None:
        """Everything that decisions below this offset call for was given to it."""
        self._sequence = max(self._sequence, offset * SEQUENCES_A_DECISION)
        last = self._stretches[-1]
        if last.left:
            self._stretches.append(_Stretch(offset))
        else:
            last.start = offset

    def is_out_to(self, partition: int, offset: int) -> int:
        """The offset, at most this one, below which everything is out."""
        while len(self._stretches) > 1 and not self._stretches[0].left:
            self._stretches.popleft()
        return min(offset, self._stretches[0].start)

    @property
    def is_empty(self) -> bool:
        """Whether everything is out."""
        return not any(stretch.left for stretch in self._stretches)
