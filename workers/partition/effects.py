"""Effects: what decisions call for, carried out once they are durable. What goes wrong with one harms no other, and is tried again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from contracts.commands import ArchiveExecution, CancelActivity, Envelope, HoldActivity, RunActivity, SkipTime
from contracts.errors import reason_of
from contracts.events import ExecutionReleased, NodeRetried, TimerStarted
from contracts.ports.activities import ActivityWorker
from domain.execution.history import Folded
from domain.execution.react import outstanding
from domain.execution.skipping import next_skip
from domain.execution.state import Execution
from workers.partition.breakers import Breakers, hold
from workers.partition.command_outbox import CommandOutbox
from workers.partition.concurrency import Slots
from workers.partition.executions import Executions
from workers.partition.put_off import PutOff
from workers.partition.recovery import Recovered
from workers.partition.round import Item, Made
from workers.partition.timers import Timers

_log = logging.getLogger("refold.owner")


class Effects:
    """Of one partition, while its claim stands. `carry` takes a command for another execution, `send` commands of the owner's own."""

    def __init__(
        self,
        worker: ActivityWorker,
        executions: Executions,
        command_outbox: CommandOutbox,
        slots: Slots,
        breakers: Breakers,
        timers: Timers,
        carry: Callable[[Item | None], None],
        send: Callable[[Iterable[Envelope]], None],
    ) -> None:
        self._worker, self._executions, self._command_outbox, self._slots, self._timers = worker, executions, command_outbox, slots, timers
        self._carry, self._send, self._breakers, self._book = carry, send, breakers, breakers.book
        self.put_off: PutOff[tuple[Made, int]] = PutOff()

    def take_over(self, recovered: Recovered) -> None:
        """Hand out what is owed and may not have been handed out. What circuit breakers hold is found again."""
        self._breakers.restore()
        owed = [effect for folded in self._executions.active() for effect in owed_by(folded, self._executions)]
        unsent = [effect for effect in owed if recovered.may_be_unsent(effect)]
        for folded in self._executions.active():
            if folded.state.test is not None:
                self._arm(folded)
        breakers = [self._breakers.shut_for(one) if self._book.shut else "" for one in unsent]
        self._worker.take_over([one for one, breaker in zip(unsent, breakers, strict=True) if not breaker])
        for one, breaker in zip(unsent, breakers, strict=True):
            if breaker:
                self._carry(self._command_outbox.take(hold(one, breaker), recovered.called_for_at(one)))

    def _arm(self, folded: Folded) -> None:
        """All its timers, as after a takeover."""
        state = folded.state
        self._timers.arm(state.execution, state.timers.items(), 0 if state.test is None else state.test.ahead)
        self._skip(folded)

    def _skip(self, folded: Folded) -> None:
        """The time of a test run goes on by itself, where nothing else moves."""
        if (skip := next_skip(folded.graph, folded.state)) is not None:
            self._send([Envelope("", folded.state.execution, SkipTime(*skip))])

    def act(self, made: Made, offset: int, ended: list[Execution], now: int) -> None:
        """Do what a decision calls for; into `ended` goes the execution of which nothing more comes of itself."""
        try:
            self._act(made, offset, ended)
        except Exception as error:
            _log.exception("what a decision of execution %s calls for could not be done", made.decision.execution)
            self._command_outbox.hold(offset)
            self.put_off.add([(made, offset)], reason_of(error), now)

    def take_up(self, read_again: Iterable[Folded]) -> None:
        """See to what these wait for, as after a takeover."""
        for folded in read_again:
            self._arm(folded)
            for activity in owed_by(folded, self._executions):
                self.hand_out(activity, folded.trail[-1] if folded.trail else 0)

    def hand_out(self, activity: RunActivity, offset: int) -> None:
        """Give an activity to the worker, called for by the decision at this offset; one that a circuit breaker holds has to wait."""
        if self._book.shut and (breaker := self._breakers.shut_for(activity)):
            self._carry(self._command_outbox.take(hold(activity, breaker), offset))
        else:
            self._worker.run(activity)

    def act_again(self, now: int) -> None:
        """Do what could not be done before, where its pause is over."""
        for made, offset in self.put_off.take_due(now):
            self._command_outbox.let_go(offset)
            self.act(made, offset, [], now)

    def _act(self, made: Made, offset: int, ended: list[Execution]) -> None:
        state = made.folded.state
        for effect in made.effects:
            if type(effect) is RunActivity:  # a third of the time of isinstance, which asks the metaclass
                if self._book.shut:
                    self.hand_out(effect, offset)
                else:
                    self._worker.run(effect)
            elif isinstance(effect, CancelActivity):
                self._worker.cancel(effect)
            elif isinstance(effect, Envelope):
                self._carry(self._command_outbox.take(effect, offset))
        if state.breaker is not None or self._breakers.held or type(made.decision.command) is HoldActivity:
            self._breakers.note(made)
        if state.timers:
            self._timers.arm(state.execution, _timers_of(made), 0 if state.test is None else state.test.ahead)
        if state.test is not None:
            self._skip(made.folded)
        if state.ended_at and state.execution in self._executions.ended:
            self._act_after_end(made, offset)
        elif state.ended_at:
            self._executions.end(made.folded, offset)
            if state.slot is not None:
                self._send(self._slots.release(state.execution))
            ended.append(state)
        elif state.quarantine is not None:
            ended.append(state)

    def _act_after_end(self, made: Made, offset: int) -> None:
        name, digest = made.folded.state.execution, made.folded.state.digest
        if isinstance(made.decision.command, ArchiveExecution):
            self._executions.expire(name, offset, digest, made.decision.now)
        elif made.folded.state.erased is None:
            self._executions.note_after_end(name, offset, digest)
        else:
            self._executions.end(made.folded, offset)


def owed_by(folded: Folded, executions: Executions) -> list[RunActivity]:
    """The activities that an execution waits for; one of which that cannot be said is set aside."""
    try:
        return outstanding(folded.graph, folded.state)
    except Exception as error:
        executions.set_aside(folded.state.execution, reason_of(error))
        return []


def _timers_of(made: Made) -> Iterator[tuple[str, int]]:
    """The timers that a decision has started; all there are, where it lets an execution go on."""
    for event in made.decision.events:
        if isinstance(event, TimerStarted):
            yield event.timer, event.due
        elif isinstance(event, NodeRetried):
            yield f"{event.path}:retry", event.due
        elif isinstance(event, ExecutionReleased):
            yield from made.folded.state.timers.items()
