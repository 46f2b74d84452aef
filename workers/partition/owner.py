"""The owner of a partition: the one that may append to its journal. One thread, no task, no future, no lock a command.

    claim() ─► step() ─► step() ─► …        each step is a round (workers/partition/round.py); False when there was nothing to do
       ▲                   │
       └── Fenced, unknown ┘                stand down: nothing of the round has happened; claim again, fold again

`send` and `submit` may be called from the owner's thread only; `report` from any.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Final

from contracts import codec
from contracts.caller import ENGINE, Caller
from contracts.commands import Command, Envelope
from contracts.errors import SHORTAGES, AppendUnknown, Fenced, LogCorrupt, LogError, LogFull, LogGone, LogUnreachable, reason_of
from contracts.journal import Checkpoint, PartitionClaimed, mark_of
from contracts.ports.activities import ActivityWorker, Outbox
from contracts.ports.blobs import Blobs
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from contracts.ports.snapshots import Snapshots
from domain.execution.state import Execution
from workers.partition.asides import Asides
from workers.partition.breaker_book import BreakerBook
from workers.partition.catalog import Catalog
from workers.partition.command_outbox import CommandOutbox
from workers.partition.decider import Decider
from workers.partition.effects import Effects
from workers.partition.executions import LIVE_MAX_DEFAULT
from workers.partition.hearers import Hearers
from workers.partition.inbox import INBOX_MAX_DEFAULT, Inbox, is_turn, reported
from workers.partition.metrics import Metrics
from workers.partition.neighbours import Neighbours
from workers.partition.put_off import PAUSE_MS, PutOff
from workers.partition.recovery import Recovered, append_claim, recover
from workers.partition.refolding import read_end
from workers.partition.round import ROUND_MAX_DEFAULT, Item, Reply, Round, answer_all, append, is_claimed_within, letters_of, refuse
from workers.partition.snapshot import Draft
from workers.partition.timers import A_ROUND_MAX, Timers, due_again
from workers.partition.upkeep import LAST_ROUNDS_MAX, SNAPSHOT_EVERY_DEFAULT, Upkeep
from workers.partition.watchers import Watchers

_log = logging.getLogger("refold.owner")

CLAIM_PAUSE_MS: Final = 100
"""How long an owner that was thrown out waits before it claims again."""


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
        own: int | None = None,
        outbox: Outbox | None = None,
        inbox_max: int = INBOX_MAX_DEFAULT,
        live_max: int = LIVE_MAX_DEFAULT,
        snapshot_every: int = SNAPSHOT_EVERY_DEFAULT,
        round_max: int = ROUND_MAX_DEFAULT,
        neighbours: Neighbours = Neighbours(),
    ) -> None:
        self._log, self._catalog, self.blobs, self._snapshots, self._clock = log, catalog, blobs, snapshots, clock
        self.partition, self.node, self._live_max, self._worker, self._nonce_of = partition, node, live_max, worker, nonce
        self._own, self._outbox, self._inbox_max, self._round_max = partition if own is None else own, outbox, inbox_max, round_max
        self._neighbours, self._reports = neighbours, deque() if neighbours.reports is None else neighbours.reports
        self._put_off: PutOff[Item] = PutOff()
        self._inbox, self._short, self._sent = Inbox(), "", 0
        self.watchers, self.hearers, self.metrics = Watchers(), Hearers(), Metrics()
        self._claimed, self._is_ahead, self._retry_at, self._journal = False, False, 0, ""
        self._no_room: LogError | None = None
        self.timers = Timers(lambda execution, timer, due: self.executions.is_armed(execution, timer, due))
        self.upkeep = Upkeep(partition, snapshots, self.metrics, snapshot_every, self._draft)

    # Ownership.

    def claim(self) -> None:
        """Become the owner: append a claim, fold up to it, and take up what is open. Raises LogError where it cannot."""
        began = self._clock.now()
        self.take_over(self.recover())
        self.metrics.count_takeover(began, self._clock.now())

    def recover(self, generation: int = 0) -> Recovered:
        """Append a claim and fold up to it: what to take over. Changes nothing in here, so it may run in another thread."""
        nonce = self._nonce_of()
        append_claim(self._log, self.partition, PartitionClaimed(nonce, self.node, generation), self._journal, self._nonce_of)
        stores = self._log, self.partition, self._catalog, self._snapshots, self._live_max
        recovered = recover(*stores, self._outbox is not None, self._neighbours.sealing)
        if recovered.checkpoint.nonce != nonce:
            raise Fenced(f"partition {self.partition} was claimed by another owner in the meantime")
        return recovered

    def _try_to_claim(self) -> bool:
        try:
            self.claim()
        except (LogError, *SHORTAGES) as error:
            self._short = "" if isinstance(error, LogError) else reason_of(error)
            why = error if isinstance(error, LogError) else LogUnreachable(f"the partition cannot be claimed: {self._short}")
            self.stand_down(why, PAUSE_MS)
            return False
        self._short = ""
        return True

    def take_over(self, recovered: Recovered) -> None:
        """Go on from what was folded."""
        self._journal = recovered.checkpoint.journal
        self.upkeep.forget(recovered.dispatched_to)
        self.executions, self._checkpoint, self._last, self.asides = recovered.executions, recovered.checkpoint, b"", Asides()
        self.epoch = recovered.checkpoint.offset - 1  # where the claim stands
        counted_in, waiting_of = self._neighbours.counted_in or (lambda workflow: self.partition), self._inbox.waiting_of
        self._decider = Decider(
            self.partition, self.executions, self._catalog, self.blobs, self._checkpoint, self.metrics, self._log, self._own,
            counted_in, waiting_of, self._neighbours.sealing, self._neighbours.breakers or BreakerBook(),
        )  # fmt: skip
        self.commands_out = CommandOutbox(self._catalog, recovered, self.partition, self._outbox, self._carry, self._neighbours.learn)
        self.timers.clear()
        for execution, timers in self.executions.timers():
            self.timers.arm(execution, timers.items())
        self._inbox.keep(lambda item: item.offset < 0 and not is_turn(item))  # the others are read, or given, again
        self.breakers = self._decider.breakers
        stores = self._worker, self.executions, self.commands_out, self._decider.turns.slots, self.breakers, self.timers
        self._effects = Effects(*stores, self._carry, self._inbox.send)
        if self._outbox is not None:
            self._outbox.begins_at(self.partition, recovered.dispatched_to, self.position)
        self._effects.take_over(recovered)
        for item in chain(self.commands_out.again(), self._decider.turns.again()):
            self._carry(item)
        if self._outbox is not None:
            self._outbox.calls_for(self.partition, self._checkpoint.offset)
        self._inbox.send(self._decider.turns.restore())
        tell_end = self._neighbours.tell_end or partial(read_end, self._catalog.graph, self._log, self.partition)
        for execution in self.watchers.watched(self.executions.ended):  # the acknowledgement of its end may have been lost
            tell_end(execution, self.watchers)
        for offset, content in recovered.junk:
            self._neighbours.on_junk(offset, content)
        self.executions.pack_idle()
        self._claimed, self._is_ahead = True, False
        self.metrics.count_claim(self._checkpoint.foreign, len(self.executions.quotas.unsettled))
        self.hearers.tell(self.position, ())

    def stand_down(self, why: LogError, pause_ms: int = CLAIM_PAUSE_MS) -> None:
        """Whatever was decided and not acknowledged has not happened; the next step claims again. Raises LogGone: then there is none."""
        is_refused = isinstance(why, LogFull) or (isinstance(why, AppendUnknown) and not self._claimed)
        self._claimed, self._no_room = False, why if is_refused else None
        self._retry_at = self._clock.now() + pause_ms
        self.metrics.count_stand_down(why)
        if isinstance(why, LogGone):
            raise why

    def release(self) -> list[Item]:
        """Let go of the partition; what was not decided, of that which somebody here waits for."""
        self._claimed = False
        left = [item for item in self._inbox if item.reply is not None and item.offset < 0]
        self._inbox.clear()
        return left

    # What comes in.

    def submit(self, envelope: Envelope, reply: Reply | None = None) -> None:
        """Take a command in; it is answered after the commit of its round. Raises Overloaded where too many wait."""
        self._inbox.admit(Item(envelope, reply), self._inbox_max)
        self._neighbours.wake()

    def send(self, execution: str, command: Command, reply: Reply | None = None, caller: Caller = ENGINE) -> None:
        """Take a command in that comes from a caller here. Raises Overloaded."""
        self._sent += 1
        self.submit(Envelope(f"{execution}:{self._sent}", execution, command, "", *caller), reply)

    def take(self, item: Item) -> None:
        """Take in what stands in `commands`, in the order in which it stands there."""
        self._inbox.put(item)

    def report(self, execution: str, command: Command) -> None:
        """Take in what a worker reports. May be called from any thread."""
        self._reports.append((execution, command))

    def next_due(self) -> int | None:
        """When `step` will have something to do by itself (milliseconds since 1970), None as far as it knows."""
        if not self._claimed:
            return self._retry_at
        rest = self._put_off.due, self._effects.put_off.due, self.breakers.due
        dues = self.timers.next_due(), self.executions.quotas.next_due(), *rest
        return min((due for due in dues if due is not None), default=None)

    @property
    def short(self) -> str:
        """What the machine is short of at the moment, so that something waits to be tried again; empty where nothing is."""
        return self._put_off.why or (self._effects.put_off.why if self._claimed else "") or self._short

    @property
    def is_in_charge(self) -> bool:
        """Whether it has claimed its partition, and nothing has thrown it out since."""
        return self._claimed

    @property
    def is_current(self) -> bool:
        """Whether its memory is what the journal says: it is in charge, and no round is under way."""
        return self._claimed and not self._is_ahead

    @property
    def waiting(self) -> int:
        """How many commands of callers wait to be decided."""
        return len(self._inbox.callers)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be decided now."""
        return not (len(self._inbox) or self._reports)

    # The round.

    def step(self) -> bool:
        """One round; True when anything was done."""
        now = self._clock.now()
        if not self._claimed:
            is_too_early = now < self._retry_at <= now + PAUSE_MS  # later than that: the clock went back
            return (not is_too_early and self._try_to_claim()) or (self._no_room is not None and self._inbox.refuse(self._no_room))
        if not self.collect(now):
            return self.rest()
        made = self.begin(now)
        if made is None or not self.stands(made, *append(self._log, self.partition, made, self.metrics.appends)):
            return True
        if made.dead and not self.buries(made, self._log.append("dead-letters", {0: letters_of(made)})[0]):
            return True
        if not made.thrown_away or self.has_thrown_away(made, self.throw_away(made)):
            self.act(made)
        return True

    def finish(self) -> None:
        """The last rounds: what came from outside is decided. Executions that move by themselves would move for ever: they go on later."""
        for done in range(LAST_ROUNDS_MAX + len(self._reports) + self.waiting):
            if not (done < LAST_ROUNDS_MAX or self._reports or self._inbox.callers) or not self.step() or not self._claimed:
                return

    def collect(self, now: int) -> bool:
        """Take in what was reported and what is due; whether there is anything to decide."""
        self._inbox.put_all(self._put_off.take_due(now))
        self._effects.act_again(now)
        while self._reports:
            self._inbox.callers.append(reported(*self._reports.popleft()))
        for execution, fire in self.timers.take_due(now, A_ROUND_MAX, self._is_due):
            self._inbox.put(reported(execution, fire))
            self.metrics.timer_drift_ms = max(0, now - fire.due)
        self._inbox.send(self.executions.quotas.let_in(now))
        for item in self.breakers.step(now):
            self._carry(item)
        return bool(len(self._inbox) or self.asides)

    def begin(self, now: int) -> Round | None:
        """Decide what waits. It has not happened until it is durable (`stands`); None where nothing could be decided."""
        callers, echoes = self._inbox.take(self._round_max)
        self._decider.draft = self.upkeep.draft
        items = callers + echoes
        try:
            made, answers, rest = self._decider.decide_all(callers, echoes, now, self.commands_out.dispatched_to(self.position))
        except LogFull as full:
            self._refuse(items, full)
            return None
        except LogUnreachable as error:
            self._give_back(items, error)
            return None
        self._inbox.put_back(rest)
        records, self._is_ahead = [one.record for one in made], True
        if self._own != self.partition:
            records += self._decider.sources.answered(answers, self._checkpoint.nonce)
        records += self.asides.begin(self._checkpoint.nonce)
        return Round(self._checkpoint.offset, callers + echoes, made, answers, records, self._decider.dead, self._decider.thrown_away)

    def stands(self, made: Round, answer: int | LogError, gap: Sequence[tuple[int, bytes]] = ()) -> bool:
        """Whether the round has happened, by the offset that its append was answered with; else the owner stands down.

        `answer` is the journal's end for a round that appended nothing, `gap` what somebody else has appended before it.
        """
        base = self._checkpoint.offset
        if answer == base:
            return True
        if isinstance(answer, LogFull):
            self._refuse(made.items, answer)
        elif isinstance(answer, LogError):
            self._give_back(made.items, answer)
        elif made.records and answer > base and not is_claimed_within(self._checkpoint, gap, self._neighbours.on_junk):
            self.metrics.foreign = self._checkpoint.foreign
            return True
        elif answer > base:
            self._give_back(made.items, Fenced(f"the journal is at offset {answer}, expected {base}"))
        else:
            lost = LogCorrupt(f"the journal of partition {self.partition} has lost acknowledged records: at {answer}, expected {base}")
            _log.critical("%s", lost)
            self._give_back(made.items, lost)
        return False

    def _refuse(self, items: list[Item], error: LogError) -> None:
        """There was no room: callers are told, and what the engine itself has to do is done again later."""
        self.metrics.refused += 1
        self._inbox.put_back(refuse(items, error))
        self.stand_down(error, PAUSE_MS)

    def _give_back(self, items: list[Item], why: LogError) -> None:
        """Nobody is answered: it may have landed. After the next claim each command is decided again, which is once."""
        self._inbox.give_back(items)
        self.stand_down(why)

    # Acting.

    def act(self, round_: Round) -> None:
        """The round is durable: move the checkpoint, answer, send, arm, and tell those who watch."""
        base, self._is_ahead = self._checkpoint.offset, False
        made, now = round_.made, self._clock.now()
        ended: list[Execution] = []
        for index, one in enumerate(made):
            one.folded.note(base + index, one.decision)
            self._effects.act(one, base + index, ended, now)
        self._effects.take_up(self._decider.read_again)
        self._decider.sources.note(self._checkpoint)
        self._checkpoint.offset = base + len(round_.records)
        self._last = round_.records[-1] if round_.records else self._last
        if self._outbox is not None:
            self._outbox.calls_for(self.partition, self._checkpoint.offset)
        self._decider.turns.send(self._inbox.send, self._carry)
        self.timers.put_back(self._decider.too_early)
        self.commands_out.delivered_all(round_.items, self._decider.later)
        self.upkeep.note(made)
        self.metrics.count_round(len(made), len(self.executions.quotas.unsettled))
        self._put_off.add(self._decider.later, self._decider.short, now)
        self.watchers.tell_all(ended)
        self.watchers.look_at(one.folded.state for one in made)
        answer_all(round_.answers, self._checkpoint.offset)
        self.hearers.tell(base, made)
        self.asides.act()
        self.upkeep.step(self.executions)

    def _carry(self, item: Item | None) -> None:
        """A command for another execution: to be decided here, or elsewhere, if it lives there."""
        elsewhere = self._neighbours.elsewhere
        if item is not None and (elsewhere is None or not elsewhere(item, self.commands_out.delivered)):
            self._inbox.put(item)

    def buries(self, made: Round, answer: int | LogError) -> bool:
        """Whether what could not be delivered is kept. Else the round is decided again, and finds the same dead."""
        if isinstance(answer, LogError) and not made.is_too_large(answer):
            self._give_back(made.items, answer)
            return False
        self.metrics.dead_letters += made.count_buried(answer)
        return True

    def throw_away(self, made: Round) -> LogError | None:
        """The keys of what the round erases go; why that is not known, if so. May be called from any thread, while the round is on."""
        return self._neighbours.sealing.throw_away(made.thrown_away)

    def has_thrown_away(self, made: Round, why: LogError | None) -> bool:
        """Whether the keys of what the round erases are gone. Else nobody hears that it is erased; whoever claims next sees to it."""
        if why is not None:
            self._give_back(made.items, why)
        return why is None

    def _is_due(self, execution: str, timer: str, due: int) -> int | None:
        return due_again(self.executions.get(execution), timer, due, self._worker, self._clock.now())

    # In between.

    def rest(self) -> bool:
        """There is nothing to decide: a piece of the upkeep; True where there is more of it."""
        return self.upkeep.step(self.executions)

    def snapshot(self) -> None:
        """Keep what is folded, to start faster the next time. Not after standing down: what is cached then may never have happened."""
        if self._claimed:
            self.upkeep.save_now()

    def _draft(self) -> Draft:
        sent = self.commands_out.dispatched_to(self.position), self.commands_out.undelivered()
        return Draft(self.executions, self.checkpoint, *sent, self._neighbours.sealing)

    @property
    def checkpoint(self) -> Checkpoint:
        """After the last durable decision."""
        if self._last:
            self._checkpoint.mark = mark_of(codec.decode_record(self._last))
        return self._checkpoint

    @property
    def position(self) -> int:
        """The offset after the last durable decision."""
        return self._checkpoint.offset
