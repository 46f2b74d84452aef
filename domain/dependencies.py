"""Dependencies between workflows: which calls which, whose events start which, which waits for which; and the cycles among them.

import ──completed──► report ──calls──► import          a cycle: without a condition in it, it goes on for ever
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from contracts.definitions import WorkflowDefinition
from domain.definition.calls_check import unguarded_calls
from domain.definition.findings import Findings
from domain.definition.outline import OutlineNode, config_of, outline_of
from domain.definition.texts import afters_in
from domain.triggers.event import OTHER, filter_of, types_taken

ANY: Final = "*"
"""Stands for every workflow that a filter does not name."""
ALWAYS: Final = ("execution.created", "execution.started", "execution.completed")
"""What happens in every execution that ends well."""
CYCLES_MAX: Final = 100
"""So many cycles are named."""


class Dependency(NamedTuple):
    """Executions of `source` lead to executions of `target`: a node `via` calls it, a trigger `via` hears of its events, or those of
    `target` wait until one of `source` has completed (`settings.after`).

    It is certain where it happens with each execution that ends well: no choice, `when`, loop or further condition is between.
    `place` is where the node stands in its definition; it is awaited where who calls waits for its end.
    """

    source: str
    target: str
    by: Literal["call", "event", "after"]
    via: str
    types: tuple[str, ...] = ()
    is_certain: bool = False
    place: str = ""
    is_awaited: bool = False


class Listening(NamedTuple):
    """An event trigger: its name, the workflow that it starts, its filter."""

    name: str
    workflow: str
    filter: str


class Cycle(NamedTuple):
    """Dependencies each of which begins where the one before ends, the first where the last ends.

    It is endless where each is certain, and an event is among them.
    """

    steps: tuple[Dependency, ...]

    @property
    def is_endless(self) -> bool:
        """Whether nothing ends it but the depth of triggers."""
        return all(one.is_certain for one in self.steps) and any(one.by == "event" for one in self.steps)

    def told(self) -> str:
        """It in words."""
        return self.steps[0].source + "".join(f" → {one.target} ({_how(one)})" for one in self.steps)


def _how(one: Dependency) -> str:
    match one.by:
        case "call":
            return f"called by node {one.via}"
        case "event":
            return f"trigger {one.via}"
        case "after":
            return f"`{one.via}`"


class Found(NamedTuple):
    """All workflows that are active, what leads from one to another, and the cycles."""

    workflows: list[str]
    dependencies: list[Dependency]
    cycles: list[Cycle]


def calls_of(definition: WorkflowDefinition) -> tuple[Dependency, ...]:
    """The sub-workflows that a valid definition calls by a name that is written out."""
    outline = outline_of(definition, {}, Findings(), strict_kinds=False)
    certain = {node.path for node in unguarded_calls(outline)}
    calls = [node for node in outline.nodes if node.definition.type == "sub_workflow" and node.config is not None]
    return tuple(
        Dependency(
            definition.name,
            config_of(node).workflow,
            "call",
            _ids(node),
            (),
            node.path in certain,
            node.path,
            config_of(node).mode == "wait",
        )
        for node in calls
        if "{{" not in config_of(node).workflow
    )


def afters_of(definition: WorkflowDefinition) -> tuple[Dependency, ...]:
    """The workflows of which one has to complete before an execution begins."""
    name = definition.name
    return tuple(
        Dependency(one.workflow, name, "after", "settings.after", ("execution.completed",), place=path)
        for path, one in afters_in(definition.settings)
    )


def waiting_in(calls: Iterable[Dependency], afters: Iterable[Dependency]) -> Iterator[Dependency]:
    """The same the way one waits: from who waits to whom it waits for. What calls another one without a condition waits for it, too."""
    yield from (one for one in calls if one.is_certain and one.is_awaited)
    yield from (one._replace(source=one.target, target=one.source, is_certain=True) for one in afters)


def _ids(node: OutlineNode) -> str:
    """A node by its id, after those of the nodes that it stands in."""
    around = node.body.owner
    return node.id if around is None else f"{_ids(around)}/{node.id}"


def heard_from(listening: Listening, workflows: Collection[str]) -> Iterator[Dependency]:
    """Whose events a trigger hears, among these workflows."""
    named = filter_of(listening.filter).texts
    others = _taken(listening, OTHER)
    for workflow in sorted(workflows):
        taken = _taken(listening, workflow) if workflow in named else others
        if taken:
            yield _event(workflow, listening, taken)


def told_of(listening: Listening) -> Iterator[Dependency]:
    """The same in short: by the workflows that the filter tells apart, and `ANY` for all others."""
    others = _taken(listening, OTHER)
    for name in sorted(filter_of(listening.filter).texts):
        taken = _taken(listening, name)
        if taken and taken != others:
            yield _event(name, listening, taken)
    if others:
        yield _event(ANY, listening, others)


def _taken(listening: Listening, workflow: str) -> dict[str, bool]:
    return types_taken(listening.filter, workflow)


def _event(workflow: str, listening: Listening, taken: Mapping[str, bool]) -> Dependency:
    is_certain = any(taken.get(type_, False) for type_ in ALWAYS)
    return Dependency(workflow, listening.workflow, "event", listening.name, tuple(taken), is_certain)


def cycles_in(dependencies: Iterable[Dependency]) -> list[Cycle]:
    """The shortest cycle through each dependency that is on any; the same one once, in the order of its workflows."""
    leaving = _leaving(dependencies)
    found: dict[frozenset[Dependency], Cycle] = {}
    for source in sorted(leaving):
        for one in leaving[source]:
            cycle = _cycle_through(one, leaving)
            if cycle is not None:
                found.setdefault(frozenset(cycle.steps), cycle)
                if len(found) == CYCLES_MAX:
                    return list(found.values())
    return list(found.values())


def endless_through(workflow: str, dependencies: Iterable[Dependency]) -> Cycle | None:
    """A cycle that would go on for ever, and that executions of a workflow come to; None where there is none."""
    leaving = _leaving(_around(workflow, [one for one in dependencies if one.is_certain]))
    for one in [one for found in leaving.values() for one in found if one.by == "event"]:
        cycle = _cycle_through(one, leaving)
        if cycle is not None and any(step.source == workflow for step in cycle.steps):
            return cycle
    return None


def waits_for_ever(workflow: str, waiting: Iterable[Dependency]) -> Cycle | None:
    """A cycle of executions that wait for each other, those of a workflow among them; None where there is none."""
    leaving = _leaving(_around(workflow, list(waiting)))
    for one in [one for found in leaving.values() for one in found if one.by == "after"]:
        cycle = _cycle_through(one, leaving)
        if cycle is not None and any(step.source == workflow for step in cycle.steps):
            return cycle
    return None


def _around(workflow: str, dependencies: list[Dependency]) -> list[Dependency]:
    """Those on ways that lead from a workflow back to it: of all that there are most often none."""
    after = _reached(workflow, _leaving(dependencies))
    before = _reached(workflow, _leaving(one._replace(source=one.target, target=one.source) for one in dependencies))
    around = after & before
    return [one for one in dependencies if one.source in around and one.target in around]


def _reached(workflow: str, leaving: Mapping[str, list[Dependency]]) -> set[str]:
    reached: set[str] = set()
    open_ones = [workflow]
    while open_ones:
        found = {one.target for one in leaving.get(open_ones.pop(), ())} - reached
        reached |= found
        open_ones.extend(found)
    return reached


def _leaving(dependencies: Iterable[Dependency]) -> dict[str, list[Dependency]]:
    found: dict[str, list[Dependency]] = {}
    for one in dependencies:
        found.setdefault(one.source, []).append(one)
    return found


def _cycle_through(first: Dependency, leaving: Mapping[str, list[Dependency]]) -> Cycle | None:
    """The shortest one that begins with a dependency."""
    came_by: dict[str, Dependency] = {}
    open_ones = deque([first.target])
    while open_ones:
        at = open_ones.popleft()
        if at == first.source:
            return Cycle((first, *reversed(list(_back(at, first.target, came_by)))))
        for one in leaving.get(at, ()):
            if one.target not in came_by and one.target != first.target:
                came_by[one.target] = one
                open_ones.append(one.target)
    return None


def _back(at: str, start: str, came_by: Mapping[str, Dependency]) -> Iterator[Dependency]:
    while at != start:
        yield (one := came_by[at])
        at = one.source
