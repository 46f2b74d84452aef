"""Re-run: another definition decides over a recorded history, with the results, signals and answers that it holds. No effects.

    recorded commands ─ in their order, at their times ─► decide by the other definition ─► what is asked of the world
                                                          ▲                                 │ in the recorded words: what was
                                                          └──── recorded reports ◄──────────┘ reported then counts

What is asked in other words, or never was, is new: nobody knows what would have come of it, so its branch stops there. Timers that
the history does not have fire when the time has come to them. What comes from outside comes when it came; a report or an answer that
nobody waits for yet is kept until somebody does, and what is refused is noted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from contracts import commands as c
from contracts.errors import SHORTAGES, InvalidInput, RefoldError, Rejected
from contracts.journal import Decision, Source
from domain.definition.graph import Graph
from domain.execution.decide import decide
from domain.execution.decide.timer import LIMIT_NAMES
from domain.execution.deciding import ReadBlob, no_blobs
from domain.execution.evolve import initial
from domain.execution.memo import TaskMemo
from domain.execution.paths import held_by
from domain.execution.state import NodeRun
from domain.replay.tape import Asked, Call, Step, Tape, asked_in, steps_in

DECISIONS_MAX: Final = 100_000
"""So many decisions a re-run may take beyond those that were recorded: one that never ends by itself is cut off."""
_NOWHERE: Final = Source(0, 0)
_Key: TypeAlias = tuple[str, int]
Why: TypeAlias = Literal["never_asked", "asked_otherwise", "never_answered"]
"""Why nobody knows what came of a call: it was never made, it was made in other words, or nothing was reported of it."""


class Version(NamedTuple):
    """What decides: the compiled definition, and the workflow, version and content hash that its executions are to name.

    With `follows` it is what the history itself began by, and its definition is changed where that was; else it decides all of it.
    """

    graph: Graph
    workflow: str
    version: int
    definition: str
    follows: bool = False


class NewCall(NamedTuple):
    """A call whose result nobody knows."""

    call: Call
    why: Why


class Refused(NamedTuple):
    """A recorded command that does not fit any more, and why."""

    command: str
    reason: str


class CannotRerun(RefoldError):
    """The other definition cannot decide over the history: it takes no such input, or deciding fails."""


class Rerun:
    """A history decided again by another definition. `state` is what that leads to."""

    def __init__(self, tape: Tape, version: Version, read_blob: ReadBlob = no_blobs) -> None:
        """Raises CannotRerun."""
        self.graph, self.state = version.graph, initial(tape.state.execution)
        self.steps: list[Step] = []
        self.calls: dict[Call, Asked] = {}
        self.new: list[NewCall] = []
        self.refused: list[Refused] = []
        self._tape, self._version, self._read_blob = tape, version, read_blob
        self._blobs: dict[str, bytes] = {}
        self._late: dict[_Key, list[c.Command]] = {}
        self._late_children: dict[str, c.ReportChild] = {}
        self._stopped: set[str] = set()
        """The paths of new calls."""
        self._place = 0
        self._extra = 0
        self._run()

    @property
    def vanished(self) -> list[Call]:
        """The recorded calls that are not made any more."""
        return [call for call in self._tape.calls if call not in self.calls]

    def _run(self) -> None:
        last = 0
        for place, decision in enumerate(self._tape.decisions):
            self._place = place
            self._pass_time(decision.now)
            if self.state.is_ended:
                break
            self._take(decision)
            last = decision.now
        self._place = len(self._tape.decisions)
        is_over = self._tape.state.is_ended
        self._pass_time(None if is_over else last)
        if is_over and not self.state.is_ended:
            self._note_unanswered()

    # What was recorded.

    def _take(self, decision: Decision) -> None:
        command, now = decision.command, decision.now
        taker = _TAKERS.get(type(command))
        if taker is not None:
            taker(self, command, now)
        else:
            self._offer(command, now)

    def _create(self, command: c.CreateExecution, now: int) -> None:
        version = self._version
        if command.fork is not None and command.definition != version.definition:
            said = f"it began as a fork of {command.fork.source}, with a past of another version: ask about that one"
            raise CannotRerun(said)
        own = replace(command, workflow=version.workflow, version=version.version, definition=version.definition)
        reason = self._decide(own, now)
        if reason is not None:
            raise CannotRerun(reason)

    def _fire(self, command: c.FireTimer, now: int) -> None:
        if self.state.timers.get(command.timer) == command.due and not self._stands_still(command.timer):
            self._offer(command, now)

    def _report(self, command: Any, now: int) -> None:
        if self._is_awaited(command):
            self._offer(command, now)
        else:
            self._late.setdefault((command.path, command.attempt), []).append(command)

    def _report_child(self, command: c.ReportChild, now: int) -> None:
        if command.child not in self.state.children:
            self._late_children[command.child] = command
        elif command.path not in self._stopped:
            self._offer(command, now)

    def _grant(self, command: c.GrantSlot, now: int) -> None:
        if self.state.slot is not None:
            self._offer(command, now)

    def _steer(self, command: Any, now: int) -> None:
        """Whoever holds an attempt back, or lets it go on, means one that is there."""
        run = self.state.runs.get(command.path)
        if run is not None and run.attempt == command.attempt:
            self._offer(command, now)

    def _debug(self, command: Any, now: int) -> None:
        """A person who debugs means the halt that there is, whichever event it was in the history."""
        self._offer(replace(command, at=0), now)

    def _go_by(self, command: c.Command, now: int) -> None:
        """The definition was changed: so it is here, where it is the same up to then."""
        if self._version.follows:
            self._offer(command, now)

    def _offer(self, command: c.Command, now: int) -> None:
        reason = self._decide(command, now)
        if reason is not None:
            self.refused.append(Refused(type(command).__name__, reason))

    def _is_awaited(self, command: Any) -> bool:
        run = self.state.runs.get(command.path)
        if run is None or run.attempt != command.attempt or command.path in self._stopped:
            return False
        is_asked_of_people = isinstance(run.memo, TaskMemo)
        return is_asked_of_people == isinstance(command, c.TASK_COMMANDS) and (run.status == "active" or bool(held_by(run)))

    # Deciding.

    def _decide(self, command: c.Command, now: int) -> str | None:
        """Decide one, and what has waited for it; why it was refused, if it was. Raises CannotRerun."""
        reason = self._decide_one(command, now)
        while (waiting := self._next_late()) is not None:
            refusal = self._decide_one(waiting, now)
            if refusal is not None:
                self.refused.append(Refused(type(waiting).__name__, refusal))
        if self.state.slot is not None and not self.state.started_at and self._tape.state.slot is None:
            self._decide_one(c.GrantSlot(), now)  # what it would wait for, its source did not
        return reason

    def _decide_one(self, command: c.Command, now: int) -> str | None:
        state, first = self.state, self.state.version + 1
        now = max(now, state.now)
        try:
            decided = decide(self.graph, state, command, now, self._blob)
        except (Rejected, InvalidInput) as refusal:
            if state.version >= first:
                raise CannotRerun(str(refusal)) from None
            return str(refusal)
        except SHORTAGES:
            raise
        except Exception as error:  # whatever the other definition leads to, it is said of this history alone
            raise CannotRerun(f"{type(command).__name__}: {error}") from error
        self.graph = decided.graph
        self._blobs.update(decided.blobs)
        self._note(Decision(_NOWHERE, state.execution, first, now, command, tuple(decided.events)))
        return None

    def _note(self, decision: Decision) -> None:
        self.steps += steps_in(decision)
        for asked in asked_in(self.graph, self.state, decision):
            recorded = self._tape.calls.get(asked.call)
            self.calls[asked.call] = asked
            if recorded != asked:
                self._stop(asked.call, "never_asked" if recorded is None else "asked_otherwise")

    def _stop(self, call: Call, why: Why) -> None:
        self.new.append(NewCall(call, why))
        if call.sort != "signal":  # nothing comes back of a signal
            self._stopped.add(call.path)

    def _next_late(self) -> c.Command | None:
        """What came before anybody waited for it, and now somebody does."""
        for key, commands in self._late.items():
            if self._is_awaited(commands[0]):
                first = commands.pop(0)
                if not commands:
                    del self._late[key]
                return first
        for child in self._late_children:
            if child in self.state.children and self._late_children[child].path not in self._stopped:
                return self._late_children.pop(child)
        return None

    def _blob(self, content_hash: str) -> bytes:
        found = self._blobs.get(content_hash)
        return self._read_blob(content_hash) if found is None else found

    # Time.

    def _pass_time(self, until: int | None) -> None:
        """Fire the timers that the history does not have, up to a time; None: all there are. In a pause none fires."""
        while not self.state.is_ended and not self.state.paused and (timer := self._next_timer(until)) is not None:
            self._extra += 1
            if self._extra > DECISIONS_MAX:
                raise CannotRerun(f"it goes on without an end: {DECISIONS_MAX:,} timers fired that its source does not have")
            name, due = timer
            self._offer(c.FireTimer(name, due), due)

    def _next_timer(self, until: int | None) -> tuple[str, int] | None:
        own = [
            (due, name)
            for name, due in self.state.timers.items()
            if (until is None or due <= until) and self._tape.timers.get((name, due), -1) < self._place and not self._stands_still(name)
        ]
        if not own:
            return None
        due, name = min(own)
        return name, due

    def _stands_still(self, timer: str) -> bool:
        """Whether a timer limits what stands at a new call: how long that would take nobody knows."""
        if not self._stopped:
            return False
        path, _, purpose = timer.rpartition(":")
        if not path:
            return purpose == "workflow"
        return purpose in LIMIT_NAMES and any(one == path or one.startswith((f"{path}/", f"{path}[", f"{path}.")) for one in self._stopped)

    def _note_unanswered(self) -> None:
        """Its source has ended; what it still waits for was asked for there, and nothing came of it."""
        for call in self.calls:
            run = self.state.runs.get(call.path)
            if run is not None and call.path not in self._stopped and _waits(run, call):
                self._stop(call, "never_answered")


def _waits(run: NodeRun, call: Call) -> bool:
    return run.attempt == call.attempt and run.status == "active" and not isinstance(run.memo, TaskMemo)


def _leave_out(rerun: Rerun, command: c.Command, now: int) -> None:
    """What is done to a history, and not to its execution."""


Taker: TypeAlias = Callable[[Rerun, Any, int], None]
_TAKERS: Final[dict[type, Taker]] = {
    c.CreateExecution: Rerun._create,
    c.FireTimer: Rerun._fire,
    c.ReportChild: Rerun._report_child,
    c.GrantSlot: Rerun._grant,
    c.HoldActivity: Rerun._steer,
    c.ReleaseActivity: Rerun._steer,
    c.ReleaseHalt: Rerun._debug,
    c.ChangeHalted: Rerun._debug,
    **dict.fromkeys((c.CompleteActivity, c.FailActivity, c.LoseActivity, c.ReportStarted, c.ReportProgress, c.RecordStep), Rerun._report),
    **dict.fromkeys(c.TASK_COMMANDS, Rerun._report),
    **dict.fromkeys((c.ChangeDefinition, c.RevertDefinition), Rerun._go_by),
    **dict.fromkeys((c.RollHistory, c.ArchiveExecution, c.EraseExecution, c.SkipTime), _leave_out),
}
"""What is done with each recorded command; the others come from outside, and come again."""
