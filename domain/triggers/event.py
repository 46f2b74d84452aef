"""`event`: fired by what happens in executions of other workflows, by a filter of public events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic import Field

from contracts.errors import InvalidInput, Problem
from contracts.public_events import PUBLIC_TYPES, TYPE_PREFIX
from contracts.triggers import TriggerDefinition
from domain.event_filter import EventFilter
from domain.expressions import SOURCE_CHARS_MAX, value
from domain.triggers.kind import TriggerKind

EVENT_TYPES: Final = tuple(one.type.removeprefix(TYPE_PREFIX) for one in PUBLIC_TYPES)
"""The types of public events, as filters of triggers say them."""
LINKED: Final = {"execution.completed": "output", "execution.created": "input"}
"""What is behind a link in the data of an event, by its type: whoever fills in the `input` of a trigger has the value itself."""
OTHER: Final = "\0"
"""Stands for a workflow that a filter does not name."""
_SOME: Final = "execution.completed"
FILTERS_MAX: Final = 1_000


@lru_cache(FILTERS_MAX)
def filter_of(source: str) -> EventFilter:
    """The filter of a source. Raises InvalidInput."""
    return EventFilter(source)


class EventTrigger(TriggerKind):
    """Knows which events it waits for."""

    name = "event"
    summary = "is fired by what happens in executions of other workflows"
    gives = ("event",)
    extra = ("event",)

    class Config(TriggerDefinition):
        """Which events: a condition over what stands in a public event, as `event`."""

        filter: str = Field(min_length=1, max_length=SOURCE_CHARS_MAX)

    def problems(self, config: Any) -> Iterator[Problem]:
        """A filter that cannot be read, that no event fits, or that asks for what is behind a link."""
        try:
            found = filter_of(config.filter)
        except InvalidInput as error:
            for problem in error.problems:
                message = f"line {problem.line}, column {problem.column}: {problem.message}"
                yield Problem("filter", problem.rule, message, problem.fix or "write `event.type == 'execution.completed'`, for example")
            return
        for path in found.paths:
            if len(path) > 2 and path[0] == "data" and path[1] in LINKED.values():
                message = f"`{'.'.join(path)}`: a filter sees facts, and of an {path[1]} that there is one; its values stand behind a link"
                fix = "name the value in `settings.search` of that workflow, and ask for `event.data.search.NAME`"
                yield Problem("filter", "behind_a_link", message, fix)
        if not any(found.verdict(type_, name) is not False for type_ in EVENT_TYPES for name in (*found.texts, OTHER)):
            yield _never(found)

    def by_hand(self, body: Any, key: str | None, now_ms: int) -> dict[str, Any]:
        """What was sent stands for the event."""
        return {"event": body}

    def input_of(self, trigger: Mapping[str, Any]) -> Any:
        """The event."""
        return trigger.get("event")


def _never(found: EventFilter) -> Problem:
    near = [one for one in sorted(found.texts) if one.removeprefix(TYPE_PREFIX) not in EVENT_TYPES and "." in one]
    said = f": there is no type of events `{near[0][:100]}`" if near else ""
    return Problem("filter", "never", f"no event is ever like this{said}", f"types are {', '.join(EVENT_TYPES)}")


def types_taken(source: str, workflow: str) -> dict[str, bool]:
    """Of events of a workflow those types that a filter may take, and whether it is certain that it does."""
    found = filter_of(source)
    verdicts = {type_: found.verdict(type_, workflow) for type_ in EVENT_TYPES}
    return {type_: verdict is True for type_, verdict in verdicts.items() if verdict is not False}


def types_wanted(source: str) -> frozenset[str]:
    """The types of events that a filter may take of any workflow."""
    found = filter_of(source)
    names = (*found.texts, OTHER)
    return frozenset(type_ for type_ in EVENT_TYPES if any(found.verdict(type_, name) is not False for name in names))


def needs_values(config: Any) -> bool:
    """Whether the `input` of a trigger reads what may be behind a link."""
    if "input" not in config.model_fields_set:
        return False
    read = [reference for one in value(config.input).programs for reference in one.references]
    paths = [one.path if one.root == "event" else one.path[1:] for one in read if one.root == "event" or one.path[:1] in ((), ("event",))]
    return any(not path or (path[0] == "data" and (len(path) < 2 or path[1] in LINKED.values())) for path in paths)
