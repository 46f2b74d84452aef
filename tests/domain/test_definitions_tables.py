"""Every row of every table of the language, run from the outside; and nothing in the language that no row uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from contracts import commands as c
from contracts.definitions import (
    AI_EDGE_TYPES,
    Body,
    Compensation,
    EdgeDefinition,
    NodeDefinition,
    Retry,
    Settings,
    Timeouts,
    WorkflowDefinition,
)
from contracts.failure import ENGINE_ERROR_TYPES
from domain.definition.document import parse_document
from domain.nodes import CONTROL_KINDS
from tests.domain.spec import World, fails, signal, slow

TABLES: list[tuple[str, dict[str, Any]]] = [
    (f"{path.stem}: {case['row']}", case)
    for path in sorted((Path(__file__).parent / "definitions").glob("*.yaml"))
    for case in parse_document(path.read_text()).get("cases", ())
]
CASES = [case for _, case in TABLES]
CHILD = {"nodes": [{"id": "a", "type": "a"}]}
LATER = {"triggers", "quota", "models", "budget", "heal", "prompts", "connectors", "expose"}
"""Tests of triggers and quotas, `tests/ai`, `tests/domain/test_budget.py`, `tests/domain/heal`, `tests/connectors`, `tests/assistants`."""


@pytest.mark.parametrize("case", CASES, ids=[name for name, _ in TABLES])
def test_a_row_keeps_its_promise(case: dict[str, Any]) -> None:
    world = World(case["definition"], {"child": CHILD}, {kind: act_of(act) for kind, act in case.get("acts", {}).items()})
    for when, commands in case.get("at", {}).items():
        for command in commands:
            world.at(int(when), command_of(command), execution=command.get("cancel", "x"))
    world.start(case.get("given"))
    found = {name: getattr(world, name) for name in case["expect"]}
    assert found == case["expect"]
    assert world.status == case["expect"].get("status", "completed")


def act_of(act: dict[str, Any]) -> Any:
    if "fails" in act:
        return fails(act["fails"], act.get("times", 1_000))
    return slow(act.get("after", 0), act["gives"])


def command_of(command: dict[str, Any]) -> c.Command:
    return signal(command["signal"], command.get("payload")) if "signal" in command else c.CancelExecution()


# Coverage, read off the definitions themselves.


def objects(value: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a definition with the key it stands under."""
    if isinstance(value, dict):
        yield key, value
        for name, inner in value.items():
            yield from objects(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, key)


ALL = [item for case in CASES for item in objects(case["definition"], "definition")]
NODES = [value for key, value in ALL if key == "nodes"]
EDGES = [value for key, value in ALL if key == "edges"]


def fields(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def used(key: str) -> set[str]:
    return {name for found, value in ALL if found == key for name in value}


def test_each_kind_is_used() -> None:
    assert set(CONTROL_KINDS) <= {node["type"] for node in NODES}


@pytest.mark.parametrize("kind", CONTROL_KINDS.values(), ids=lambda kind: kind.name)
def test_each_field_of_a_kind_is_used(kind: Any) -> None:
    configs = [node.get("config", {}) for node in NODES if node["type"] == kind.name]
    assert fields(kind.Config) <= {name for config in configs for name in config}


@pytest.mark.parametrize("kind", CONTROL_KINDS.values(), ids=lambda kind: kind.name)
def test_an_edge_leaves_by_each_port_of_a_kind(kind: Any) -> None:
    of_kinds = [case["definition"] for name, case in TABLES if name.startswith("kinds")]
    ports: set[str] = set()
    left: set[str] = set()
    for definition in of_kinds:
        nodes = [node for node in definition["nodes"] if node["type"] == kind.name]
        ports.update(port for node in nodes for port in kind.ports(kind.Config.model_validate(node.get("config", {}))))
        ids = {node["id"] for node in nodes}
        left.update(
            edge["from"].partition(".")[2] or "out" for edge in definition.get("edges", ()) if edge["from"].partition(".")[0] in ids
        )
    assert ports <= left


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (Settings, "settings"),
        (Retry, "retry"),
        (Timeouts, "timeouts"),
        (Compensation, "compensate"),
        (NodeDefinition, "nodes"),
        (EdgeDefinition, "edges"),
        (WorkflowDefinition, "definition"),
        (Body, "definition"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_each_field_is_used(model: type[BaseModel], key: str) -> None:
    assert fields(model) - used(key) - LATER - ({"name"} if key == "definition" else set()) == set()


def test_each_type_of_edge_is_used() -> None:
    assert {"main", "error", *AI_EDGE_TYPES} <= {edge.get("type", "main") for edge in EDGES}


def test_each_error_type_of_the_engine_is_raised() -> None:
    assert set(ENGINE_ERROR_TYPES) <= {case["expect"].get("error") for case in CASES}


@pytest.mark.parametrize("operation", ["map", "filter", "sort", "group", "reduce", "merge", "split", "value"])
def test_each_operation_of_transform_has_a_test_of_its_own(operation: str) -> None:
    assert f"operation: {operation}" in (Path(__file__).parent / "nodes" / "test_transform.py").read_text()
