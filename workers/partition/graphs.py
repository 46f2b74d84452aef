"""Compiled definitions by hash: those that an execution in memory uses, and the last ones that were asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final
from weakref import WeakValueDictionary

from domain.definition.graph import Graph

NODES_KEPT_MAX: Final = 40_000
"""So many nodes are kept compiled that nobody may be using, about 150 MB; what is let go is compiled again when it is needed."""


class Graphs:
    """May be used from any thread."""

    def __init__(self, nodes_max: int = NODES_KEPT_MAX) -> None:
        self._nodes_max = nodes_max
        self._used: WeakValueDictionary[str, Graph] = WeakValueDictionary()
        self._recent: OrderedDict[str, Graph] = OrderedDict()
        self._nodes = 0
        self._lock = threading.Lock()

    def get(self, definition_hash: str) -> Graph | None:
        """The compiled definition, if it is still there."""
        return self._recent.get(definition_hash) or self._used.get(definition_hash)

    def __setitem__(self, definition_hash: str, graph: Graph) -> None:
        with self._lock:
            self._used[definition_hash] = graph
            if definition_hash not in self._recent:
                self._recent[definition_hash] = graph
                self._nodes += len(graph.nodes)
            while self._nodes > self._nodes_max and len(self._recent) > 1:
                _, oldest = self._recent.popitem(last=False)
                self._nodes -= len(oldest.nodes)
