"""Skipping time: where nothing else moves in a test run, its time goes on to when something is due, ahead of the clock.

    the clock    ──┬────────────┬──────────►
    its time     ──┴── 1 hour ──┴──────────►     SkipTime{due, ahead}: decided, and recorded, at the later time

Timers fire in the order in which they are due, those included that nobody asked to skip, where one that is to be skipped lies behind.
While an activity or a child runs time goes on as the clock does: only what has ended can say what is due next.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

from msgspec.structs import replace

from contracts.commands import ChangeHalted, Command, CreateExecution, ReleaseHalt, ResumeExecution, SkipTime
from domain.definition.graph import Graph
from domain.execution.memo import ChildMemo
from domain.execution.moves.turns import is_turn
from domain.execution.paths import is_for_worker
from domain.execution.react import is_reported
from domain.execution.state import Execution

SomeCommand = TypeVar("SomeCommand", bound=Command)
SKIPS_MAX: Final = 10_000
"""So many timers are skipped to in a test run; from then on its time goes as the clock does, so that no loop runs for ever at once."""
WAITS: Final = (":delay", ":retry", ":start_at")
"""What the names of timers end in that are skipped to without being asked for: whoever waits for them waits for nothing else."""


class Skip(NamedTuple):
    """The timer that is next, and when it is due (milliseconds since 1970)."""

    timer: str
    due: int


def next_skip(graph: Graph, state: Execution) -> Skip | None:
    """To which timer the time of a test run goes on now; None where it goes as the clock does."""
    test, timers = state.test, state.timers
    if test is None or test.plan.skips == "none" or not timers or test.skips >= SKIPS_MAX:
        return None
    if state.paused or state.ended_at or state.quarantine is not None or _moves(graph, state):
        return None
    wanted = [due for name, due in timers.items() if test.plan.skips == "all" or name.endswith(WAITS)]
    if not wanted:
        return None
    timer, due = min(timers.items(), key=lambda item: item[1])
    return Skip(timer, due) if due <= min(wanted) else None


def _moves(graph: Graph, state: Execution) -> bool:
    """Whether something comes by itself: a turn, the result of an activity, or of a child."""
    if any(map(is_turn, state.timers)):
        return True
    return any(
        run.status in ("active", "stopping")
        and ((is_for_worker(graph, run) and not is_reported(state, run)) or isinstance(run.memo, ChildMemo))
        for run in state.runs.values()
    )


def written_in(state: Execution, command: SomeCommand, now: int) -> SomeCommand:
    """A command with what it cannot know: how far ahead of this clock time is skipped in a test run, how far one has come that goes on;
    and which halt a person means that says none.
    """
    if state.debugged is not None and isinstance(command, ReleaseHalt | ChangeHalted) and not command.at:
        halt = state.debugged.halts.get(command.path)
        return replace(command, at=state.version if halt is None else halt.seen)
    if state.test is None:
        return command
    if isinstance(command, SkipTime):
        return replace(command, ahead=max(state.test.ahead, command.due - now))
    return replace(command, at=state.version) if isinstance(command, ResumeExecution) and not command.at else command


def time_of_test(state: Execution, command: Command, now: int) -> int:
    """The time of a test run when the clock says this; of another execution that of the clock. Milliseconds since 1970."""
    test = state.test
    if test is None:
        return now + command.test.ahead if isinstance(command, CreateExecution) and command.test is not None else now
    if isinstance(command, SkipTime):
        return max(now + command.ahead, command.due)
    return now + test.ahead
