"""Tasks that were read from their topics: those that wait to be given out, by urgency, and those that run.

records ──► a partition's waiting ──► given out: high before plain before low (and aging), the partitions of a level in turns ──► running
              (bounded: then the partition is paused)             (no more than there is room for)                     │
            offsets: what is done ◄────────────────────────────────────────────────────────────────────── done ───────┘
"""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from refold.aging import Aging
from refold.kafka.offsets import Offsets

PROTOCOL: Final = 1
SEQUENCE_MAX: Final = 2**62
"""Of a cancellation that says none: it is about all tasks."""
RECENT_MAX: Final = 10_000
"""So many tasks that have ended here, and so many executions with cancellations, are remembered."""
CANCELLATIONS_MAX: Final = 100
"""So many cancellations of one execution; of those before them what waits runs for nothing."""
WAITING_MAX: Final = 2_000
WAITING_BYTES_MAX: Final = 1024 * 1024
"""So many records, and so many bytes of them, of a partition wait here: half of it is to last until more can come."""
LEFT_MAX: Final = 1_000
"""So many tasks of another version of a partition are left aside; then it waits."""
LEFT_BEHIND_MAX: Final = 10_000
"""With so many records behind it a task of another version is appended once more, at the end; so is one where many are left."""
NOWHERE: Final = -1
"""The offset of a task whose record has not come."""
RUNNING_BYTES_MAX: Final = 64 * 1024 * 1024
"""No more is given out while what runs is so large."""


OnUnreadable: TypeAlias = Callable[[Any, int, bytes, str], None]
"""Called with key, offset and content of a record that is no task, and why; it is done once that is kept."""
OnNewer: TypeAlias = Callable[[Any, int, bytes, str], None]
"""Called with key, offset and content of a task of another version, which is not done, and what it is."""


class _Head(msgspec.Struct, gc=False):
    """What is looked at of a task before it is given out."""

    protocol: int
    task: str
    execution: str
    path: str
    attempt: int
    sequence: int = 0


class TakenTask:
    """A task record. `content` is its bytes, `partition` where its result belongs, as that of its execution."""

    __slots__ = (
        "attempt", "content", "execution", "kind", "may_have_begun", "number", "offset", "partition", "path", "queue", "records",
        "sequence", "task",
    )  # fmt: skip

    def __init__(self, head: _Head, content: bytes, tasks: PartitionTasks, offset: int, number: int) -> None:
        self.task, self.execution, self.path, self.attempt = head.task, head.execution, head.path, head.attempt
        self.sequence, self.content = head.sequence, content
        self.queue, self.kind, self.partition = tasks.queue, tasks.kind, tasks.partition
        self.offset = offset
        self.may_have_begun = False
        """Whether another process may have begun it: its record lay here before the partition was ours."""
        self.number = number
        """The order in which records were read."""
        self.records: set[tuple[Any, int]] = {(tasks.key, offset)}
        """The records that are done when it is: more than one where it was sent twice."""

    @property
    def is_ahead(self) -> bool:
        """Whether it was begun before its record was there."""
        return self.offset == NOWHERE

    def is_meant_by(self, path: str, attempt: int, sequence: int) -> bool:
        """Attempt 0 means all attempts of the node, an empty path all nodes of the execution; of a lower sequence only."""
        return self.sequence < sequence and path in ("", self.path) and attempt in (0, self.attempt)


class PartitionTasks:
    """What one partition of a topic of tasks has for us."""

    def __init__(self, key: Any, queue: str, kind: str, level: int, partition: int) -> None:
        self.key = key
        self.queue, self.kind, self.level, self.partition = queue, kind, level, partition
        self.offsets = Offsets()
        self.waiting: deque[TakenTask] = deque()
        self.waiting_bytes = 0
        self.is_ready = False
        """Whether records that come are from where we want to read."""
        self.is_paused = False
        self.lay_here_to = SEQUENCE_MAX
        """Records below this offset lay here when the partition was last given to us; all, as long as nobody knows."""
        self.committed = 0
        """The changes of the offsets that are committed."""
        self.left: dict[int, bytes] = {}
        """Tasks of another version, by their offsets: they are not done, and not for us."""

    @property
    def must_pause(self) -> bool:
        """Whether enough waits."""
        is_much = len(self.waiting) >= WAITING_MAX or self.waiting_bytes >= WAITING_BYTES_MAX or len(self.left) >= LEFT_MAX
        return is_much or self.offsets.is_full

    @property
    def may_resume(self) -> bool:
        """Whether so little waits that more may come."""
        is_little = len(self.waiting) <= WAITING_MAX // 2 and self.waiting_bytes <= WAITING_BYTES_MAX // 2 and len(self.left) < LEFT_MAX
        return is_little and not self.offsets.is_full

    def drop_waiting(self) -> None:
        """Forget what waits; nothing of it counts as done, and it is read again from where it stands."""
        if self.waiting:
            self.offsets.next = max(self.offsets.lowest, self.waiting[0].offset)
        self.waiting.clear()
        self.left.clear()
        self.waiting_bytes = 0


