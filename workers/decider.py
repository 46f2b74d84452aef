"""The decider of an owner: decides the commands of a round one by one, and keeps a poisoned execution from harming others.

refused by the rules        Rejected: answered, nothing recorded (a late result of an activity is recorded as a rejection)
too large to be stored      an incident of that execution
a bug while deciding        quarantine of that execution; the round goes on
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Final

from contracts import codec
from contracts.commands import (
    Command,
    CompleteActivity,
    CreateExecution,
    Effect,
    Envelope,
    FailActivity,
    FireTimer,
    QuarantineExecution,
    RaiseIncident,
    RollHistory,
    SendSignal,
    TakeSlot,
)
from contracts.dead_letter import DeadLetter
from contracts.definitions import Concurrency
from contracts.errors import InvalidInput, LogFull, LogUnreachable, RecordTooLarge, RefoldError, Rejected
from contracts.events import NodeRetried, TimerStarted
from contracts.failure import Failure
from contracts.journal import SCHEMA, Answered, Checkpoint, Decision, Source
from contracts.ports.blobs import Blobs
from contracts.ports.log import RECORD_FRAME_BYTES, Log
from contracts.refusal import told_of
from contracts.values import reference_to
from domain.decide import Decided, decide
from domain.deciding import Deciding, TooManySteps
from domain.evolve import initial
from domain.facts.execution import request_of
from domain.history import Folded
from domain.react import react
from domain.slots import slot_of
from domain.state import ENDED, Execution
from workers.catalog import Catalog
from workers.courier import refusal
from workers.executions import Executions
from workers.families import Families
from workers.ingress import shrink
from workers.metrics import Metrics
from workers.refold import entries_of, entry_of, refold
from workers.refusals import Repeated, counted_elsewhere, unknown_definition
from workers.round import Answer, Item, Made, Reply, TopicReply
from workers.slots import Slots
from workers.snapshot import Draft

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


class Decider:
    """Decides for the executions of one partition."""

    def __init__(
        self,
        partition: int,
        executions: Executions,
        catalog: Catalog,
        blobs: Blobs,
        checkpoint: Checkpoint,
        metrics: Metrics,
        log: Log,
        own: int,
    ) -> None:
        self._partition, self._executions, self._catalog, self._blobs = partition, executions, catalog, blobs
        self.counted_in: Callable[[str], int] = lambda workflow: partition
        """The partition in which the executions of a workflow are counted, where so many may run at a time."""
        self.families = Families()
        self.draft: Draft | None = None
        """The snapshot in the making: it takes an execution before that may change."""
        self._own = own
        """The source partition under which commands count that came from nowhere else."""
        self._checkpoint, self._metrics, self._log = checkpoint, metrics, log
        self._made: list[Made] = []
        self._answers: list[tuple[Reply, Answer]] = []
        self.dead: list[DeadLetter] = []
        """Signals of this round that nobody could be given."""
        self.slots = Slots()
        self.turns: list[Envelope] = []
        """What follows of this round for those who queue, to be sent when it is durable."""
        self.too_early: list[tuple[str, FireTimer]] = []
        """Timers that are not due any more, as the clock was set back since they were taken."""
        self._read_blob = blobs.get
        self._own_source = self._source = -1
        """The highest source so far: of what came from nowhere else, and of `commands`."""
        self._now = 0
        self._dispatched_to = 0
        self._bytes = 0
        self._steps = 0
        """How many nodes the decisions of callers, or of echoes, have begun in this round."""

    def decide_all(
        self, callers: list[Item], echoes: list[Item], now: int, dispatched_to: int
    ) -> tuple[list[Made], list[tuple[Reply, Answer]], list[Item]]:
        """The decisions of a round, not durable yet, the answers to give when they are, and what is left for the next round.

        Callers and echoes have a share each of what a round may do, so that neither waits for ever.
        Raises LogFull where a big value finds no room, LogUnreachable where the log cannot be read; then nothing of it has happened.
        """
        self._made, self._answers, self.dead, self.turns, self.too_early = [], [], [], [], []
        self._now, self._dispatched_to = now, dispatched_to
        sources = self._checkpoint.sources
        self._own_source, self._source = sources.get(self._own, -1), sources.get(self._partition, -1)
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
        envelope = item.envelope
        if self.draft is not None:
            self.draft.take(envelope.execution)
        folded = self._executions.get(envelope.execution)
        if folded is None:
            try:
                folded = self._create(envelope)
            except (Rejected, KeyError) as error:
                self._reject(item, None, error if isinstance(error, Rejected) else unknown_definition(envelope))
                return
        before = folded.state.version
        try:
            command = shrink(envelope.command, self._blobs)
            self._record(item, folded, command, self._ask(folded, command))
        except (Rejected, InvalidInput) as error:
            if isinstance(error, TooManySteps):
                self._raise_incident(item, folded, error, "loop.limit")
            elif folded.state.version != before:
                self._fail(item, folded, error)
            else:
                self._reject(item, folded, error)
        except RecordTooLarge as error:
            self._raise_incident(item, folded, error, "output.too_large")
        except (LogFull, LogUnreachable):
            raise
        except Exception as bug:
            self._metrics.bugs.append(traceback.format_exc(limit=-6))
            del self._metrics.bugs[:-20]
            self._fail(item, folded, bug)

    def _create(self, envelope: Envelope) -> Folded:
        """The new execution of a creation; raises Rejected for any other command, as no open execution has this name."""
        name = envelope.execution
        if name in self._executions.unreadable:
            reason = self._executions.unreadable[name]
            raise Rejected("quarantined", f"the history of execution {name} cannot be read: {reason}", execution=name, status="quarantined")
        ended = self._executions.ended.get(name)
        command = envelope.command
        if not isinstance(command, CreateExecution):
            if ended is None:
                raise Rejected("unknown_execution", f"there is no execution {name}", execution=name)
            message = f"execution {name} is {ended.status}: it takes no more commands"
            raise Rejected("already_ended", message, execution=name, status=ended.status)
        if ended is not None:
            if command.parent is None and ended.request != request_of(shrink(command, self._blobs)):
                raise Rejected("already_exists", f"execution {name} exists, and was started with another request", execution=name)
            raise Repeated(ended.status)
        if not command.definition:
            raise Rejected("unknown_execution", f"there is no execution {name}", execution=name)
        if command.parent is not None:
            self.families.check(name, self._executions)
        folded = Folded(self._catalog.graph(command.definition), initial(name))
        folded.state.digest = command.definition.encode()
        self._check_slot(folded, command)
        return folded

    def _check_slot(self, folded: Folded, command: CreateExecution) -> None:
        """Raise Rejected for a start too many, where the workflow says that it is refused, and for one that nobody could count."""
        settings = folded.graph.settings.concurrency
        if settings is not None:
            counted_in = self.counted_in(command.workflow)
            if counted_in != self._partition:
                raise counted_elsewhere(folded.state.execution, command, self._partition, counted_in)
            ctx = Deciding(folded.graph, folded.state, command, self._now, self._read_blob)
            self.slots.check(settings, command.workflow, slot_of(folded.graph, command.input, ctx))

    def _ask(self, folded: Folded, command: Command) -> Decided:
        state = folded.state
        return decide(folded.graph, state, command, self._now if self._now > state.now else state.now, self._read_blob)

    # What comes of it.

    def _record(self, item: Item, folded: Folded, command: Command, decided: Decided) -> None:
        state = folded.state
        self._steps += decided.steps
        if decided.events:
            self._add(item, folded, command, decided)
        if item.reply is not None:
            self._answer(item, state, repeated=not decided.events)
        if state.version - state.rolled_at >= ROLL_EVERY_EVENTS and state.status not in ENDED:
            self._roll(item, folded)

    def _add(self, item: Item, folded: Folded, command: Command, decided: Decided, rejection: str | None = None) -> None:
        state = folded.state
        events = tuple(decided.events)
        first = state.version - len(events) + 1
        if decided.blobs:
            for content in decided.blobs.values():
                self._blobs.put(content)
        source = self._source_of(item)
        now = self._now if self._now > state.now else state.now
        decision = Decision(source, state.execution, first, now, command, events, self._dispatched_to, rejection, SCHEMA)
        record, digest = codec.encode_decision(decision, self._checkpoint.nonce, state.digest)
        if len(record) > self._log.record_bytes_max:
            raise RecordTooLarge(f"a decision of {len(record)} bytes; the log takes {self._log.record_bytes_max}")
        state.digest = digest
        self._count(source)
        effects = react(folded.graph, state, decision)
        if state.slot is not None:
            self._queue(folded, effects)
        self._made.append(Made(item, folded, decision, record, effects))
        self._bytes += len(record) + RECORD_FRAME_BYTES
        if first == 1:
            self._executions.put(folded)

    def _source_of(self, item: Item) -> Source:
        """A command from `commands` is the source of one decision; what else follows of it counts as the owner's own."""
        if item.offset > self._source:
            return Source(self._partition, item.offset, item.envelope.id)
        return Source(self._own, self._own_source + 1, item.envelope.id)

    def _count(self, source: Source) -> None:
        if source.partition == self._own:
            self._own_source = source.offset
        else:
            self._source = source.offset

    def answered(self, answers: list[tuple[Reply, Answer]]) -> list[bytes]:
        """What became of commands that somebody elsewhere waits for, as records of the journal."""
        nonce = self._checkpoint.nonce
        records: list[bytes] = []
        for reply, answer in answers:
            if isinstance(reply, TopicReply):
                self._source = max(self._source, reply.offset)
                error = answer.error
                reason, message = ("", "") if error is None else told_of(error)
                status = answer.status or (error.details.get("status", "") if isinstance(error, Rejected) else "")
                told = (reply.command, answer.execution, status, answer.version, answer.repeated, reason, message)
                records.append(codec.encode_record(Answered(nonce, self._partition, reply.offset, *told)))
        return records

    def note_sources(self, checkpoint: Checkpoint) -> None:
        """The round is durable: these sources are decided."""
        if self._own_source >= 0:
            checkpoint.sources[self._own] = self._own_source
        if self._own != self._partition and self._source >= 0:
            checkpoint.sources[self._partition] = max(self._source, checkpoint.sources.get(self._partition, -1))

    def _queue(self, folded: Folded, effects: list[Effect]) -> None:
        """Who queues takes its place at once, so that the next start of this round sees it. If the round fails, all is folded again."""
        settings = folded.graph.settings.concurrency
        for effect in effects:
            if isinstance(effect, TakeSlot) and settings is not None:
                self.turns.extend(self.slots.take(effect.execution, effect.workflow, effect.slot, settings))

    def _roll(self, item: Item, folded: Folded) -> None:
        """Sum the history up in a blob of the state as it is now."""
        content = codec.pack(folded.state)
        reference = reference_to(content)
        self._blobs.put(content)
        command = RollHistory(reference)
        decided = self._ask(folded, command)
        self._add(Item(item.envelope, None), folded, command, decided)

    def _answer(self, item: Item, state: Execution, repeated: bool = False) -> None:
        assert item.reply is not None
        self._answers.append((item.reply, Answer(state.execution, 0, state.version, state.status, None, repeated)))

    def _reject(self, item: Item, folded: Folded | None, error: RefoldError) -> None:
        """Refuse; a late result of an activity is recorded as a rejection, and a parent hears of a child that cannot be."""
        self._metrics.rejections += 1
        envelope = item.envelope
        command = envelope.command
        if isinstance(error, Repeated):
            if item.reply is not None:
                self._answers.append((item.reply, Answer(envelope.execution, 0, 0, error.status, None, True)))
            return
        if item.reply is not None:
            self._answers.append((item.reply, Answer(envelope.execution, 0, error=error)))
        if isinstance(command, SendSignal) and item.origin >= 0:
            self.dead.append(DeadLetter(codec.encode_envelope(envelope), str(error), envelope.causation, self._now))
        elif isinstance(command, FireTimer) and folded is not None and folded.state.timers.get(command.timer) == command.due:
            self.too_early.append((envelope.execution, command))
        elif isinstance(command, CreateExecution) and command.parent is not None:
            if command.parent.detached and getattr(error, "reason", "") != "skipped":  # nobody would hear of it
                self.dead.append(DeadLetter(codec.encode_envelope(envelope), str(error), envelope.causation, self._now))
            self._decide(Item(refusal(envelope, error), None, item.origin, offset=item.offset))
        elif folded is not None and folded.state.version and isinstance(command, CompleteActivity | FailActivity):
            self._record_refusal(item, folded, command, str(error))

    def _record_refusal(self, item: Item, folded: Folded, command: CompleteActivity | FailActivity, reason: str) -> None:
        """Big values are not stored in it either, and one that is too big to be stored at all is not recorded."""
        with suppress(Rejected, RecordTooLarge):
            self._add(item, folded, shrink(command, self._blobs), Decided([], {}), reason)

    def _raise_incident(self, item: Item, folded: Folded, error: RefoldError, kind: str) -> None:
        """What the command leads to is too much for one decision: the node it is about needs a person."""
        command = item.envelope.command
        path = command.timer.rpartition(":")[0] if isinstance(command, FireTimer) else getattr(command, "path", "")
        self._instead(item, folded, RaiseIncident(path, Failure(kind, str(error))), error)

    def _fail(self, item: Item, folded: Folded, error: Exception) -> None:
        """Deciding has raised after its first event, or by a bug: the execution is set aside."""
        self._metrics.quarantined += 1
        reason = f"{type(error).__name__}: {error}"
        self._instead(item, folded, QuarantineExecution(reason[:1_000]), error)

    def _instead(self, item: Item, folded: Folded, command: Command, error: Exception) -> None:
        """Fold the execution as it was before this command, and decide about it otherwise."""
        name = folded.state.execution
        problem = error if isinstance(error, RefoldError) else RefoldError(f"the engine failed on this command: {error!r}")
        if item.reply is not None:
            self._answers.append((item.reply, Answer(name, 0, error=problem)))
        before = self._refold(name)
        if before is None:
            self._executions.drop(name)
            return
        for made in self._made:
            if made.folded is folded:
                made.folded = before
        self._executions.put(before)
        try:
            decided = self._ask(before, command)
        except Exception as bug:
            self._executions.drop(name)
            self._executions.unreadable[name] = f"not even a quarantine could be decided: {bug!r}"
            return
        if decided.events:
            self._add(Item(item.envelope, None, item.origin, offset=item.offset), before, command, decided)

    def _refold(self, name: str) -> Folded | None:
        """The execution from the journal, and from what this round has decided about it so far."""
        recorded = entries_of(self._log, self._partition, name, self._checkpoint.offset)
        decided = (entry_of(made.record) for made in self._made if made.decision.execution == name)
        return refold(self._catalog.graph, chain(recorded, decided))

    def restore_slots(self) -> list[Envelope]:
        """Who holds a slot and who waits, by the executions alone; the turns that follow."""
        queues = self._executions.queues()
        if not queues:
            return []
        self.slots.restore(queues)
        settings_of: dict[str, Concurrency] = {}
        for workflow in {workflow for _, workflow, _, _ in queues}:
            with suppress(Rejected):  # an archived workflow has no active version: its executions go on one at a time
                _, definition = self._catalog.resolve(workflow)
                if (settings := self._catalog.graph(definition).settings.concurrency) is not None:
                    settings_of[workflow] = settings
        return list(self.slots.grant_all(settings_of))

    def timers_of(self, made: Made) -> Iterator[tuple[str, int]]:
        """The timers that a decision has started."""
        for event in made.decision.events:
            if isinstance(event, TimerStarted):
                yield event.timer, event.due
            elif isinstance(event, NodeRetried):
                yield f"{event.path}:retry", event.due
