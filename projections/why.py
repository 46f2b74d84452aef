"""Why, as JSON shows it: the chain with its expressions and their values, and of what waits who can release it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from contracts import values
from contracts.times import rfc3339
from domain.expressions.told import Part
from domain.replay.chain import Step, Way
from domain.replay.questions import Question
from domain.replay.story import Told
from domain.replay.why import Explained
from projections.waiting import as_value, in_words, waiting_for

SHOWN_BYTES_MAX: Final = 2_048
"""A value of a part that is longer as JSON is shown by its beginning."""
BEGINNING_BYTES: Final = 256
WAITS_MAX: Final = 50
"""Of what a step waits for so much is told: a loop may wait for thousands of activities."""
RELEASED_BY: Final = {
    "activity": ("worker", "a worker that offers {kind}"),
    "timer": ("clock", "the engine, once it is due"),
    "signal": ("sender", "whoever sends the signal {names}"),
    "child": ("execution", "the end of the execution {execution}"),
    "incident": ("person", "a person who resolves the incident {incident}: retry, skip or fail"),
    "pause": ("person", "whoever resumes the execution"),
    "release": ("person", "whoever releases the execution"),
    "start": ("person", "whoever starts the execution"),
    "turn": ("execution", "the end of another execution of its workflow"),
    "quota": ("execution", "the quota of its workflow, once it has room"),
    "paused_sibling": ("person", "whoever lets the one of its workflow go on that is paused or waits for a person"),
    "dependency": ("execution", "an execution of the workflow {workflow} that completes"),
    "execution": ("execution", "the execution {execution}"),
    "reports": ("worker", "attempts that succeed or fail"),
    "condition": ("execution", "a change of a variable or an output by which the condition holds"),
    "mutex": ("execution", "the end of {holder}, which has the mutex {mutex}"),
    "resumption": ("person", "whoever lets the test run go on"),
    "breaker": ("worker", "the circuit breaker {breaker}, once it is closed"),
    "halt": ("person", "whoever debugs it, or the clock at {due}"),
    "task": ("person", "{people}"),
    "nodes": ("execution", "the end of {paths}"),
}
"""By the sort of a wait who can release it, and how that is said; a test names those that are missing."""


def why_value(explained: Explained) -> dict[str, Any]:
    """The whole answer."""
    why, state = explained.why, explained.folded.state
    return {
        "execution_id": state.execution,
        "workflow": state.workflow,
        "workflow_version": state.workflow_version,
        "status": state.status,
        "at": why.at,
        "path": why.steps[0].path,
        "steps": [_step(step) for step in why.steps],
        "waits_for": list(_waits(explained)),
        "is_cut": why.is_cut,
        "decided_otherwise_from": why.unread or None,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "path": step.path,
        "node": step.node,
        "type": step.kind,
        "state": step.state,
        "because": step.because,
        "begun": step.begun or None,
        "version": step.version or None,
        "events": [_event(one) for one in step.events],
        "ways": [_way(way) for way in step.ways],
        "asked": [_question(one) for one in step.asked],
        "error": None if step.failure is None else step.failure.as_value(),
    }


def _event(told: Told) -> dict[str, Any]:
    return {
        "version": told.version,
        "type": told.type,
        "recorded_at": rfc3339(told.at),
        "command": told.command,
        "actor": told.actor or None,
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "from": way.source,
        "port": way.port,
        "back": way.is_back,
        "state": way.state,
        "version": way.version or None,
        "because": way.because or None,
        "left_by": list(way.left_by),
        "when": None if way.asked is None else _question(way.asked),
    }


def _question(asked: Question) -> dict[str, Any]:
    return {"place": asked.place, "version": asked.version, "expression": _part(asked.part)}


def _part(part: Part) -> dict[str, Any]:
    return {
        "text": part.text,
        "values": [_shown(value) for value in part.values],
        "fault": part.fault or None,
        "parts": [_part(one) for one in part.parts],
    }


def _shown(value: Any) -> dict[str, Any]:
    content = values.written(value)
    is_big = len(content) > SHOWN_BYTES_MAX
    beginning = content[:BEGINNING_BYTES].decode("utf-8", "ignore") if is_big else None
    return {"value": None if is_big else value, "bytes": len(content), "beginning": beginning}


# Who can release it.


def _waits(explained: Explained) -> Iterator[dict[str, Any]]:
    """What the node of the first step waits for, those in its bodies included, and what holds the whole execution."""
    state, graph, path = explained.folded.state, explained.folded.graph, explained.why.steps[0].path
    found = [item for item in waiting_for(state, graph) if not item["path"] or _is_within(item["path"], path)]
    for item in found[:WAITS_MAX]:
        run = state.runs.get(item["path"])
        since = item.get("since") or (state.created_at if run is None else run.started_at or run.scheduled_at)
        is_known = item["for"] not in ("pause", "release")
        by, how = RELEASED_BY[item["for"]]
        yield {
            "item": as_value(item),
            "since": rfc3339(since) if is_known and since else None,
            "says": in_words(item),
            "released_by": by,
            "how": how.format_map(_Named(item)),
        }


def _is_within(path: str, around: str) -> bool:
    return not around or path == around or path.startswith((f"{around}/", f"{around}[", f"{around}."))


class _Named(dict[str, Any]):
    """The details of a wait as a sentence names them."""

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if name == "people":
            who = self.get("claimed_by") or _listed(found or ())
            return f"{who}, who has taken the task" if self.get("claimed_by") else who or "anybody"
        if name == "due":
            return rfc3339(found or 0)
        return _listed(found) if isinstance(found, list | tuple) else str(found)


def _listed(names: Iterable[Any]) -> str:
    return " or ".join(map(str, names))
