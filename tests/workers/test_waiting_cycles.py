"""Workflows that would wait for each other for ever are refused, where that can be seen; what waits for what is told."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from contracts.definitions import WorkflowDefinition
from domain.dependencies import Dependency, waiting_in, waits_for_ever
from tests.workers.harness import Bench
from workers.partition.resources import Resources
from workers.triggers.dependencies import Dependencies
from workers.triggers.directory import Directory

MERGE: dict[str, Any] = {"id": "n", "type": "merge"}


def workflow(name: str, *after: str, calls: str = "", **config: Any) -> dict[str, Any]:
    nodes = [{"id": "call", "type": "sub_workflow", "config": {"workflow": calls, **config}}] if calls else [MERGE]
    return {"name": name, "nodes": nodes, "settings": {"after": [{"workflow": one} for one in after]}}


def dependencies(bench: Bench) -> Dependencies:
    catalog = bench.engine.catalog
    return Dependencies(catalog, Directory(catalog, Resources(bench.log, bench.clock)))


@pytest.mark.parametrize(
    ("published", "new", "said"),
    [
        ([], workflow("a", "a"), "a → a (`settings.after`)"),
        ([workflow("a", "b")], workflow("b", "a"), "b → a (`settings.after`) → b (`settings.after`)"),
        (
            [workflow("a", "b"), workflow("b", "c")],
            workflow("c", "a"),
            "c → a (`settings.after`) → b (`settings.after`) → c (`settings.after`)",
        ),
        ([workflow("b", "a")], workflow("a", calls="b"), "b → a (`settings.after`) → b (called by node call)"),
    ],
)
def test_a_cycle_is_refused_where_it_is_closed(published: list[dict[str, Any]], new: dict[str, Any], said: str) -> None:
    bench = Bench()
    bench.publish(*published)
    (problem,) = dependencies(bench).waiting(WorkflowDefinition.model_validate(new))
    assert problem.message == f"executions of `{new['name']}` would wait for each other for ever: {said}"
    assert problem.rule == "endless"
    assert problem.path == ("nodes[0].config.workflow" if new["name"] == "a" and "call" in said else "settings.after.workflow")


@pytest.mark.parametrize(
    ("published", "new"),
    [
        ([workflow("a", "b")], workflow("b")),
        ([workflow("b", "a")], workflow("a", calls="b", mode="detached")),
        ([workflow("a", "b"), workflow("b", "c")], workflow("d", "a", "c")),
        ([workflow("a", "b"), workflow("b", "a")], workflow("c", "a")),
    ],
)
def test_what_ends_is_taken(published: list[dict[str, Any]], new: dict[str, Any]) -> None:
    bench = Bench()
    bench.publish(*published)
    assert dependencies(bench).waiting(WorkflowDefinition.model_validate(new)) == []


def test_among_a_great_many_that_wait_only_those_that_lead_back_are_looked_at() -> None:
    name = [f"w{number}" for number in range(20_000)]
    afters = [Dependency(one, then, "after", "settings.after") for one, then in pairwise(name)]
    assert waits_for_ever(name[-1], waiting_in([], afters)) is None, "one look at each: a search from each would take minutes"
    closing = Dependency(name[2], name[0], "after", "settings.after")
    cycle = waits_for_ever(name[1], waiting_in([], [*afters, closing]))
    assert cycle is not None
    assert {step.source for step in cycle.steps} == set(name[:3])


def test_they_are_told_with_those_that_lead_to_starts_and_so_are_their_cycles() -> None:
    bench = Bench()
    then = {"id": "then", "type": "event", "filter": "event.type == 'execution.completed' && event.workflow == 'report'"}
    bench.publish(workflow("report", "import"), {**workflow("import"), "triggers": [then]})
    found = dependencies(bench).all()
    assert [(one.source, one.target, one.by, one.via) for one in found.dependencies] == [
        ("import", "report", "after", "settings.after"),
        ("report", "import", "event", "import.then"),
    ]
    assert [(cycle.is_endless, len(cycle.steps)) for cycle in found.cycles] == [(False, 2)]
