"""A definition as a graph of LangGraph: a node `Hub` that decides, and a node for each activity.

    START ─► Hub ─Send─► charge, ship, fan.left/n … ─► Hub ─► … ─► the output

An attempt that ends reports to the hub in the next superstep. The graph's state holds the history; all else is folded from it.
"""

from __future__ import annotations

import asyncio
import operator
import time
import uuid
from collections.abc import Generator, Iterable, Mapping
from typing import Annotated, Any, Final, TypedDict

from langchain_core.runnables import RunnableLambda
from langgraph.channels import Topic
from langgraph.errors import GraphBubbleUp
from langgraph.graph import START, StateGraph
from langgraph.types import Command as GoTo
from langgraph.types import Overwrite, Send

from contracts.commands import Command, CompleteActivity, FailActivity, RunActivity
from contracts.errors import InvalidDefinition, InvalidInput, Problem
from contracts.failure import Failure, details_of
from contracts.ids import idempotency_key
from contracts.values import NULL, decode, encode, written
from domain.definition.canonical import published
from domain.definition.compile import compile_definition
from domain.definition.graph import Body, Graph
from domain.definition.validate import publishable
from domain.execution.paths import HANDLER, plain_path
from domain.langgraph.hub import Ended, Hub, Turn
from domain.langgraph.leaving import leaving
from infra.clock import SystemClock
from refold.errors import ActivityError, ExecutionFailed
from refold.worker.activities import Activity, ActivityContext
from refold.worker.raised import told
from workers.running.activities import load_kinds
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.performance import Performance

HUB: Final = "Hub"
"""The node that decides; ids of nodes have no capitals."""
UNKNOWN: Final = "activity.unknown"
"""The rule where nobody runs a kind."""


class Given(TypedDict, total=False):
    """What a graph is invoked with: the input, and the name of the execution, which idempotency keys begin with."""

    input: Any
    execution: str


class Result(TypedDict, total=False):
    """What a graph gives."""

    output: Any
    outcome: str | None


class State(Given, Result, total=False):
    """The state of a graph. `journal` is the history, a record for each decision; `reports` are those of the last superstep."""

    journal: Annotated[list[bytes], operator.add]
    reports: Annotated[list[dict[str, Any]], Topic(dict)]


def state_graph(definition: Any, activities: Mapping[str, Activity[..., Any]]) -> Any:
    """The graph of a definition, a document of JSON or YAML, not compiled yet. `activities` run the kinds of these names.

    Raises InvalidDefinition with all that is wrong, cannot go, or that nobody runs.
    """
    checked = published(publishable(definition, {}, strict_kinds=False))
    found = leaving(checked)
    runner = Runner(found.kinds, activities)
    if problems := [*found.stays, *runner.unknown(found.kinds)]:
        raise InvalidDefinition(problems)
    graph = compile_definition(checked, "langgraph", 1)
    made = StateGraph(State, input_schema=Given, output_schema=Result)
    names = _activity_nodes(graph)
    made.add_node(HUB, _Decider(graph).runnable(), destinations=tuple(names), input_schema=State)
    made.add_edge(START, HUB)
    for name in names:
        made.add_node(name, runner.runnable, input_schema=Task)
        made.add_edge(name, HUB)
    return made


class Task(TypedDict):
    """What the node of an activity is sent: an attempt that is to run."""

    execution: str
    workflow: str
    path: str
    attempt: int
    kind: str
    config: Any
    input: Any


def _activity_nodes(graph: Graph) -> list[str]:
    """The paths of all activities and compensations, without iterations."""
    found: list[str] = []
    paths: dict[Body, str] = {}
    for body in graph.bodies:
        before = HANDLER if body is graph.handler else ""
        if body.owner is not None:
            owner = paths[body.owner.body] + body.owner.id
            before = owner if body.label == "[]" else f"{owner}.{body.label}"
        paths[body] = f"{before}/" if before else ""
        for node in body.nodes:
            if node.is_activity:
                found.append(paths[body] + node.id)
            if node.definition.compensate is not None and node.undo_kind.name == "activity":
                found.append(f"{paths[body]}{node.id}.compensate")
    return found


class _Decider:
    """The node `Hub`."""

    def __init__(self, graph: Graph) -> None:
        self._hub = Hub(graph)

    def runnable(self) -> RunnableLambda[Any, Any]:
        """It waits for what is tried again later, as a node of LangGraph can: nothing else runs meanwhile."""
        return RunnableLambda(self._run, afunc=self._run_async, name=HUB)

    def _run(self, state: State) -> GoTo[str]:
        turns = self._turns(state)
        while True:
            try:
                time.sleep(next(turns))
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # a generator's value is not typed

    async def _run_async(self, state: State) -> GoTo[str]:
        turns = self._turns(state)
        while True:
            try:
                await asyncio.sleep(next(turns))
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # the same

    def _turns(self, state: State) -> Generator[float, None, GoTo[str]]:
        """Yields how long to wait (seconds), and gives where the graph goes on."""
        reports = state.get("reports") or []
        history = state.get("journal") or []
        execution = state.get("execution") or ""
        is_new = not reports
        if is_new:
            execution = execution if execution and not history else _new_name()
            turn, history = self._hub.begin(execution, encode(state.get("input")), SystemClock().now()), []
        else:
            turn = self._hub.go_on(execution, history, [_command(report) for report in reports])
        added = turn.history
        while turn.timer is not None:
            yield turn.wait_ms / 1000
            turn = self._hub.go_on(execution, [*history, *added], [turn.timer])
            added = [*added, *turn.history]
        return _answer(execution, Overwrite(added) if is_new else added, turn)


