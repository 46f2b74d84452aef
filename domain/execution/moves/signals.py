"""Signals: one goes to one wait, the oldest whose name and filter match; the others wait in the buffer, first in, first out.

In a pause each is noted in the buffer and held like every other command, so that what is taken up on resume goes in the
order of arrival: a signal that came before a time limit was due is there before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from contracts.commands import Command, SendSignal
from contracts.errors import ExpressionError, Rejected
from contracts.events import CommandHeld, SignalReceived
from contracts.ids import signal_name_problem
from domain.execution.deciding import Deciding
from domain.execution.kind import kind_of
from domain.execution.memo import WaitMemo
from domain.execution.state import NodeRun, Signal


def receive(ctx: Deciding, command: SendSignal) -> None:
    """A signal comes in. Raises Rejected where its name has no form, or where it is not waited for and the buffer is full."""
    state, rules = ctx.state, ctx.graph.rules
    if command.signal in state.signal_ids:
        return
    if rules.signals_have_a_form and (problem := signal_name_problem(command.name)) is not None:
        raise Rejected("bad_signal", problem)
    if len(state.signals) >= ctx.limits.signals_max and not (rules.waited_for_is_taken and _is_wanted(ctx, command)):
        message = f"{len(state.signals)} signals wait unread in execution {state.execution}; the limit is {ctx.limits.signals_max}"
        raise Rejected("too_many_signals", message)
    ctx.emit(SignalReceived(state.signals_received + 1))
    if not state.paused:
        deliver(ctx, state.signals[-1])
    elif rules.pauses_keep_order:
        ctx.emit(CommandHeld())


def _is_wanted(ctx: Deciding, command: SendSignal) -> bool:
    """Whether a wait would take the signal at once; in a pause, whether one needs more than those that came in it."""
    state = ctx.state
    signal = Signal(state.signals_received + 1, command.name, command.payload)
    for run in [state.runs[path] for path in state.waiting if path in state.runs]:
        is_offered = run.status == "active" and kind_of(ctx.graph.nodes[run.node]).offers_signal(ctx, run, signal)
        if is_offered and (not state.paused or _needs_more(ctx, run)):
            return True
    return False


def _needs_more(ctx: Deciding, run: NodeRun) -> bool:
    if not isinstance(run.memo, WaitMemo):
        return False
    kind, first = kind_of(ctx.graph.nodes[run.node]), next(numbers_of_held(ctx, ctx.state.held), ctx.state.signals_received + 1)
    kept = sum(signal.number >= first and kind.offers_signal(ctx, run, signal) for signal in ctx.state.signals)
    return len(run.memo.payloads) + kept < run.memo.count


def numbers_of_held(ctx: Deciding, held: Sequence[Command]) -> Iterator[int]:
    """The numbers of the signals among what is held: the last ones that came."""
    count = sum(isinstance(command, SendSignal) for command in held)
    return iter(range(ctx.state.signals_received - count + 1, ctx.state.signals_received + 1))


def deliver_held(ctx: Deciding, number: int) -> None:
    """A signal that came in a pause has its turn; it may be gone by now."""
    for signal in [signal for signal in ctx.state.signals if signal.number == number]:
        deliver(ctx, signal)


def check_names(names: Iterable[object]) -> None:
    """Raise ExpressionError for what cannot be the name of a signal: the templates in it gave something else."""
    for name in names:
        problem = signal_name_problem(name) if isinstance(name, str) else f"expected a text, found {name!r}"
        if problem is not None:
            raise ExpressionError(f"`name`: {problem}")


def deliver(ctx: Deciding, signal: Signal) -> bool:
    """Give the signal to the oldest wait that wants it; False when none does."""
    for path in list(ctx.state.waiting):
        run = ctx.state.runs.get(path)
        if run is None or run.status != "active":
            continue
        kind = kind_of(ctx.graph.nodes[run.node])
        if kind.offers_signal(ctx, run, signal):
            kind.on_signal(ctx, run, signal)
            return True
    return False


def take_buffered(ctx: Deciding, run: NodeRun) -> None:
    """A wait has begun: it takes what it wants from the buffer, oldest first, until it has enough."""
    kind = kind_of(ctx.graph.nodes[run.node])
    for signal in list(ctx.state.signals):
        if run.path not in ctx.state.runs or run.path not in ctx.state.waiting:
            return
        if kind.offers_signal(ctx, run, signal):
            kind.on_signal(ctx, run, signal)
