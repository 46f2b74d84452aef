"""A member of a cluster: says every second that it is there, hears what the others say, and tells its process what follows.

    append ◄── heartbeat, assignment ── Members ◄── take(offset, timestamp, value) ── tail of the `members` topic
                                           │
                                           └──► Host.on_change: mine, may_take, leader …

It lives in the event loop, and knows nothing of Kafka: it is given how to append, and is fed what the topic's tail reads.

What was folded is believed only while it is fresh: a heartbeat that was made within the last half session must have been
read back. So a process that was frozen takes nothing over, and leads nobody, before it has read the topic to its end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from contracts.errors import LogError, RefoldError, UnknownRecord
from contracts.members import Assignment, Heartbeat, MemberRecord, PartitionHeld, encode_member_record, read_member_record
from contracts.worker_protocol import WorkerRow
from workers.cluster.heartbeats import Beats, now_s
from workers.cluster.member_table import SESSION_MS_DEFAULT
from workers.cluster.membership import HAND_OVER_MS, Membership
from workers.tasks.notices import Notices

_log = logging.getLogger("refold.members")

BEAT_S: Final = 1.0
"""Between two heartbeats; several fit into a session."""
LEAVE_S: Final = 10.0
"""So long does one who leaves wait for its partitions to be taken."""


class NameTaken(RefoldError):
    """Another living process has our node name; this one has to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who a process is, from its start to its end."""

    node: str
    incarnation: str
    roles: tuple[str, ...]
    address: str = ""
    version: str = ""

    def __str__(self) -> str:
        return _named(self.incarnation, self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a process says about itself at one moment: what it holds, and which activity workers it knows of."""

    partitions: dict[int, PartitionHeld] = field(default_factory=dict)
    workers: tuple[WorkerRow, ...] = ()
    rows: dict[int, int] = field(default_factory=dict)
    heard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast things go."""

    session_s: float = SESSION_MS_DEFAULT / 1000
    beat_s: float = BEAT_S
    probation_s: float = BEAT_S
    """So long has the holder of our name, if it seems alive, to contest it."""
    hand_over_s: float = HAND_OVER_MS / 1000


class Host(Protocol):
    """The process that a membership is of."""

    def own(self) -> Own:
        """What it says about itself."""

    @property
    def partitions(self) -> int:
        """How many the journal has, as far as it knows."""

    def on_change(self) -> None:
        """Called on all news, and whenever a heartbeat of ours has come back."""


class Members:
    """One process's membership; all of it belongs to the event loop's thread.

    `append` stores one record: it may raise LogError, and may hang. `clock` counts seconds. `on_unreadable` gets what nobody can
    read, `on_newer` what another version says, and cannot be read here.
    """

    def __init__(
        self,
        who: Who,
        append: Callable[[bytes], Awaitable[object]],
        pace: Pace | None = None,
        clock: Callable[[], float] = now_s,
        on_unreadable: Callable[[int, bytes], None] = lambda offset, value: None,
        on_newer: Callable[[int, str], None] = lambda offset, what: None,
    ) -> None:
        self.who, self._append, self._on_unreadable, self._on_newer = who, append, on_unreadable, on_newer
        self._host: Host | None = None
        self._pace, self._clock = pace or Pace(), clock
        self.membership = self._begin(0)
        self._next_offset = 0
        self._beats = Beats(clock)
        self._since = self._heard_at = 0
        self._said: Heartbeat | None = None
        self._said_at = self._read_at = float("-inf")
        self._assigned_at = 0.0
        self._archive_asked = 0
        self._wrote, self._wrote_at = -1, float("-inf")
        self._standing: tuple[object, ...] = ()
        self._wake = asyncio.Event()
        self._is_asked = True
        self._leave_by: float | None = None
        self._notices = Notices(_log, clock)
        self._ended = asyncio.Event()

    def _begin(self, generation: int) -> Membership:
        return Membership(self.who.node, self.who.incarnation, round(self._pace.session_s * 1000), generation)

    # What was read.

    def on_records(self, topic: str, partition: int, records: Iterable[tuple[int, int, bytes]], high_watermark: int) -> None:
        """Take what the tail of the topic has read."""
        for offset, timestamp_ms, value in records:
            self._fold(offset, timestamp_ms, value)
        self._notice()

    def take(self, offset: int, timestamp_ms: int, value: bytes) -> None:
        """Take one record."""
        self._fold(offset, timestamp_ms, value)
        self._notice()

    def _fold(self, offset: int, timestamp_ms: int, value: bytes) -> None:
        if offset < self._next_offset:
            _log.warning("the members topic begins anew: offset %d, expected %d", offset, self._next_offset)
            self.membership = self._begin(self.membership.generation)
        self._next_offset, self._read_at = offset + 1, self._clock()
        membership = self.membership
        beat, latest = membership.beat, membership.latest
        membership.take(offset, timestamp_ms, self._read(offset, value))
        if membership.beat > beat:
            self._heard_at = self._heard_at or timestamp_ms
            self._beats.come_back(membership.beat)
            self._standing = ()  # news by itself: whoever waits for a confirmation goes on
        if membership.latest is not latest and membership.latest is not None:
            self._assigned_at = self._clock()
            asyncio.get_running_loop().call_later(self._pace.hand_over_s, self._tell)

    def _read(self, offset: int, value: bytes) -> MemberRecord | None:
        try:
            record = read_member_record(value)
        except UnknownRecord as error:
            self._on_newer(offset, str(error))
            return None
        if record is None:
            self._on_unreadable(offset, value)
        return record

    def _notice(self) -> None:
        """Tell the process where anything has changed, and the others where they wait to hear that we know."""
        standing = self.membership.standing()
        if standing == self._standing:
            return
        self._standing = standing
        said = self._said
        if said is not None and (said.generation, said.contested, said.since) != self._known():
            self._is_asked = True
        self._wake.set()
        self._tell()

    def _tell(self) -> None:
        if self._host is not None and not self._ended.is_set():
            self._host.on_change()

    def _known(self) -> tuple[int, tuple[str, ...], int]:
        return self.membership.generation, self.membership.contested(), self._settle()

    # What follows.

    @property
    def is_fresh(self) -> bool:
        """Whether what was folded can be believed: the topic was read to its end, or what was its end moments ago."""
        return self._beats.is_fresh(self._pace.session_s / 2)

    @property
    def archive_asked(self) -> int:
        """When somebody has last asked to archive what is due at once, here or elsewhere; 0 where nobody has."""
        return max((self._archive_asked, *(one.said.archive for _, one in self.membership.table.living())))

    def ask_to_archive(self, now: int) -> None:
        """Somebody asks here: the others are to hear of it."""
        self._archive_asked = now
        self.say_now()

    def rows_of_others(self, partition: int) -> list[int]:
        """Up to which offset of a journal the rows go that others keep."""
        living = (one for name, one in self.membership.table.living() if name != self.who.node)
        return [one.said.rows[partition] for one in living if partition in one.said.rows]

    def heard_by_others(self) -> set[str]:
        """To what somebody listens at another process, as its heartbeat says."""
        return {execution for name, one in self.membership.table.living() if name != self.who.node for execution in one.said.heard}

    @property
    def is_leaving(self) -> bool:
        """Whether `leave` was called."""
        return self._leave_by is not None

    @property
    def mine(self) -> frozenset[int]:
        """The partitions that are assigned to this process; what it holds beyond them it has to let go of."""
        return self.membership.mine

    def may_take(self, partition: int) -> bool:
        """Whether it may take a partition over now: it is assigned to it, and who had it has let go, is dead, or was waited for."""
        waited_ms = HAND_OVER_MS * (self._clock() - self._assigned_at) / self._pace.hand_over_s
        return self.is_fresh and self.membership.may_take(partition, round(waited_ms))

    def is_held_elsewhere(self, partition: int) -> bool:
        """Whether another node says that it has the partition, and has not been silent for half a session."""
        return self.membership.is_held_elsewhere(partition, round(self._pace.session_s * 500))

    def mark(self) -> int:
        """A mark for `confirmed_since`, to be set when standing down; it asks for a heartbeat at once."""
        self.say_now()
        return self._beats.made

    def confirmed_since(self, mark: int) -> bool:
        """Whether a heartbeat that was made after the mark has come back, so that all was read that led to the mark."""
        return self.is_fresh and self.membership.confirmed_since(mark)

    # What is said.

    def say_now(self) -> None:
        """Ask for a heartbeat at once: something has changed that others wait for."""
        self._is_asked = True
        self._wake.set()

    async def leave(self, timeout_s: float = LEAVE_S) -> None:
        """Say that we leave, wait until what we hold is let go of, say that, and end `run`.

        Whoever holds partitions lets go of them as the assignments say, with `say_now`. When this returns nothing may
        be held any more.
        """
        self._leave_by = self._clock() + timeout_s
        self.say_now()
        await self._ended.wait()

    async def run(self, host: Host) -> None:
        """Say that we are there, lead if it is on us, until `leave`. Raises NameTaken."""
        beat_at, self._host = self._clock(), host
        try:
            while True:
                self._check_name()
                if self._is_asked or self._clock() >= beat_at:
                    self._is_asked, beat_at = False, self._clock() + self._pace.beat_s
                    await self._say(self._heartbeat(host.own()))
                if self._has_let_go(host):
                    return await self._say(self._heartbeat(Own()))
                await self._lead(host)
                await self._pause(beat_at)
        finally:
            self._ended.set()

    async def _pause(self, until: float) -> None:
        """Until something is asked for, or its time has come."""
        if self._beats.joined_at is not None and not self._since:
            until = min(until, self._beats.joined_at + self._pace.probation_s)
        if self._leave_by is not None:
            until = min(until, self._leave_by)
        death_at = self._death_at()
        waiting = asyncio.ensure_future(self._wake.wait())
        await asyncio.wait({waiting}, timeout=max(0.0, min(until, death_at) - self._clock()))
        waiting.cancel()
        self._wake.clear()
        self._is_asked = self._is_asked or (not self._since and self._settle() > 0) or self._clock() >= death_at

    def _death_at(self) -> float:
        """When somebody will have been silent for a session: a heartbeat then moves the topic's time on, so that all know."""
        left_ms = self.membership.table.next_death()
        at = self._read_at + (left_ms or 0) / 1000
        return float("inf") if left_ms is None or at <= self._said_at else at

    def _check_name(self) -> None:
        other = self.membership.taken_by
        if other is None or not self.is_fresh or self._leave_by is not None:
            return
        raise NameTaken(
            f"two processes are called {self.who.node}: {_named(other.incarnation, other.address)}, which goes on, "
            f"and {self.who}, which ends; give one of them another name (--node)"
        )

    def _settle(self) -> int:
        """Our `since`, set once we have heard ourselves, and nobody living has contested our name."""
        if not self._since and self._beats.joined_at is not None:
            is_over = self._clock() >= self._beats.joined_at + self._pace.probation_s
            if is_over or self.membership.rival() is None:
                self._since = self.membership.since(self._heard_at)
        return self._since

    def _heartbeat(self, own: Own) -> Heartbeat:
        generation, contested, since = self._known()
        who = self.who
        return Heartbeat(
            node=who.node, incarnation=who.incarnation, beat=self._beats.make(), since=since, roles=who.roles, address=who.address,
            version=who.version, leaving=self._leave_by is not None, generation=generation, partitions=own.partitions,
            workers=own.workers, contested=contested, rows=own.rows, archive=self.archive_asked, heard=own.heard,
        )  # fmt: skip

    async def _say(self, heartbeat: Heartbeat) -> None:
        self._said, self._said_at = heartbeat, self._clock()
        await self._store(heartbeat)

    def _has_let_go(self, host: Host) -> bool:
        """Whether we leave, and have nothing, or nobody to leave it to, or no more time."""
        if self._leave_by is None:
            return False
        return not host.own().partitions or not self.membership.owners() or self._clock() >= self._leave_by

    async def _lead(self, host: Host) -> None:
        """Write the assignment that is due, if this node leads; once, until it was read or a second has passed."""
        due = self.membership.assignment_due(host.partitions) if self.is_fresh else None
        if due is None or (due.generation <= self._wrote and self._clock() < self._wrote_at + self._pace.beat_s):
            return
        self._wrote, self._wrote_at = due.generation, self._clock()
        await self._store(due)

    async def _store(self, record: MemberRecord) -> None:
        """Append, but hang on it no longer than half a session; the next heartbeat is another try. It may land all the same."""
        task = asyncio.ensure_future(self._append(encode_member_record(record)))
        try:
            await asyncio.wait({task}, timeout=self._pace.session_s / 2)
        finally:
            if not task.done():
                task.add_done_callback(_look_at)
                task.cancel()
        error = task.exception() if task.done() and not task.cancelled() else None
        if error is not None and not isinstance(error, LogError):
            raise error
        if error is not None:
            kind = "an assignment" if isinstance(record, Assignment) else "a heartbeat"
            self._notices.say(logging.WARNING, kind, f"{kind} of {self.who.node} could not be stored: {error}")


def _look_at(task: asyncio.Future[object]) -> None:
    """What was given up fails, or not, without a word."""
    if not task.cancelled():
        task.exception()


def _named(incarnation: str, address: str) -> str:
    return f"process {incarnation}" + (f" at {address}" if address else "")
