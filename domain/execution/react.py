"""React: which effects a recorded fact calls for. Pure, so that they can be derived again after a crash, with the same ids.

`react` is asked after the whole decision was applied and is durable. What the decision itself has already undone
(an activity that was scheduled and cancelled in one go) calls for nothing. `outstanding` derives from the state alone
what a new owner has to send again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias

import msgspec

from contracts import events as e
from contracts.commands import (
    Caching,
    CancelActivity,
    CancelExecution,
    Command,
    CompleteActivity,
    CreateExecution,
    Effect,
    Envelope,
    FailActivity,
    GrantSlot,
    Limits,
    Parent,
    RefuseSlot,
    ReleaseActivity,
    ReportChild,
    ReportToBreaker,
    ResolveIncident,
    ReturnSlot,
    RunActivity,
    SendSignal,
    TakeSlot,
    TerminateExecution,
)
from contracts.conversation import conversation
from contracts.definitions import PRIORITY_DEFAULT
from contracts.events import Event
from contracts.failure import Failure
from contracts.ids import activity_key
from contracts.journal import Decision
from contracts.key import NO_KEY
from contracts.values import NULL
from domain.definition.graph import Agency, Graph, Node
from domain.execution import keeper
from domain.execution.breaker import breaker_id
from domain.execution.breakpoints import breakpoints_of_child
from domain.execution.memo import AgentMemo
from domain.execution.moves import healing
from domain.execution.offers import servers_of
from domain.execution.paths import is_for_worker, is_undo, undone_node
from domain.execution.pins import plan_of_child
from domain.execution.spending import used_in_all
from domain.execution.start_values import priority_of
from domain.execution.state import Execution, NodeRun

REPORTS: Final = frozenset((CompleteActivity, FailActivity))
"""By these a worker says itself that its attempt has ended."""
What: TypeAlias = Literal["failed", "succeeded", "abandoned"]
NodeEvent: TypeAlias = e.NodeCompleted | e.NodeFailed | e.NodeRetried | e.NodeCancelled | e.IncidentRaised


def react(graph: Graph, state: Execution, decision: Decision) -> list[Effect]:
    """The effects that the events of a decision call for, in their order."""
    effects: list[Effect] = []
    for event in decision.events:
        reactor = REACTORS.get(type(event))
        if reactor is not None:
            effects += reactor(graph, state, event, decision)
    return effects


def _on_scheduled(graph: Graph, state: Execution, event: e.NodeScheduled | e.ActivityReleased, decision: Decision) -> Iterable[Effect]:
    run = state.runs.get(event.path)
    if run is None or run.status != "active" or run.attempt != event.attempt:
        return ()
    return (run_activity(graph, state, run),)


def _on_node_ended(graph: Graph, state: Execution, event: NodeEvent, decision: Decision) -> Iterable[Effect]:
    """A worker that still runs an attempt is told that nobody waits for it; not the one that has just reported it."""
    heals = _heal(graph, state, decision, event.incident) if isinstance(event, e.IncidentRaised) else ()
    return (*_on_attempt_ended(graph, state, event, decision), *heals)


def _on_attempt_ended(graph: Graph, state: Execution, event: NodeEvent, decision: Decision) -> Iterable[Effect]:
    command: Any = decision.command
    if type(command) in REPORTS and command.path == event.path:
        return ()
    if state.test is not None and any(isinstance(one, e.NodePinned) and one.path == event.path for one in decision.events):
        return ()
    node = node_of_path(graph, event.path)
    if node is None or not (node.undo_kind.name == "activity" if is_undo(event.path) else node.is_activity):
        return ()
    return (CancelActivity(state.execution, event.path, 0),)


def _on_past_taken_up(graph: Graph, state: Execution, event: e.PastTakenUp, decision: Decision) -> Iterable[Effect]:
    """What the source of a fork had asked workers for, and had no answer to yet."""
    return () if state.is_ended else outstanding(graph, state)


def _on_queued(graph: Graph, state: Execution, event: e.ExecutionQueued, decision: Decision) -> Iterable[Effect]:
    """Its slot is taken here, or asked for where it is kept."""
    if state.keeper:
        return (_for_another(state, decision, f"{state.keeper}:create", state.keeper, keeper.request(state)),)
    return (TakeSlot(state.execution, *keeper.lane_of(state)),)


def _on_slot_granted(graph: Graph, state: Execution, event: e.SlotGranted, decision: Decision) -> Iterable[Effect]:
    return (_for_kept(state, decision, "granted", GrantSlot()),)


def _on_slot_reclaimed(graph: Graph, state: Execution, event: e.SlotReclaimed, decision: Decision) -> Iterable[Effect]:
    return (_for_kept(state, decision, "reclaimed", CancelExecution(event.reason)),)


def _on_slot_refused(graph: Graph, state: Execution, event: e.SlotRefused, decision: Decision) -> Iterable[Effect]:
    return (_for_kept(state, decision, "refused", RefuseSlot(event.reason, event.message)),) if keeper.is_keeper(state) else ()


def _for_kept(state: Execution, decision: Decision, what: str, command: Command) -> Envelope:
    """A command of a keeper to the execution that it stands for."""
    return _for_another(state, decision, f"{state.execution}:{what}", keeper.claim_in(state.input).execution, command)


def _on_held(graph: Graph, state: Execution, event: e.ActivityHeld, decision: Decision) -> Iterable[Effect]:
    """After a takeover a worker may have the attempt; one that is handed out again later is not meant."""
    return (CancelActivity(state.execution, event.path, event.attempt),)


def _on_failure_counted(graph: Graph, state: Execution, event: e.FailureCounted, decision: Decision) -> Iterable[Effect]:
    return [_to_breaker(state, decision, name, "failed", event.path, event.attempt) for name in event.breakers]


def _on_trial_ended(graph: Graph, state: Execution, event: e.TrialEnded, decision: Decision) -> Iterable[Effect]:
    """That it has failed the breaker hears as it does of any failure."""
    if event.outcome == "failed":
        return ()
    return (_to_breaker(state, decision, event.breaker, event.outcome, event.path, event.attempt),)


def _to_breaker(state: Execution, decision: Decision, breaker: str, what: What, path: str, attempt: int) -> Envelope:
    report = ReportToBreaker(breaker, what, state.execution, path, attempt, decision.now)
    name = f"{activity_key(state.execution, path, attempt)}:{what}:{breaker}"
    return msgspec.structs.replace(_for_another(state, decision, name, breaker_id(breaker), report), is_sealed=False)


def _on_breaker_changed(graph: Graph, state: Execution, event: e.BreakerChanged, decision: Decision) -> Iterable[Effect]:
    """The attempt that was offered may try."""
    trial, breaker = event.trial, state.breaker
    if trial is None or breaker is None:
        return ()
    name = f"{activity_key(trial.execution, trial.path, trial.attempt)}:trial:{breaker.name}"
    release = ReleaseActivity(trial.path, trial.attempt, breaker.name, True)
    return (_for_another(state, decision, name, trial.execution, release),)


def _on_child_started(graph: Graph, state: Execution, event: e.ChildStarted, decision: Decision) -> Iterable[Effect]:
    parent = parent_of(state, event.path, event.detached)
    priority, test = inherited_priority(graph, state), plan_of_child(state, event.path)
    command = CreateExecution(
        event.workflow,
        event.version,
        "",
        event.input,
        None,
        parent,
        priority,
        test=test,
        breakpoints=breakpoints_of_child(state, event.path),
    )
    if state.forked is not None and any(isinstance(one, e.PastTakenUp) for one in decision.events):
        forked = state.forked.children.get(event.path)
        command = command if forked is None else msgspec.structs.replace(forked, parent=parent)
    if state.spending is not None and (allowance := state.spending.allowance_of(graph, event.child)) is not None:
        command = msgspec.structs.replace(command, allowance=allowance)
    return (_for_another(state, decision, f"{event.child}:create", event.child, command),)


def inherited_priority(graph: Graph, state: Execution) -> int | None:
    """The priority of the children of an execution: that which it was started with, or its definition's; None where neither says any."""
    if state.priority is not None:
        return state.priority
    return None if graph.priority == PRIORITY_DEFAULT else graph.priority


