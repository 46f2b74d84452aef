"""Planted bugs: each breaks one thing in the engine, and the simulation has to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import domain.execution.decide.activity
import domain.execution.decide.hold
import domain.execution.history
import workers.partition.decision
import workers.partition.effects
import workers.partition.owner
import workers.partition.recovery
import workers.tasks.polls
from contracts import commands as c
from contracts import events as e
from contracts.commands import RunActivity
from contracts.errors import AppendUnknown, Rejected
from contracts.journal import Checkpoint, Decided, Record, judge
from contracts.ports.feed import Selector, Told
from contracts.ports.read_models import Changes
from domain.execution.decide import decide
from domain.execution.deciding import Deciding
from domain.execution.history import Entry
from domain.execution.kind import kind_of
from domain.execution.memo import ChildMemo
from domain.execution.moves.signals import deliver
from domain.execution.state import NodeRun
from infra.store.sqlite import SqliteReadModels
from projections.read_model import Visit
from simulation import run
from workers.partition.breaker_home import BreakerHome
from workers.partition.breakers import Breakers
from workers.partition.command_outbox import CommandOutbox
from workers.partition.concurrency import Slots
from workers.partition.decider import Decider
from workers.partition.decision import Decisions
from workers.partition.executions import Executions
from workers.partition.owner import Owner
from workers.partition.quotas import Place, Quotas
from workers.partition.round import Round
from workers.partition.snapshot import Draft
from workers.partition.timers import Timers
from workers.reading.backlog import Backlog, Piece
from workers.reading.journal_feed import Feed
from workers.running.activity_worker import ActivityWorker
from workers.tasks.leases import TaskLeases
from workers.tasks.polls import _Batch

Patch = pytest.MonkeyPatch


def skip_the_dedup_of_signals(patch: Patch) -> None:
    def send(ctx: Deciding, command: c.SendSignal) -> None:
        ctx.emit(e.SignalReceived(ctx.state.signals_received + 1))
        if not ctx.state.paused:
            deliver(ctx, ctx.state.signals[-1])

    patch.setitem(domain.execution.decide.HANDLERS, c.SendSignal, send)


def act_before_the_commit(patch: Patch) -> None:
    begin = Owner.begin

    def early(self: Owner, now: int) -> Round | None:
        made = begin(self, now)
        for one in () if made is None else made.made:
            for effect in one.effects:
                if isinstance(effect, RunActivity):
                    self._worker.run(effect)
        return made

    patch.setattr(Owner, "begin", early)


def answer_before_the_commit(patch: Patch) -> None:
    decide_all = Decider.decide_all

    def early(self: Decider, callers: Any, echoes: Any, now: int, dispatched_to: int) -> Any:
        made, answers, rest = decide_all(self, callers, echoes, now, dispatched_to)
        for reply, answer in answers:
            reply(answer)
        return made, [], rest

    patch.setattr(Decider, "decide_all", early)


def drop_the_timers_at_a_takeover(patch: Patch) -> None:
    patch.setattr(Executions, "timers", lambda self: iter(()))


def forget_the_activities_at_a_takeover(patch: Patch) -> None:
    patch.setattr(workers.partition.effects, "outstanding", lambda graph, state: [])


def accept_a_stale_attempt(patch: Patch) -> None:
    def active(ctx: Deciding, path: str, attempt: int) -> NodeRun:
        run = ctx.state.runs.get(path)
        if run is None or run.status != "active":
            raise Rejected("stale_attempt", "it has ended")
        return run

    patch.setattr(domain.execution.decide.activity, "_active", active)


def accept_a_foreign_decision(patch: Patch) -> None:
    def trusting(checkpoint: Checkpoint, offset: int, record: Record) -> str:
        if isinstance(record, Decided) and record.nonce != checkpoint.nonce:
            checkpoint.offset = offset + 1
            return "counts"
        return judge(checkpoint, offset, record)

    patch.setattr(domain.execution.history, "judge", trusting)


def forget_what_was_on_its_way_at_a_takeover(patch: Patch) -> None:
    patch.setattr(CommandOutbox, "again", lambda self: iter(()))


def lose_signals_at_a_takeover(patch: Patch) -> None:
    again = CommandOutbox.again

    def some(self: CommandOutbox) -> Iterator[Any]:
        return (item for item in again(self) if item is None or not isinstance(item.envelope.command, c.SendSignal))

    patch.setattr(CommandOutbox, "again", some)


def say_too_early_that_all_is_out(patch: Patch) -> None:
    patch.setattr(CommandOutbox, "dispatched_to", lambda self, end: end)


def take_in_the_end_of_a_child_twice(patch: Patch) -> None:
    def report(ctx: Deciding, command: c.ReportChild) -> None:
        ctx.emit(e.ChildCompleted(command.path, command.child))
        run = ctx.state.runs.get(command.path)
        if run is not None and isinstance(run.memo, ChildMemo) and run.memo.child == command.child:
            kind_of(ctx.graph.nodes[run.node]).on_child(ctx, run, command)

    patch.setitem(domain.execution.decide.HANDLERS, c.ReportChild, report)


def ignore_the_cancel_of_an_activity(patch: Patch) -> None:
    patch.setattr(TaskLeases, "cancel", lambda self, activity: None)
    patch.setattr(ActivityWorker, "cancel", lambda self, activity: None)


def keep_a_snapshot_with_a_wrong_offset(patch: Patch) -> None:
    def wrong(executions: Any, checkpoint: Checkpoint, dispatched_to: int, undelivered: Any, sealing: Any) -> Draft:
        ahead = Checkpoint(checkpoint.journal, checkpoint.offset + 1, checkpoint.nonce, dict(checkpoint.sources))
        return Draft(executions, ahead, dispatched_to, undelivered, sealing)

    patch.setattr(workers.partition.owner, "Draft", wrong)


def keep_a_snapshot_of_what_is_not_durable(patch: Patch) -> None:
    def anyway(self: Owner) -> None:
        self.upkeep.save_now()

    patch.setattr(Owner, "snapshot", anyway)


def skip_a_row_in_the_projector(patch: Patch) -> None:
    save = SqliteReadModels.save

    def without_one(self: SqliteReadModels, models: Any, changes: Changes, *more: Any) -> None:
        for rows in changes.rows.values():
            if len(rows) > 1:
                rows.popitem()
        save(self, models, changes, *more)

    patch.setattr(SqliteReadModels, "save", without_one)


def resolve_no_incident_in_the_projector(patch: Patch) -> None:
    patch.setattr(Changes, "change", lambda self, table, key, **columns: None)


def apply_twice_in_the_projector(patch: Patch) -> None:
    note = Visit.note

    def twice(self: Visit, entry: Entry) -> None:
        note(self, entry)
        note(self, entry)

    patch.setattr(Visit, "note", twice)


def let_a_pause_not_hold(patch: Patch) -> None:
    patch.setattr(domain.execution.decide.hold, "is_held", lambda ctx: False)


def take_an_unknown_append_for_done(patch: Patch) -> None:
    stands = Owner.stands

    def hopeful(self: Owner, made: Round, answer: Any, gap: Any = ()) -> bool:
        return stands(self, made, made.base if isinstance(answer, AppendUnknown) else answer, gap)

    patch.setattr(Owner, "stands", hopeful)


def believe_to_be_the_owner_still(patch: Patch) -> None:
    patch.setattr(workers.partition.owner, "is_claimed_within", lambda gap, checkpoint, metrics: False)


def forget_who_has_a_turn_at_a_takeover(patch: Patch) -> None:
    patch.setattr(Slots, "restore", lambda self, found: None)


def start_past_a_quota(patch: Patch) -> None:
    patch.setattr(Quotas, "_full", lambda self, workflow, quota, now: None)


def forget_who_waits_for_a_quota_at_a_takeover(patch: Patch) -> None:
    wait = Quotas.wait

    def live(self: Quotas, workflow: str, place: Place) -> None:
        if place.quota.on_limit == "queue" and workflow in self.starts:
            wait(self, workflow, place)

    patch.setattr(Quotas, "wait", live)
    patch.setattr(Quotas, "restore", lambda self, starts: None)


def keep_the_slot_of_one_elsewhere_that_has_ended(patch: Patch) -> None:
    patch.setitem(domain.execution.decide.HANDLERS, c.ReturnSlot, lambda ctx, command: None)


def acknowledge_results_before_they_are_durable(patch: Patch) -> None:
    answer_if_done = _Batch.answer_if_done

    def at_once(self: _Batch) -> None:
        if self.is_whole and self.open:
            self.accepted.update(dict.fromkeys(_tasks_of(self)))
            self.open = 0
        answer_if_done(self)

    hand_in = workers.tasks.polls.TaskEndpoint._hand_in

    def noted(self: Any, batch: _Batch, task: str, command: Any) -> None:
        _tasks_of(batch).append(task)
        hand_in(self, batch, task, command)

    patch.setattr(workers.tasks.polls.TaskEndpoint, "_hand_in", noted)
    patch.setattr(_Batch, "answer_if_done", at_once)


def _tasks_of(batch: _Batch) -> list[str]:
    tasks: list[str] = batch.__dict__.setdefault("planted", [])
    return tasks


def fire_timers_too_early(patch: Patch) -> None:
    take_due = Timers.take_due

    def too_early(self: Timers, now: int, limit: int, is_due: Any) -> Any:
        def is_due_by_then(execution: str, timer: str, due: int) -> int | None:
            again = is_due(execution, timer, due)
            return 0 if again is not None and again <= now + 20 else again

        return take_due(self, now + 20, limit, is_due_by_then)

    patch.setattr(Timers, "take_due", too_early)


def let_time_run_backwards(patch: Patch) -> None:
    ask = Decisions._ask

    def as_the_clock_says(self: Decisions, folded: Any, command: Any) -> Any:
        folded.state.now = min(folded.state.now, self.now)
        return ask(self, folded, command)

    patch.setattr(Decisions, "_ask", as_the_clock_says)


def keep_big_values_in_events(patch: Patch) -> None:
    patch.setattr(workers.partition.decision, "offload", lambda command, blobs: command)


def keep_what_is_cached_after_a_failed_append(patch: Patch) -> None:
    def go_on(self: Owner, items: Any, why: str) -> None:
        self._inbox.put_back(items)

    patch.setattr(Owner, "_give_back", go_on)


def let_a_poisoned_execution_stop_the_owner(patch: Patch) -> None:
    def raise_it(self: Decider, item: Any, outcome: Any) -> None:
        raise outcome.error

    patch.setattr(Decider, "_break", raise_it)


def set_an_execution_aside_for_a_late_result(patch: Patch) -> None:
    reject = Decider._reject

    def harsh(self: Decider, item: Any, folded: Any, error: Any) -> None:
        if folded is not None and folded.state.version and isinstance(item.envelope.command, c.CompleteActivity):
            self._set_aside(item, folded, error)
        else:
            reject(self, item, folded, error)

    patch.setattr(Decider, "_reject", harsh)


def break_at_a_number(patch: Patch, command: type[c.SendSignal | c.CompleteActivity | c.CreateExecution], field: str) -> None:
    def harsh(graph: Any, state: Any, asked: Any, now: int, read_blob: Any) -> Any:
        if isinstance(asked, command) and b"1e308" in getattr(asked, field):
            raise OverflowError("1e308")
        return decide(graph, state, asked, now, read_blob)

    patch.setattr(run, "decide", harsh)
    patch.setattr(workers.partition.decision, "decide", decide)  # a run puts back there what it was told is right


def break_at_an_odd_signal(patch: Patch) -> None:
    break_at_a_number(patch, c.SendSignal, "payload")


def break_at_an_odd_result(patch: Patch) -> None:
    break_at_a_number(patch, c.CompleteActivity, "output")


def break_at_an_odd_input(patch: Patch) -> None:
    break_at_a_number(patch, c.CreateExecution, "input")


def miss_in_the_feed_what_another_has_owned(patch: Patch) -> None:
    note = Feed.note

    def deaf(self: Feed, partition: int, base: int, found: Sequence[Told], checkpoint: Checkpoint) -> None:
        tail = self._tails.get(partition)
        told_to = base if tail is None or tail.checkpoint is None else tail.checkpoint.offset
        note(self, partition, min(base, told_to), found, checkpoint)

    patch.setattr(Feed, "note", deaf)


def tell_twice_in_the_feed_what_was_read(patch: Patch) -> None:
    read = Backlog.read

    def greedy(self: Backlog, partition: int, start: Checkpoint | int, end: int, selector: Selector) -> Piece:
        piece = read(self, partition, start, end, selector)
        return Piece([*piece.told, *piece.told[-1:]], piece.checkpoint)

    patch.setattr(Backlog, "read", greedy)


def hand_out_past_a_breaker(patch: Patch) -> None:
    patch.setattr(Breakers, "shut_for", lambda self, activity: "")


def forget_what_a_breaker_holds_at_a_takeover(patch: Patch) -> None:
    def forget(self: Breakers) -> None:
        if self.home is not None:
            self.home.restore()

    patch.setattr(Breakers, "restore", forget)


def forget_the_breakers_at_a_takeover(patch: Patch) -> None:
    patch.setattr(BreakerHome, "restore", lambda self: None)


BUGS: dict[str, Callable[[Patch], None]] = {
    bug.__name__: bug
    for bug in (
        skip_the_dedup_of_signals,
        act_before_the_commit,
        answer_before_the_commit,
        drop_the_timers_at_a_takeover,
        forget_the_activities_at_a_takeover,
        accept_a_stale_attempt,
        accept_a_foreign_decision,
        forget_what_was_on_its_way_at_a_takeover,
        lose_signals_at_a_takeover,
        say_too_early_that_all_is_out,
        take_in_the_end_of_a_child_twice,
        ignore_the_cancel_of_an_activity,
        keep_a_snapshot_with_a_wrong_offset,
        keep_a_snapshot_of_what_is_not_durable,
        skip_a_row_in_the_projector,
        resolve_no_incident_in_the_projector,
        apply_twice_in_the_projector,
        let_a_pause_not_hold,
        take_an_unknown_append_for_done,
        believe_to_be_the_owner_still,
        forget_who_has_a_turn_at_a_takeover,
        start_past_a_quota,
        hand_out_past_a_breaker,
        forget_what_a_breaker_holds_at_a_takeover,
        forget_the_breakers_at_a_takeover,
        forget_who_waits_for_a_quota_at_a_takeover,
        keep_the_slot_of_one_elsewhere_that_has_ended,
        acknowledge_results_before_they_are_durable,
        fire_timers_too_early,
        let_time_run_backwards,
        keep_big_values_in_events,
        keep_what_is_cached_after_a_failed_append,
        let_a_poisoned_execution_stop_the_owner,
        set_an_execution_aside_for_a_late_result,
        break_at_an_odd_signal,
        break_at_an_odd_result,
        break_at_an_odd_input,
        miss_in_the_feed_what_another_has_owned,
        tell_twice_in_the_feed_what_was_read,
    )
}
"""All of them, by what they do."""
