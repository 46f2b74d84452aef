"""Coverage: which nodes, edges, ports and error edges of a workflow the cases of a suite have taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from contracts import events as e
from domain.definition.graph import ERROR_PORT, Edge, Graph, Node
from domain.execution.paths import UNDO_SUFFIX, plain_path
from domain.execution.plan_check import paths_of
from domain.testing.found import RUNS, Happened

OUT: Final = ("out",)


class Part(NamedTuple):
    """How much of one sort there is, and what of it was not taken."""

    sort: str
    there: int
    missing: tuple[str, ...]

    @property
    def taken(self) -> int:
        """How many were taken."""
        return self.there - len(self.missing)


class Coverage(NamedTuple):
    """What of a workflow was taken: nodes, edges, cases (the ports of nodes that have several) and error edges."""

    workflow: str
    parts: tuple[Part, ...]


class Taken:
    """Collects what cases take, of all workflows. What processes found apart can be put together."""

    def __init__(self, seen: Iterable[str] = ()) -> None:
        self.seen = set(seen)

    def take(self, happened: Iterable[Happened]) -> None:
        """Note what was taken in a case."""
        for one in happened:
            paths = paths_of_graph(one.graph)
            for event in one.decision.events:
                if isinstance(event, RUNS):
                    self.seen.add(_key(one.graph, "node", plain_path(event.path)))
                for edge in _edges(paths, event):
                    self.seen.add(_key(one.graph, _sort(edge), *_ends(plain_path(event.path), edge)))  # type: ignore[union-attr]  # has a path
                if isinstance(event, e.NodeCompleted):
                    for port in event.ports or OUT:
                        self.seen.add(_key(one.graph, "case", plain_path(event.path), port))

    def of(self, graph: Graph) -> Coverage:
        """What of a workflow was taken."""
        there = places_of(graph)
        parts = (Part(sort, len(all_), tuple(name for name, key in all_ if key not in self.seen)) for sort, all_ in there.items())
        return Coverage(graph.name, tuple(parts))


def places_of(graph: Graph) -> dict[str, list[tuple[str, str]]]:
    """What there is to be taken of a workflow, by its sort: what it is called, and under which key it is noted."""
    there: dict[str, list[tuple[str, str]]] = {"nodes": [], "edges": [], "cases": [], "error edges": []}
    for path, node in paths_of(graph).items():
        if node.is_asked and not node.body.is_hidden:  # what runs is its copy in the calls of whoever asks
            continue
        there["nodes"].append((path, _key(graph, "node", path)))
        if path.endswith(UNDO_SUFFIX):
            continue
        if len(node.ports) > 1:
            there["cases"] += [(f"{path}.{port}", _key(graph, "case", path, port)) for port in node.ports]
        for edge in node.outgoing:
            sort = "error edges" if edge.port == ERROR_PORT else "edges"
            there[sort].append((_words(path, edge), _key(graph, _sort(edge), *_ends(path, edge))))
    return there


def paths_of_graph(graph: Graph) -> dict[str, Node]:
    """The nodes of a graph by their plain paths."""
    return _Paths.of(graph)


class _Paths:
    """The paths of the last graph that was asked for: decisions of one follow each other."""

    _graph: Graph | None = None
    _paths: dict[str, Node] = {}  # noqa: RUF012

    @classmethod
    def of(cls, graph: Graph) -> dict[str, Node]:
        if cls._graph is not graph:
            cls._graph, cls._paths = graph, paths_of(graph)
        return cls._paths


def _key(graph: Graph, *parts: str) -> str:
    return "\t".join((graph.name, *parts))


def _sort(edge: Edge) -> str:
    return "error" if edge.port == ERROR_PORT else "edge"


def _ends(path: str, edge: Edge) -> tuple[str, str, str]:
    return path, edge.port, f"{edge.target.id} {edge.number}"


def _words(path: str, edge: Edge) -> str:
    port = "" if edge.port == "out" else f".{edge.port}"
    return f"{path}{port} -> {edge.target.id}"


def _edges(paths: dict[str, Node], event: e.Event) -> Iterator[Edge]:
    """The edges that an event takes."""
    if isinstance(event, e.NodeCompleted):
        ports, untaken = event.ports or OUT, event.untaken
    elif isinstance(event, e.NodeFailed) and event.edge:
        ports, untaken = (ERROR_PORT,), event.untaken
    elif isinstance(event, e.NodesReset):
        return
    else:
        return
    node = paths.get(plain_path(event.path))
    if node is not None:
        yield from (edge for edge in node.outgoing if edge.port in ports and edge.number not in untaken)
