"""Migrations: in some plans each workflow has another version, and executions are told to go on by it, and back."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from contracts import commands as c
from contracts.commands import Command
from domain.definition.graph import Graph
from domain.definition.validate import check
from domain.execution.history import Folded
from domain.execution.paths import node_in_definition
from simulation.chance import Chance
from workers.partition.catalog import Catalog

_LEADS_NOWHERE: Final = frozenset({"end", "fail", "break", "continue"})
_NAMES: Final = re.compile(r"\b([nm])(\d*[02468])\b")
"""Every other node is called otherwise: `n4` is `m4`."""


def other_version(seed: int, document: dict[str, Any]) -> dict[str, Any]:
    """With other tags; maybe without limits, with other names for nodes, or with a node more behind one of its own, or behind none."""
    chance = Chance(seed, f"other {document['name']}")
    behind = chance.one_of(None, None, *(node["id"] for node in document["nodes"] if node["type"] not in _LEADS_NOWHERE))
    same, draw = {**document, "tags": ["other"]}, chance.number(0, 99)
    if draw < 15:
        return {**same, "settings": {name: one for name, one in document["settings"].items() if name not in ("quota", "concurrency")}}
    if draw < 30:
        return same
    if draw < 60:
        return dict(json.loads(_otherwise(json.dumps(same))))
    edges = [] if behind is None else [{"from": behind, "to": "more"}]
    more = {**same, "nodes": [*document["nodes"], {"id": "more", "type": "work"}], "edges": [*document["edges"], *edges]}
    return same if check(more, {}, strict_kinds=False).problems else more


def change(folded: Folded | None, catalog: Catalog) -> Command | None:
    """Go on by the version that it does not go by; None where there is nobody, or no other one."""
    if folded is None:
        return None
    state = folded.state
    other = next((one for one in catalog.versions(state.workflow) if one.hash != state.definition), None)
    if other is None:
        return None
    return c.ChangeDefinition(other.version, other.hash, state.definition, _names(folded.graph, catalog.graph(other.hash)))


def revert(folded: Folded | None) -> Command | None:
    """Go back from where it is."""
    return None if folded is None else c.RevertDefinition(folded.state.definition)


def _names(graph: Graph, other: Graph) -> tuple[tuple[str, str], ...]:
    """What is called otherwise in the other one."""
    there = {node_in_definition(node) for node in other.nodes}
    places = (node_in_definition(node) for node in graph.nodes)
    named = ((place, _otherwise(place)) for place in places if place not in there)
    return tuple((old, new) for old, new in named if new in there and old.rpartition("/")[2] != new.rpartition("/")[2])


def _otherwise(text: str) -> str:
    return _NAMES.sub(lambda found: ("m" if found[1] == "n" else "n") + found[2], text)
