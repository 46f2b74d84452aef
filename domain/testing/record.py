"""Recording: an execution as a case. What came from outside, each at its moment, and what came of it.

decisions ──take──► input, results by attempt, signals, answers, commands       what is sealed stands there as `•••`
          ──case──► a case that leads to the same path, status and output       checked by running it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from contracts import commands as c
from contracts import events as e
from contracts.errors import InvalidDefinition, Rejected
from contracts.failure import Failure
from contracts.ids import is_keeper_id
from contracts.journal import Decision
from contracts.pins import ANY, EACH, EVERY, Pin
from contracts.sealed_value import hide
from contracts.system import is_system
from contracts.times import rfc3339
from contracts.values import decode, encode
from domain.definition.graph import Graph
from domain.execution.evolve import evolve
from domain.execution.liveness import waits_of
from domain.execution.pins import UNPINNED
from domain.execution.state import Execution
from domain.testing.case import run_case
from domain.testing.checks import Ground, signal_names
from domain.testing.compare import Difference, duration_text
from domain.testing.found import Happened, nodes_run
from domain.testing.suite import read_file, suite_of
from domain.testing.text import as_written, yaml_text

NODES_MAX: Final = 200
"""A longer path is not among what is expected."""
Read = Callable[[bytes], bytes]
"""The content of a stored value, be it a blob or not."""


class RecordedTest(NamedTuple):
    """The text of a file with tests, and what is otherwise when it is run: nothing, but where time or chance decide."""

    workflow: str
    text: str
    differences: list[Difference]


class Recorder:
    """Collects what came from outside, decision after decision of one execution. `read` gives the content of stored values."""

    def __init__(self, graph: Graph, state: Execution, read: Read) -> None:
        self._graph, self._state, self._read = graph, state, read
        self._case: dict[str, Any] = {}
        self._mocks: dict[str, list[dict[str, Any]]] = {}
        self._lists: dict[str, list[dict[str, Any]]] = {"signals": [], "answers": [], "commands": []}
        self._scheduled: dict[tuple[str, int], int] = {}
        self._children: dict[str, tuple[str, int, int]] = {}
        self._happened: list[Happened] = []
        self._known = signal_names([graph])
        """The signals that anything waits for: others wait in the buffer for ever."""
        self._own_signals: set[str] = set()
        """Those that the execution sends, and may send to itself."""
        self._cancelled: set[str] = set()
        self._detached: set[str] = set()
        self._begun: set[tuple[str, int]] = set()
        """The attempts that a worker has begun."""
        self._begun_at = self._last_at = 0

    def take(self, decision: Decision) -> None:
        """Note what a decision has brought, and fold it. Raises Rejected for an execution that no case can stand for."""
        command, state = decision.command, self._state
        if isinstance(command, c.CreateExecution):
            self._begin(command, decision)
        if not isinstance(command, c.CreateExecution) and any(isinstance(event, e.ExecutionStarted) for event in decision.events):
            self._add("commands", decision, do="start")
        elif decision.events:
            self._note(command, decision)
        self._last_at = decision.now
        state.now = decision.now
        for event in decision.events:
            if isinstance(event, e.NodeScheduled):
                self._scheduled[event.path, event.attempt] = decision.now
            elif isinstance(event, e.ChildStarted) and not is_system(event.workflow):
                run = state.runs.get(event.path)
                self._detached |= {event.child} if event.detached else set()
                self._children[event.child] = event.path, 1 if run is None else run.attempt, decision.now
            elif isinstance(event, e.ChildCancelRequested):
                self._cancelled.add(event.child)
            elif isinstance(event, e.SignalEmitted):
                self._own_signals.add(f"{state.execution}/{event.path}@{event.attempt}")
            elif isinstance(event, e.NodeProgressed):
                run = state.runs.get(event.path)
                self._begun.add((event.path, 0 if run is None else run.attempt))
            elif isinstance(event, e.NodePinned) and not event.is_refused:
                self._scheduled.pop((event.path, event.attempt), None)
            elif isinstance(event, e.NodePinned):
                self._scheduled.pop((event.path, event.attempt), None)
                failure = {"type": UNPINNED, "message": "nothing was pinned for it", "retryable": False}
                self._mocks.setdefault(event.path, []).append({"error": failure, "attempt": event.attempt})
            elif isinstance(event, e.DefinitionChanged):
                said = f"its definition was changed at event {state.version + 1}, which no test of one definition can say; record another"
                raise Rejected("was_migrated", f"execution {state.execution}: {said}", execution=state.execution)
            evolve(self._graph, state, event, decision)
        self._happened.append(Happened("", self._graph, decision))

    def _begin(self, command: c.CreateExecution, decision: Decision) -> None:
        if is_system(command.workflow) or is_keeper_id(decision.execution):
            raise Rejected("system_workflow", f"execution {decision.execution} is the engine's own: there is nothing to test in it")
        if (fork := command.fork) is not None:
            said = f"execution {decision.execution} began as a fork of {fork.source}: what it goes on from is no input; record that one"
            raise Rejected("is_fork", said, execution=decision.execution)
        self._begun_at = decision.now
        self._case = {"at": rfc3339(decision.now), "input": self._value(command.input)}
        if command.variables is not None:
            self._case["variables"] = self._value(command.variables)
        if command.trigger is not None:
            self._case["trigger"] = self._value(command.trigger)
        for path, pins in (command.test.pins if command.test is not None else {}).items():
            self._mocks[path] = [self._pinned(pin) for pin in pins]

    def _pinned(self, pin: Pin) -> dict[str, Any]:
        """A pin as a mock."""
        found: dict[str, Any] = {}
        if pin.failure is not None:
            found["error"] = self._failure(pin.failure, pin.retryable)
        else:
            found |= {} if pin.output is None and pin.ports else {"output": None if pin.output is None else self._value(pin.output)}
            found |= {"port": pin.ports[0]} if pin.ports else {}
        found |= {"attempt": pin.attempt} if pin.attempt != EACH else {}
        return found | ({"iteration": pin.iteration} if pin.iteration != EVERY else {})

    def _note(self, command: c.Command, decision: Decision) -> None:
        match command:
            case c.CompleteActivity() | c.FailActivity() | c.LoseActivity():
                self._report(command, decision)
            case c.ReportChild():
                self._child(command, decision)
            case c.SendSignal(signal, name, payload) if signal not in self._own_signals and (self._known is None or name in self._known):
                self._add("signals", decision, name=name, payload=self._value(payload))
            case c.AnswerTask():
                self._answer(command, decision)
            case c.DelegateTask(path, _, to, by, comment):
                self._add("commands", decision, do="delegate", node=path, to=to, by=by.name, groups=list(by.groups), reason=comment)
            case c.PauseExecution(reason):
                self._add("commands", decision, do="pause", reason=reason)
            case c.ResumeExecution() if self._state.test is None or not self._state.test.halted:
                self._add("commands", decision, do="resume")
            case c.CancelExecution(reason):
                self._add("commands", decision, do="cancel", reason=reason)
            case c.TerminateExecution(reason):
                self._add("commands", decision, do="terminate", reason=reason)
            case c.ResolveIncident():
                self._resolution(command, decision)
            case _:
                return

    def _report(self, command: c.CompleteActivity | c.FailActivity | c.LoseActivity, decision: Decision) -> None:
        since = self._scheduled.pop((command.path, command.attempt), decision.now)
        mock: dict[str, Any]
        if isinstance(command, c.CompleteActivity):
            mock = {"output": self._value(command.output)}
        elif isinstance(command, c.FailActivity):
            mock = {"error": self._failure(command.failure, command.retryable)}
        else:
            mock = {"lost": True}
        self._mock(command.path, command.attempt, mock, decision.now - since)

    def _child(self, command: c.ReportChild, decision: Decision) -> None:
        path, attempt, since = self._children.pop(command.child, ("", 0, 0))
        if not path:
            return
        if command.status == "completed":
            mock = {"output": self._value(command.output or b"null")}
        else:
            failure = command.failure or Failure("cancelled", command.status)
            told = self._failure(failure, True)
            mock = {"error": told if command.status == "failed" else {**told, "type": "cancelled"}}
        self._mock(path, attempt, mock, decision.now - since)

    def _mock(self, path: str, attempt: int, mock: dict[str, Any], after_ms: int) -> None:
        mock |= {"attempt": attempt} | ({"after": duration_text(after_ms)} if after_ms else {})
        self._mocks.setdefault(path, []).append(mock)

    def _answer(self, command: c.AnswerTask, decision: Decision) -> None:
        more: dict[str, Any] = {"comment": command.comment} if command.comment else {}
        for name, value in (("data", command.data), ("content", command.content)):
            more |= {} if value is None else {name: self._value(value)}
        by, groups = command.by.name, list(command.by.groups)
        self._add("answers", decision, node=command.path, port=command.port, by=by, groups=groups, **more)

    def _resolution(self, command: c.ResolveIncident, decision: Decision) -> None:
        incident = self._state.incidents.get(command.incident)
        if incident is None:
            return
        more: dict[str, Any] = {} if command.port is None else {"port": command.port}
        for name, value in (("output", command.output), ("variables", command.variables)):
            more |= {} if value is None else {name: self._value(value)}
        self._add("commands", decision, do="resolve", node=incident.path, action=command.action, **more)

    def _add(self, into: str, decision: Decision, /, **said: Any) -> None:
        at = duration_text(decision.now - self._begun_at)
        self._lists[into].append({**{key: value for key, value in said.items() if value not in ("", [])}, "at": at})

    def _failure(self, failure: Failure, retryable: bool) -> dict[str, Any]:
        value = _hidden(failure.as_value())
        found = {"type": value["type"], "message": value["message"]}
        found |= {} if value["details"] is None else {"details": value["details"]}
        return found if retryable else {**found, "retryable": False}

    def _value(self, content: bytes) -> Any:
        return decode(hide(self._read(content)))

    # The case.

    def document(self, file: str) -> dict[str, Any]:
        """The document of a file with this one case; `file` is that of the definition."""
        state = self._state
        given = as_written({**self._case, **self._mocked(), **{name: items for name, items in self._lists.items() if items}})
        case = {
            "name": f"as execution {state.execution} went",
            "execution": state.execution,
            **given,
            "expect": as_written(self._expected()),
        }
        if not state.is_ended:
            case["until"] = duration_text(self._last_at - self._begun_at)
        return {"workflow": file, "cases": [case]}

    def _mocked(self) -> dict[str, Any]:
        """The mocks, each as short as it says the same."""
        for path, attempt in self._scheduled:
            self._mock(path, attempt, {"never": "ends" if (path, attempt) in self._begun else "starts"}, 0)
        for child, (path, attempt, _) in self._children.items():
            if child in self._cancelled or child not in self._detached:
                self._mock(path, attempt, {"never": "stops" if child in self._cancelled else "ends"}, 0)
        found: dict[str, Any] = {}
        for path, mocks in self._mocks.items():
            if path != ANY and len(mocks) == 1 and mocks[0].get("attempt") == 1:
                mocks[0].pop("attempt")
            found[path] = mocks[0] if len(mocks) == 1 else mocks
        return {"mocks": found} if found else {}

    def _expected(self) -> dict[str, Any]:
        state = self._state
        expect: dict[str, Any] = {"status": state.status}
        if state.outcome is not None:
            expect["outcome"] = state.outcome
        if state.output is not None:
            expect["output"] = self._value(state.output)
        failure = state.failure or next((one.failure for one in state.incidents.values()), None)
        if failure is not None:
            expect["error"] = {"type": failure.type, **({"node": failure.node} if failure.node else {})}
        if len(ran := nodes_run(self._happened)) <= NODES_MAX:
            expect["path"] = ran
        if not state.is_ended and state.version:
            expect["waiting"] = waits_of(self._graph, state)
        return expect


def _hidden(value: Any) -> Any:
    return decode(hide(encode(value)))


def recorded_test(graph: Graph, state: Execution, decisions: Iterable[Decision], read: Read, file: str | None = None) -> RecordedTest:
    """A file with tests that holds an execution as a case, from the state before these decisions on, and how that case goes.

    Raises Rejected where no case can stand for it.
    """
    recorder = Recorder(graph, state, read)
    for decision in decisions:
        recorder.take(decision)
    document = recorder.document(file or f"{graph.name}.yaml")
    differences = _differences(document, graph)
    return RecordedTest(graph.name, _about(state, differences) + yaml_text(document), differences)


def _about(state: Execution, differences: list[Difference]) -> str:
    version = f"version {state.workflow_version}" if state.workflow_version else "a version that is not published"
    lines = [
        f"# Recorded from execution {state.execution} of workflow {state.workflow}, {version}.",
        "# Keep of `expect` what has to stay so.",
    ]
    lines += [f"# It goes otherwise as a test: {one.what}." for one in differences]
    return "".join(f"{line}\n" for line in lines)


def _differences(document: dict[str, Any], graph: Graph) -> list[Difference]:
    """What is otherwise when the case is run."""
    try:
        suite = suite_of(document, read_file(document), Ground(graph, {}, {}))
    except InvalidDefinition as error:
        problem = error.problems[0]
        return [Difference(f"{problem.path}: {problem.message}", None, None, is_value=False)]
    return run_case(suite, suite.cases[0]).differences
