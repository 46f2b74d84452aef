"""History as people read it: events with what they leave out filled in, and their values as JSON.

What is stored repeats nothing (`contracts/events.py`); what is shown is whole: each event with the value, the failure or
the names that its command brought, its path, its attempt and its time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple, get_args

import msgspec

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.debugging import Breakpoint, FailedAttempt
from contracts.events import Ending, Event, carried, carried_failure
from contracts.failure import Failure, shorten
from contracts.journal import Decision
from contracts.person import Person
from contracts.times import rfc3339
from contracts.usage import NANO, Allowance, Amount, ModelCall, told, written_limits
from domain.execution.forked import past_in
from domain.execution.paths import scope_path
from domain.execution.renaming import Renaming
from domain.execution.state import Execution
from projections.breakpoints import breakpoint_value

SUMMARY_LENGTH_MAX: Final = 100

_TIMES: Final = frozenset({"due", "created_at", "started_at", "ended_at"})
_REMEMBERED: Final = frozenset({e.NodeScheduled, e.NodeStarted, e.NodeRetried, e.IncidentRaised})

_ABOUT_AN_ATTEMPT: Final = e.NodeCompleted | e.NodeFailed | e.NodeProgressed | e.IncidentRaised | e.NodeCancelled
ABOUT_AN_ATTEMPT: Final = frozenset(one.__name__ for one in get_args(_ABOUT_AN_ATTEMPT))
"""The names of events that are about an attempt which only those before them say."""
OF_TASKS: Final = (
    e.TaskCreated | e.TaskNotified | e.TaskClaimed | e.TaskReleased | e.TaskDelegated | e.TaskReminded
    | e.TaskAnswered | e.TaskWithdrawn | e.TaskExpired | e.TaskEscalated | e.TaskCommented | e.TaskNoticeStarted
)  # fmt: skip
_OF_AN_ATTEMPT: Final = c.ReportStarted | c.ReportProgress | c.CompleteActivity | c.FailActivity | c.LoseActivity

Show = Callable[[bytes], Any]
"""Makes JSON of a stored value."""


class HistoryEvent(NamedTuple):
    """An event as a history shows it. `attempt` is None where none is meant; `recorded_at` RFC 3339.

    `actor` is whoever asked from outside, None where the engine goes on by itself; `correlation_id` is of the outside request that
    this goes back to, None in histories from before there was one.
    """

    version: int
    type: str
    path: str
    attempt: int | None
    recorded_at: str
    data: dict[str, Any]
    actor: str | None = None
    correlation_id: str | None = None

    def as_value(self) -> dict[str, Any]:
        """The event as JSON shows it."""
        return self._asdict()


@cache
def _shown_fields(kind: type[Event]) -> tuple[tuple[str, Any], ...]:
    """The fields of an event that stand in its data, with their defaults: to look them up takes longer than to show them."""
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind) if field.name not in ("path", "attempt"))


def show_value(value: bytes) -> Any:
    """The JSON of a stored value; a blob is shown as `{blob, bytes}`."""
    if not values.is_reference(value):
        return values.decode(value)
    return values.described(value)


class HistoryPresenter:
    """Presents the events of one execution, decision after decision. It remembers attempts and the places of incidents."""

    def __init__(self, show: Show = show_value, correlation: str = "") -> None:
        self._show = show
        self._attempts: dict[str, int] = {}
        self._incidents: dict[str, str] = {}
        self._correlation = correlation
        """Of the request that began the execution, which its first decision says."""
        self._is_alone = False
        self.is_unsure = False
        """Whether an earlier decision would have been needed."""

    def begin_alone(self, first: Decision) -> None:
        """The next decision follows on others that are not presented here; `first` is the first of the execution.

        What only those say is not known then: `is_unsure` once any of it was asked for.
        """
        self._begin(first)
        self._is_alone = True

    def begin_at(self, state: Execution) -> None:
        """The next decision follows on this state."""
        self._know(state)
        self._correlation = state.correlation

    def _know(self, state: Execution) -> None:
        self._attempts = {path: run.attempt for path, run in state.runs.items()}
        self._incidents = {name: incident.path for name, incident in state.incidents.items()}

    def _know_past(self, command: c.Command) -> None:
        """What a fork takes up, its own history does not say."""
        fork = command.fork if isinstance(command, c.CreateExecution) else None
        past = None if fork is None else past_in(fork)
        if past is not None:
            self._know(past)

    def _rename(self, event: e.DefinitionChanged) -> None:
        """What is open may be called otherwise from here on."""
        renaming = Renaming(event.names)
        self._attempts = renaming.keys(self._attempts)
        self._incidents = {name: renaming.path(path) for name, path in self._incidents.items()}

    def skip(self, decision: Decision) -> None:
        """Note what later events leave out, and present nothing."""
        self._begin(decision)
        for event in decision.events:
            if isinstance(event, e.ExecutionForked):
                self._know_past(decision.command)
            if isinstance(event, e.DefinitionChanged):
                self._rename(event)
            if type(event) in _REMEMBERED:
                self._attempt(event, self._path(event))

    def _begin(self, decision: Decision) -> None:
        if decision.first == 1:
            self._correlation = decision.correlation

    def present(self, decision: Decision) -> Iterator[HistoryEvent]:
        """The events of a decision."""
        recorded_at = rfc3339(decision.now)
        self._begin(decision)
        actor, correlation = decision.actor or None, decision.correlation or self._correlation or None
        for index, event in enumerate(decision.events):
            if isinstance(event, e.ExecutionForked):
                self._know_past(decision.command)
            if isinstance(event, e.DefinitionChanged):
                self._rename(event)
            path = self._path(event)
            attempt = self._attempt(event, path)
            if attempt is None and self._is_alone and isinstance(event, _ABOUT_AN_ATTEMPT):
                attempt = self._attempt_in(decision.command, path)
            data = {**self._fields(event), **self._filled(event, decision)}
            yield HistoryEvent(decision.first + index, type(event).__name__, path, attempt, recorded_at, data, actor, correlation)

    def _path(self, event: Event) -> str:
        match event:
            case e.TimerStarted() | e.TimerFired() | e.TimerCancelled():
                return event.timer.rpartition(":")[0]
            case e.ScopeEntered():
                return scope_path(event.owner, event.label, event.index)
            case e.ScopeLeft() | e.ScopeStopped() | e.NodesReset() | e.VariableSet():
                return event.scope
            case e.CompensationStarted() | e.CompensationEnded():
                return event.by
            case e.IncidentRaised():
                self._incidents[event.incident] = event.path
                return event.path
            case e.IncidentResolved():
                self.is_unsure |= self._is_alone and event.incident not in self._incidents
                return self._incidents.get(event.incident, "")
            case _:
                return getattr(event, "path", "")

    def _attempt_in(self, command: c.Command, path: str) -> int | None:
        """The attempt that a command is about, where it is about this node."""
        if isinstance(command, _OF_AN_ATTEMPT) and command.path == path:
            return command.attempt
        self.is_unsure = True
        return None

    def _attempt(self, event: Event, path: str) -> int | None:
        """The attempt that the event is about; for one that says none, the node's last."""
        if isinstance(event, e.NodeScheduled | e.NodeStarted | e.NodeRetried):
            self._attempts[path] = event.attempt
            return event.attempt
        if isinstance(event, _ABOUT_AN_ATTEMPT):
            return self._attempts.get(path)
        return event.attempt if isinstance(event, OF_TASKS | e.StepRecorded | e.ActivityAsked | e.BudgetReserved | e.UsageCounted) else None

    def _fields(self, event: Event) -> dict[str, Any]:
        """The fields that the event says itself; those that have their default are left out."""
        data: dict[str, Any] = {}
        for name, default in _shown_fields(type(event)):
            value = getattr(event, name)
            if value is None or value == default:
                continue
            data[name] = self._plain(name, value)
        return data

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, bytes):
            return self._show(value)
        if isinstance(value, Failure):
            return value.as_value()
        if isinstance(value, FailedAttempt):
            return value.failure.as_value()
        if isinstance(value, Ending):
            return self._ending(value)
        if isinstance(value, Person):
            return msgspec.structs.asdict(value)
        if isinstance(value, Amount):
            return told(value)
        if isinstance(value, Allowance):
            return written_limits(value)
        if name == "calls":
            return [_call(one) for one in value]
        if name == "costs":
            return [None if one is None else one / NANO for one in value]
        if name in _TIMES:
            return rfc3339(value)
        return list(value) if isinstance(value, tuple) else value

    def _ending(self, ending: Ending) -> dict[str, Any]:
        named = {name: getattr(ending, name) for name in ("status", "failure", "output", "target", "final")}
        return {name: self._plain(name, value) for name, value in named.items() if value not in (None, "", False)}

    def _filled(self, event: Event, decision: Decision) -> dict[str, Any]:
        """What the event leaves out because its command says it."""
        command = decision.command
        match event:
            case e.ExecutionCreated():
                return self._created(event, command)
            case e.NodeCompleted():
                output = carried(command) if event.output is None and not event.passes else None
                return {"ports": list(event.ports or ("out",)), **self._shown(output=output)}
            case e.NodeFailed() | e.NodeRetried() | e.IncidentRaised() if event.failure is None:
                failure = carried_failure(command)
                return {} if failure is None else {"failure": failure.as_value()}
            case e.ActivityAsked():
                failure = carried_failure(command)
                return {} if failure is None else {"asked": failure.details}
            case e.SignalReceived() if isinstance(command, c.SendSignal):
                return {"signal": command.signal, "name": command.name, "payload": self._show(command.payload)}
            case e.ChildCompleted() | e.ChildFailed():
                failure = carried_failure(command)
                return {**self._shown(output=carried(command)), **({} if failure is None else {"failure": failure.as_value()})}
            case e.IncidentResolved() if isinstance(command, c.ResolveIncident):
                return self._shown(output=command.output, variables=command.variables) | (
                    {} if command.port is None else {"port": command.port}
                )
            case e.TimerFired():
                return {"fired_at": rfc3339(decision.now)}
            case e.HistoryRolled() if isinstance(command, c.RollHistory):
                return self._shown(state=command.state)
            case e.ExecutionErased() if isinstance(command, c.EraseExecution):
                return {"by": command.by, "reason": command.reason}
            case e.TaskClaimed() | e.TaskReleased() | e.TaskCommented() | e.TaskDelegated(by=None) | e.TaskAnswered(by=None):
                return self._said(command)
            case e.TaskNotified() if event.child and event.output is None:
                return self._shown(output=carried(command))
            case e.StepRecorded() if isinstance(command, c.RecordStep):
                return {"name": command.name, **self._shown(output=command.output)}
            case e.UsageCounted(calls=None, amount=None) if isinstance(command, c.CompleteActivity | c.FailActivity):
                return {"calls": [_call(one) for one in command.calls]} if command.calls else {}
            case e.BreakpointsChanged() if isinstance(command, c.ChangeBreakpoints):
                return self._breakpoints(command.set) | ({"removed": list(command.removed)} if command.removed else {})
            case e.HaltEnded() if isinstance(command, c.ReleaseHalt):
                return self._released(event, command)
            case e.HaltChanged() if isinstance(command, c.ChangeHalted):
                results = {path: self._show(value) for path, value in command.results}
                return self._shown(variables=command.variables, data=command.data) | ({"results": results} if results else {})
            case e.CommandHeld():
                return {"command": type(command).__name__}
            case _:
                return {}

    def _created(self, event: e.ExecutionCreated, command: c.Command) -> dict[str, Any]:
        assert isinstance(command, c.CreateExecution), f"an execution was created by {type(command).__name__}"
        data: dict[str, Any] = {"workflow": command.workflow, "version": command.version, "definition": command.definition}
        data |= self._shown(input=event.input if event.input is not None else command.input)
        data |= self._shown(variables=command.variables, trigger=command.trigger)
        if command.parent is not None:
            data["parent"] = {"execution": command.parent.execution, "path": command.parent.path}
        if command.priority is not None:
            data["priority"] = command.priority
        return data | self._breakpoints(command.breakpoints)

    def _breakpoints(self, found: tuple[Breakpoint, ...]) -> dict[str, Any]:
        return {"breakpoints": [breakpoint_value(one) for one in found]} if found else {}

    def _released(self, event: e.HaltEnded, command: c.ReleaseHalt) -> dict[str, Any]:
        """How a person has let a node go on; what it completed or failed by the next events say."""
        return {"by": command.by, **({"to": command.target} if event.how == "to" else {})}

    def _said(self, command: c.Command) -> dict[str, Any]:
        """What a person did with a task, as the command says it; the content of a file is left out."""
        assert isinstance(command, c.TASK_COMMANDS), f"a person acted by {type(command).__name__}"
        named = {name: getattr(command, name) for name in command.__struct_fields__ if name not in ("path", "attempt", "id")}
        if isinstance(command, c.CommentTask):
            del named["content"]
        return {name: self._plain(name, value) for name, value in named.items() if value not in (None, "")}

    def _shown(self, **stored: bytes | None) -> dict[str, Any]:
        return {name: self._show(value) for name, value in stored.items() if value is not None}


