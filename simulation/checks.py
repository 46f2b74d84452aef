"""The checks of a simulation beside the audit of the journal: answers, states, recovery, rows, and what stands still."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from contracts import commands as c
from contracts.codec import pack
from contracts.commands import Envelope
from contracts.errors import InvalidInput, LogError, Rejected
from contracts.events import IncidentResolved
from contracts.ids import activity_key, breaker_address
from contracts.ports.read_models import Condition, ReadModels
from domain.execution.liveness import waits_of
from domain.execution.react import outstanding
from domain.execution.state import Execution
from projections.executions import TAGS, executions_where
from projections.incidents import INCIDENTS, incidents_where
from projections.node_runs import NODE_RUNS
from projections.waits import WAITING
from simulation.audit import Audit
from simulation.disk import Disk, Hazards, NodeSnapshots
from simulation.node import Node
from simulation.quotas import let_in_of
from simulation.violation import require
from workers.partition.catalog import Catalog
from workers.partition.executions import Executions
from workers.partition.recovery import recover
from workers.partition.round import Answer
from workers.reading.trails import trail_of

POISON: Final = "deciding about this execution breaks"

_ALL: Final = 2**62


def check_answer(audit: Audit, end: int, envelope: Envelope, answer: Answer) -> None:
    """A caller hears only what is durable already, and each accepted command has had its effect."""
    audit.read_on()
    told = f"{envelope.id} {type(envelope.command).__name__}: {answer}"
    if answer.error is not None:
        _check_refusal(audit, envelope, answer, told)
        return
    require(answer.position <= end, "no answer before its fact", told)
    is_of_it = answer.execution == envelope.execution or breaker_address(answer.execution) == envelope.execution
    require(is_of_it, "an answer is about what was asked", told)
    state = audit.state(answer.execution)
    require(state is not None and state.version >= answer.version, "no answer before its fact", told)
    if not answer.repeated:
        require(envelope.id in audit.caused, "no answer before its fact", told)
    if isinstance(envelope.command, c.SendSignal):
        key = (envelope.execution, envelope.command.signal)
        require(key in audit.signals, "an accepted command has its effect", told)


def _check_refusal(audit: Audit, envelope: Envelope, answer: Answer, told: str) -> None:
    is_broken = envelope.execution == audit.poisoned
    is_misfit = isinstance(answer.error, InvalidInput) and isinstance(envelope.command, c.TASK_COMMANDS)
    require(isinstance(answer.error, Rejected | LogError) or is_misfit or is_broken, "no bug while deciding", told)
    reason = getattr(answer.error, "reason", "")
    state = audit.state(envelope.execution)
    is_known = state is not None and audit.offsets[envelope.execution][0] < audit.turn_began_at
    require(reason != "unknown_execution" or not is_known, "a refusal is true", told)
    require(reason != "already_ended" or (state is not None and state.is_ended), "a refusal is true", told)
    if isinstance(envelope.command, c.CreateExecution):
        require(reason not in ("already_exists", "already_ended"), "a start that is repeated is the first one", told)


def check_live(node: Node, audit: Audit) -> None:
    """What an owner in charge has in memory is, byte for byte, what the journal adds up to."""
    owner = node.owner
    bugs = [bug for bug in owner.metrics.bugs if POISON not in bug]
    require(not bugs, "no bug while deciding", "".join(bugs[-1:]))
    if not owner.is_in_charge or owner.position != audit.offset or not audit.touched:
        return
    executions = owner.executions
    require(not executions.unreadable, "a healthy history can be read", str(executions.unreadable))
    _compare(executions, audit, audit.touched)
    audit.touched.clear()


def _compare(executions: Executions, audit: Audit, names: set[str]) -> None:
    live = {folded.state.execution: folded.state for folded in executions.open()}
    recorded = {folded.state.execution for folded in audit.open()}
    require(live.keys() == recorded, "replay equals live", f"open are {sorted(live)}, by the journal {sorted(recorded)}")
    for name in sorted(names):
        state = audit.state(name)
        assert state is not None
        if name in live:
            require(pack(live[name]) == pack(state), "replay equals live", _difference(live[name], state))
        else:
            ended = executions.ended.get(name)
            found = (ended is not None and ended.status, ended is not None and ended.request)
            require(found == (state.status, state.request), "replay equals live", f"{name} is {ended}, by the journal {state.status}")


def _difference(one: Execution, other: Execution) -> str:
    for field in Execution.__struct_fields__:
        live, recorded = getattr(one, field), getattr(other, field)
        if pack(live) != pack(recorded):
            return f"{one.execution}: {field} is {live} in memory, {recorded} by the journal"
    return f"{one.execution} differs"


def check_hands(node: Node, audit: Audit, on_their_way: set[str]) -> None:
    """At rest, workers have in hand exactly what the executions wait for."""
    owner = node.owner
    if not owner.is_in_charge or owner.position != audit.offset or not owner.is_idle:
        return
    owed: set[str] = set()
    kept: set[str] = set()
    for folded in audit.open():
        owed |= {_key(effect) for effect in outstanding(folded.graph, folded.state)}
        name = folded.state.execution
        kept |= {
            activity_key(name, one.path, one.attempt)
            for one in folded.state.held
            if isinstance(one, c.CompleteActivity | c.FailActivity | c.LoseActivity)
        }
    held = node.in_hand()
    surplus = held - owed
    require(not surplus, "what nobody waits for is called off", f"{sorted(surplus)} are in hand still")
    missing = owed - held - kept - on_their_way
    require(not missing, "what is waited for is in somebody's hands", f"nobody has {sorted(missing)}")


def _key(effect: Any) -> str:
    return activity_key(effect.execution, effect.path, effect.attempt)


def check_still(audit: Audit) -> None:
    """Where nothing moves any more although all goes well, nobody waits for what should have come by itself."""
    for signal, target in audit.emitted.items():
        state = audit.state(target)
        is_lost = state is not None and not state.is_ended and (target, signal) not in audit.signals and target != audit.poisoned
        require(not is_lost, "what was sent arrives", f"the signal {signal} has not arrived in {target}")
    for folded in audit.open():
        state = folded.state
        waits = waits_of(folded.graph, state)
        if state.paused:
            continue
        for wait in waits:
            kind, _, what = wait.partition(" ")
            told = f"{state.execution} waits for {wait}, and nothing will bring it"
            require(kind not in ("activity", "timer"), "what is waited for comes", told)
            if kind in ("child", "execution"):
                child = audit.state(what)
                require(child is not None and not child.is_ended, "what is waited for comes", told)
            if kind == "quota":
                quota = folded.graph.settings.quota
                is_full = quota is not None and quota.open is not None and let_in_of(state.workflow, audit.open()) >= quota.open
                require(is_full, "what is waited for comes", told)
            if kind == "turn":
                require(_has_holder(audit, state), "what is waited for comes", told)


def _has_holder(audit: Audit, state: Execution) -> bool:
    return any(one.state.workflow == state.workflow and one.state.slot == state.slot and one.state.started_at for one in audit.open())


def check_recovery(disk: Disk, audit: Audit, catalog: Catalog) -> None:
    """Whoever takes over, from the snapshot or from nothing, has what the journal adds up to."""
    for snapshots in (NodeSnapshots(disk, Hazards()), NodeSnapshots(Disk(), Hazards())):
        recovered = recover(disk.log, 0, catalog, snapshots, 5_000)
        require(not recovered.executions.unreadable, "a healthy history can be read", str(recovered.executions.unreadable))
        require(recovered.checkpoint.offset == audit.offset, "replay equals live", f"recovered to {recovered.checkpoint.offset}")
        _compare(recovered.executions, audit, set(audit.executions))


def check_rows(models: ReadModels, clean: ReadModels, audit: Audit) -> None:
    """The rows are those of a clean rebuild, and say what the journal says."""
    rows, rebuilt = rows_of(models), rows_of(clean)
    require(rows == rebuilt, "rows are what a rebuild gives", _first_difference(rows, rebuilt))
    found = {record.execution: record for record, *_ in rows}
    require(found.keys() == audit.executions.keys(), "rows say what the journal says", f"{sorted(found)}, {sorted(audit.executions)}")
    events = ((entry.decision.execution, event) for entry in audit.counting for event in entry.decision.events)
    resolved = Counter(name for name, event in events if isinstance(event, IncidentResolved))
    for name, folded in audit.executions.items():
        state, record = folded.state, found[name]
        told = f"{record} of {name}, which is {state.status} at version {state.version}"
        same = (record.status, record.events, record.ended_at) == (state.status, state.version, state.ended_at)
        require(same, "rows say what the journal says", told)
        offsets = trail_of(models, record)
        require(offsets == audit.offsets[name], "rows say what the journal says", f"{offsets}, expected {audit.offsets[name]}: {told}")
        incidents = models.select(
            incidents_where(is_open=False, limit=_ALL)._replace(conditions=(Condition("number", "=", record.number),))
        )
        opened = sum(1 for one in incidents if not one.resolved_at)
        require(state.is_ended or opened == len(state.incidents), "rows say what the journal says", f"{opened} incidents of {told}")
        closed = len(incidents) - opened
        require(closed == resolved[name], "rows say what the journal says", f"{closed} of {resolved[name]} incidents resolved of {told}")


def _first_difference(one: Any, other: Any) -> str:
    """The smallest part that differs, the rows beside the rebuilt ones."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return next((_first_difference(*pair) for pair in zip(one, other, strict=True) if pair[0] != pair[1]), "") + f" in {one!r:.200}"
    return f"{one!r:.600}, rebuilt {other!r:.600}"


def rows_of(models: ReadModels) -> list[Any]:
    """All rows."""
    found = models.select(executions_where(limit=1_000))
    beside = (INCIDENTS, NODE_RUNS, WAITING, TAGS)
    return [(one, trail_of(models, one), *(models.belonging(table, one.number) for table in beside)) for one in found]
