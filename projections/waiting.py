"""What an open execution waits for, named: activities, timers, signals, children, people.

Every open execution waits for something that can be named; here is its name. Each item is a plain object with `for`, the
`path` of the node (`""` is the execution itself) and what belongs to its sort; times are milliseconds since 1970:

    activity   kind, attempt, since, progress      a worker has it, or is about to
    timer      purpose, due, attempt               `retry`, `delay`, `start_at`; `turn`, `next`: others are served first
    signal     names, due                          due: the wait's timeout, where it has one
    child      execution
    incident   incident, type, message, attempt, since   a person decides
    pause      reason                              until it is resumed
    release    reason                              set aside by the engine, until it is released
    start                                          created, to be started by somebody
    turn       slot                                others of its workflow and key run (`settings.concurrency`)
    quota      priority                            its workflow has its fill (`settings.quota`)
    paused_sibling  priority                       another one of its workflow is paused, or waits for a person (`settings.while_paused`)
    dependency  workflow, key, due                 an execution of another workflow is to complete (`settings.after`)
    execution  execution                           of a keeper of slots: the one that it stands for
    reports                                        of a circuit breaker: failures, and those who try
    condition  due                                 a `wait_until`
    mutex      mutex, holder
    resumption                                      a test run stops before it
    halt       breakpoint, by, since, due, at, halts, failed   somebody debugs it: until they let it go on
    breaker    breaker, attempt, since             a circuit breaker is open: until it is closed, or one tries and succeeds
    task       task, question, people, claimed_by, due   people are asked
    nodes      paths                               the end of other nodes

What a node of a control-flow kind waits for is said by its kind (`Kind.waits_for`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from contracts.times import rfc3339
from contracts.values import decode, written
from domain.definition.graph import Graph, Node
from domain.execution.breakpoints import halt_at
from domain.execution.debugged import HALT, Halt
from domain.execution.keeper import claim_in, is_keeper
from domain.execution.kind import acting_kind
from domain.execution.memo import HeldMemo
from domain.execution.moves.turns import NEXT, TURN
from domain.execution.paths import held_by, is_for_worker, is_undo
from domain.execution.pins import halted_in
from domain.execution.react import is_reported
from domain.execution.start_values import priority_of
from domain.execution.state import Execution, Incident, NodeRun

MOVING: Final = frozenset({"activity", "timer"})
"""What comes by itself, if the engine runs."""


def waiting_for(state: Execution, graph: Graph, most: int = sys.maxsize) -> list[dict[str, Any]]:
    """All that the execution waits for, in the order of the paths; nothing for one that has ended.

    Once there are `most`, activities are left out that workers have: there may be thousands, and few readers want them.
    """
    if state.is_ended:
        return []
    found = [*_execution(state, graph), *(_incident(state, incident) for incident in state.incidents.values())]
    runs = state.runs
    for path in sorted(runs):
        run = runs[path]
        if len(found) >= most and _is_with_worker(state, graph, run):
            continue
        if (item := _run(state, graph, run)) is not None:
            found.append(item)
    if state.children:
        named = {item.get("execution") for item in found}
        found.extend(
            {"for": "child", "path": state.children.get(child, ""), "execution": child} for child in state.children if child not in named
        )
    return found


def is_moving(state: Execution, graph: Graph) -> bool:
    """Whether something comes to the execution by itself: a result, or a timer."""
    return comes_by_itself(waiting_for(state, graph))


def comes_by_itself(items: Iterable[dict[str, Any]]) -> bool:
    """Whether something of what an execution waits for comes by itself. In a pause only results come."""
    found = {item["for"] for item in items}
    return bool(found & ({"activity"} if found & {"pause", "release"} else MOVING))


def as_value(item: dict[str, Any]) -> dict[str, Any]:
    """The item as JSON shows it: times as RFC 3339."""
    return {name: (rfc3339(value) if value else None) if name in ("due", "since") else value for name, value in item.items()}


def in_words(item: dict[str, Any]) -> str:
    """One item in a few words: `activity charge`, `signal approved`, `timer pause`."""
    match item["for"]:
        case "signal":
            return f"signal {' or '.join(item['names'])}"
        case "execution":
            return f"execution {item['execution']}"
        case "child":
            return f"child {item['execution']}"
        case "incident":
            return f"incident {item['incident']}" + (f" at {item['path']}" if item["path"] else "")
        case "task":
            return f"task {item['path']} of {item['claimed_by'] or ', '.join(item['people']) or 'anybody'}"
        case "pause" | "release" | "start" as sort:
            return str(sort)
        case "turn":
            place = f", place {item['place']}" if item.get("place") else ""
            return f"its turn ({item['slot'] or 'of all'}{place})"
        case "quota":
            place = f", place {item['place']}" if item.get("place") else ""
            return f"the quota of its workflow (priority {item['priority']}{place})"
        case "paused_sibling":
            place = f", place {item['place']}" if item.get("place") else ""
            return f"one of its workflow that is paused or waits for a person (priority {item['priority']}{place})"
        case "dependency":
            key = "" if item["key"] is None else f" with the key {written(item['key']).decode()}"
            return f"workflow {item['workflow']} to complete{key}"
        case "halt":
            who = f" of {item['by']}" if item["by"] else ""
            until = item["due"] if isinstance(item["due"], str) else rfc3339(item["due"])
            return f"the end of the halt at {item['path']} ({item['breakpoint']}{who}, until {until})"
        case "breaker":
            return f"the circuit breaker {item['breaker']} at {item['path']}"
        case "timer" if item["purpose"] == "retry":
            return f"retry of {item['path']}"
        case "timer":
            return f"timer {item['path'] or item['purpose']}"
        case sort:
            return f"{sort} {item['path']}"


def _execution(state: Execution, graph: Graph) -> Iterator[dict[str, Any]]:
    if state.quarantine is not None:
        yield {"for": "release", "path": "", "reason": state.quarantine}
    elif state.paused:
        yield {"for": "pause", "path": "", "reason": state.reason}
    if not state.started_at:
        due = state.timers.get(":start_at")
        if state.admission is not None:
            for sort in (*(("paused_sibling",) if state.admission.heeds_pauses else ()), *(("quota",) if graph.settings.quota else ())):
                yield {"for": sort, "path": "", "priority": priority_of(graph, state)}
        elif state.is_dependent:
            for wanted, one in zip(graph.after, state.awaited or (), strict=True):
                if not one.is_settled:
                    key = None if one.key is None else decode(one.key)
                    yield {"for": "dependency", "path": "", "workflow": wanted.definition.workflow, "key": key, "due": one.due}
        elif state.slot is not None:
            yield {"for": "turn", "path": "", "slot": state.slot}
        elif due is not None:
            yield {"for": "timer", "path": "", "purpose": "start_at", "due": due}
        else:
            yield {"for": "start", "path": ""}
    elif state.breaker is not None:
        yield {"for": "reports", "path": ""}
    elif is_keeper(state):
        yield {"for": "execution", "path": "", "execution": claim_in(state.input).execution}


def _incident(state: Execution, incident: Incident) -> dict[str, Any]:
    failure = incident.failure
    return {
        "for": "incident",
        "path": incident.path,
        "incident": incident.incident,
        "type": failure.type,
        "message": failure.message,
        "attempt": failure.attempt,
        "since": incident.raised_at,
    }


def _is_with_worker(state: Execution, graph: Graph, run: NodeRun) -> bool:
    """Whether it waits for nothing but an activity."""
    return run.status == "active" and is_for_worker(graph, run) and (not state.timers or _turn(state, run) is None)


def _run(state: Execution, graph: Graph, run: NodeRun) -> dict[str, Any] | None:
    """What one node waits for; a container waits for what is in it, which has runs of its own."""
    if state.timers and (turn := _turn(state, run)) is not None:
        return turn
    node = graph.nodes[run.node]
    if (halt := halt_at(state, run.path)) is not None:
        return _halt(state, halt)
    if isinstance(run.memo, HeldMemo) and held_by(run):
        return {"for": "breaker", "path": run.path, "breaker": run.memo.breaker, "attempt": run.attempt, "since": run.memo.since}
    if run.path in halted_in(state):
        return {"for": "resumption", "path": run.path}
    if run.status == "queued":
        holder = next(iter(state.mutexes.get(node.mutex or "", [])), "")
        return {"for": "mutex", "path": run.path, "mutex": node.mutex, "holder": holder}
    if run.status == "retrying":
        due = state.timers.get(f"{run.path}:retry", 0)
        return {"for": "timer", "path": run.path, "purpose": "retry", "due": due, "attempt": run.attempt}
    if run.status == "incident":
        return None
    if is_for_worker(graph, run):
        return None if state.held and is_reported(state, run) else _activity(node, run)
    wait = None if run.bodies else acting_kind(graph, run).waits_for(graph, state, run)
    return None if wait is None else {"for": wait.sort, "path": run.path, **wait.details}


def _halt(state: Execution, halt: Halt) -> dict[str, Any]:
    due = state.timers.get(f"{halt.path}:{HALT}", 0)
    return {
        "for": "halt", "path": halt.path, "breakpoint": halt.breakpoint, "by": halt.by, "since": halt.since, "due": due, "at": halt.seen,
        "halts": halt.halts, "failed": halt.failed is not None,
    }  # fmt: skip


def _turn(state: Execution, run: NodeRun) -> dict[str, Any] | None:
    """The next turn, where a node or a loop waits for nothing else (`domain.execution.moves.turns`)."""
    for purpose in (TURN, NEXT):
        due = state.timers.get(f"{run.path}:{purpose}")
        if due is not None:
            return {"for": "timer", "path": run.path, "purpose": purpose, "due": due, "attempt": run.attempt}
    return None


def _activity(node: Node, run: NodeRun) -> dict[str, Any]:
    undoing = node.definition.compensate
    kind = undoing.type if is_undo(run.path) and undoing is not None else node.definition.type
    since = run.started_at or run.scheduled_at
    return {"for": "activity", "path": run.path, "kind": kind, "attempt": run.attempt, "since": since, "progress": run.progress}
