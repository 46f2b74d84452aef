"""What editors are told of kinds is what the kinds do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.models import PRESETS, check_model
from domain.definition.kind_description import activity_roles, control_roles, described_control, offered_kind
from domain.definition.kind_shape import KindShape
from domain.definition.validate import check
from domain.execution.evolve import evolve, initial
from domain.execution.kind import Kind, acting_kind
from domain.nodes import ACTIVITY, CONTROL_KINDS, KINDS
from tests.histories.folders import graph_in
from tests.histories.test_histories import FOLDERS, decisions_of
from workers.running.activities.http_request import HttpRequestConfig


def roles(kind: str) -> dict[str, tuple[str, ...]]:
    return {one.path: one.roles for one in control_roles(CONTROL_KINDS[kind])}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_node_that_was_just_put_there_has_nothing_wrong_in_itself(kind: Kind) -> None:
    node = {"id": "n", "type": kind.name, "config": described_control(kind)["begins_with"]}
    checked = check({"name": "w", "variables": {"x": 0}, "nodes": [node]}, {}, strict_kinds=False)
    others = {"no_nodes", "unknown_node", "no_loop"}
    assert [one for one in checked.problems if one.rule not in others] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_says_what_it_waits_for_just_where_it_waits(kind: Kind) -> None:
    assert (kind.wait_sort is not None) == (type(kind).waits_for is not Kind.waits_for)
    assert kind.category != KindShape.category
    assert kind.icon != KindShape.icon


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kind_waits_for_what_it_says(folder: Path) -> None:
    graph = graph_in(folder)
    decisions = decisions_of(folder)
    state = initial(decisions[0].execution)
    for decision in decisions:
        for event in decision.events:
            graph = evolve(graph, state, event, decision)
        for run in state.runs.values():
            kind = acting_kind(graph, run)
            wait = kind.waits_for(graph, state, run) if run.status == "active" and kind is not ACTIVITY else None
            assert wait is None or wait.sort == kind.wait_sort


def test_fields_have_roles_also_in_lists_and_maps_and_models_within() -> None:
    found = roles("for_each")
    assert (found["items"], found["body"], found["until"]) == (("items",), ("body",), ("expression",))
    assert roles("parallel") == {"branches.*": ("body",)}
    assert roles("try") == {"body": ("body",), "catch[].body": ("body",), "finally": ("body",)}
    assert roles("switch")["cases[].when"] == ("expression",)
    assert roles("switch")["cases[].port"] == roles("switch")["default"] == ("port",)
    assert roles("delay")["for"] == ("template", "duration")


def test_in_an_activity_all_takes_templates_but_what_names_a_credential() -> None:
    found = {one.path: one.roles for one in activity_roles(HttpRequestConfig)}
    assert found.pop("credential") == ("credential",)
    assert set(found.values()) == {("template",)}
    assert activity_roles(None) == []


def test_of_a_kind_that_workers_offer_nothing_else_is_known() -> None:
    found = offered_kind("fax")
    assert (found["kind"], found["category"], found["is_here"], found["config"], found["ports"]) == ("fax", "own", False, None, ("out",))


def test_ports_are_told_of_nodes_in_bodies_also_where_something_else_is_wrong() -> None:
    switch = {"id": "s", "type": "switch", "config": {"cases": [{"when": "true", "port": "a"}, {"when": "false", "port": "b"}]}}
    wait = {"id": "w", "type": "wait_signal", "config": {"name": "go"}}
    nodes: list[Any] = [
        {"id": "r", "type": "repeat", "config": {"times": 2, "body": {"nodes": [switch]}}},
        wait,
        {"id": "x", "type": "nope"},
    ]
    checked = check({"name": "w", "nodes": nodes}, {})
    assert checked.problems
    assert checked.ports == {"nodes[0].config.body.nodes[0]": ("a", "b"), "nodes[1]": ("received", "timeout")}


def test_a_kind_that_asks_models_can_begin_with_each_provider() -> None:
    presets = {one["name"]: one["config"] for one in described_control(CONTROL_KINDS["agent"])["presets"]}
    assert presets["Claude"] == {"model": PRESETS["Claude"], "input": "{{ data }}"}
    assert all(check_model(one["model"]) for one in presets.values())
    assert described_control(CONTROL_KINDS["condition"])["presets"] == []
