"""The follower: reads on in the journals of partitions, whoever owns them, while somebody here waits for what comes in them.

    expect, watch, hear ─► from the read models' checkpoint on, under the readers' rule ─► answers, ends, decisions ─► called back
                                                    nobody waits any more for a while: left alone

It begins at a checkpoint, as who begins in the middle would not know which claim is in force. What is watched is folded on the way,
if it began while it was: so its end needs no reading.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from contracts.codec import decision_of, key_of, read_record, read_sealed
from contracts.commands import CreateExecution
from contracts.errors import LogCorrupt, LogError, LogUnreachable, UnknownRecord
from contracts.events import (
    ExecutionCancelled,
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionQuarantined,
    ExecutionTerminated,
    IncidentRaised,
)
from contracts.journal import Answered, Checkpoint, Decided, Decision, Sealed, judge
from contracts.ports.feed import Told
from contracts.refusal import refusal_of
from domain.execution.history import Entry, Folded, GraphOf, apply, begin
from domain.execution.state import Execution
from projections.public.origin import origin_of
from workers.cluster.ports import ClusterLog
from workers.partition.round import Answer, Reply, answer_all
from workers.reading.journal_feed import Note

OnEnd: TypeAlias = Callable[["Execution | None"], None]
"""Gets an execution as it ended, None where it is to be read."""
IDLE_S: Final = 10.0
"""So long after the last wait a journal is still followed."""
LOOK_EVERY_S: Final = 1.0
READY_AGAIN_S: Final = 0.2

_log = logging.getLogger("refold.cluster")
_ENDS: Final = (ExecutionCompleted, ExecutionFailed, ExecutionCancelled, ExecutionTerminated, ExecutionQuarantined)


class _Watched:
    """Who waits for the end of an execution; and the execution, where its beginning was seen."""

    def __init__(self) -> None:
        self.waiting: list[OnEnd] = []
        self.at_incident: list[OnEnd] = []
        """Those of them who wait no longer than until it needs a person."""
        self.folded: Folded | None = None

    def tell(self, those: list[OnEnd]) -> None:
        """Call these back; they stop watching by themselves."""
        for then in list(those):
            then(None if self.folded is None else self.folded.state)


class _Followed:
    """A partition's journal."""

    def __init__(self, checkpoint: Checkpoint, now: float) -> None:
        self.checkpoint = checkpoint
        self.used_at = now
        self.expected: dict[str, Reply] = {}
        self.watched: dict[str, _Watched] = {}

    @property
    def is_needed(self) -> bool:
        return bool(self.expected or self.watched)


