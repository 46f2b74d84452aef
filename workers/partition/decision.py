"""One decision in the making: from a command to what comes of it. Whatever goes wrong about it comes out as a value.

find or create ─► shrink ─► decide ─► encode ─► react ─► Recorded
                                      any exception ───► Refused · TooMuch · Broken · Short
"""

from __future__ import annotations

import traceback
from collections.abc import Callable

import msgspec

from contracts import codec
from contracts.caller import Caller
from contracts.commands import AdmitExecution, ArchiveExecution, Command, CreateExecution, Envelope, EraseExecution
from contracts.errors import SHORTAGES, ExpressionError, InvalidInput, LogFull, LogUnreachable, Problem, RecordTooLarge, Rejected
from contracts.events import ExecutionErased
from contracts.journal import SCHEMA, Checkpoint, Decision, Source
from contracts.key import NO_KEY
from contracts.ports.blobs import Blobs
from contracts.ports.log import Log
from contracts.system import SLOT
from contracts.values import reference_to
from domain.execution.decide import Decided, decide
from domain.execution.decide.life import is_sealed
from domain.execution.deciding import Deciding, TooManySteps
from domain.execution.evolve import initial
from domain.execution.facts.execution import request_of
from domain.execution.history import Folded, graph_for
from domain.execution.keeper import keeper_id, lane_named
from domain.execution.moves.healing import models_asked
from domain.execution.react import react
from domain.execution.skipping import time_of_test, written_in
from domain.execution.start_values import slot_of
from workers.partition.breakers import FAILING, Breakers
from workers.partition.catalog import Catalog
from workers.partition.concurrency import Slots
from workers.partition.ended import closed_at, ended_at
from workers.partition.ended_execution import EndedExecution
from workers.partition.executions import Executions
from workers.partition.families import Families
from workers.partition.metrics import Metrics
from workers.partition.offload import SomeCommand, offload
from workers.partition.outcome import Broken, Known, Outcome, Recorded, Refused, Short, TooMuch
from workers.partition.packed import place_of
from workers.partition.prices import prices_of
from workers.partition.refusals import Repeated, counted_elsewhere, unknown_definition
from workers.partition.round import Answer, Item
from workers.partition.sealing import Sealing

BUGS_MAX = 20
"""So many tracebacks are kept."""


