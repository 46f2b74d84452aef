"""The decider of an owner: decides the commands of a round one by one, and keeps a poisoned execution from harming others.

refused by the rules             answered, nothing recorded (a late result of an activity is recorded as a rejection)
too large to be stored           an incident of that execution
cannot be decided                a caller's request is refused; where the execution waits for it, it is set aside until it is released
the machine is short of it       answered, or tried again after a pause

What comes of a command is a value (`workers/partition/outcome.py`); here it is turned into records and answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from typing import Final

from contracts import codec
from contracts.caller import ENGINE
from contracts.commands import (
    Command,
    CompleteActivity,
    CreateExecution,
    FailActivity,
    FireTimer,
    GrantSlot,
    QuarantineExecution,
    RaiseIncident,
    ReleaseActivity,
    ReleaseExecution,
    ReportToBreaker,
    RollHistory,
    SendSignal,
    SteerBreaker,
)
from contracts.dead_letter import DeadLetter
from contracts.errors import SHORTAGES, LogFull, LogUnreachable, RecordTooLarge, Rejected
from contracts.failure import Failure
from contracts.journal import Checkpoint
from contracts.ports.blobs import Blobs
from contracts.ports.log import RECORD_FRAME_BYTES, Log
from domain.execution.breaker import breaker_id
from domain.execution.history import Folded
from workers.partition.breaker_book import BreakerBook
from workers.partition.breakers import Breakers
from workers.partition.catalog import Catalog
from workers.partition.command_outbox import refusal
from workers.partition.decision import Decisions
from workers.partition.executions import Executions
from workers.partition.families import Families
from workers.partition.metrics import Metrics
from workers.partition.offload import WAITED_FOR, held_of
from workers.partition.outcome import Broken, Known, Outcome, Recorded, Refused, Short, TooMuch
from workers.partition.packed import note_pause
from workers.partition.refolding import entry_made, read_again, recorded_of, refold
from workers.partition.refusals import told
from workers.partition.round import Answer, Item, Made, Reply, TopicReply
from workers.partition.sealing import Sealing
from workers.partition.snapshot import Draft
from workers.partition.sources import Sources
from workers.partition.turns import Turns

_log = logging.getLogger("refold.owner")

ROUND_RECORD_BYTES_MAX: Final = 32 * 1024 * 1024
"""A round that has made so many bytes of decisions ends; what is left waits for the next."""
ROUND_STEPS_MAX: Final = 4_000
"""After so many nodes of callers, and as many of echoes, a round ends; what is left waits for the next. About 50 ms each."""
ROUND_ROOM_BYTES: Final = 4 * 1024
"""What one command may add to a round besides its decision: the record that sums a history up."""
ANSWER_BYTES: Final = 2 * 1024
"""So much the record of an answer may take of a round: who is asked, and why it was refused."""
ROLL_EVERY_EVENTS: Final = 10_000
"""After so many events an execution's history is summed up."""
REASON_LENGTH_MAX: Final = 1_000