class Follower:
    """Lives in the event loop. `checkpoint_of` says where a partition's journal is to be followed from: where its read models stand.

    `opened` opens what is sealed.
    """

    def __init__(
        self,
        log: ClusterLog,
        checkpoint_of: Callable[[int], Awaitable[Checkpoint]],
        graph_of: GraphOf,
        opened: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._log, self._checkpoint_of, self._graph_of, self._opened = log, checkpoint_of, graph_of, opened
        self._loop = asyncio.get_running_loop()
        self._followed: dict[int, _Followed] = {}
        self._starting: dict[int, asyncio.Lock] = {}
        self._heard: dict[int, Note] = {}
        """Who is told of all that counts in a partition, for as long as it wants."""
        self._resuming: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def ready(self, partition: int) -> None:
        """Follow a partition: what happens from now on is seen. Raises LogError where that cannot be.

        Lasts however long nobody says from where it is to be followed: a broker that has come back knows no partition for a while.
        """
        async with self._starting.setdefault(partition, asyncio.Lock()):
            if (followed := self._followed.get(partition)) is not None:
                followed.used_at = self._loop.time()
                return
            self._start(partition, await self._beginning(partition))

    async def _beginning(self, partition: int) -> Checkpoint:
        said = ""
        while not self._is_closed:
            try:
                return await self._checkpoint_of(partition)
            except LogUnreachable as error:
                if str(error) != said:
                    said = str(error)
                    _log.warning("journal, partition %d cannot be followed yet: %s", partition, said)
                await asyncio.sleep(READY_AGAIN_S)
        raise LogUnreachable("nothing is followed any more: it is closed")

    def _start(self, partition: int, checkpoint: Checkpoint) -> None:
        self._followed[partition] = _Followed(checkpoint, self._loop.time())
        self._log.follow("journal", partition, checkpoint.offset, self._on_records)
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_EVERY_S, self._look_for_idle)

    def expect(self, partition: int, command: str, reply: Reply) -> None:
        """Call back with what becomes of a command, or that it will not be seen here; the partition has to be ready."""
        self._followed[partition].expected[command] = reply

    def forget(self, partition: int, command: str) -> bool:
        """Do not call back any more; whether that was still to come."""
        followed = self._followed.get(partition)
        return followed is not None and followed.expected.pop(command, None) is not None

    def watch(self, partition: int, execution: str, then: OnEnd, at_incident: bool = False) -> None:
        """Call back when an execution ends, or with `at_incident` needs a person; the partition has to be ready."""
        watched = self._followed[partition].watched.setdefault(execution, _Watched())
        watched.waiting.append(then)
        if at_incident:
            watched.at_incident.append(then)

    def unwatch(self, partition: int, execution: str, then: OnEnd) -> None:
        """Do not call back any more."""
        followed = self._followed.get(partition)
        watched = None if followed is None else followed.watched.get(execution)
        if followed is not None and watched is not None and then in watched.waiting:
            watched.waiting.remove(then)
            if then in watched.at_incident:
                watched.at_incident.remove(then)
            if not watched.waiting:
                del followed.watched[execution]

    def hear(self, partition: int, note: Note) -> None:
        """Call back with all that counts in a partition, once and as long as it is followed; see `workers.reading.journal_feed.Note`."""
        self._heard[partition] = note
        self._resume(partition, 0.0)

    def stop_hearing(self, partition: int) -> None:
        """Do not call back any more."""
        self._heard.pop(partition, None)

    def _resume(self, partition: int, pause_s: float) -> None:
        """Follow a partition that somebody hears of, as soon as that can be."""

        async def resume() -> None:
            await asyncio.sleep(pause_s)
            while (note := self._heard.get(partition)) is not None:
                try:
                    await self.ready(partition)
                except LogError as error:
                    _log.warning("journal, partition %d cannot be followed yet: %s", partition, error)
                    await asyncio.sleep(LOOK_EVERY_S)
                else:
                    checkpoint = self._followed[partition].checkpoint
                    note(partition, checkpoint.offset, (), checkpoint)
                    return

        task = asyncio.ensure_future(resume())
        self._resuming.add(task)
        task.add_done_callback(self._resuming.discard)

    # The journal.

    def _on_records(self, topic: str, partition: int, records: Iterable[tuple[int, int, bytes]], end: int) -> None:
        followed = self._followed.get(partition)
        if followed is None:
            return
        note, found, base = self._heard.get(partition), list[Told](), followed.checkpoint.offset
        try:
            for offset, _, content in records:
                decision = self._take(followed, offset, content, note is not None)
                if decision is not None:
                    found.append(Told(partition, offset, decision, origin_of(decision)))
        except (LogError, UnknownRecord) as error:
            _log.error("journal, partition %d cannot be followed: %s", partition, error)
            self._stop(partition)
        else:
            if note is not None:
                note(partition, base, found, followed.checkpoint)

    def _take(self, followed: _Followed, offset: int, content: bytes, is_heard: bool) -> Decision | None:
        """Call back for one record; the decision, if it is one that counts and somebody hears of it."""
        record = read_record(content)
        verdict = judge(followed.checkpoint, offset, record)
        if verdict == "answer" and isinstance(record, Answered):
            reply = followed.expected.pop(record.command, None)
            if reply is not None:
                answer_all([(reply, _answer_of(record))], offset + 1)
        elif verdict == "counts" and (is_heard or followed.watched) and isinstance(record, Decided | Sealed):
            if isinstance(record, Sealed):
                opened = read_record(self._opened(content))
                assert isinstance(opened, Sealed)
                if not opened.plain:
                    _tell_of_end(followed, opened)
                    return None
                record = opened
            decision = _readable(record)
            if decision is not None:
                self._look_for_end(followed, offset, record, decision)
            return decision
        return None

    def _look_for_end(self, followed: _Followed, offset: int, record: Decided | Sealed, decision: Decision) -> None:
        watched = followed.watched.get(decision.execution)
        if watched is None:
            return
        self._fold(watched, Entry(offset, decision, record.body, record.digest, key_of(record)))
        if any(isinstance(event, _ENDS) for event in decision.events):
            del followed.watched[decision.execution]
            watched.tell(watched.waiting)
        elif any(isinstance(event, IncidentRaised) for event in decision.events):
            watched.tell(watched.at_incident)

    def _fold(self, watched: _Watched, entry: Entry) -> None:
        """Fold it, as far as that goes: whoever gets no state reads it."""
        try:
            if isinstance(entry.decision.command, CreateExecution) and entry.decision.events:
                watched.folded = begin(entry, self._graph_of)
            if watched.folded is not None:
                apply(watched.folded, entry)
        except (LogCorrupt, UnknownRecord, KeyError, AssertionError):
            watched.folded = None

    def on_problem(self, topic: str, partition: int, error: LogError) -> None:
        """A journal cannot be read on from where it was followed: who waits for an answer hears so; for an end, until time is up."""
        if topic == "journal" and partition in self._followed:
            _log.error("journal, partition %d cannot be followed: %s", partition, error)
            self._stop(partition)

    def _stop(self, partition: int) -> None:
        followed = self._followed.pop(partition)
        self._log.unfollow("journal", partition)
        if partition in self._heard:
            self._resume(partition, LOOK_EVERY_S)
        lost = LogUnreachable(f"the journal of partition {partition} is not followed any more; what was asked may still be done")
        answer_all([(reply, Answer("", 0, error=lost)) for reply in followed.expected.values()], 0)

    def _look_for_idle(self) -> None:
        now = self._loop.time()
        for partition, followed in list(self._followed.items()):
            if followed.is_needed or partition in self._heard:
                followed.used_at = now
            elif now - followed.used_at > IDLE_S:
                self._stop(partition)
        self._timer = self._loop.call_later(LOOK_EVERY_S, self._look_for_idle) if self._followed else None

    def close(self) -> None:
        """Follow nothing any more."""
        self._is_closed = True
        self._heard.clear()
        for task in self._resuming:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        for partition in list(self._followed):
            self._stop(partition)


def _tell_of_end(followed: _Followed, record: Sealed) -> None:
    """Of what nobody here can read its end is known all the same."""
    head = read_sealed(record.body)
    if head.closing is not None and (watched := followed.watched.pop(head.execution, None)) is not None:
        watched.folded = None
        watched.tell(watched.waiting)


def _readable(record: Decided | Sealed) -> Decision | None:
    """The decision; of a newer build's, which this one cannot read, nobody is told anything."""
    try:
        return decision_of(record)
    except UnknownRecord as error:
        _log.warning("a decision of the journal is passed over: %s", error)
        return None


def _answer_of(record: Answered) -> Answer:
    error = refusal_of(record.reason, record.message, record.execution, record.status, record.retry_after_s) if record.reason else None
    return Answer(record.execution, 0, record.version, record.status, error, record.repeated)