def _call(call: ModelCall) -> dict[str, Any]:
    """A request to a model as JSON; what is nothing, or not known, is left out."""
    found = msgspec.structs.asdict(call)
    return {name: value for name, value in found.items() if name == "is_measured" or value not in (None, "", False, 0)}


def summary_of(event: HistoryEvent) -> str:
    """The event's data in a few words, for a line of a table."""
    data = event.data
    failure = data.get("failure") or (data.get("ending") or {}).get("failure")
    if failure is not None:
        return _short(f"{failure['type']}: {failure['message']}" + (f"; again at {moment(data['due'])}" if "due" in data else ""))
    match event.type:
        case "ExecutionCreated":
            return _short(f"{data['workflow']}, version {data['version']}, input {_json(data['input'])}")
        case "NodeCompleted":
            ports = "" if data["ports"] == ["out"] else f"by {', '.join(data['ports'])} "
            return _short(ports + ("passes its data on" if data.get("passes") else _json(data.get("output"))))
        case "ExecutionErased":
            return _short(f"by {data['by'] or 'the engine'}" + (f": {data['reason']}" if data["reason"] else ""))
        case "TaskAnswered":
            return _short(f"{data['by']['name']}: {data['port']}" + (f", {data['comment']}" if data.get("comment") else ""))
        case "TaskClaimed" | "TaskReleased" | "TaskDelegated" | "TaskCommented":
            said = data.get("to") or data.get("comment") or data.get("name") or ""
            return _short(f"{data['by']['name']}" + (f": {said}" if said else ""))
        case "TimerStarted":
            return f"due at {moment(data['due'])}"
        case "SignalReceived":
            return _short(f"{data.get('name', '')} {_json(data.get('payload'))}")
        case "BudgetReserved":
            return _short(f"up to {_amount(data['amount'])}" + (f" for {data['model']}" if data.get("model") else ""))
        case "UsageCounted":
            return _short(_used(data))
        case "StepRecorded":
            return _short(f"{data['name']}: {_json(data['output'])}")
        case "VariableSet":
            return _short(f"{data['name']} = {_json(data['value'])}")
    said = {name: value for name, value in data.items() if value != ""}
    return _short(", ".join(f"{name} {value if isinstance(value, str) else _json(value)}" for name, value in said.items()))


