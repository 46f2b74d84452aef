"""Triggers, and workflows that wait for others, in a simulation: which workflows have them, and what must hold of what they start.

Each time of a schedule, and each end of an execution that an event trigger hears of, starts one execution, or is listed as refused;
what is started was due, and once.
"""

from __future__ import annotations

from typing import Any, Final

from contracts.resources import TriggersAdvanced, read_resource_record
from contracts.times import rfc3339
from contracts.triggers import name_in
from contracts.values import decode
from domain.triggers.moments import times_between
from domain.triggers.schedule import SCHEDULE
from simulation.audit import Audit
from simulation.chance import Chance
from simulation.disk import Disk
from simulation.violation import require

SCHEDULED_MS: Final = 4_000
"""So long after the beginning of a run schedules are due."""
_THEN: Final = "event.type == 'execution.completed' && event.workflow == 'w'"


def add_triggers(chance: Chance, definitions: list[dict[str, Any]], start_ms: int) -> None:
    """Give some workflows a schedule; let the second one begin after the first one, or wait for it."""
    for document in definitions:
        if chance.percent(20):
            often = {"id": "often", "type": "schedule", "every": "1s", "ends": rfc3339(start_ms + SCHEDULED_MS), "input": {"n": 1}}
            document["triggers"] = [{**often, "catch_up": chance.one_of("all", "all", "last", "none")}]
            document["settings"]["while_paused"] = chance.one_of("start", "skip", "queue", "queue")
    if len(definitions) > 1 and chance.percent(50):
        then = {"id": "then", "type": "event", "filter": _THEN, "input": {"n": 2}}
        definitions[1].setdefault("triggers", []).append(then)
    elif len(definitions) > 1:
        after = {"workflow": "w", "within": chance.one_of("100ms", "5s"), "on_timeout": chance.one_of("fail", "start")}
        definitions[1]["settings"]["after"] = {**after, **({"key": "input.n"} if chance.percent(60) else {})}


def check_fired(documents: list[dict[str, Any]], audit: Audit, disk: Disk, start_ms: int) -> None:
    """Hold the laws of triggers at the end, when everything has come to rest."""
    fired = [
        one for _, content in disk.log.read("resources", 0) if isinstance(record := read_resource_record(content), TriggersAdvanced)
        for one in record.fired
    ]  # fmt: skip
    for one in fired:
        there = not one.execution or one.execution in audit.executions
        require(there, "what a trigger says it started is there", f"{one.trigger} has started {one.execution}")
    for document in documents:
        for trigger in document.get("triggers", ()):
            refused = {one.cause for one in fired if one.reason and one.trigger == name_in(document["name"], trigger["id"])}
            if trigger["type"] == "schedule":
                _check_schedule(document["name"], trigger, refused, audit, start_ms)
            else:
                _check_event(document["name"], refused, audit, start_ms)


def _started(workflow: str, type_: str, audit: Audit) -> list[dict[str, Any]]:
    states = [one.state for one in audit.executions.values() if one.state.workflow == workflow and one.state.trigger is not None]
    found = [decode(state.trigger) for state in states if state.trigger is not None]
    return [one for one in found if one["type"] == type_]


def _check_schedule(workflow: str, trigger: dict[str, Any], refused: set[str], audit: Audit, start_ms: int) -> None:
    moments = SCHEDULE.moments(name_in(workflow, trigger["id"]), SCHEDULE.Config.model_validate(trigger))
    due = {rfc3339(one) for one in times_between(moments, start_ms, start_ms + SCHEDULED_MS, 100)}
    started = [one["due"] for one in _started(workflow, "schedule", audit)]
    _check_once("each time of a schedule starts one execution", started, due)
    if trigger["catch_up"] == "all":
        missing = due - refused - set(started)
        require(not missing, "no time of a schedule is lost", f"{workflow}: {sorted(missing)}; started {sorted(started)}")


def _check_event(workflow: str, refused: set[str], audit: Audit, start_ms: int) -> None:
    """A trigger counts what happens from its publication on, by the clocks: what ended before that, on one set back, it may pass over."""
    ended = [one.state for one in audit.executions.values() if one.state.workflow == "w" and one.state.status == "completed"]
    heard = {state.execution for state in ended}
    started = [one["event"]["subject"] for one in _started(workflow, "event", audit)]
    _check_once("each event starts one execution", started, heard)
    counted = {state.execution for state in ended if state.ended_at >= start_ms}
    missing = counted - set(started) - {one.rpartition("/")[0] for one in refused}
    require(not missing, "no event is lost", f"{workflow} was not started for the end of {sorted(missing)}")


def _check_once(rule: str, started: list[str], may_be: set[str]) -> None:
    require(len(started) == len(set(started)) and may_be.issuperset(started), rule, f"started {sorted(started)}, of {sorted(may_be)}")
