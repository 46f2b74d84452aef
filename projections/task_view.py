"""One human task as it is shown: all that people were asked, said and did, from the history of its execution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from contracts.commands import CreateExecution
from contracts.errors import Rejected
from contracts.events import TaskCreated
from contracts.ids import task_id
from contracts.journal import Decision
from contracts.person import plain_name
from domain.definition.graph import Graph, Node
from domain.execution.evolve import graph_after
from domain.execution.history import Entry, GraphOf, begin, is_erasure
from domain.execution.react import node_of_path
from projections.history import OF_TASKS, HistoryEvent, HistoryPresenter
from projections.kept_answers import KeptAnswers

_CLOSING: Final = {"TaskExpired": "expired", "TaskWithdrawn": "withdrawn"}
Show = Callable[[bytes], Any]
"""Makes JSON of a stored value."""


def task_view(entries: Iterable[Entry], graph_of: GraphOf, show: Show, path: str, attempt: int) -> dict[str, Any]:
    """A task as JSON shows it, from the decisions of its execution. Raises Rejected where there is none like that."""
    kept = KeptAnswers(path, attempt)
    entries = kept.watch(entries)
    first = next(entries)
    command = first.decision.command
    check_is_known(first)
    assert isinstance(command, CreateExecution), f"an execution was created by {type(command).__name__}"
    execution, graph = first.decision.execution, begin(first, graph_of).graph
    watched = [first, *entries]
    found, told = _node_of(graph, watched, path, attempt), [event for event, _ in told_of(first, watched[1:], show, path, attempt)]
    if found is None or not told:
        raise unknown_task(task_id(execution, path, attempt))
    view: dict[str, Any] = {
        "task_id": task_id(execution, path, attempt),
        "execution_id": execution,
        "workflow": command.workflow,
        "version": command.version,
        "path": path,
        **_asked(found.config, told[0]),
        "kept_answers": kept.told(),
        "events": [_event_value(event) for event in told],
    }
    for event in told:
        _apply(view, event)
    return view


def _node_of(graph: Graph, entries: Iterable[Entry], path: str, attempt: int) -> Node | None:
    """The node of a task, as the definition has it by which people were asked."""
    for entry in entries:
        graph = graph_after(graph, entry.decision)
        if any(isinstance(event, TaskCreated) and (event.path, event.attempt) == (path, attempt) for event in entry.decision.events):
            break
    return node_of_path(graph, path)


def _asked(config: Any, created: HistoryEvent) -> dict[str, Any]:
    """What people are asked, and how they may answer, before anybody has."""
    asked = created.data
    labels = {option.port: option.label or option.port for option in config.options or ()}
    return {
        "kind": config.kind,
        "status": "open",
        "question": asked["question"],
        "details": asked.get("details"),
        "content": asked.get("content"),
        "form": config.form,
        "ports": [
            {"port": port, "label": labels.get(port, port.replace("_", " ")), "needed": config.threshold_of(port)}
            for port in config.answers
        ],
        "assignees": asked.get("assignees", []),
        "claimed_by": None,
        "channels": [route["channel"] for route in asked.get("channels", [])],
        "outcome": None,
        "answers": [],
        "comments": [],
        "created_at": created.recorded_at,
        "ended_at": None,
    }


def check_is_known(first: Entry) -> None:
    """Raise Rejected where all that was asked and said was erased."""
    if is_erasure(first):
        name = first.decision.execution
        raise Rejected("erased", f"execution {name} was erased: what people were asked is not known any more", execution=name)


def unknown_task(task: str) -> Rejected:
    """There is none of that id."""
    return Rejected("unknown_task", f"there is no task {task[:200]}")


def told_of(first: Entry, others: Iterable[Entry], show: Show, path: str, attempt: int) -> Iterator[tuple[HistoryEvent, Decision]]:
    """What happened to the task, in order, each with the decision that it is of."""
    presenter = HistoryPresenter(show)
    for entry in (first, *others):
        decision = entry.decision
        about = [isinstance(event, OF_TASKS) and event.path == path and event.attempt == attempt for event in decision.events]
        if not any(about):
            continue
        for is_told, event in zip(about, presenter.present(decision), strict=True):
            if is_told:
                yield event, decision


def _event_value(event: HistoryEvent) -> dict[str, Any]:
    said = {name: value for name, value in event.data.items() if name not in ("details", "content", "channels", "data", "output")}
    return {"event": event.type, "at": event.recorded_at, "version": event.version, **said}


def _apply(view: dict[str, Any], event: HistoryEvent) -> None:
    """What one event says about the task."""
    data, at = event.data, event.recorded_at
    match event.type:
        case "TaskClaimed":
            view["claimed_by"] = data["by"]["name"]
        case "TaskReleased":
            view["claimed_by"] = None
        case "TaskDelegated":
            by = plain_name(data["by"]["name"])
            view["assignees"] = [*(one for one in view["assignees"] if plain_name(one) != by), data["to"]]
            view["claimed_by"] = None
        case "TaskEscalated":
            view["assignees"], view["claimed_by"] = data["to"], None
        case "TaskCommented":
            view["comments"].append(_comment(data, at))
        case "TaskAnswered":
            view["answers"].append(_answer(data, at))
            if data.get("decides"):
                view["status"], view["outcome"], view["ended_at"] = "answered", data["port"], at
        case "TaskExpired" | "TaskWithdrawn":
            view["status"], view["outcome"], view["ended_at"] = _CLOSING[event.type], data.get("port"), at


def _comment(data: dict[str, Any], at: str) -> dict[str, Any]:
    file = None
    if "number" in data:
        file = {"number": data["number"], "name": data.get("name", ""), "media_type": data.get("media_type", "")}
    return {"by": data["by"]["name"], "at": at, "comment": data.get("comment", ""), "file": file}


def _answer(data: dict[str, Any], at: str) -> dict[str, Any]:
    return {
        "by": data["by"]["name"],
        "port": data["port"],
        "at": at,
        "channel": data["by"]["channel"],
        "data": data.get("data"),
        "comment": data.get("comment", ""),
        "content": data.get("content"),
        "key": data.get("key"),
    }