def _used(data: dict[str, Any]) -> str:
    """What was used, as its calls tell, or as an amount says."""
    if "amount" in data:
        return _amount(data["amount"]) + (", an estimate" if data.get("is_estimate") else "")
    calls, costs = data.get("calls", []), data.get("costs", [])
    tokens = sum(call.get("input_tokens", 0) + call.get("output_tokens", 0) for call in calls)
    is_known = bool(costs) and None not in costs
    models = ", ".join(sorted({call["model"] for call in calls}))
    return f"{len(calls)} calls of {models or 'models'}, {tokens:,} tokens" + (f", ${sum(costs):.6f}" if is_known else "")


def _amount(amount: dict[str, Any]) -> str:
    money = f", ${amount['usd']:.6f}" if amount["usd"] else ""
    calls = f", {amount['tool_calls']} calls of tools" if amount["tool_calls"] else ""
    return f"{amount['model_calls']} calls of models, {amount['tokens']:,} tokens{money}{calls}"


def moment(time: str) -> str:
    """A time for people: `2026-11-21 09:40:49.668`, in UTC. A wait may be longer than a day."""
    return time.removesuffix("Z").replace("T", " ")


def _json(value: Any) -> str:
    """The beginning of a value as JSON; a large one is not written out for it."""
    if isinstance(value, list | dict) and len(value) > SUMMARY_LENGTH_MAX:
        return f"{len(value)} {'items' if isinstance(value, list) else 'fields'}"
    return msgspec.json.encode(value).decode()


def _short(text: str) -> str:
    return shorten(re.sub(r"\s+", " ", text).strip(), SUMMARY_LENGTH_MAX)
