"""The dependencies between the workflows that are active now, and those that a new definition or trigger would bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec

from contracts.definitions import WorkflowDefinition
from contracts.errors import Problem, RefoldError
from contracts.triggers import Trigger, name_in
from domain.definition.canonical import load_canonical
from domain.dependencies import (
    Cycle,
    Dependency,
    Found,
    Listening,
    afters_of,
    calls_of,
    cycles_in,
    endless_through,
    heard_from,
    told_of,
    waiting_in,
    waits_for_ever,
)
from domain.triggers.event import EventTrigger, filter_of
from workers.partition.catalog import Catalog
from workers.triggers.directory import Directory

_CALLS: Final = b'"sub_workflow"'
_AFTERS: Final = b'"after"'
_FIX: Final = "add a condition to a filter in it that is not true of every execution, such as one on a value of `settings.search`"


_Look: TypeAlias = Callable[[WorkflowDefinition], tuple[Dependency, ...]]


class _Said(msgspec.Struct, frozen=True):
    filter: str


class _ByHand(msgspec.Struct, frozen=True):
    trigger: _Said


_said: Final = msgspec.json.Decoder(_Said)
_by_hand: Final = msgspec.json.Decoder(_ByHand)


class Dependencies:
    """Looks at each version once."""

    def __init__(self, catalog: Catalog, directory: Directory) -> None:
        self._catalog, self._directory = catalog, directory
        self._calls: dict[str, tuple[Dependency, ...]] = {}
        self._afters: dict[str, tuple[Dependency, ...]] = {}

    def all(self) -> Found:
        """All that there are; what a filter says of any workflow stands once, under `*`."""
        active = self._active()
        listening = list(self._listening())
        calls = [one for name in active for one in (*self._calls_of(name), *self._afters_of(name))]
        heard = [one for each in listening for one in heard_from(each, {*active, *(call.target for call in calls)})]
        return Found(active, [*calls, *(one for each in listening for one in told_of(each))], cycles_in([*calls, *heard]))

    def waiting(self, definition: WorkflowDefinition) -> list[Problem]:
        """Whether executions of a definition would wait for others that wait for them; at the dependency, or the node, that closes it."""
        name, own = definition.name, afters_of(definition)
        others = [other for other in self._active() if other != name]
        afters = [*own, *(one for other in others for one in self._afters_of(other))]
        if not afters:
            return []
        calls = [*calls_of(definition), *(one for other in others for one in self._calls_of(other))]
        cycle = waits_for_ever(name, waiting_in(calls, afters))
        if cycle is None:
            return []
        place = next(step.place for step in cycle.steps if step.source == name)
        said = f"executions of `{name}` would wait for each other for ever: {cycle.told()}"
        at = f"{place}.workflow" if place.startswith("settings.") else f"{place}.config.workflow"
        return [Problem(at, "endless", said, "let one of them not wait: start it by a trigger, for example")]

    def endless(self, definition: WorkflowDefinition) -> list[Problem]:
        """What a definition would bring about that never ends; at the trigger, or the node, that closes the cycle."""
        name = definition.name
        own = [
            Listening(name_in(name, str(raw.get("id"))), name, str(raw.get("filter")))
            for raw in definition.triggers
            if raw.get("type") == EventTrigger.name
        ]
        others = [one for one, trigger in self._known() if trigger.is_by_hand or trigger.workflow != name]
        if not own and not others:
            return []
        calls = calls_of(definition)
        cycle = self._endless(name, [*others, *own], calls)
        if cycle is None:
            return []
        return [Problem(_place(cycle, definition), "endless", f"{_said_of(name)}: {cycle.told()}", _FIX)]

    def endless_by_hand(self, name: str, workflow: str, filter_: str) -> list[Problem]:
        """The same of a trigger that is made by hand."""
        others = [one for one, trigger in self._known() if trigger.name != name]
        calls = self._calls_of(workflow) if self._catalog.active(workflow) is not None else ()
        cycle = self._endless(workflow, [*others, Listening(name, workflow, filter_)], calls)
        return [] if cycle is None else [Problem("/trigger/filter", "endless", f"{_said_of(workflow)}: {cycle.told()}", _FIX)]

    def _endless(self, workflow: str, listening: list[Listening], calls: tuple[Dependency, ...]) -> Cycle | None:
        active = {*self._active(), workflow}
        all_calls = [*calls, *(call for name in active - {workflow} for call in self._calls_of(name))]
        known = active | {call.target for call in all_calls}
        return endless_through(workflow, [*all_calls, *(one for each in listening for one in heard_from(each, known))])

    def _active(self) -> list[str]:
        return [name for name in self._catalog.names() if self._catalog.active(name) is not None]

    def _listening(self) -> Iterator[Listening]:
        return (one for one, _ in self._known())

    def _known(self) -> Iterator[tuple[Listening, Trigger]]:
        for name, trigger in self._directory.all().items():
            if trigger.type == EventTrigger.name:
                try:
                    said = _by_hand.decode(trigger.content).trigger if trigger.is_by_hand else _said.decode(trigger.content)
                    filter_of(said.filter)
                except (ValueError, RefoldError):  # it waits for nothing, and is in nobody's way
                    continue
                yield Listening(name, trigger.workflow, said.filter), trigger

    def _calls_of(self, workflow: str) -> tuple[Dependency, ...]:
        return self._said_in(workflow, self._calls, _CALLS, calls_of)

    def _afters_of(self, workflow: str) -> tuple[Dependency, ...]:
        return self._said_in(workflow, self._afters, _AFTERS, afters_of)

    def _said_in(self, workflow: str, known: dict[str, tuple[Dependency, ...]], word: bytes, look: _Look) -> tuple[Dependency, ...]:
        """Of a version that cannot be read here none is known."""
        _, hash_ = self._catalog.resolve(workflow)
        if hash_ not in known:
            content = self._catalog.published(hash_).content
            try:
                known[hash_] = look(load_canonical(content)) if word in content else ()
            except (ValueError, RefoldError):
                known[hash_] = ()
        return known[hash_]


def _said_of(workflow: str) -> str:
    return f"executions of `{workflow}` would start each other for ever"


def _place(cycle: Cycle, definition: WorkflowDefinition) -> str:
    """Where in the definition the cycle is closed: at one of its triggers, else at a call."""
    for index, raw in enumerate(definition.triggers):
        name = name_in(definition.name, str(raw.get("id")))
        if any(step.by == "event" and step.via == name for step in cycle.steps):
            return f"triggers[{index}].filter"
    call = next((step for step in cycle.steps if step.by == "call" and step.source == definition.name), None)
    return "" if call is None else f"{call.place}.config.workflow"
