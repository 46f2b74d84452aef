"""The world of a case: all executions that one start sets off, in virtual time.

    queue ──► the command that is next, or the timer that is due next ──► decide ──► react ──┬─► an attempt: its mock answers
      ▲                                                                                      ├─► a child: begun, or its mock answers
      └──────────────── answers, each at its time ◄──────────────────────────────────────────┘

Time goes on to whatever is next. What a case lets happen without a time happens when nothing else moves at the moment.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from msgspec.structs import replace

from contracts import commands as c
from contracts.commands import Command, CreateExecution
from contracts.errors import InvalidInput, RefoldError, Rejected
from contracts.events import ChildStarted, SignalEmitted
from contracts.failure import Failure
from contracts.journal import Decision, Source
from contracts.pins import ANY, Pin, Plan
from contracts.system import NOTIFY
from contracts.values import NULL, decode, encode
from contracts.workflow_tests import BEGIN_DEFAULT, Case, Mock
from domain.definition.graph import Graph
from domain.execution.decide import decide
from domain.execution.evolve import initial
from domain.execution.limits import LIMITS, NEVER
from domain.execution.paths import plain_path
from domain.execution.react import react
from domain.execution.skipping import written_in
from domain.execution.state import Execution
from domain.expressions import parse_duration, parse_time
from domain.testing.answers import WORKER, Answers, failure_of, report_of
from domain.testing.found import Call, Found, Happened, found_of, refused
from domain.testing.moments import Happening, Open, aim, aim_anyway, begins_by_itself, happenings, starts

STEPS_MAX: Final = 50_000
"""So many commands and timers a case may take."""
GIVES_ITS_DATA: Final = frozenset({"noop", "log"})
"""The kinds that give their data, and touch nothing that a test could notice: they need no mock."""
CHILD: Final = "sub_workflow"
CANCELLED: Final = "cancelled"
_LIMITS: Final = LIMITS._replace(blob_bytes_min=NEVER)

Perform: TypeAlias = Callable[[c.RunActivity, bool], "c.CompleteActivity | c.FailActivity | None"]
"""Runs an attempt for real, whose node is named or, with False, one of all that touch nothing; None where nobody runs it."""


class CannotRun(RefoldError):
    """A case cannot go on: something is called for that it does not give. `at` is where in the case that stands."""

    def __init__(self, message: str, fix: str, at: str = "") -> None:
        super().__init__(message)
        self.message, self.fix, self.at = message, fix, at


class Absent(NamedTuple):
    """A child that is not there, and is told of once it is cancelled: its parent, the path of its node, and what it says then, and when."""

    parent: str
    path: str
    report: c.ReportChild | None = None
    due: int = 0


class Next(NamedTuple):
    """What is next: a command to an execution, or what the case lets happen; `at` is where a command stands in the case."""

    execution: str
    what: Command | Happening
    at: str = ""


def nobody(activity: c.RunActivity, is_named: bool) -> None:
    """Where nothing runs for real."""


class World:
    """The executions of one case. `pins` are given to nodes that the engine decides; `graphs` has its workflow first."""

    def __init__(self, graphs: Mapping[str, Graph], case: Case, pins: Mapping[str, tuple[Pin, ...]], perform: Perform = nobody) -> None:
        self._graphs, self._case, self._perform = graphs, case, perform
        self._workflow = next(iter(graphs))
        self._answers, self._real = Answers(case.mocks), frozenset(case.real)
        self._plan, self._root = Plan(dict(pins)), case.execution
        self._begun_at = self._now = parse_time(case.at or BEGIN_DEFAULT)
        self._open: dict[str, Open] = {}
        self._mocked: dict[str, Absent | None] = {}
        """Children that are not there; None of those that a cancel does not change: they answer by themselves, or never."""
        self._happened: list[Happened] = []
        self._calls: list[Call] = []
        self._queue: list[tuple[int, int, str, Command | Happening]] = []
        self._awaited: list[Happening] = []
        self._number = self._steps = 0
        self._refusal: Failure | None = None

    def run(self) -> Found:
        """From the start until nothing moves any more, or the case looks no longer. Raises CannotRun."""
        case = self._case
        end = None if case.until is None else self._begun_at + parse_duration(case.until)
        self._push(self._begun_at, self._root, self._creation())
        for one in [*starts(case), *happenings(case)]:
            if one.after_ms is None:
                self._awaited.append(one)
            else:
                self._push(self._begun_at + one.after_ms, "", one)
        while (item := self._next(end)) is not None:
            self._steps += 1
            if self._steps > STEPS_MAX:
                raise CannotRun(f"it still moves after {STEPS_MAX:,} steps", "say `until`, how long it is looked at", "until")
            self._take(item)
        self._now = self._now if end is None else max(self._now, end)
        return self._found(end)

    def _found(self, end: int | None) -> Found:
        if self._refusal is not None:
            return refused(self._refusal, self._case.input)
        root = self._open[self._root]
        late = [item[3] for item in sorted(self._queue, key=lambda item: item[:2]) if isinstance(item[3], Happening)]
        if end is None or root.state.is_ended:
            for one in [*self._awaited, *late]:
                raise CannotRun(*_unasked(one, root.state))
        return found_of(root.graph, root.state, self._happened, self._calls, self._begun_at, self._now)

    def _creation(self) -> CreateExecution:
        case, graph = self._case, self._graphs[self._workflow]
        variables = None if case.variables is None else encode(case.variables)
        trigger = None if "trigger" not in case.model_fields_set else encode(case.trigger)
        given = encode(case.input if "input" in case.model_fields_set else {})
        return CreateExecution(
            graph.name, 1, graph.definition_hash, given, variables,
            autostart=begins_by_itself(case), trigger=trigger, test=self._plan,
        )  # fmt: skip

    # What is next.

    def _push(self, when: int, execution: str, what: Command | Happening) -> None:
        self._number += 1
        heapq.heappush(self._queue, (when, self._number, execution, what))

    def _next(self, end: int | None) -> Next | None:
        timer = min(self._timers(), default=None)
        if self._queue and self._queue[0][0] <= self._now:
            return self._pop()
        if (aimed := self._asked_for()) is not None:
            return aimed
        due = min((when for when in (timer and timer[0], self._queue[0][0] if self._queue else None) if when is not None), default=None)
        if due is None or (end is not None and due > end):
            return None
        if self._queue and self._queue[0][0] <= due:
            return self._pop()
        assert timer is not None
        self._now = max(self._now, timer[0])
        return Next(timer[1], c.FireTimer(timer[2], timer[0]))

    def _pop(self) -> Next:
        when, _, execution, what = heapq.heappop(self._queue)
        self._now = max(self._now, when)
        return Next(execution, what)

    def _timers(self) -> Iterator[tuple[int, str, str]]:
        for name, one in self._open.items():
            held = one.state.held if one.state.paused else ()
            for timer, due in one.state.timers.items():
                if c.FireTimer(timer, due) not in held:
                    yield due, name, timer

    def _asked_for(self) -> Next | None:
        """The first of what has no time that somebody waits for."""
        for index, one in enumerate(self._awaited):
            aimed = aim(one.given, self._open, self._steps, self._root)
            if aimed is not None:
                del self._awaited[index]
                return Next(aimed.execution, aimed.command, one.at)
        return None

    # How it moves.

    def _take(self, item: Next) -> None:
        execution, what, at = item
        if isinstance(what, Happening):
            aimed = aim_anyway(what.given, self._open, self._steps, self._root)
            if aimed is None:
                raise CannotRun(*_unasked(what, self._open[self._root].state))
            self._give(what.at, aimed.execution, aimed.command)
        elif at:
            self._give(at, execution, what)
        else:
            self._deliver(execution, what)

    def _give(self, at: str, execution: str, command: Command) -> None:
        """What the case lets happen: a refusal is told."""
        try:
            self._decide(execution, command)
        except (Rejected, InvalidInput) as error:
            raise CannotRun(f"it is refused: {error}", "correct it, or the time at which it comes", at) from None

    def _deliver(self, execution: str, command: Command) -> None:
        """What the world reports: it may come too late."""
        if execution not in self._open and isinstance(command, CreateExecution):
            self._begin(execution, command)
            return
        if execution in self._open:
            try:
                self._decide(execution, command)
            except (Rejected, InvalidInput):
                return

    def _begin(self, execution: str, command: CreateExecution) -> None:
        parent = command.parent
        before = "" if parent is None else f"{self._open[parent.execution].before}{parent.path}/"
        self._open[execution] = Open(before, self._graphs[command.workflow], initial(execution))
        try:
            self._decide(execution, command)
        except InvalidInput as error:
            del self._open[execution]
            failure = Failure("input.invalid", str(error), [problem.as_value() for problem in error.problems])
            if parent is None:
                self._refusal = failure
            elif not parent.detached:
                self._push(self._now, parent.execution, c.ReportChild(parent.path, execution, "failed", None, failure))

    def _decide(self, execution: str, command: Command) -> None:
        one = self._open[execution]
        state = one.state
        command = written_in(state, command, self._now)
        first = state.version + 1
        events = tuple(decide(one.graph, state, command, self._now, limits=_LIMITS).events)
        if not events:
            return
        decision = Decision(Source(0, len(self._happened)), execution, first, self._now, command, events)
        self._happened.append(Happened(one.before, one.graph, decision))
        for effect in react(one.graph, state, decision):
            if isinstance(effect, c.RunActivity):
                self._run(effect)
            elif isinstance(effect, c.Envelope):
                self._send(effect, decision)
            elif isinstance(effect, c.TakeSlot):
                self._push(self._now, effect.execution, c.GrantSlot())

    # What it calls for.

    def _run(self, effect: c.RunActivity) -> None:
        path = self._open[effect.execution].before + effect.path
        self._calls.append(Call(path, effect.kind, effect.attempt, decode(effect.config), decode(effect.input)))
        mock = self._answers.find(path, effect.attempt, True)
        if mock is None:
            self._run_for_real(effect, path)
        elif mock.never != "starts":
            self._start(effect)
            if mock.never is None:
                self._push(self._after(mock), effect.execution, report_of(mock, effect.path, effect.attempt))

    def _start(self, effect: c.RunActivity) -> None:
        if effect.limits.report_start:
            self._push(self._now, effect.execution, c.ReportStarted(effect.path, effect.attempt, WORKER))

    def _after(self, mock: Mock) -> int:
        return self._now + (0 if mock.after is None else parse_duration(mock.after))

    def _run_for_real(self, effect: c.RunActivity, path: str) -> None:
        if effect.kind in GIVES_ITS_DATA and not self._answers.find(path, effect.attempt, False):
            self._start(effect)
            self._push(self._now, effect.execution, c.CompleteActivity(effect.path, effect.attempt, effect.input or NULL))
            return
        named = path in self._real or plain_path(path) in self._real
        report = self._perform(effect, named) if named or ANY in self._real else None
        if report is None:
            raise CannotRun(*(_unperformed(effect, path) if named else _unmocked(effect, path)))
        self._start(effect)
        self._push(self._now, effect.execution, report)

    def _send(self, envelope: c.Envelope, decision: Decision) -> None:
        command, name = envelope.command, envelope.execution
        if isinstance(command, CreateExecution):
            self._send_child(name, command, decision)
        elif name in self._mocked and isinstance(command, c.CancelExecution | c.TerminateExecution):
            self._cancel_absent(name, "cancelled" if isinstance(command, c.CancelExecution) else "terminated")
        else:
            if isinstance(command, c.SendSignal):
                self._note_signal(envelope, decision)
            self._push(self._now, name, command)

    def _stand_for(self, name: str, mock: Mock, execution: str, parent: c.Parent, waits: bool) -> None:
        """A child does what its mock says: it tells its parent by itself or, unless that `waits` for it, once it is cancelled."""
        failure = failure_of(mock)
        status, output = _ending_of_child(mock, failure)
        report = None if mock.never else c.ReportChild(parent.path, name, status, output, failure)
        is_told = mock.never in ("starts", "ends") or (report is not None and not waits)
        self._mocked[name] = Absent(execution, parent.path, report, self._after(mock)) if is_told else None
        if report is not None and waits:
            self._push(self._after(mock), execution, report)

    def _cancel_absent(self, name: str, status: str) -> None:
        child = self._mocked[name]
        if child is not None:
            told = c.ReportChild(child.path, name, status, None, Failure(CANCELLED, f"the child was {status}"))
            self._push(max(self._now, child.due), child.parent, child.report or told)

    def _note_signal(self, envelope: c.Envelope, decision: Decision) -> None:
        command = envelope.command
        assert isinstance(command, c.SendSignal)
        before = self._open[decision.execution].before
        for event in decision.events:
            if isinstance(event, SignalEmitted) and event.name == command.name and event.execution == envelope.execution:
                config = {"execution": event.execution, "name": event.name}
                self._calls.append(Call(before + event.path, "emit_signal", event.attempt, config, decode(event.payload)))
                return

    def _send_child(self, name: str, command: CreateExecution, decision: Decision) -> None:
        parent = command.parent
        assert parent is not None, "a child without a parent"
        path = self._open[decision.execution].before + parent.path
        started = next(event for event in decision.events if isinstance(event, ChildStarted) and event.child == name)
        config = {"workflow": command.workflow, "version": started.version}
        kind = NOTIFY if command.workflow == NOTIFY else CHILD
        self._calls.append(Call(path, kind, parent.attempt, config, decode(command.input)))
        mock = self._answers.find(path, parent.attempt, False) if kind == CHILD else Mock()
        if mock is not None:
            self._stand_for(name, mock, decision.execution, parent, kind == NOTIFY or not parent.detached)
        elif command.workflow in self._graphs:
            graph = self._graphs[command.workflow]
            self._push(self._now, name, replace(command, version=1, definition=graph.definition_hash))
        elif parent.detached:  # nobody waits for it, but whoever cancels it
            self._mocked[name] = Absent(decision.execution, parent.path)
        else:
            raise CannotRun(
                f"{path} starts workflow {command.workflow}, which is not here",
                f"name its file in `with`, or say what it gives: `mocks: {{{path}: {{output: …}}}}`",
                "mocks",
            )


def _ending_of_child(mock: Mock, failure: Failure | None) -> tuple[str, bytes | None]:
    """How a child ends that a mock stands for: a failure of the type `cancelled` is a cancelled one."""
    if failure is None:
        return "completed", encode(mock.output)
    return "cancelled" if failure.type == CANCELLED else "failed", None


def _unperformed(effect: c.RunActivity, path: str) -> tuple[str, str, str]:
    """What is told of an attempt that is to run for real where nobody runs its kind."""
    said = f"{path} is to run for real, and nobody here runs `{effect.kind}`"
    return said, "name the module with it: `--worker MODULE`; or say what it gives: `mocks`", "real"


def _unmocked(effect: c.RunActivity, path: str) -> tuple[str, str, str]:
    """What is told of an attempt that nothing is given for."""
    said = f"nothing is given for attempt {effect.attempt} of {path}, a `{effect.kind}`"
    return said, f"say what it gives: `mocks: {{{path}: {{output: …}}}}`, or let it run: `real: [{path}]`", "mocks"


def _unasked(one: Happening, state: Execution) -> tuple[str, str, str]:
    """What is told of what nobody waits for."""
    given = one.given
    what = "it"
    what = f"signal {given.name}" if hasattr(given, "name") else f"the answer to {given.node}" if hasattr(given, "port") else what
    stands = f"the execution is {state.status}"
    when = "nothing has ever waited for" if one.after_ms is None else "nothing waits any more for"
    return f"{when} {what}: {stands}", "correct its name, node or time; or take it out", one.at
