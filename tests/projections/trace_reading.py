"""A trace as who reads it puts it together: answers joined, numbers made paths, states found by folding changes."""

from __future__ import annotations

from itertools import accumulate
from typing import Any


class TraceReading:
    """What is known of a trace; `take` adds an answer about what came behind."""

    def __init__(self) -> None:
        self.version = 0
        self.grown: dict[str, list[Any]] = {"names": [], "nodes": [], "edges": [], "exits": []}
        self.last_of: dict[int, tuple[int, int]] = {}
        """By name the parent and the number of the last place that has it."""
        self.paths: list[str] = []
        self.nodes: list[str] = []
        self.times: list[int] = []
        self.types: list[str] = []
        self.places: list[str] = []
        self.commands: list[str | None] = []
        self.changes: list[tuple[int, str, str, int, tuple[list[str], list[str]]]] = []
        """Version, path, state, attempt, and the edges that were taken and were not."""

    def take(self, answer: dict[str, Any]) -> None:
        """Add an answer that was asked for since the version of the one before."""
        assert answer["after"] == self.version
        self.version = answer["version"]
        for name, known in self.grown.items():
            assert answer["from"][name] == len(known)
            known += answer[name]
        self._take_places(answer)
        events, changes = answer["events"], answer["changes"]
        self.times += list(accumulate(events["time"], initial=answer["time"]))[1:]
        self.types += [answer["types"][code] for code in events["type"]]
        self.places += [self.paths[place] for place in accumulate(events["place"])]
        self.commands += [None if code < 0 else answer["commands"][code] for code in events["command"]]
        versions = list(accumulate(changes["version"], initial=answer["after"]))[1:]
        states = [answer["states"][code] for code in changes["state"]]
        where = [self.paths[place] for place in accumulate(changes["place"])]
        exits = [(self._edges(code, "taken"), self._edges(code, "untaken")) for code in changes["exit"]]
        self.changes += list(zip(versions, where, states, changes["attempt"], exits, strict=True))

    def _edges(self, code: int, which: str) -> list[str]:
        edges = [self.grown["edges"][edge] for edge in self.grown["exits"][code][which]]
        return [f"{edge['body']}:{edge['from']}.{edge['port']}->{edge['to']}" for edge in edges]

    def _take_places(self, answer: dict[str, Any]) -> None:
        places, names = answer["places"], self.grown["names"]
        assert answer["from"]["places"] == len(self.paths)
        columns = (places["parent"], places["name"], places["number"], places["node"])
        for parent_step, name, number_step, node in zip(*columns, strict=True):
            before = self.last_of.get(name, (0, 0))
            parent, number = self.last_of[name] = before[0] + parent_step, before[1] + number_step
            self.nodes.append("" if node < 0 else self.grown["nodes"][node]["path"])
            if not self.paths:
                self.paths.append("")
                continue
            around, said = self.paths[parent], names[name]
            if said == "[]":
                self.paths.append(f"{around}[{number}]")
            elif node < 0:
                self.paths.append(f"{around}.{said}" if around else said)
            else:
                run = f"{said}#{number}" if number else said
                self.paths.append(f"{around}/{run}" if around else run)

    def at(self, version: int) -> dict[str, tuple[str, int]]:
        """The state and the attempt of each place after an event."""
        return {path: (state, attempt) for at, path, state, attempt, _ in self.changes if at <= version}