class Decisions:
    """Makes the decisions of one partition, one at a time; keeps none of them."""

    def __init__(
        self,
        partition: int,
        executions: Executions,
        catalog: Catalog,
        blobs: Blobs,
        checkpoint: Checkpoint,
        metrics: Metrics,
        log: Log,
        slots: Slots,
        families: Families,
        counted_in: Callable[[str], int],
        sealing: Sealing,
        breakers: Breakers,
    ) -> None:
        self._partition, self._executions, self._catalog, self._blobs = partition, executions, catalog, blobs
        self._checkpoint, self._metrics, self._log, self._slots = checkpoint, metrics, log, slots
        self._families, self._counted_in, self._sealing, self._breakers = families, counted_in, sealing, breakers
        self._read_blob = blobs.get
        self.now = self.dispatched_to = 0
        self.thrown_away: list[int] = []
        """The keys of executions that this round erases."""
        self.to_archive: set[str] = set()
        """Of those that had ended before, the ones that this round is asked to archive."""

    def of(self, item: Item, source: Source) -> Outcome:
        """What comes of a command. Raises LogFull, LogUnreachable: then nothing of the round has happened."""
        folded: Folded | None = None
        version = 0
        try:
            folded = self._executions.get(item.envelope.execution)
            if folded is None:
                folded = self._created(item.envelope)
            version = folded.state.version
            command = self.small(item.envelope.command, folded.state.key)
            if not version:
                command = _with_prices(folded, self._as_counted(folded, command), self.now)
            elif folded.state.test is not None:
                command = written_in(folded.state, command, self.now)
            elif folded.graph.heeds_pauses and isinstance(command, AdmitExecution):
                self._check_still_let_in(folded)
            elif self._breakers.book.rules and type(command) in FAILING:
                command = self._breakers.judged(folded, command)
            return self._recorded(item.envelope, folded, command, source)
        except Repeated as repeated:
            return Known(Answer(item.envelope.execution, 0, 0, repeated.status, None, True))
        except Exception as error:
            return self._failed(error, folded, folded is not None and folded.state.version != version)

    def instead(self, folded: Folded, command: Command, source: Source, caller: Caller, rejection: str | None = None) -> Outcome:
        """What comes of a command of the engine's own, in place of one of the caller's; with a `rejection` only that is recorded."""
        version = folded.state.version
        try:
            decided = self._ask(folded, command) if rejection is None else Decided([], {}, folded.graph)
            return self._encoded(folded, command, decided, source, caller, rejection)
        except Exception as error:
            return self._failed(error, folded, folded.state.version != version)

    def summed_up(self, folded: Folded) -> bytes:
        """A reference to the state as it is now. Raises LogFull."""
        content, key = codec.pack(folded.state), folded.state.key
        self._put(content, key)
        return reference_to(content, key)

    def small(self, command: SomeCommand, key: int) -> SomeCommand:
        """The command with its big values stored. See `offload`, `Sealing.small`."""
        return offload(command, self._blobs) if key == NO_KEY else self._sealing.small(command, key)

    def _put(self, content: bytes, key: int) -> None:
        if key == NO_KEY:
            self._blobs.put(content)
        else:
            self._sealing.put(content, key)

    def _failed(self, error: Exception, folded: Folded | None, is_touched: bool) -> Outcome:
        if isinstance(error, LogFull | LogUnreachable):
            raise error
        if isinstance(error, SHORTAGES):
            return Short(error, folded, is_touched)
        if isinstance(error, TooManySteps):
            return TooMuch(error, folded, is_touched, "loop.limit")
        if isinstance(error, RecordTooLarge):
            return TooMuch(error, folded, is_touched, "output.too_large")
        if isinstance(error, Rejected | InvalidInput | ExpressionError) and not is_touched:
            said = InvalidInput([Problem("", "expression", str(error))]) if isinstance(error, ExpressionError) else error
            return Refused(said, folded)
        self._metrics.bugs.append("".join(traceback.format_exception(error, limit=-6)))
        del self._metrics.bugs[:-BUGS_MAX]
        return Broken(error, folded, is_touched)

    # A new one.

    def _created(self, envelope: Envelope) -> Folded:
        """The new execution of a creation; raises Rejected for any other command, as no open execution has this name."""
        name = envelope.execution
        if name in self._executions.unreadable:
            reason = self._executions.unreadable[name]
            raise Rejected("quarantined", f"the history of execution {name} cannot be read: {reason}", execution=name, status="quarantined")
        ended = self._executions.ended.get(name)
        command = envelope.command
        if ended is not None and isinstance(command, EraseExecution):
            return self._to_be_erased(name, ended)
        if ended is not None and isinstance(command, ArchiveExecution):
            return self._to_be_archived(name, ended)
        if not isinstance(command, CreateExecution):
            if ended is None:
                raise Rejected("unknown_execution", f"there is no execution {name}", execution=name)
            message = f"execution {name} is {ended.status}: it takes no more commands"
            raise Rejected("already_ended", message, execution=name, status=ended.status)
        if ended is not None:
            if command.parent is None and ended.request != request_of(self.small(command, ended.key)):
                raise Rejected("already_exists", f"execution {name} exists, and was started with another request", execution=name)
            raise Repeated(ended.status)
        if not command.definition:
            raise Rejected("unknown_execution", f"there is no execution {name}", execution=name)
        if command.parent is not None:
            self._families.check(name, self._executions)
        try:
            graph = graph_for(command.definition, command.test, self._catalog.graph)
        except KeyError:
            raise unknown_definition(envelope) from None
        folded = Folded(graph, initial(name))
        folded.state.digest = command.definition.encode()
        folded.state.correlation, folded.state.key = envelope.correlation, self._sealing.key_for(envelope, graph, command)
        if command.test is None:
            self._check_slot(folded, command)
        return folded

    def _to_be_erased(self, name: str, ended: EndedExecution) -> Folded:
        """As much of an ended execution as it takes to erase it. Raises Repeated where that was done, Rejected where it cannot be."""
        if ended.is_erased or ended.key in self.thrown_away:
            raise Repeated(ended.status)
        return closed_at(self._log, self._partition, name, ended, self._catalog.graph)

    def _to_be_archived(self, name: str, ended: EndedExecution) -> Folded:
        """As much of an ended execution as it takes to ask for its archive. Raises Repeated where that was done."""
        if ended.is_erased or ended.key != NO_KEY:
            raise is_sealed(name)
        if name in self.to_archive or 0 < ended.expires <= self.now:
            raise Repeated(ended.status)
        folded = ended_at(self._log, self._partition, name, ended)
        self.to_archive.add(name)
        return folded

    def _check_slot(self, folded: Folded, command: CreateExecution) -> None:
        """Raise Rejected for a start too many, where the workflow says that it is refused.

        Of one that is counted elsewhere it is not known here: a child is told later, and a caller, who would not hear of it, now.
        """
        settings = folded.graph.settings.concurrency
        if settings is None or command.workflow == SLOT:
            return
        counted_in = self._counted_in(command.workflow)
        if counted_in == self._partition:
            ctx = Deciding(folded.graph, folded.state, command, self.now, self._read_blob)
            slot = slot_of(folded.graph, command.input, ctx)
            self._slots.check(settings, command.workflow, lane_named(slot), slot)
        elif settings.policy in ("reject", "skip") and command.parent is None:
            raise counted_elsewhere(folded.state.execution, command, self._partition, counted_in)

    def _awaits_quota(self, folded: Folded, command: CreateExecution) -> bool:
        """Whether a start from outside waits until its workflow lets it in. Raises Rejected where it is refused."""
        settings = folded.graph.settings
        quota = settings.quota
        if not settings.lets_in or command.parent is not None:
            return False
        counted_in = self._counted_in(command.workflow)
        if counted_in != self._partition:
            raise counted_elsewhere(folded.state.execution, command, self._partition, counted_in)
        quotas = self._executions.quotas
        waits = command.heeds_pauses and quotas.check_pauses(command.workflow, settings.while_paused)
        return (quota is not None and quotas.check(command.workflow, quota, self.now)) or waits

    def _as_counted(self, folded: Folded, command: Command) -> Command:
        """The creation says what a decision cannot know: who asks elsewhere for its slot, and whether it awaits its quota."""
        if not folded.graph.settings.is_counted or not isinstance(command, CreateExecution) or command.workflow == SLOT:
            return command
        if command.test is not None:  # it is counted nowhere
            return command
        keeper = ""
        if folded.graph.settings.concurrency is not None and (counted_in := self._counted_in(command.workflow)) != self._partition:
            keeper = keeper_id(folded.state.execution, counted_in)
        return msgspec.structs.replace(command, keeper=keeper, awaits_quota=self._awaits_quota(folded, command))

    def _check_still_let_in(self, folded: Folded) -> None:
        """Raise Repeated where one of its workflow is held up since it was told that it is let in: then it waits on."""
        place = place_of(folded)
        if place is not None and self._executions.quotas.wait_on(folded.state.workflow, place):
            raise Repeated(folded.state.status)

    # A decision.

    def _recorded(self, asked: Envelope, folded: Folded, command: Command, source: Source) -> Outcome:
        if type(command) is EraseExecution and not command.by:
            command = msgspec.structs.replace(command, by=asked.actor)
        decided = self._ask(folded, command)
        if decided.events or type(command) is ArchiveExecution:
            return self._encoded(folded, command, decided, source, asked, None)
        state = folded.state
        return Known(Answer(state.execution, 0, state.version, state.status, None, True))

    def _ask(self, folded: Folded, command: Command) -> Decided:
        decided = decide(folded.graph, folded.state, command, self._now_of(folded, command), self._read_blob)
        folded.graph = decided.graph
        return decided

    def _now_of(self, folded: Folded, command: Command) -> int:
        state = folded.state
        last, now = state.now, self.now
        if state.test is not None or not state.version:
            now = time_of_test(state, command, now)
        return now if now > last else last

    def _encoded(
        self, folded: Folded, command: Command, decided: Decided, source: Source, caller: Caller | Envelope, rejection: str | None
    ) -> Recorded:
        state = folded.state
        events = tuple(decided.events)
        for content in decided.blobs.values():
            self._put(content, state.key)
        first = state.version - len(events) + 1
        correlation = caller.correlation
        if correlation and first > 1 and correlation == state.correlation:
            correlation = ""
        decision = Decision(
            source,
            state.execution,
            first,
            self._now_of(folded, command),
            command,
            events,
            self.dispatched_to,
            rejection,
            SCHEMA,
            caller.actor,
            correlation,
        )
        if state.key == NO_KEY:
            record, digest = codec.encode_decision(decision, self._checkpoint.nonce, state.digest)
        else:
            record, digest = self._sealing.encode(decision, self._checkpoint.nonce, state)
        if len(record) > self._log.record_bytes_max:
            raise RecordTooLarge(f"a decision of {len(record)} bytes; the log takes {self._log.record_bytes_max}")
        if state.erased is not None:
            self.thrown_away += (event.key for event in events if isinstance(event, ExecutionErased))
        return Recorded(folded, decision, record, digest, react(folded.graph, state, decision), decided.steps)


def _with_prices(folded: Folded, command: Command, now: int) -> Command:
    """The creation says what models cost now: decisions look nothing up."""
    if not isinstance(command, CreateExecution) or command.prices:
        return command
    names = folded.graph.models or models_asked(command)
    if not names:
        return command
    return msgspec.structs.replace(command, prices=prices_of(names, now))