class Decider:
    """Decides for the executions of one partition."""

    def __init__(
        self, partition: int, executions: Executions, catalog: Catalog, blobs: Blobs, checkpoint: Checkpoint, metrics: Metrics,
        log: Log, own: int, counted_in: Callable[[str], int], waiting_of: Callable[[str], int], sealing: Sealing, book: BreakerBook,
    ) -> None:  # fmt: skip
        """`counted_in` says in which partition the executions of a workflow are counted, where so many may run at a time."""
        self._partition, self._executions, self._catalog, self._blobs = partition, executions, catalog, blobs
        self.sources = self._sources = Sources(partition, own)
        self._checkpoint, self._metrics, self._log = checkpoint, metrics, log
        self._made: list[Made] = []
        self._answers: list[tuple[Reply, Answer]] = []
        self.dead: list[DeadLetter] = []
        """Signals of this round that nobody could be given."""
        self.turns = Turns(executions, catalog)
        self.breakers = Breakers(partition, executions, catalog, book, blobs.get)
        self.too_early: list[tuple[str, FireTimer]] = []
        """Timers that are not due any more, as the clock was set back since they were taken."""
        self.later: list[Item] = []
        """What could not be decided now, and nobody waits for: to be tried again after a pause."""
        self.read_again: list[Folded] = []
        """What was unreadable, and is not any more: what they wait for is to be seen to."""
        self.short = ""
        """What the machine was short of in this round."""
        self.families = Families(waiting_of)
        self.thrown_away: list[int] = []
        """The keys of executions that this round erases."""
        self.draft: Draft | None = None
        """The snapshot in the making: it takes an execution before that may change."""
        self._decisions = Decisions(
            partition, executions, catalog, blobs, checkpoint, metrics, log, self.turns.slots, self.families, counted_in, sealing,
            self.breakers,
        )  # fmt: skip
        self._now = self._bytes = 0
        self._steps = 0
        """How many nodes the decisions of callers, or of echoes, have begun in this round."""

    def decide_all(
        self, callers: list[Item], echoes: list[Item], now: int, dispatched_to: int
    ) -> tuple[list[Made], list[tuple[Reply, Answer]], list[Item]]:
        """The decisions of a round, not durable yet, the answers to give when they are, and what is left for the next round.

        Callers and echoes have a share each of what a round may do, so that neither waits for ever.
        Raises LogFull where a big value finds no room, LogUnreachable where the log cannot be read; then nothing of it has happened.
        """
        self._made, self._answers, self.dead, self.too_early, self.later = [], [], [], [], []
        self.turns.begin()
        self.short, self.read_again = "", []
        self._now = self._decisions.now = now
        self._decisions.dispatched_to = dispatched_to
        self._sources.begin(self._checkpoint)
        self.thrown_away = self._decisions.thrown_away = []
        self._decisions.to_archive.clear()
        self._bytes = 0
        bytes_max = self._round_bytes_max()
        left = self._decide_some(callers, bytes_max * 3 // 4 if echoes else bytes_max)
        left += self._decide_some(echoes, bytes_max)
        return self._made, self._answers, left

    def _decide_some(self, items: list[Item], bytes_max: int) -> list[Item]:
        """Decide until the round is full; what is left, which is taken out of the items."""
        self._steps = 0
        for index, item in enumerate(items):
            if self._steps >= ROUND_STEPS_MAX or ((self._made or self._answers) and self._bytes > bytes_max):
                left = items[index:]
                del items[index:]
                return left
            if isinstance(item.reply, TopicReply):
                self._bytes += ANSWER_BYTES
            self._decide(item)
        return []

    def _round_bytes_max(self) -> int:
        """So full a round may be and still take in the largest decision: it goes out as one batch, which is atomic."""
        return min(ROUND_RECORD_BYTES_MAX, self._log.batch_bytes_max - self._log.record_bytes_max - ROUND_ROOM_BYTES)

    def _decide(self, item: Item) -> None:
        if self.draft is not None:
            self.draft.take(item.envelope.execution)
        if isinstance(item.envelope.command, ReleaseExecution) and item.envelope.execution in self._executions.unreadable:
            self._read_again(item.envelope.execution)
        outcome = self._decisions.of(item, self._sources.of(item))
        match outcome:
            case Recorded():
                self._steps += outcome.steps
                self._keep(item, outcome)
                self._answer_made(item, outcome.folded)
                self._roll_if_long(item, outcome.folded)
            case Known():
                self._answer(item, outcome.answer)
            case Refused():
                self._reject(item, outcome.folded, outcome.error)
            case TooMuch():
                self._raise_incident(item, outcome)
            case Broken():
                self._break(item, outcome)
            case Short():
                self._put_off(item, outcome)

    # What is recorded.

    def _keep(self, item: Item, made: Recorded) -> None:
        folded, decision = made.folded, made.decision
        folded.state.digest = made.digest
        self._sources.count(decision.source)
        if folded.state.slot is not None:
            self.turns.queue(folded, made.effects)
        self._made.append(Made(item, folded, decision, made.record, made.effects))
        self._bytes += len(made.record) + RECORD_FRAME_BYTES
        if decision.first == 1:
            self._executions.put(folded)
            self._executions.has_begun(folded)
        elif self._executions.quotas.unsettled and decision.execution in self._executions.quotas.unsettled:
            self._executions.may_be_let_in(folded, decision.now)
        if folded.graph.heeds_pauses:
            note_pause(self._executions.quotas, folded)

    def _roll_if_long(self, item: Item, folded: Folded) -> None:
        """Sum a long history up in a blob of the state as it is now."""
        state = folded.state
        if state.version - state.rolled_at < ROLL_EVERY_EVENTS or state.ended_at:
            return
        try:
            command = RollHistory(self._decisions.summed_up(folded))
        except SHORTAGES:  # another time
            return
        plain = Item(item.envelope, None)
        rolled = self._decisions.instead(folded, command, self._sources.of(plain), ENGINE)
        if isinstance(rolled, Recorded):
            self._keep(plain, rolled)
        else:
            self._before(folded.state.execution, rolled)

    def _answer(self, item: Item, answer: Answer) -> None:
        if item.reply is not None:
            self._answers.append((item.reply, answer))

    def _answer_made(self, item: Item, folded: Folded) -> None:
        if item.reply is not None:
            state = folded.state
            self._answers.append((item.reply, Answer(state.execution, 0, state.version, state.status)))

    # What is not.

    def _reject(self, item: Item, folded: Folded | None, error: Exception) -> None:
        """Refuse; a late result of an activity is recorded as a rejection, and a parent hears of a child that cannot be."""
        command = item.envelope.command
        if isinstance(command, ReportToBreaker | SteerBreaker) and item.envelope.execution == breaker_id(command.breaker):
            if (refused := self._tell_breaker(item)) is None:
                return
            error = refused
        self._metrics.rejections += 1
        self._answer(item, Answer(item.envelope.execution, 0, error=told(error)))
        if isinstance(command, SendSignal):
            self._bury(item, error)
        elif isinstance(command, GrantSlot):
            self.turns.refused(item.envelope, getattr(error, "reason", ""))
        elif isinstance(command, ReleaseActivity) and command.is_trial:
            self.breakers.declined(item.envelope, command)
        elif isinstance(command, FireTimer) and folded is not None and folded.state.timers.get(command.timer) == command.due:
            self.too_early.append((item.envelope.execution, command))
        elif isinstance(command, CreateExecution):
            self._tell_parent(item, command, error)
        elif folded is not None and folded.state.version and isinstance(command, CompleteActivity | FailActivity):
            self._record_refusal(item, folded, command, str(error))

    def _tell_breaker(self, item: Item) -> Rejected | None:
        """A command to a breaker by its name: which execution that is, is known here. Why nothing was told it."""
        if self.breakers.home is None:
            return None
        try:
            addressed = self.breakers.home.addressed(item, self._checkpoint.offset + len(self._made))
        except Rejected as rejected:
            return rejected
        for one in addressed:
            self._decide(one)
        return None

    def _bury(self, item: Item, error: Exception) -> None:
        """A signal that another execution sends, and that cannot be given."""
        if item.origin >= 0:
            envelope = item.envelope
            self.dead.append(DeadLetter(codec.encode_envelope(envelope), str(error), envelope.causation, self._now))

    def _tell_parent(self, item: Item, command: CreateExecution, error: Exception) -> None:
        """Whoever waits for a child that cannot be hears that it has failed; for one that nobody waits for a dead letter says so."""
        if command.parent is None:
            return
        if command.parent.detached and getattr(error, "reason", "") != "skipped":  # nobody would hear of it
            self._bury(item, error)
        self._decide(Item(refusal(item.envelope, told(error)), None, item.origin, offset=item.offset))

    def _record_refusal(self, item: Item, folded: Folded, command: CompleteActivity | FailActivity, reason: str) -> None:
        """Big values are not stored in it either, and one that is too big to be stored at all is not recorded."""
        with suppress(Rejected, RecordTooLarge, *SHORTAGES):
            outcome = self._decisions.instead(
                folded, self._decisions.small(command, folded.state.key), self._sources.of(item), item.envelope.caller, reason
            )
            if isinstance(outcome, Recorded):
                self._keep(item, outcome)

    def _raise_incident(self, item: Item, outcome: TooMuch) -> None:
        """What the command leads to is too much for one decision: the node it is about needs a person."""
        command = item.envelope.command
        self._answer(item, Answer(item.envelope.execution, 0, error=told(outcome.error)))
        before = self._before(item.envelope.execution, outcome)
        if before is None:
            if isinstance(command, CreateExecution):
                self._tell_parent(item, command, outcome.error)
            return
        path = command.timer.rpartition(":")[0] if isinstance(command, FireTimer) else getattr(command, "path", "")
        incident = RaiseIncident(path, Failure(outcome.kind, str(outcome.error)), True)
        self._instead(item, before, incident, outcome.error)

    def _break(self, item: Item, outcome: Broken) -> None:
        """It cannot be decided: a caller's request has changed nothing; what waits for it cannot go on, and is set aside."""
        name, command, error = item.envelope.execution, item.envelope.command, outcome.error
        _log.error("%s of execution %s cannot be decided: %r", type(command).__name__, name, error, extra=item.envelope.about)
        self._answer(item, Answer(name, 0, error=told(error)))
        before = self._before(name, outcome)
        if isinstance(command, CreateExecution) and before is None:
            self._tell_parent(item, command, error)
        elif isinstance(command, SendSignal):
            self._bury(item, error)
        elif before is not None and isinstance(command, WAITED_FOR):
            self._set_aside(item, before, error)

    def _put_off(self, item: Item, outcome: Short) -> None:
        """Whoever waits is told that nothing has happened; what nobody waits for is tried again. Raises LogUnreachable for all the round
        where the command stands in `commands`, of which none may be passed over."""
        self.short = f"{type(outcome.error).__name__}: {outcome.error}"
        short = LogUnreachable(f"the server is short of something, and nothing has happened: {self.short}")
        if item.offset >= 0:
            raise short
        self._before(item.envelope.execution, outcome)
        if item.reply is None:
            self.later.append(item)
        self._answer(item, Answer(item.envelope.execution, 0, error=short))

    def _instead(self, item: Item, before: Folded, command: Command, error: Exception) -> None:
        """Record this about the execution, in place of what was asked."""
        plain = Item(item.envelope, None, item.origin, offset=item.offset)
        outcome = self._decisions.instead(before, command, self._sources.of(plain), item.envelope.caller)
        if isinstance(outcome, Recorded):
            self._keep(plain, outcome)
        elif not isinstance(outcome, Refused):
            again = self._before(before.state.execution, outcome)
            if again is not None:
                self._set_aside(item, again, error)

    def _set_aside(self, item: Item, before: Folded, error: Exception) -> None:
        """Nothing of the execution moves any more, until it is released; what it was brought is kept, and decided then."""
        self._metrics.quarantined += before.state.quarantine is None
        reason = f"{type(error).__name__}: {error}"[:REASON_LENGTH_MAX]
        plain = Item(item.envelope, None, item.origin, offset=item.offset)
        for held in (held_of(item.envelope.command, self._decisions.small, before.state.key), None):
            outcome = self._decisions.instead(
                before, QuarantineExecution(reason, True, held), self._sources.of(plain), item.envelope.caller
            )
            if isinstance(outcome, Recorded):
                self._keep(plain, outcome)
                return
            again = self._before(before.state.execution, outcome)
            if again is None:
                return
            before = again
        self._executions.set_aside(before.state.execution, f"not even a quarantine could be decided: {reason}")

    # As it was.

    def _before(self, name: str, outcome: Outcome) -> Folded | None:
        """The execution as it was before this command, None where there was none."""
        folded = getattr(outcome, "folded", None)
        if folded is None or not getattr(outcome, "is_touched", False):
            return folded if folded is not None and folded.state.version else None
        try:
            before = self._refold(folded)
        except (LogFull, LogUnreachable):
            raise
        except SHORTAGES as error:
            raise LogUnreachable(f"execution {name} cannot be folded again: {error}") from error
        except Exception as error:
            self._executions.set_aside(name, f"{type(error).__name__}: {error}"[:REASON_LENGTH_MAX])
            return None
        if before is None:
            self._executions.drop(name)
            return None
        for made in self._made:
            if made.folded is folded:
                made.folded = before
        self._executions.put(before)
        return before

    def _read_again(self, name: str) -> None:
        """What could not be read may be readable now: with another build, or since a file is back."""
        folded = self._executions.admit(
            name, lambda: read_again(self._log, self._partition, self._catalog.graph, name, self._checkpoint.offset)
        )
        if folded is not None:
            self.read_again.append(folded)

    def _refold(self, folded: Folded) -> Folded | None:
        """The execution from the journal, and from what this round has decided about it so far."""
        name = folded.state.execution
        recorded = recorded_of(self._log, self._partition, folded, self._checkpoint.offset)
        decided = (entry_made(made.record, made.decision, folded.state.key) for made in self._made if made.decision.execution == name)
        before = refold(self._catalog.graph, chain(recorded, decided), self._blobs.get)
        if before is not None:
            before.trail = folded.trail
        return before
