"""The owner of a partition: the one that may append to its journal. One thread, no task, no future, no lock a command.

    claim() ─► step() ─► step() ─► …        each step is a round (workers/round.py); False when there was nothing to do
       ▲                   │
       └── Fenced, unknown ┘                stand down: nothing of the round has happened; claim again, fold again

`submit` may be called from the owner's thread only; `report` from any.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from contracts import codec
from contracts.commands import CancelActivity, Command, Envelope, GrantSlot, RunActivity
from contracts.dead_letter import DeadLetter
from contracts.definitions import Concurrency
from contracts.errors import Fenced, LogCorrupt, LogError, LogFull, LogUnreachable, Overloaded, RecordTooLarge, Rejected
from contracts.journal import JournalOpened, PartitionClaimed, judge
from contracts.ports.activities import ActivityWorker
from contracts.ports.blobs import Blobs
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from contracts.ports.snapshots import Snapshots
from domain.places import node_at
from domain.react import outstanding
from domain.state import ENDED, Execution
from workers.catalog import Catalog
from workers.courier import Courier
from workers.decider import Decider
from workers.executions import LIVE_MAX_DEFAULT, Executions
from workers.metrics import Metrics
from workers.recovery import Recovered, journal_of, make_snapshot, recover
from workers.refold import entries_of, refold
from workers.round import Answer, Item, Made, Reply, take_items
from workers.timers import Timers

_log = logging.getLogger("refold.owner")

INBOX_MAX_DEFAULT: Final = 10_000
ROUND_MAX_DEFAULT: Final = 1_000
"""So many commands are decided in one round; what is left waits for the next."""
TIMERS_A_ROUND_MAX: Final = 500
CLAIM_PAUSE_MS: Final = 100
"""How long an owner that was thrown out waits before it claims again."""
RETRY_PAUSE_MS: Final = 1_000
"""How long it waits where there is no room, or a claim could not be made."""
SNAPSHOT_EVERY_DEFAULT: Final = 100_000
"""After so many decisions an idle moment is used for a snapshot."""


class Owner:
    """Owns one partition: decides what comes in, appends, acts."""

    def __init__(
        self,
        log: Log,
        catalog: Catalog,
        blobs: Blobs,
        snapshots: Snapshots,
        clock: Clock,
        worker: ActivityWorker,
        *,
        nonce: Callable[[], bytes],
        partition: int = 0,
        node: str = "embedded",
        inbox_max: int = INBOX_MAX_DEFAULT,
        live_max: int = LIVE_MAX_DEFAULT,
        snapshot_every: int = SNAPSHOT_EVERY_DEFAULT,
        round_max: int = ROUND_MAX_DEFAULT,
    ) -> None:
        self._log, self._catalog, self._blobs, self._snapshots = log, catalog, blobs, snapshots
        self._clock, self._worker = clock, worker
        self.partition, self._node, self._live_max = partition, node, live_max
        self._nonce_of = nonce
        self._inbox_max, self._snapshot_every, self._round_max = inbox_max, snapshot_every, round_max
        self._inbox: deque[Item] = deque()
        self._reports: deque[tuple[str, Command]] = deque()
        self._watchers: dict[str, list[Callable[[Execution], None]]] = {}
        self._claimed, self._retry_at, self._journal = False, 0, ""
        self._since_snapshot = 0
        self.timers = Timers()
        self.metrics = Metrics()
        self.on_decisions: Callable[[list[Made]], None] | None = None

    # Ownership.

    def claim(self) -> None:
        """Become the owner: append a claim, fold up to it, and take up what is open. Raises LogError where it cannot."""
        nonce = self._nonce_of()
        records = [codec.encode_record(PartitionClaimed(nonce, self._node))]
        journal = journal_of(self._log, self.partition)
        if self._journal and journal != self._journal:
            raise LogCorrupt(f"the journal of partition {self.partition} is {journal or 'gone'}; it was {self._journal}")
        if not journal:
            opened = JournalOpened(self._nonce_of().hex(), self.partition, self._log.partitions)
            records.insert(0, codec.encode_record(opened))
        answer = self._log.append("journal", {self.partition: records})[self.partition]
        if isinstance(answer, LogError):
            raise answer
        recovered = recover(self._log, self.partition, self._catalog, self._snapshots, self._live_max)
        if recovered.checkpoint.nonce != nonce:
            raise Fenced(f"partition {self.partition} was claimed by another owner in the meantime")
        self._take_over(recovered)

    def _try_to_claim(self) -> bool:
        try:
            self.claim()
        except LogError as error:
            self._stand_down(str(error))
            self._retry_at = self._clock.now() + RETRY_PAUSE_MS
            return False
        return True

    def _take_over(self, recovered: Recovered) -> None:
        self._journal = recovered.checkpoint.journal
        self.executions: Executions = recovered.executions
        self._checkpoint = recovered.checkpoint
        self._decider = Decider(self.partition, self.executions, self._catalog, self._blobs, self._checkpoint, self.metrics, self._log)
        self._courier = Courier(self._catalog, recovered)
        self.timers.clear()
        for execution, timers in self.executions.timers():
            self.timers.arm(execution, timers.items())
        self._worker.take_over([effect for folded in self.executions.active() for effect in outstanding(folded.graph, folded.state)])
        self._inbox.extend(self._courier.again())
        self._restore_slots()
        self._tell_watchers()
        self.executions.pack_idle()
        self._claimed = True
        self.metrics.claims += 1

    def _tell_watchers(self) -> None:
        """An end that was appended, and whose acknowledgement was lost, is told now."""
        for execution in [name for name in self._watchers if name in self.executions.ended]:
            folded = refold(self._catalog.graph, entries_of(self._log, self.partition, execution))
            for then in self._watchers.pop(execution):
                if folded is not None:
                    then(folded.state)

    def _restore_slots(self) -> None:
        """Who holds a slot and who waits follows from the executions; turns are granted anew, and none that was on its way counts."""
        self._inbox = deque(item for item in self._inbox if type(item.envelope.command) is not GrantSlot)
        queues = self.executions.queues()
        if not queues:
            return
        self._decider.slots.restore(queues)
        settings_of: dict[str, Concurrency] = {}
        for workflow in {workflow for _, workflow, _, _ in queues}:
            with suppress(Rejected):  # an archived workflow has no active version: its executions go on one at a time
                _, definition = self._catalog.resolve(workflow)
                if (settings := self._catalog.graph(definition).settings.concurrency) is not None:
                    settings_of[workflow] = settings
        self._send(self._decider.slots.grant_all(settings_of))

    def _stand_down(self, why: str) -> None:
        """Whatever was decided and not acknowledged has not happened; the next step claims again."""
        self._claimed = False
        self._retry_at = self._clock.now() + CLAIM_PAUSE_MS
        self.metrics.stand_downs += 1
        self.metrics.last_stand_down = why

    # What comes in.

    def submit(self, envelope: Envelope, reply: Reply | None = None) -> None:
        """Take a command in; it is answered after the commit of its round. Raises Overloaded where too many wait."""
        if len(self._inbox) >= self._inbox_max:
            raise Overloaded(f"{len(self._inbox)} commands wait; the limit is {self._inbox_max}")
        self._inbox.append(Item(envelope, reply))

    def report(self, execution: str, command: Command) -> None:
        """Take in what a worker reports. May be called from any thread."""
        self._reports.append((execution, command))

    def watch_end(self, execution: str, then: Callable[[Execution], None]) -> None:
        """Call back once the execution has ended and that is durable."""
        self._watchers.setdefault(execution, []).append(then)

    def unwatch_end(self, execution: str, then: Callable[[Execution], None]) -> None:
        """Do not call back any more."""
        watchers = self._watchers.get(execution, [])
        if then in watchers:
            watchers.remove(then)
            if not watchers:
                del self._watchers[execution]

    def next_due(self) -> int | None:
        """When `step` will have something to do by itself (milliseconds since 1970), None as far as it knows."""
        return self.timers.next_due() if self._claimed else self._retry_at

    @property
    def is_in_charge(self) -> bool:
        """Whether it has claimed its partition, and nothing has thrown it out since."""
        return self._claimed

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be decided now."""
        return not (self._inbox or self._reports)

    # The round.

    def step(self) -> bool:
        """One round; True when anything was done."""
        now = self._clock.now()
        if not self._claimed:
            is_too_early = now < self._retry_at <= now + RETRY_PAUSE_MS  # later than that: the clock went back
            return not is_too_early and self._try_to_claim()
        self._collect(now)
        if not self._inbox:
            return self._rest()
        items = take_items(self._inbox, self._round_max)
        try:
            made, answers, rest = self._decider.decide_all(items, now, self._courier.dispatched_to(self._checkpoint.offset))
        except LogFull as full:
            self._refuse(items, full)
            return True
        except LogUnreachable as error:
            self._give_back(items, str(error))
            return True
        if rest:
            self._inbox.extendleft(reversed(rest))
            del items[len(items) - len(rest) :]
        if self._commit(items, made) and self._bury(items, self._decider.dead):
            self._act(items, made, answers)
        return True

    def _collect(self, now: int) -> None:
        while self._reports:
            execution, command = self._reports.popleft()
            self._inbox.append(Item(Envelope("", execution, command), None))
        for execution, fire in self.timers.take_due(now, TIMERS_A_ROUND_MAX, self._is_due):
            self._inbox.append(Item(Envelope("", execution, fire), None))
            self.metrics.timer_drift_ms = max(0, now - fire.due)

    def _commit(self, items: list[Item], made: list[Made]) -> bool:
        """Append the round as one batch; False when nothing of it has happened, as far as is known."""
        try:
            return self._append(items, made) if made else self._confirm(items)
        except LogUnreachable as error:
            self._give_back(items, str(error))
            return False

    def _append(self, items: list[Item], made: list[Made]) -> bool:
        answer = self._log.append("journal", {self.partition: [m.record for m in made]})[self.partition]
        if answer == self._checkpoint.offset:
            return True
        if isinstance(answer, LogFull):
            self._refuse(items, answer)
        elif isinstance(answer, LogError):
            self._give_back(items, f"append: {answer}")
        elif answer > self._checkpoint.offset and not self._is_claimed_within(answer):
            return True
        else:
            if answer < self._checkpoint.offset:
                _log.critical("the journal of partition %d has lost acknowledged records: append at %d, expected %d",
                              self.partition, answer, self._checkpoint.offset)  # fmt: skip
            self._give_back(items, f"append at offset {answer}, expected {self._checkpoint.offset}")
        return False

    def _confirm(self, items: list[Item]) -> bool:
        """A round that appends nothing proves nothing: look whether the journal ends where it should."""
        end = self._log.end("journal", self.partition)
        if end == self._checkpoint.offset or not any(item.reply for item in items):
            return True
        self._give_back(items, f"the journal ends at {end}, expected {self._checkpoint.offset}")
        return False

    def _is_claimed_within(self, base: int) -> bool:
        """Read what somebody else has appended before this round: only foreign decisions, or a claim?"""
        nonce = self._checkpoint.nonce
        for offset, content in self._log.read("journal", self.partition, self._checkpoint.offset, base):
            judge(self._checkpoint, offset, codec.decode_record(content))
        self.metrics.foreign = self._checkpoint.foreign
        return self._checkpoint.nonce != nonce

    def _refuse(self, items: list[Item], error: LogError) -> None:
        """There was no room: callers are told, and what the engine itself has to do is done again later."""
        self.metrics.refused += 1
        for item in items:
            if item.reply is not None:
                item.reply(Answer(item.envelope.execution, self._checkpoint.offset, error=error))
        self._inbox.extendleft(reversed([item for item in items if item.reply is None]))
        self._stand_down(str(error))
        self._retry_at = self._clock.now() + RETRY_PAUSE_MS

    def _give_back(self, items: list[Item], why: str) -> None:
        """Nobody is answered: it may have landed. After the next claim each command is decided again, which is once."""
        self._inbox.extendleft(reversed(items))
        self._stand_down(why)

    # Acting.

    def _act(self, items: list[Item], made: list[Made], answers: list[tuple[Reply, Answer]]) -> None:
        """The round is durable: move the checkpoint, answer, send, arm, and tell those who watch."""
        base = self._checkpoint.offset
        ended: list[Execution] = []
        for index, one in enumerate(made):
            self._act_on(one, base + index, ended)
        if made:
            source = made[-1].decision.source
            self._checkpoint.sources[source.partition] = source.offset
        self._checkpoint.offset = base + len(made)
        self._send(self._decider.turns)
        self.timers.put_back(self._decider.too_early)
        for item in items:
            if item.origin >= 0:
                self._courier.delivered(item)
        self._since_snapshot += len(made)
        self.metrics.count_round(len(made))
        for state in ended:
            for then in self._watchers.pop(state.execution, ()):
                then(state)
        for reply, answer in answers:
            answer.position = self._checkpoint.offset
            reply(answer)
        if self.on_decisions is not None:
            self.on_decisions(made)

    def _send(self, envelopes: Iterable[Envelope]) -> None:
        """Commands that can be derived again from the states alone, so that nothing is lost with them."""
        self._inbox.extend(Item(envelope, None) for envelope in envelopes)

    def _bury(self, items: list[Item], dead: list[DeadLetter]) -> bool:
        """Keep what could not be delivered. Where that fails the round is decided again, and finds the same dead."""
        if not dead:
            return True
        answer = self._log.append("dead-letters", {0: [codec.pack(letter) for letter in dead]})[0]
        if isinstance(answer, RecordTooLarge):
            _log.error("%d dead letters are lost: %s", len(dead), answer)
        elif isinstance(answer, LogError):
            self._give_back(items, f"dead letters: {answer}")
            return False
        else:
            self.metrics.dead_letters += len(dead)
        return True

    def _act_on(self, made: Made, offset: int, ended: list[Execution]) -> None:
        state = made.folded.state
        for effect in made.effects:
            if type(effect) is RunActivity:  # a third of the time of isinstance, which asks the metaclass
                self._worker.run(effect)
            elif isinstance(effect, CancelActivity):
                self._worker.cancel(effect)
            elif isinstance(effect, Envelope):
                self._inbox.append(self._courier.take(effect, offset))
        if state.timers:
            self.timers.arm(state.execution, self._decider.timers_of(made))
        if state.status in ENDED and state.execution not in self.executions.ended:
            self.executions.end(state, offset)
            if state.slot is not None:
                self._send(self._decider.slots.release(state.execution, made.folded.graph.settings.concurrency))
            ended.append(state)

    def _is_due(self, execution: str, timer: str, due: int) -> int | None:
        """Whether a timer still holds; a heartbeat's only when the worker was silent that long."""
        folded = self.executions.get(execution)
        if folded is None or folded.state.timers.get(timer) != due:
            return None
        path, _, purpose = timer.rpartition(":")
        run = folded.state.runs.get(path)
        if purpose == "heartbeat" and run is not None:
            seen = self._worker.last_heartbeat(execution, path, run.attempt)
            limit = node_at(folded.graph, run).timeouts["heartbeat"]
            if seen is not None and seen + limit > self._clock.now():
                return seen + limit
        return 0

    # In between.

    def _rest(self) -> bool:
        self.executions.pack_idle()
        if self._since_snapshot >= self._snapshot_every:
            self.snapshot()
            return True
        return False

    def snapshot(self) -> None:
        """Keep what is folded, to start faster the next time. Not after standing down: what is cached then may never have happened."""
        if not self._claimed:
            return
        undelivered = self._courier.undelivered()
        dispatched_to = self._courier.dispatched_to(self._checkpoint.offset)
        try:
            self._snapshots.save(self.partition, make_snapshot(self.executions, self._checkpoint, dispatched_to, undelivered))
        except LogFull:
            self.metrics.refused += 1
        self._since_snapshot = 0

    @property
    def position(self) -> int:
        """The offset after the last durable decision."""
        return self._checkpoint.offset
