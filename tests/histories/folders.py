"""The folders of golden histories: the definition that each began by, and knows of those that it went by later."""

from __future__ import annotations

from pathlib import Path

from domain.definition.canonical import load_canonical
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph


def graph_in(folder: Path) -> Graph:
    """The definition that a history began by, under the hash that it names."""
    graphs: dict[str, Graph] = {}
    for number, file in enumerate(sorted(folder.glob("definition*.json")), 1):
        definition = load_canonical(file.read_bytes())
        name = f"hash of {definition.name}" + (f" {number}" if number > 1 else "")
        graphs[name] = compile_definition(definition, name, number, graphs.__getitem__)
    return next(iter(graphs.values()))