class Buffer:
    """The tasks of all partitions that are ours, and those that run here, wherever their partition is now."""

    def __init__(
        self,
        on_task: Callable[[TakenTask], None],
        has_room: Callable[[str], bool],
        on_unreadable: OnUnreadable | None = None,
        on_newer: OnNewer = lambda key, offset, content, what: None,
    ) -> None:
        self._on_task, self._has_room = on_task, has_room
        self._on_unreadable, self._on_newer = on_unreadable or self._finish_unread, on_newer
        self.partitions: dict[Any, PartitionTasks] = {}
        self.running: dict[str, TakenTask] = {}
        self._running_bytes = 0
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._cancelled: OrderedDict[str, deque[tuple[str, int, int]]] = OrderedDict()
        self._number = 0
        self._levels: tuple[deque[PartitionTasks], ...] = (deque(), deque(), deque())
        self._aging = Aging()
        self.is_closed = False
        """Whether nothing more is to be given out."""
        self.is_held = False
        """Whether nothing is begun for now: our partitions may be about to go elsewhere."""

    # In.

    def set_partitions(self, partitions: dict[Any, PartitionTasks]) -> None:
        """From now on these are ours."""
        for key, tasks in self.partitions.items():
            if key not in partitions:
                tasks.drop_waiting()
        self.partitions = partitions
        self._levels = (deque(), deque(), deque())
        for tasks in partitions.values():
            self._levels[tasks.level].append(tasks)

    def read(self, tasks: PartitionTasks, offset: int, content: bytes | None) -> None:
        """A record has come. One that is no task, or of another version, is told, and stands in nobody's way."""
        self._number += 1
        content = content or b""
        if not tasks.offsets.take(offset):
            return
        try:
            version = PROTOCOL
            head = _heads.decode(content)
            why = (
                ""
                if head.task == f"{head.execution}/{head.path}@{head.attempt}"
                else f"its id is not that of its attempt: {head.task[:200]}"
            )
            version = head.protocol
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            version, why = _version_of(content), str(error)
        if version != PROTOCOL:
            what = f"a task of version {version} of the worker protocol; spoken here is {PROTOCOL}"
            tasks.left[offset] = content
            self._on_newer(tasks.key, offset, content, what)
        elif why:
            self._on_unreadable(tasks.key, offset, content, why)
        else:
            tasks.waiting.append(TakenTask(head, content, tasks, offset, self._number))
            tasks.waiting_bytes += len(content)

    # Out.

    def give_out(self) -> None:
        """Give out what there is room for."""
        if self.is_closed or self.is_held:
            return
        if begin := self._aging.first(len(self._levels)):
            self._give_from(self._levels[begin], 1)
        for level in self._levels:
            self._give_from(level)

    def _give_from(self, level: deque[PartitionTasks], most: int = sys.maxsize) -> None:
        """Give out what there is room for, of a level, its partitions in turns."""
        refused = given = 0
        while refused < len(level) and given < most:
            tasks = level[0]
            level.rotate(-1)
            is_given = self._give_one(tasks)
            refused, given = (0, given + 1) if is_given else (refused + 1, given)

    def begin(self, key: Any, content: bytes, has_room: Callable[[str], bool]) -> str | None:
        """Give a task out whose record is still to come; its id, or None where others wait before it, or it is not for us."""
        tasks = self.partitions.get(key)
        if self.is_closed or self.is_held or tasks is None or not tasks.is_ready or tasks.waiting or not has_room(tasks.kind):
            return None
        head = _heads.decode(content)
        if head.task in self.running or head.task in self._recent or self._running_bytes >= RUNNING_BYTES_MAX:
            return None
        self._number += 1
        taken = TakenTask(head, content, tasks, NOWHERE, self._number)
        taken.records.clear()
        self._run(taken)
        return taken.task

    def _run(self, taken: TakenTask) -> None:
        self.running[taken.task] = taken
        self._running_bytes += len(taken.content)
        self._on_task(taken)

    def _give_one(self, tasks: PartitionTasks) -> bool:
        while tasks.waiting:
            taken = tasks.waiting[0]
            is_wanted = self._is_wanted(tasks, taken)
            if is_wanted and not self._may_run(tasks.kind):
                return False
            tasks.waiting.popleft()
            tasks.waiting_bytes -= len(taken.content)
            if is_wanted:
                taken.may_have_begun = taken.offset < tasks.lay_here_to
                self._run(taken)
                return True
        return False

    def _may_run(self, kind: str) -> bool:
        return self._running_bytes < RUNNING_BYTES_MAX and self._has_room(kind)

    def _is_wanted(self, tasks: PartitionTasks, taken: TakenTask) -> bool:
        """Whether it is still to be run. What runs here already is done when that is."""
        running = self.running.get(taken.task)
        if running is not None:
            running.records |= taken.records
            return False
        if taken.task in self._recent or self._is_cancelled(taken) or tasks.offsets.is_done(taken.offset):
            tasks.offsets.finish(taken.offset)
            return False
        return True

    # Ends.

    def done(self, task: str) -> None:
        """It has ended, and nobody needs to run it again."""
        taken = self._end(task)
        if taken is not None:
            self._finish(taken)
        self._recent[task] = None  # also of one that was not taken here: its record may still come
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)

    def hand_over(self, task: str) -> None:
        """It runs on, and its heartbeats answer for it from now on: it counts as done."""
        taken = self.running.get(task)
        if taken is not None:
            self._finish(taken)

    def refuse(self, task: str, why: str) -> None:
        """It was given out, and cannot be read after all."""
        taken = self._end(task)
        for key, offset in () if taken is None else list(taken.records):
            self._on_unreadable(key, offset, taken.content, why)  # type: ignore[union-attr]  # there are records of a task only

    def _finish_unread(self, key: Any, offset: int, content: bytes, why: str) -> None:
        self.finish(key, offset)

    def finish(self, key: Any, offset: int) -> None:
        """A record needs not be looked at any more."""
        tasks = self.partitions.get(key)
        if tasks is not None:
            tasks.left.pop(offset, None)
            tasks.offsets.finish(offset)

    def overdue(self) -> Iterator[tuple[Any, int, bytes]]:
        """Tasks of another version that hold up what is committed, with so many records behind them: key, offset, content."""
        for key, tasks in self.partitions.items():
            lowest = tasks.offsets.lowest
            is_much = tasks.offsets.next - lowest >= LEFT_BEHIND_MAX or len(tasks.left) > LEFT_MAX // 2
            if tasks.is_ready and is_much and lowest in tasks.left:
                yield key, lowest, tasks.left[lowest]

    def forget(self, task: str) -> None:
        """It did not run to its end, and is to run elsewhere."""
        self._end(task)

    def _end(self, task: str) -> TakenTask | None:
        taken = self.running.pop(task, None)
        if taken is not None:
            self._running_bytes -= len(taken.content)
        return taken

    def _finish(self, taken: TakenTask) -> None:
        for key, offset in taken.records:
            tasks = self.partitions.get(key)
            if tasks is not None:
                tasks.offsets.finish(offset)
        taken.records.clear()

    # Cancelling.

    def cancel(self, execution: str, path: str, attempt: int, sequence: int = SEQUENCE_MAX) -> list[str]:
        """What runs and nobody waits for any more; what waits will not be given out."""
        self._cancelled.setdefault(execution, deque(maxlen=CANCELLATIONS_MAX)).append((path, attempt, sequence))
        self._cancelled.move_to_end(execution)
        if len(self._cancelled) > RECENT_MAX:
            self._cancelled.popitem(last=False)
        return [one.task for one in self.running.values() if one.execution == execution and one.is_meant_by(path, attempt, sequence)]

    def _is_cancelled(self, taken: TakenTask) -> bool:
        """It may have been read after its cancellation, which came by another topic."""
        if taken.execution not in self._cancelled:
            return False
        said = self._cancelled[taken.execution]
        return any(taken.is_meant_by(path, attempt, sequence) for path, attempt, sequence in said)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing runs here that would be begun again where its partition is."""
        return not any(taken.records for taken in self.running.values())

    @property
    def waiting_count(self) -> int:
        """How many wait here."""
        return sum(len(tasks.waiting) for tasks in self.partitions.values())


_heads: Final = msgspec.json.Decoder(_Head)


class _Version(msgspec.Struct):
    protocol: int


def _version_of(content: bytes) -> int:
    """What cannot be read may be of another version; where it says none it is of ours."""
    try:
        return msgspec.json.decode(content, type=_Version).protocol
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return PROTOCOL


def changed(partitions: dict[Any, PartitionTasks]) -> Iterator[PartitionTasks]:
    """Those of which a commit would say something new."""
    return (tasks for tasks in partitions.values() if tasks.is_ready and tasks.committed != tasks.offsets.changes)