def _on_child_cancel(graph: Graph, state: Execution, event: e.ChildCancelRequested, decision: Decision) -> Iterable[Effect]:
    command = TerminateExecution("the parent ended") if event.terminate else CancelExecution("the parent ended")
    return (_for_another(state, decision, f"{event.child}:close", event.child, command),)


def _on_signal_emitted(graph: Graph, state: Execution, event: e.SignalEmitted, decision: Decision) -> Iterable[Effect]:
    name = activity_key(state.execution, event.path, event.attempt)
    return (_for_another(state, decision, name, event.execution, SendSignal(name, event.name, event.payload)),)


def _on_quarantined(graph: Graph, state: Execution, event: e.ExecutionQuarantined, decision: Decision) -> Iterable[Effect]:
    """What is only set aside goes on some day: its parent waits, and what its activities report is kept."""
    return () if event.keeps else _on_ended(graph, state, event, decision)


def _heal(graph: Graph, state: Execution, decision: Decision, what: str) -> Iterable[Effect]:
    """What has failed is to be healed, where the definition says so, unless a person has just let it fail."""
    if not healing.begins_by_itself(graph, state) or isinstance(decision.command, ResolveIncident):
        return ()
    heal = healing.heal_id(state.execution, what)
    made = _for_another(state, decision, f"{state.execution}:heal:{what}", heal, healing.creation(graph, state, what))
    return (msgspec.structs.replace(made, is_sealed=False),)


