"""Forked: how a new execution goes on from what another one was, its source, after any event of that.

    source      ── 1 ── 2 ── … ── V ── …          untouched
                                  │  its state, packed into the creation of the fork
    fork        CreateExecution ──┴──► ExecutionCreated, ExecutionForked … ExecutionStarted, PastTakenUp, TimerStarted …

A fork begins as any execution does: at once, later, or when it is its turn. Only then is its past taken up, with its own id and by its
own clock: what was recorded stays as it is, and what was open is asked anew. So its idempotency keys are its own, and a timer is due
after as long as it still had to go in the source.
"""

from __future__ import annotations

import zlib
from typing import Final

import msgspec
from msgspec.structs import replace

from contracts.codec import pack
from contracts.commands import Command, CreateExecution, FireTimer, Fork, GrantSlot, ReportChild
from contracts.errors import LogCorrupt
from contracts.ids import child_id
from domain.definition.graph import Graph
from domain.execution.memo import ChildMemo, HeldMemo, TaskMemo
from domain.execution.paths import is_for_worker
from domain.execution.state import Execution, Forked, NodeRun, Tested

LEVEL: Final = 1
"""How hard a state is packed: the quickest way makes a tenth of most."""
TAKEN_UP: Final = (
    "variables", "scopes", "signals", "signal_ids", "signals_received", "waiting", "incidents", "incidents_raised", "compensations",
    "undoing", "mutexes", "alone", "ending", "handled", "undone", "output", "outcome", "failure", "reason", "cancelling", "paused",
    "quarantine", "was_paused",
)  # fmt: skip
"""The parts of a state that stay as they are."""
ATTEMPT_LIMITS: Final = (":start_to_close", ":heartbeat", ":schedule_to_start")
"""What the timers end in that limit one attempt with a worker."""

_states: Final = msgspec.msgpack.Decoder(Execution)


def pack_past(state: Execution) -> bytes:
    """A state as the creation of a fork carries it."""
    return zlib.compress(pack(state), LEVEL)


def past_in(fork: Fork) -> Execution | None:
    """The state that the creation of a fork carries; None where its source had not begun. Raises LogCorrupt."""
    if not fork.state:
        return None
    try:
        return _states.decode(zlib.decompress(fork.state))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise LogCorrupt(f"the state of {fork.source} at its event {fork.version} cannot be read: {error}") from None


def forked_by(command: CreateExecution) -> Forked:
    """What a new fork knows of its source."""
    fork = command.fork
    assert fork is not None, "it is no fork"
    return Forked(fork.source, fork.version, past_in(fork), dict(fork.children))


def take_up(graph: Graph, state: Execution, past: Execution, now: int) -> None:
    """Let a fork be what its past says, in its own name: nothing of it waits for what was asked in the name of the source."""
    for name in TAKEN_UP:
        setattr(state, name, getattr(past, name))
    own = {old: _own_child(state, past, old) for old in past.children}
    state.runs = past.runs
    _take_up_halts(state, past, now)
    for run in state.runs.values():
        _ask_anew(graph, run, own, past, now)
    state.children_asked = [own[old] for old in past.children_asked if own.get(old)]
    state.held = [one for command in past.held if (one := _own_command(command, own)) is not None]
    _take_up_spending(state, past, own)
    _order_before(state, past.version)
    if (root := state.scopes.get("")) is not None and root.input == past.input:
        root.input = state.input
    if state.test is not None and past.test is not None:
        state.test = _own_test(state.test, past.test, state.version)


def _take_up_spending(state: Execution, past: Execution, own: dict[str, str]) -> None:
    """What the source had used of models counts, and what is set aside for what is open stays so."""
    spending = past.spending
    if spending is None:
        return
    for name, one in list(spending.reserved.items()):
        spending.release(name)
        if not one.of_child:
            spending.reserve(name, one)
        elif own.get(name):
            spending.reserve(own[name], one)
    if state.spending is not None:
        spending.prices = {**spending.prices, **state.spending.prices}
    state.spending = spending


def _take_up_halts(state: Execution, past: Execution, now: int) -> None:
    """A fork stands where its source stood, and halts where that would have, and where it is told to itself."""
    debugged = past.debugged
    if debugged is None:
        return
    if state.debugged is not None:
        debugged.set(tuple(state.debugged.breakpoints.values()))
    for halt in debugged.halts.values():
        halt.at = halt.seen = state.version
        halt.since += now - past.now
    for step in debugged.steps.values():
        step.hit = min(step.hit, 1)
    debugged.ended = []
    state.debugged = debugged


def _own_child(state: Execution, past: Execution, old: str) -> str:
    """What a child of the source is called of the fork; empty for one that no node waits for."""
    run = past.runs.get(past.children[old])
    return child_id(state.execution, run.path, run.attempt) if run is not None and child_of(run) == old else ""


def child_of(run: NodeRun) -> str:
    """The child that a run waits for; empty where it waits for none. One whose attempt is over may still be about to end."""
    return run.memo.child if isinstance(run.memo, ChildMemo) and run.status in ("active", "stopping") else ""


def _ask_anew(graph: Graph, run: NodeRun, own: dict[str, str], past: Execution, now: int) -> None:
    """What a worker, a child or a person was asked for is asked in the name of the fork."""
    memo = run.memo
    if isinstance(memo, HeldMemo):
        run.status, run.memo = "active", None
    if run.status == "active" and is_for_worker(graph, run):
        run.started_at, run.progress, run.scheduled_at, run.lost, run.begun_anew = 0, None, now, 0, 0
    if isinstance(memo, ChildMemo):
        memo.child = own.get(memo.child) or memo.child
    if isinstance(memo, TaskMemo):
        memo.telling, memo.notices = {}, {}
        memo.asked_at += now - past.now


def _own_command(command: Command, own: dict[str, str]) -> Command | None:
    """What came in a pause of the source; None for what does not hold in the fork."""
    if isinstance(command, FireTimer | GrantSlot):
        return None
    if isinstance(command, ReportChild):
        return replace(command, child=own[command.child]) if own.get(command.child) else None
    return command


def _order_before(state: Execution, version: int) -> None:
    """What has ended in the source has ended before all that ends in the fork."""
    for scope in state.scopes.values():
        for end in scope.ended.values():
            end.at -= version
        for _, end in scope.looped.values():
            end.at -= version


def _own_test(test: Tested, past: Tested, version: int) -> Tested:
    return Tested(test.plan, test.ahead, past.skips, past.steps, past.halted, version, past.pinned)


def timers_anew(graph: Graph, past: Execution, now: int) -> list[tuple[str, int]]:
    """The timers of a fork that goes on now: as long as each still had to go, but for a moment that was named; by name and due.

    Those of an attempt with a worker, and of the execution as a whole, begin anew elsewhere.
    """
    found: list[tuple[str, int]] = []
    for name, due in past.timers.items():
        path = name.rpartition(":")[0]
        run = past.runs.get(path)
        if not path or run is None or (is_for_worker(graph, run) and name.endswith(ATTEMPT_LIMITS)):
            continue
        is_moment = name.endswith(":delay") and getattr(graph.nodes[run.node].config, "until", None) is not None
        found.append((name, max(due, now) if is_moment else due + now - past.now))
    return found
