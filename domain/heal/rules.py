"""Rules: what is suggested without a model, by the type of a failure: more time, more attempts, or the same again.

timeout.*                         twice as long
http.429, ai.rate_limit           tried again for minutes: who is asked says how long to wait
http.5xx, http.connect, a worker
  that is gone, ai.overloaded …   tried again, thrice at least
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from contracts.definitions import WorkflowDefinition
from domain.expressions import parse_duration
from domain.heal.patch import FieldEdit
from domain.heal.suggestion import Suggestion

ATTEMPTS_MAX: Final = 10
"""Whoever tries that often already is not told to try more often."""
LIMITED: Final = frozenset({"http.429", "ai.rate_limit"})
PASSING: Final = ("http.5", "http.connect", "http.timeout", "ai.overloaded", "ai.incomplete", "ai.timeout", "worker.lost", "timeout.")
"""What such errors begin with: they may pass by themselves."""
_LIMITS: Final = ("start_to_close", "schedule_to_close", "schedule_to_start", "heartbeat")
_SECOND_MS: Final = 1_000


def suggestions(definition: WorkflowDefinition, place: str, node: dict[str, Any], error: str) -> Iterator[Suggestion]:
    """What could be done about an error of this type at a node, the best first; nothing where a person has to think."""
    if error == "timeout.workflow" and definition.settings.timeout is not None:
        longer = _twice(definition.settings.timeout)
        yield Suggestion(
            f"the whole took longer than {definition.settings.timeout}; {longer} gives it twice as long",
            "low", (FieldEdit("", "timeout", longer),),
        )  # fmt: skip
        return
    if error.startswith("timeout."):
        yield from _more_time(place, node, error.removeprefix("timeout."))
    config = node.get("config")
    if error == "http.timeout" and isinstance(config, dict) and isinstance(config.get("timeout"), str) and "{{" not in config["timeout"]:
        longer = _twice(config["timeout"])
        reason = f"{place} got no answer within {config['timeout']}; {longer} gives it twice as long"
        yield Suggestion(reason, "low", (FieldEdit(place, "config", {"timeout": longer}),))
    attempts = _attempts(definition, node)
    if error in LIMITED and attempts < ATTEMPTS_MAX:
        retry = {"max_attempts": max(6, attempts + 3), "initial_delay": "2s", "multiplier": 2, "max_delay": "1m"}
        yield Suggestion(
            f"{place} was told to come later ({error}): {retry['max_attempts']} attempts over some minutes wait as long as is asked for",
            "low", (FieldEdit(place, "retry", retry),),
        )  # fmt: skip
    elif error.startswith(PASSING) and attempts < ATTEMPTS_MAX:
        retry = {"max_attempts": max(3, attempts * 2), "initial_delay": "1s", "multiplier": 2}
        yield Suggestion(
            f"{error} may pass by itself, and {place} is tried {_times(attempts)}: {retry['max_attempts']} attempts bear it",
            "low", (FieldEdit(place, "retry", retry),),
        )  # fmt: skip
    if error in LIMITED or error.startswith(PASSING):
        yield Suggestion(f"{error} may have passed by now: the same once more, nothing is changed", "low")


def _more_time(place: str, node: dict[str, Any], limit: str) -> Iterator[Suggestion]:
    """The limit that was passed, twice as long; where the node does not say it itself, nothing."""
    limits = node.get("timeouts")
    if isinstance(limits, dict) and limit in _LIMITS and isinstance(limits.get(limit), str):
        before, edit = limits[limit], FieldEdit(place, "timeouts", {limit: _twice(limits[limit])})
    elif limit == "start_to_close" and isinstance(node.get("timeout"), str):
        before, edit = node["timeout"], FieldEdit(place, "timeout", _twice(node["timeout"]))
    else:
        return
    yield Suggestion(f"{place} took longer than its limit of {before}; twice as long is tried", "low", (edit,))


def _twice(duration: str) -> str:
    """A duration, doubled, as it is written best."""
    try:
        ms = parse_duration(duration) * 2
    except ValueError:
        return duration
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", _SECOND_MS)):
        if ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"


def _attempts(definition: WorkflowDefinition, node: dict[str, Any]) -> int:
    own = node.get("retry")
    if isinstance(own, dict):
        found = own.get("max_attempts", 1)
        return found if isinstance(found, int) else 1
    return 1 if definition.settings.retry is None else definition.settings.retry.max_attempts


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