def _on_ended(graph: Graph, state: Execution, event: Event, decision: Decision) -> Iterable[Effect]:
    yield from report_to_parent(state, decision)
    if isinstance(event, e.ExecutionFailed):
        yield from _heal(graph, state, decision, healing.FAILED)
    if state.keeper and state.slot is not None:
        yield _for_another(state, decision, f"{state.keeper}:returned", state.keeper, ReturnSlot())
    if state.status in ("terminated", "quarantined"):
        yield CancelActivity(state.execution, "", 0)
    for path, trial in state.trials.items():
        yield _to_breaker(state, decision, trial.breaker, "abandoned", path, trial.attempt)


def node_of_path(graph: Graph, path: str) -> Node | None:
    """The node that a path names, found by the definition alone."""
    body = graph.root
    if path.startswith("settings.on_error/") and graph.handler is not None:
        body, path = graph.handler, path.removeprefix("settings.on_error/")
    *containers, last = (undone_node(path) if is_undo(path) else path).split("/")
    for step in containers:
        name, label = _split_step(step)
        index = body.index_of.get(name)
        if index is None or label not in body.nodes[index].bodies:
            return None
        body = body.nodes[index].bodies[label]
    index = body.index_of.get(last.partition("#")[0])
    return None if index is None else body.nodes[index]


def _split_step(step: str) -> tuple[str, str]:
    name, dot, label = step.partition(".")
    if dot:
        return name.partition("#")[0], label
    return step.partition("[")[0].partition("#")[0], "[]"


def input_of(node: Node, run: NodeRun) -> bytes:
    """What an activity is given: the node's `input`, or its data."""
    return run.data if is_undo(run.path) else run.input or node.static_input or run.data


def run_activity(graph: Graph, state: Execution, run: NodeRun) -> RunActivity:
    """The activity command for an attempt that is to run."""
    node = graph.nodes[run.node]
    path = run.path
    steps = () if run.steps is None else tuple(run.steps.items())
    priority = node.priority
    if priority is None:
        priority = priority_of(graph, state)
    if is_undo(path):
        assert node.definition.compensate is not None
        return RunActivity(
            state.execution, path, run.attempt, node.definition.compensate.type, run.config or b"{}", NULL, state.workflow,
            Limits(node.compensate_timeout_ms or None), None, node.queue, priority, state.correlation, steps,
        )  # fmt: skip
    if node.agency is not None:
        return _model_call(state, run, node, node.agency, priority)
    given = run.input or node.static_input or run.data
    is_cached = node.cache_ttl_ms and state.key == NO_KEY and state.test is None  # what a test gives is nobody else's
    caching = Caching(node.cache_ttl_ms, run.cache_key) if is_cached else None
    return RunActivity(
        state.execution, path, run.attempt, node.type, run.config or node.static_config, given, state.workflow,
        node.limits, caching, node.queue, priority, state.correlation, steps,
    )  # fmt: skip


def _model_call(state: Execution, run: NodeRun, node: Node, agency: Agency, priority: int) -> RunActivity:
    """A model call of an agent: what was said so far is put together from the agent's notes."""
    memo = state.runs[state.scopes[run.scope].owner].memo
    assert isinstance(memo, AgentMemo)
    given = conversation(agency.told, ((turn.answer, turn.results) for turn in memo.turns), servers_of(agency, memo))
    return RunActivity(
        state.execution, run.path, run.attempt, node.type, memo.config or agency.config, given, state.workflow,
        node.limits, None, node.queue, priority, state.correlation, () if run.steps is None else tuple(run.steps.items()),
    )  # fmt: skip


