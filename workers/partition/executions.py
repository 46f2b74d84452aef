"""Executions in memory: the open ones folded, the idle ones packed, of those that have ended only how, as long as they are kept.

Nothing here is the truth. It may be dropped at any time and folded again from the journal.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from contracts.commands import RunActivity
from contracts.errors import SHORTAGES, LogFull, LogUnreachable, reason_of
from contracts.ids import depth_of, root_of
from contracts.journal import Closing, Filing, Retired, SealedBody
from contracts.key import NO_KEY, first_key, partition_of
from domain.execution.history import Folded, GraphOf
from domain.execution.react import is_reported
from projections.trail import pack_offsets
from workers.partition.ended_execution import VERSION_BYTES, EndedExecution, encode_closing
from workers.partition.filed import Filed
from workers.partition.packed import Packed, note_pause, packed, place_of, place_packed, queue_of, quota_of, unpacked
from workers.partition.quotas import Quotas
from workers.partition.sealing import closing_of

_ASKED: Final = -1
"""Stands for the retention of those that somebody has asked to archive."""
LIVE_MAX_DEFAULT: Final = 5_000
"""How many executions are kept as objects; the others wait packed, at a fifth of the memory."""


class Executions:
    """All executions of a partition, by id."""

    def __init__(
        self, graph_of: GraphOf, live_max: int = LIVE_MAX_DEFAULT, retention_ms: int = 0, partition: int = 0, notes_last: bool = False,
        retention_of_tests_ms: int = 0,
    ) -> None:  # fmt: skip
        """`retention_ms` is how long what has ended is kept where its definition does not say, `retention_of_tests_ms` tests; 0 for ever.

        With `notes_last` it is noted what a decision follows on that comes after an end (80 bytes each): nobody has to read it then.
        """
        self.retention_ms, self._partition, self._notes_last = retention_ms, partition, notes_last
        self._retention_of_tests_ms = retention_of_tests_ms
        self._graph_of = graph_of
        self._live_max = live_max
        self._live: dict[str, Folded] = {}
        self._packed: dict[str, Packed] = {}
        self.quotas = Quotas()
        self.families: Counter[str] = Counter()
        """Of each family with children: how many of them are open."""
        self.ended: dict[str, EndedExecution] = {}
        self._expiring: defaultdict[int, deque[str]] = defaultdict(deque)
        """Of each retention those that have ended, the first one first."""
        self._early: set[str] = set()
        """Those among them that do not wait for it any more."""
        self.unreadable: dict[str, str] = {}
        self.filed = Filed()
        """How far the archive has come, where the journal says it."""
        self.keys_end = first_key(partition)
        """All keys that executions here were ever sealed with have lower numbers."""

    def __len__(self) -> int:
        return len(self._live) + len(self._packed)

    def get(self, execution: str) -> Folded | None:
        """The open execution, unpacked if need be."""
        folded = self._live.get(execution)
        if folded is None and execution in self._packed:
            folded = self._unpacked(execution, self._packed[execution])
            if folded is not None:
                self._live[execution] = folded
                del self._packed[execution]
        return folded

    def _unpacked(self, execution: str, idle: Packed) -> Folded | None:
        """The execution as it was; None where it cannot be read any more, which harms no other."""
        try:
            return unpacked(idle, self._graph_of)
        except (LogFull, LogUnreachable, *SHORTAGES):
            raise
        except Exception as error:
            self.set_aside(execution, reason_of(error))
            return None

    def is_sealed(self, execution: str) -> bool | None:
        """Whether an open execution is sealed; None of one that is not known to be open."""
        if (folded := self._live.get(execution)) is not None:
            return folded.state.key != NO_KEY
        idle = self._packed.get(execution)
        return None if idle is None else idle.key != NO_KEY

    def offset_after(self, execution: str) -> int:
        """The offset after the last durable decision about an execution, as far as that is known here; else 0."""
        if (ended := self.ended.get(execution)) is not None:
            return ended.offset + 1
        folded = self.get(execution)
        return folded.trail[-1] + 1 if folded is not None and folded.trail else 0

    def waits_for(self, activity: RunActivity) -> bool:
        """Whether an activity is still to be run. Of an execution that is not known it is: whoever decides will say."""
        if activity.execution in self.ended:
            return False
        folded = self.get(activity.execution)
        if folded is None:
            return True
        run = folded.state.runs.get(activity.path)
        return run is not None and run.attempt == activity.attempt and run.status == "active" and not is_reported(folded.state, run)

    def is_armed(self, execution: str, timer: str, due: int) -> bool:
        """Whether the execution waits for this timer."""
        folded = self._live.get(execution)
        if folded is not None:
            return folded.state.timers.get(timer) == due
        idle = self._packed.get(execution)
        return idle is not None and (timer, due) in idle.timers

    def put(self, folded: Folded) -> None:
        """Keep an open execution."""
        name = folded.state.execution
        if depth_of(name) and name not in self._live and name not in self._packed:
            self.families[root_of(name)] += 1
        if folded.state.key >= self.keys_end:
            self.note_key(folded.state.key)
        self._live[name] = folded

    def has_begun(self, folded: Folded) -> None:
        """An open execution was created: it may count against a quota, or wait to be let in."""
        if workflow := quota_of(folded):
            if (place := place_of(folded)) is None:
                self.quotas.begin(folded.state.execution, workflow, folded.state.created_at)
            else:
                self.quotas.wait(workflow, place)

    def may_be_let_in(self, folded: Folded, now: int) -> None:
        """Something was decided at this time about one that waits to be let in, or did: it counts as soon as it is."""
        state = folded.state
        if state.admission is None and not state.is_ended:
            self.quotas.begin(state.execution, state.workflow, now)
        elif state.paused:  # it was told, and goes on when it is released
            self.quotas.pass_by(state.workflow, state.execution)

    def note_key(self, key: int) -> None:
        """An execution is sealed with the key of this number."""
        if key >= self.keys_end and partition_of(key) == self._partition:
            self.keys_end = key + 1

    def end(self, folded: Folded, offset: int) -> None:
        """The execution has ended: keep only how."""
        state = folded.state
        is_sealed = state.key != NO_KEY or state.erased is not None  # what its archive would say, everybody could read
        kept_ms = 0 if is_sealed else self._kept_ms(folded)
        last = self._noted(state.digest, state.version, None if state.key == NO_KEY else closing_of(state))
        self.drop(state.execution)
        if not kept_ms:
            is_erased = state.erased is not None
            self.ended[state.execution] = EndedExecution(state.status, state.request, offset, 0, b"", state.key, is_erased, last)
            return
        trail = b"" if state.rolled_at else pack_offsets(0, folded.trail)
        ahead = 0 if state.test is None else state.test.ahead
        expires = state.ended_at - ahead + kept_ms
        self.ended[state.execution] = EndedExecution(state.status, state.request, offset, expires, trail, last=last)
        self._expiring[kept_ms].append(state.execution)

    def _kept_ms(self, folded: Folded) -> int:
        if folded.state.test is not None:
            return self._retention_of_tests_ms
        return folded.graph.retention_ms or self.retention_ms

    def note_after_end(self, execution: str, offset: int, digest: bytes) -> None:
        """Something was recorded here after its end, with this digest: it goes with the execution."""
        ended = self.ended[execution]
        if offset > ended.offset:
            trail = pack_offsets(0, [*ended.offsets, offset]) if ended.trail else b""
            last = digest + ended.last[len(digest) :] if ended.last else b""
            self.ended[execution] = msgspec.structs.replace(ended, offset=offset, trail=trail, last=last)

    def expire(self, execution: str, offset: int, digest: bytes, now: int) -> None:
        """Somebody has asked, in the decision at this offset, to archive it now."""
        self.note_after_end(execution, offset, digest)
        ended = self.ended[execution]
        self.ended[execution] = msgspec.structs.replace(ended, expires=min(now, ended.expires or now))
        self._early.add(execution)
        self._expiring[_ASKED].append(execution)

    def take_ended(self, ended: dict[str, EndedExecution]) -> None:
        """Keep what a snapshot holds of those that have ended."""
        statuses: dict[str, str] = {}
        for name, one in ended.items():
            status = statuses.setdefault(one.status, one.status)  # one text for all that ended alike
            self.ended[name] = msgspec.structs.replace(one, status=status)
        expiring = [(one.expires, name) for name, one in ended.items() if one.expires]
        self._expiring[0].extend(name for _, name in sorted(expiring))

    def expired(self, now: int, before: int, most: int) -> list[str]:
        """Those that are to be removed now, and whose decisions lie before an offset; no more than so many."""
        found: dict[str, None] = {}
        for names in self._expiring.values():
            for name in names:
                if (ended := self.ended.get(name)) is None:
                    continue
                if len(found) == most or ended.expires > now or ended.offset >= before:
                    break
                found[name] = None
        return list(found)

    def keep(self, names: Iterable[str]) -> None:
        """These are kept for ever, as they cannot be archived."""
        for name in names:
            self.ended[name] = msgspec.structs.replace(self.ended[name], expires=0, trail=b"")
        for waiting in self._expiring.values():
            for name in names:
                if name in waiting:
                    waiting.remove(name)

    def overdue_ms(self, now: int) -> int:
        """How much longer the oldest of those that have ended is known than it is to be kept."""
        due = [self.ended[names[0]].expires for names in self._expiring.values() if names]
        return max(0, now - min(due, default=now))

    def forget(self, names: Iterable[str]) -> None:
        """These were removed: nothing is known of them any more."""
        names = set(names)
        for name in names:
            self.ended.pop(name, None)
        early = self._early & names
        self._early -= early
        for kept_ms, waiting in self._expiring.items():
            while waiting and waiting[0] not in self.ended:
                waiting.popleft()
            if early and kept_ms != _ASKED:  # another one may be called so, and would be taken for this one
                self._expiring[kept_ms] = deque(name for name in waiting if name not in early)

    def file(self, record: Filing) -> None:
        """The journal notes this of its archive; those that it retires were removed."""
        self.filed.take(record)
        if isinstance(record, Retired):
            for name, _ in record.executions:
                self.drop(name)
                self.unreadable.pop(name, None)
            self.forget(name for name, _ in record.executions)

    def _noted(self, digest: bytes, version: int, closing: Closing | None) -> bytes:
        if not self._notes_last:
            return b""
        return digest + version.to_bytes(VERSION_BYTES, "big") + (b"" if closing is None else encode_closing(closing))

    def close_sealed(self, head: SealedBody, closing: Closing, digest: bytes, offset: int) -> None:
        """Nobody here can read an execution that is sealed, and has ended so with the decision at this offset."""
        last = self._noted(digest, head.last, closing)
        self.close(head.execution, EndedExecution(closing.status, b"", offset, key=head.key, last=last))

    def close(self, execution: str, ended: EndedExecution) -> None:
        """All that is known of an execution is how it has ended, as its history cannot be read."""
        self.drop(execution)
        self.unreadable.pop(execution, None)
        self.ended[execution] = ended

    def drop(self, execution: str) -> None:
        """Forget what is cached of an execution."""
        self.quotas.end(execution)
        was_open = self._live.pop(execution, None) is not None
        was_open = self._packed.pop(execution, None) is not None or was_open
        if was_open and depth_of(execution):
            family = root_of(execution)
            self.families[family] -= 1
            if not self.families[family]:
                del self.families[family]

    def set_aside(self, execution: str, reason: str) -> None:
        """The history of the execution cannot be read on, for this reason; the first one stays."""
        self.drop(execution)
        self.unreadable.setdefault(execution, reason)

    def admit(self, execution: str, read: Callable[[], Folded]) -> Folded | None:
        """Read an execution again that was set aside; None where that fails once more, or it has ended."""
        try:
            folded = read()
        except (LogFull, LogUnreachable, *SHORTAGES):
            raise
        except Exception as error:
            self.unreadable[execution] = reason_of(error)
            return None
        del self.unreadable[execution]
        if folded.state.ended_at:
            self.end(folded, folded.trail[-1])
            return None
        self.put(folded)
        if workflow := quota_of(folded):
            if (place := place_of(folded)) is None:
                self.quotas.found(execution, workflow)
            else:
                self.quotas.wait(workflow, place)
            note_pause(self.quotas, folded)
        return folded

    def open(self) -> Iterator[Folded]:
        """All open executions; the packed ones are unpacked one at a time and not kept."""
        yield from list(self._live.values())
        yield from self._each(list(self._packed.items()))

    def _each(self, idle: list[tuple[str, Packed]]) -> Iterator[Folded]:
        for name, one in idle:
            folded = self._unpacked(name, one)
            if folded is not None:
                yield folded

    def active(self) -> Iterator[Folded]:
        """The open executions that may have something to do."""
        yield from list(self._live.values())
        yield from self._each([(name, idle) for name, idle in self._packed.items() if idle.is_active])

    def timers(self) -> Iterator[tuple[str, dict[str, int]]]:
        """The timers of all open executions."""
        for name, folded in self._live.items():
            yield name, folded.state.timers
        for name, idle in self._packed.items():
            if idle.timers:
                yield name, dict(idle.timers)

    def queues(self) -> list[tuple[str, str, str, bool]]:
        """Of those that queue or have queued: name, workflow, slot, whether they have started; the oldest first."""
        found = [(name, queue_of(folded.state)) for name, folded in self._live.items()]
        found += [(name, idle.queue) for name, idle in self._packed.items()]
        ordered = sorted((queue[3], name, queue) for name, queue in found if queue is not None)
        return [(name, queue[0], queue[1], queue[2]) for _, name, queue in ordered]

    def names(self) -> list[str]:
        """Those of all open executions."""
        return [*self._packed, *self._live]

    def packed(self, execution: str) -> Packed:
        """An open execution as bytes, for a snapshot."""
        idle = self._packed.get(execution)
        return packed(self._live[execution]) if idle is None else idle

    def take(self, idle: dict[str, Packed]) -> None:
        """Keep what a snapshot holds, packed as it is."""
        self._packed.update(idle)
        for name, one in idle.items():
            if one.awaits is not None:
                self.quotas.wait(one.quota_of, place_packed(name, one.awaits))
            elif one.quota_of:
                self.quotas.found(name, one.quota_of)
            if one.is_held_up:
                self.quotas.note(name, one.quota_of, True)
        self.families.update(root_of(name) for name in idle if depth_of(name))

    def pack_idle(self, most: int | None = None) -> bool:
        """Pack those that have been here longest, once there are a tenth too many; True where `most` was not enough."""
        surplus = len(self._live) - self._live_max
        if surplus <= self._live_max // 10:
            return False
        for execution in list(islice(self._live, surplus if most is None else min(surplus, most))):
            self._packed[execution] = packed(self._live.pop(execution))
        return most is not None and surplus > most

    def forget_idle(self, packed_max: int) -> list[str]:
        """Drop those that were packed first, once there are a tenth too many; their names. For who can fold them again."""
        surplus = len(self._packed) - packed_max
        if surplus <= packed_max // 10:
            return []
        names = list(self._packed)[:surplus]
        for name in names:
            self.drop(name)
        return names
