"""Moments: what a case lets people and other systems do, each at its time, or as soon as it is waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from contracts import commands as c
from contracts.commands import Command
from contracts.person import GROUP_PREFIX, Person
from contracts.values import decode, encode
from contracts.workflow_tests import Case, GivenAnswer, GivenCommand, SentSignal
from domain.definition.graph import Graph
from domain.execution.kind import acting_kind
from domain.execution.memo import TaskMemo
from domain.execution.paths import is_undo, plain_path
from domain.execution.state import Execution, NodeRun
from domain.expressions import parse_duration

SOMEBODY: Final = "somebody@example.com"
Given: TypeAlias = SentSignal | GivenAnswer | GivenCommand


class Happening(NamedTuple):
    """What happens, where it stands in the case, and after how many milliseconds; None: as soon as it is waited for."""

    at: str
    given: Given
    after_ms: int | None


class Open(NamedTuple):
    """An execution of the case: the path that stands before its nodes, its graph and how it stands."""

    before: str
    graph: Graph
    state: Execution


Executions: TypeAlias = Mapping[str, Open]


class Aimed(NamedTuple):
    """A command, and the execution that it is for."""

    execution: str
    command: Command


def happenings(case: Case) -> list[Happening]:
    """All that a case lets happen, in the order in which it stands there."""
    lists: dict[str, Sequence[Given]] = {"signals": case.signals, "answers": case.answers, "commands": case.commands}
    return [
        Happening(f"{name}[{index}]", given, None if given.at is None else parse_duration(given.at))
        for name, items in lists.items()
        for index, given in enumerate(items)
        if not _is_start(given)
    ]


def begins_by_itself(case: Case) -> bool:
    """Whether the execution begins with its creation, as nothing in the case starts it."""
    return not any(map(_is_start, case.commands))


def starts(case: Case) -> list[Happening]:
    """What starts the execution, where it does not begin by itself."""
    found = ((index, one) for index, one in enumerate(case.commands) if _is_start(one))
    return [Happening(f"commands[{index}]", one, parse_duration(one.at or "0s")) for index, one in found]


def _is_start(given: Given) -> bool:
    return isinstance(given, GivenCommand) and given.do == "start"


def aim(given: Given, executions: Executions, number: int, root: str) -> Aimed | None:
    """The command that it comes to as things are; None where nobody waits for it yet."""
    if isinstance(given, SentSignal):
        waiting = next((name for name, one in executions.items() if _waits_for(one, given.name)), None)
        return None if waiting is None else Aimed(waiting, _signal(given, number))
    if isinstance(given, GivenAnswer):
        return _answer(given, executions)
    if given.do in ("resolve", "delegate"):
        return _resolve(given, executions) if given.do == "resolve" else _delegate(given, executions)
    return Aimed(root, _plain(given))


def aim_anyway(given: Given, executions: Executions, number: int, root: str) -> Aimed | None:
    """The same where its time has come: a signal is kept by an execution that does not wait for it yet."""
    found = aim(given, executions, number, root)
    if found is None and isinstance(given, SentSignal):
        return Aimed(root, _signal(given, number))
    return found


def _signal(given: SentSignal, number: int) -> c.SendSignal:
    return c.SendSignal(f"signal {number}", given.name, encode(given.payload))


def _waits_for(one: Open, name: str) -> bool:
    return any(name in names for run in one.state.runs.values() for names in _names(one, run))


def _names(one: Open, run: NodeRun) -> Iterator[list[str]]:
    """The signals that a node waits for, whatever else it does."""
    if run.path not in one.state.waiting:
        return
    more = getattr(one.graph.nodes[run.node].config, "more", None)
    if more is not None:
        yield [more.signal]
    elif not run.bodies:
        wait = acting_kind(one.graph, run).waits_for(one.graph, one.state, run)
        if wait is not None and wait.sort == "signal":
            yield list(wait.details["names"])


def _runs_at(path: str, executions: Executions) -> Iterator[tuple[str, Open, NodeRun]]:
    for name, one in executions.items():
        for run in one.state.runs.values():
            if path in (one.before + run.path, plain_path(one.before + run.path)) and not is_undo(run.path):
                yield name, one, run


def _answer(given: GivenAnswer, executions: Executions) -> Aimed | None:
    for name, _, run in _runs_at(given.node, executions):
        memo = run.memo
        if isinstance(memo, TaskMemo) and not memo.closed:
            data = encode(given.data) if "data" in given.model_fields_set else None
            content = encode(given.content) if "content" in given.model_fields_set else None
            by = _person(given, memo)
            return Aimed(name, c.AnswerTask(run.path, run.attempt, given.port, by, data, given.comment, content))
    return None


def _person(given: GivenAnswer, memo: TaskMemo) -> Person:
    """Who answers: whom the case names, or the next one of those who are asked."""
    if given.by is not None:
        return Person(given.by, tuple(given.groups))
    for asked in memo.assignees:
        group = asked.removeprefix(GROUP_PREFIX) if asked.startswith(GROUP_PREFIX) else ""
        name = f"somebody.of.{group}@example.com" if group else asked
        if memo.answer_of(name) is None:
            return Person(name, (group,) if group else tuple(given.groups))
    number = len(memo.answers)
    return Person(SOMEBODY if not number else f"somebody{number + 1}@example.com", tuple(given.groups))


def _delegate(given: GivenCommand, executions: Executions) -> Aimed | None:
    for name, _, run in _runs_at(given.node or "", executions):
        if isinstance(run.memo, TaskMemo) and not run.memo.closed:
            return Aimed(name, c.DelegateTask(run.path, run.attempt, given.to or "", Person(given.by, tuple(given.groups)), given.reason))
    return None


def _resolve(given: GivenCommand, executions: Executions) -> Aimed | None:
    """The oldest incident at the node; without a node the oldest of all."""
    for name, one in executions.items():
        for incident in one.state.incidents.values():
            path = one.before + incident.path
            if given.node in (None, path, plain_path(path)):
                output = encode(given.output) if "output" in given.model_fields_set else None
                variables = None if given.variables is None else encode(given.variables)
                command = c.ResolveIncident(incident.incident, given.action or "retry", output, given.port, variables)
                return Aimed(name, command)
    return None


def _plain(given: GivenCommand) -> Command:
    match given.do:
        case "start":
            return c.StartExecution()
        case "pause":
            return c.PauseExecution(given.reason)
        case "resume":
            return c.ResumeExecution()
        case "cancel":
            return c.CancelExecution(given.reason)
        case "terminate":
            return c.TerminateExecution(given.reason)
        case "resolve" | "delegate":
            raise AssertionError(f"{given.do} is about a node: {decode(encode(given.node))}")
