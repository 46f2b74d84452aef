"""Versions of a workflow that know each other, so that an execution may change over from one to another."""

from __future__ import annotations

from typing import Any

from contracts.commands import ChangeDefinition, RevertDefinition
from domain.definition.canonical import canonical, load_canonical, published
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph
from domain.definition.validate import publishable
from tests.domain.spec import World, document_of


class Versions:
    """They are counted from 1; the first one is that of executions that `tests.domain.spec.create` begins."""

    def __init__(self, *definitions: str | dict[str, Any]) -> None:
        self.graphs: dict[str, Graph] = {}
        for number, definition in enumerate(definitions, 1):
            found = publishable(document_of(definition), {}, strict_kinds=False)
            graph = compile_definition(load_canonical(canonical(published(found))), name_of(number), number, self.graphs.__getitem__)
            self.graphs[name_of(number)] = graph

    def __getitem__(self, number: int) -> Graph:
        return self.graphs[name_of(number)]

    def world(self, definition: str | dict[str, Any], *given: Any, **more: Any) -> World:
        """A world whose executions begin by the first one."""
        world = World(definition, *given, **more)
        world.graphs["w"] = self[1]
        return world


def name_of(number: int) -> str:
    return "hash of w" if number == 1 else f"hash of w {number}"


def to(number: int, before: int = 1, /, **names: str) -> ChangeDefinition:
    """Go on by a version; `names` are nodes that are called otherwise there."""
    return ChangeDefinition(number, name_of(number), name_of(before), tuple(names.items()))


def back_from(number: int) -> RevertDefinition:
    """Go back to where it came from."""
    return RevertDefinition(name_of(number))