def _for_another(state: Execution, decision: Decision, name: str, execution: str, command: Command) -> Envelope:
    """A command to another execution: it goes back to the same outside request as the decision that calls for it."""
    return Envelope(name, execution, command, state.execution, "", decision.correlation or state.correlation, state.key != NO_KEY)


def parent_of(state: Execution, path: str, detached: bool) -> Parent:
    """What a child knows of its parent. Its definition is looked up by whoever sends the creation; the child pins what was found."""
    run = state.runs.get(path)
    root = state.execution if state.parent is None else state.parent.topmost
    return Parent(state.execution, path, run.attempt if run is not None else 1, detached, root)


def report_to_parent(state: Execution, decision: Decision) -> Iterator[Effect]:
    """What a parent hears when its child has ended."""
    parent = state.parent
    if parent is None:
        return
    failure = state.failure
    if failure is None and state.status != "completed":
        failure = Failure("cancelled", state.reason or f"execution {state.execution} was {state.status}")
    report = ReportChild(parent.path, state.execution, state.status, state.output, failure, used_in_all(state.spending))
    yield _for_another(state, decision, f"{state.execution}:ended", parent.execution, report)


def outstanding(graph: Graph, state: Execution) -> list[RunActivity]:
    """What an open execution waits for from the world, derived from its state: the activities that are to run.

    What was reported in a pause has run, and is kept until the execution is resumed.
    Commands to other executions are derived again from the decisions above `dispatched_to`.
    """
    effects: list[RunActivity] = []
    for run in state.runs.values():
        if run.status == "active" and is_for_worker(graph, run) and not is_reported(state, run):
            effects.append(run_activity(graph, state, run))
    return effects


def is_reported(state: Execution, run: NodeRun) -> bool:
    """Whether the result of the attempt came in a pause, and is kept until it is resumed."""
    return any(isinstance(command, CompleteActivity | FailActivity) and command.path == run.path for command in state.held)


Reactor: TypeAlias = Callable[[Graph, Execution, Any, Decision], Iterable[Effect]]

REACTORS: Final[dict[type, Reactor]] = {
    e.NodeScheduled: _on_scheduled,
    e.ExecutionQueued: _on_queued,
    e.PastTakenUp: _on_past_taken_up,
    e.ActivityHeld: _on_held,
    e.ActivityReleased: _on_scheduled,
    e.FailureCounted: _on_failure_counted,
    e.TrialEnded: _on_trial_ended,
    e.BreakerChanged: _on_breaker_changed,
    e.SlotGranted: _on_slot_granted,
    e.SlotReclaimed: _on_slot_reclaimed,
    e.SlotRefused: _on_slot_refused,
    e.NodeCompleted: _on_node_ended,
    e.NodeFailed: _on_node_ended,
    e.NodeRetried: _on_node_ended,
    e.NodeCancelled: _on_node_ended,
    e.IncidentRaised: _on_node_ended,
    e.ChildStarted: _on_child_started,
    e.ChildCancelRequested: _on_child_cancel,
    e.SignalEmitted: _on_signal_emitted,
    e.ExecutionCompleted: _on_ended,
    e.ExecutionFailed: _on_ended,
    e.ExecutionCancelled: _on_ended,
    e.ExecutionTerminated: _on_ended,
    e.ExecutionQuarantined: _on_quarantined,
}
"""The events that call for effects; the others call for none."""

_OF_WORKERS: Final = {
    e.NodeScheduled, e.PastTakenUp, e.ActivityHeld, e.ActivityReleased, e.NodeCompleted, e.NodeFailed, e.NodeRetried, e.NodeCancelled,
}  # fmt: skip
CROSSING: Final = frozenset(REACTORS) - _OF_WORKERS
"""The events that may call for a command to another execution."""


def commands_for_others(graph: Graph, state: Execution, decision: Decision) -> list[Envelope]:
    """Of the effects of a decision, the commands to other executions; quick for the many decisions that call for none."""
    if CROSSING.isdisjoint(map(type, decision.events)):
        return []
    return [effect for effect in react(graph, state, decision) if isinstance(effect, Envelope)]
