"""The audit: reads the journal as it grows and holds the laws at each decision. It trusts nothing that the engine keeps.

The readers' rule is written here a second time, on purpose: a fault in the engine's own would otherwise hide itself.
What it has folded is what the engine's states, answers, effects and rows are compared with.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts import commands as c
from contracts import events as e
from contracts.codec import decode_decision, decode_record, pack
from contracts.commands import Envelope
from contracts.ids import activity_key
from contracts.journal import Decided, Decision, JournalOpened, PartitionClaimed
from contracts.values import BLOB_BYTES_MIN_DEFAULT
from domain.execution.history import Entry, Folded, GraphOf, apply, begin
from domain.execution.keeper import is_keeper, lane_of
from domain.execution.liveness import waits_of
from domain.execution.paths import held_by
from domain.execution.react import outstanding, react
from domain.execution.state import Execution
from domain.replay.verify import Verifier
from simulation.dependents import check_met
from simulation.disk import Disk
from simulation.quotas import check_open, check_pauses
from simulation.violation import Violation, require

BEGINNINGS = (e.NodeScheduled, e.ChildStarted, e.CompensationStarted)
"""What must not happen to an execution that is paused."""


class Audit:
    """What the journal says, and whether it may say so."""

    def __init__(self, disk: Disk, graph_of: GraphOf, poisoned: str = "") -> None:
        self._disk, self._graph_of, self.poisoned = disk, graph_of, poisoned
        self.offset = 0
        self.turn_began_at = 0
        """Where the journal ended when the engine whose turn it is began it."""
        self.nonce = b""
        self.source = -1
        self.journal = ""
        self.decisions = 0
        self.counting: list[Entry] = []
        """The decisions that count."""
        self.executions: dict[str, Folded] = {}
        self.offsets: dict[str, list[int]] = {}
        """Where the decisions of each execution lie; refusals after its end are left out."""
        self.touched: set[str] = set()
        """Executions that have changed since somebody last compared them."""
        self.owed: set[str] = set()
        """Attempts of activities that some fact has called for."""
        self.reported: set[str] = set()
        """Attempts whose end is recorded."""
        self.held: set[str] = set()
        """Attempts whose end came in a pause, and is kept until its end."""
        self.sent: dict[str, str] = {}
        """Commands to other executions that some fact has called for: id → for whom."""
        self.emitted: dict[str, str] = {}
        """Of these, the signals to somebody who is there."""
        self.caused: dict[str, int] = {}
        """The ids of commands that have led to events, and where."""
        self.in_charge = ""
        """The node whose claim is the last."""
        self.signals: set[tuple[str, str]] = set()
        self.children_ended: set[tuple[str, str]] = set()
        self.trace: list[str] = []
        self._verifier = Verifier(graph_of, disk.blobs.get)

    def read_on(self) -> None:
        """Take in what was appended since."""
        for offset, content in self._disk.log.read("journal", 0, self.offset):
            self.offset = offset + 1
            record = decode_record(content)
            match record:
                case JournalOpened():
                    if offset == 0:
                        self.journal = record.journal
                case PartitionClaimed():
                    self.nonce, self.in_charge = record.nonce, record.node
                    self.trace.append(f"{offset} claim {record.node}")
                case Decided():
                    if record.nonce == self.nonce and record.source_offset > self.source:
                        self.source = record.source_offset
                        self._take(Entry(offset, decode_decision(record.body), record.body, record.digest))

    def state(self, execution: str) -> Execution | None:
        """The execution as the journal has it."""
        folded = self.executions.get(execution)
        return None if folded is None else folded.state

    def open(self) -> Iterator[Folded]:
        """Those that have not ended."""
        return (folded for folded in list(self.executions.values()) if not folded.state.is_ended)

    def awaits(self, task: str) -> bool:
        """Whether the attempt of this name is to run, by the journal."""
        folded = self.executions.get(task.partition("/")[0])
        return folded is not None and not folded.state.is_ended and task in _tasks(folded)

    def steps_of(self, task: str) -> set[str]:
        """The steps that are recorded of the node of an attempt."""
        execution, _, rest = task.partition("/")
        state = self.state(execution)
        run = None if state is None else state.runs.get(rest.rpartition("@")[0])
        return set() if run is None else set(run.steps or {})

    # One decision.

    def _take(self, entry: Entry) -> None:
        decision = entry.decision
        name = decision.execution
        self.decisions += 1
        self.counting.append(entry)
        self.trace.append(_told(entry))
        folded = self.executions.get(name)
        if folded is None:
            require(decision.first == 1, "a history begins at its beginning", _told(entry))
            folded = self.executions[name] = begin(entry, self._graph_of)
        if folded.state.is_ended:
            require(not decision.events and decision.rejection is not None, "terminal is final", _told(entry))
        else:
            self.offsets.setdefault(name, []).append(entry.offset)
        is_set_aside = any(isinstance(event, e.ExecutionQuarantined) for event in decision.events)
        require(not is_set_aside or name == self.poisoned, "a poisoned execution stops alone", _told(entry))
        self._check_cause(folded, decision)
        self._check_size(decision, entry)
        check_pauses(folded, decision, self.open())
        was_paused = folded.state.paused
        apply(folded, entry)
        self._note(folded, entry)
        self._check_replay(folded, entry)
        check_open(folded, self.open())
        if was_paused and folded.state.paused:
            begun = [event for event in decision.events if isinstance(event, BEGINNINGS)]
            require(not begun, "a pause holds", f"{begun} in {_told(entry)}")
        try:
            waits_of(folded.graph, folded.state)
        except AssertionError as error:
            raise Violation("whoever is open waits for something that has a name", str(error)) from None
        self.touched.add(name)

    def _check_replay(self, folded: Folded, entry: Entry) -> None:
        """Decide it again; the state that deciding leaves is the one that folding leaves."""
        self._verifier.run([entry])
        problems = self._verifier.divergences
        require(not problems, "replay decides what was decided", str(problems[:1]))
        again = self._verifier.state_of(entry.decision.execution)
        if again is not None and not folded.state.is_ended:
            require(pack(again) == pack(folded.state), "folding gives what deciding gives", _told(entry))

    def _check_size(self, decision: Decision, entry: Entry) -> None:
        if len(entry.body) < BLOB_BYTES_MIN_DEFAULT:
            return
        for one in (decision.command, *decision.events):
            for field in one.__struct_fields__:
                value = getattr(one, field)
                small = not isinstance(value, bytes) or len(value) < BLOB_BYTES_MIN_DEFAULT
                require(small, "big values never enter an event", f"{field} of {type(one).__name__}")

    # Causes: each decision follows from something that is durable already.

    def _check_cause(self, folded: Folded, decision: Decision) -> None:
        state, command, told = folded.state, decision.command, _shown(decision)
        require(decision.now >= state.now, "time goes on", told)
        if not decision.events:
            return
        match command:
            case c.CompleteActivity() | c.FailActivity() | c.LoseActivity():
                self._check_report(state, command, decision)
            case c.RecordStep():
                run = state.runs.get(command.path)
                is_awaited = run is not None and run.attempt == command.attempt
                require(is_awaited, "a step counts for the attempt that is waited for", told)
                require(run is None or command.name not in (run.steps or {}), "a step is recorded once", told)
            case c.FireTimer():
                require(state.timers.get(command.timer) == command.due <= decision.now, "a timer fires when it is due, and once", told)
            case c.ReportChild():
                self._check_child(state, command, told)
            case c.CreateExecution():
                require(state.version == 0, "an execution is created once", told)
                if command.parent is not None:
                    self._check_sent(f"{decision.execution}:create", told)
            case c.GrantSlot():
                require(not state.started_at and state.slot is not None, "a turn is given once, to one who queues", told)
            case c.AdmitExecution():
                require(state.admission is not None, "who waits for a quota is let in once", told)
            case c.MeetDependency():
                check_met(folded.graph, state, command, self.executions.get(command.execution))
            case c.SendSignal():
                key = (decision.execution, command.signal)
                require(key not in self.signals, "a signal arrives once", told)
                self.signals.add(key)
                if "/" in command.signal:  # of an execution; a client's has none
                    self._check_sent(command.signal, told)
            case _:
                if decision.source.command.endswith(":close"):
                    self._check_sent(decision.source.command, told)

    def _check_report(self, state: Execution, command: c.CompleteActivity | c.FailActivity | c.LoseActivity, decision: Decision) -> None:
        run = state.runs.get(command.path)
        told = _shown(decision)
        key = activity_key(decision.execution, command.path, command.attempt)
        require(key in self.owed, "no effect before its fact", f"{key} was never asked for: {told}")
        is_awaited = run is not None and (run.status == "active" or held_by(run) != "") and run.attempt == command.attempt
        require(is_awaited, "a result counts for the attempt that is waited for", told)
        if isinstance(decision.events[0], e.CommandHeld):
            require(state.paused, "only a pause holds a command", told)
            self.held.add(key)
            return
        require(key not in self.reported, "a result is applied once", told)
        self.reported.add(key)

    def _check_child(self, state: Execution, command: c.ReportChild, told: str) -> None:
        child = self.executions.get(command.child)
        if child is None:
            require(command.status == "failed", "a child that never was can only have failed", told)
        else:
            ended = child.state.is_ended and child.state.status == command.status and child.state.output == command.output
            require(ended, "no effect before its fact", f"the child {command.child} is {child.state.status}: {told}")
        if state.paused:
            return
        key = (state.execution, command.child)
        require(key not in self.children_ended, "a child's end is taken in once", told)
        self.children_ended.add(key)

    def _check_sent(self, command: str, told: str) -> None:
        require(command in self.sent, "no effect before its fact", f"{command} was never called for: {told}")

    # What follows from it.

    def _note(self, folded: Folded, entry: Entry) -> None:
        state, decision = folded.state, entry.decision
        for effect in react(folded.graph, state, decision):
            if isinstance(effect, Envelope):
                self.sent.setdefault(effect.id, effect.execution)
                target = self.state(effect.execution)
                if isinstance(effect.command, c.SendSignal) and target is not None and not target.is_ended:
                    self.emitted.setdefault(effect.id, effect.execution)
        self.owed.update(_tasks(folded))
        if decision.events:
            self.caused.setdefault(decision.source.command, entry.offset)
        self._check_slots(folded)

    def _check_slots(self, folded: Folded) -> None:
        """Of those that queue for the same turn, no more run than may."""
        settings, state = folded.graph.settings.concurrency, folded.state
        if settings is None or state.slot is None:
            return
        queue = _queue_of(state)
        holders = [
            one.state.execution
            for one in self.open()
            if one.state.slot is not None and one.state.started_at and _queue_of(one.state) == queue
        ]
        require(len(holders) <= settings.limit, "no more run at a time than may", f"{holders} with the limit {settings.limit}")


def _queue_of(state: Execution) -> tuple[bool, tuple[str, str]]:
    """Keepers stand for others, and are counted for themselves."""
    return is_keeper(state), lane_of(state)


def _tasks(folded: Folded) -> Iterator[str]:
    """The attempts that an execution waits for."""
    for effect in outstanding(folded.graph, folded.state):
        yield activity_key(effect.execution, effect.path, effect.attempt)


def _shown(decision: Decision) -> str:
    events = " ".join(type(event).__name__ for event in decision.events)
    return f"{decision.execution} {decision.command} → {events or 'nothing'}"


def _told(entry: Entry) -> str:
    decision = entry.decision
    events = " ".join(type(event).__name__ for event in decision.events)
    return (
        f"{entry.offset} {decision.execution}@{decision.first} now={decision.now} {str(decision.command)[:200]} → "
        f"{events or decision.rejection} [{decision.source.command}]"
    )