def _new_name() -> str:
    return f"lg-{uuid.uuid4().hex}"


def _answer(execution: str, journal: Any, turn: Turn) -> GoTo[str]:
    update = {"journal": journal, "execution": execution}
    if turn.ended is None:
        return GoTo(update=update, goto=[Send(_node_of(one.path), _task(one)) for one in turn.asked])
    ended = turn.ended
    if ended.status != "completed":
        status = "failed" if ended.status == "incident" else ended.status  # nobody is there to resolve it
        raise ExecutionFailed({"execution_id": execution, "status": status, "error": _error(ended)})
    return GoTo(update={**update, "output": decode(ended.output or NULL), "outcome": ended.outcome})


def _error(ended: Ended) -> Any:
    if ended.failure is not None:
        return ended.failure.as_value()
    return {"type": "langgraph.stuck", "message": f"nothing in the graph moves it any more: it waits for {', '.join(ended.waits)}"}


def _node_of(path: str) -> str:
    """The node of the graph that runs what a path names."""
    return plain_path(path)


def _task(one: RunActivity) -> Task:
    config, given = decode(one.config or b"{}"), decode(one.input or NULL)
    return Task(
        execution=one.execution, workflow=one.workflow, path=one.path, attempt=one.attempt, kind=one.kind, config=config, input=given
    )


def _command(report: Mapping[str, Any]) -> Command:
    """What an attempt reports, as a command."""
    error = report.get("error")
    if error is None:
        return CompleteActivity(report["path"], report["attempt"], encode(report["output"]))
    details = None if error["details"] is None else details_of(error["details"])
    failure = Failure(error["type"], error["message"], details)
    return FailActivity(report["path"], report["attempt"], failure, error["retryable"], retry_after_ms=error.get("retry_after_ms", 0))


class Runner:
    """Runs attempts: by a user's own function, or as the engine's worker runs the kinds that come with Refold."""

    def __init__(self, kinds: Iterable[str], activities: Mapping[str, Activity[..., Any]]) -> None:
        self._own = activities
        settings = ActivitySettings()
        self._kinds = load_kinds(settings) if any(kind not in activities for kind in kinds) else {}
        self._performance = Performance(self._kinds, settings, None, None)
        self.runnable: RunnableLambda[Any, Any] = RunnableLambda(self._run, afunc=self._run_async, name="activity")

    def unknown(self, kinds: Mapping[str, str]) -> list[Problem]:
        """The kinds that nobody runs, with where they are asked for."""
        return [
            Problem(path, UNKNOWN, f"nobody runs `{kind}` in the graph", f"give it in `activities`: `{{{kind!r}: a_function}}`")
            for kind, path in kinds.items()
            if kind not in self._own and kind not in self._kinds
        ]

    def _run(self, task: Task) -> dict[str, Any]:
        own = self._own.get(task["kind"])
        if own is None:
            return {"reports": [self._built_in(task)]}
        try:
            output = own.run(task["input"], task["config"], _context(task, own.is_async))
            return _completed(task, asyncio.run(output) if own.is_async else output)
        except GraphBubbleUp:
            raise
        except Exception as error:
            return _failed(task, error)

    async def _run_async(self, task: Task) -> dict[str, Any]:
        own = self._own.get(task["kind"])
        if own is None or not own.is_async:
            return await asyncio.to_thread(self._run, task)
        try:
            return _completed(task, await own.run(task["input"], task["config"], _context(task, True)))
        except GraphBubbleUp:
            raise
        except Exception as error:
            return _failed(task, error)

    def _built_in(self, task: Task) -> dict[str, Any]:
        config, given = encode(task["config"]), encode(task["input"])
        activity = RunActivity(task["execution"], task["path"], task["attempt"], task["kind"], config, given, task["workflow"])
        report = self._performance.of(Attempt(activity, _unheard, SystemClock()))
        place = {"path": task["path"], "attempt": task["attempt"]}
        if isinstance(report, CompleteActivity):
            return {**place, "output": decode(report.output)}
        assert report is not None, "nobody cancels it"
        error = {**report.failure.as_value(), "retryable": report.retryable, "retry_after_ms": report.retry_after_ms}
        return {**place, "error": {"details": None, **error}}


def _unheard(execution: str, command: Any) -> None:
    """Progress is told to nobody."""


def _context(task: Task, is_async: bool) -> ActivityContext:
    key = idempotency_key(task["execution"], task["path"])
    about = {**task, "task": f"{task['path']}@{task['attempt']}", "idempotency_key": key}
    return ActivityContext(about, lambda *_: None, None, None, is_async)


def _completed(task: Task, output: Any) -> dict[str, Any]:
    try:
        value = decode(written(output))
    except InvalidInput as error:
        raise ActivityError("output.invalid", f"the output is not a JSON value: {error}", retryable=False) from None
    return {"reports": [{"path": task["path"], "attempt": task["attempt"], "output": value}]}


def _failed(task: Task, error: Exception) -> dict[str, Any]:
    said = told(error)
    failure = {"type": said.type, "message": said.message, "details": said.details, "retryable": said.is_retryable}
    return {"reports": [{"path": task["path"], "attempt": task["attempt"], "error": failure}]}
