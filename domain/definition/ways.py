"""Ways: which nodes lead to which by forward edges. Sets of nodes are bits of one number, so that thousands cost little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.definition.outline import OutlineBody, OutlineEdge, OutlineNode


def ways_from(node: OutlineNode) -> Iterator[OutlineEdge]:
    """The edges forward to other nodes."""
    return (edge for edge in node.outgoing if not edge.is_back and edge.target is not node)


def reach(starts: Iterable[OutlineNode]) -> set[OutlineNode]:
    """The nodes that forward edges lead to from these, they included."""
    open_nodes = list(starts)
    seen = set(open_nodes)
    while open_nodes:
        for edge in ways_from(open_nodes.pop()):
            if edge.target not in seen:
                seen.add(edge.target)
                open_nodes.append(edge.target)
    return seen


class Ways:
    """All ways through a body whose forward edges form no cycle."""

    def __init__(self, body: OutlineBody) -> None:
        self._index = {node: index for index, node in enumerate(body.nodes)}
        order = _in_order(body)
        self._after = {node: 1 << index for node, index in self._index.items()}
        for node in reversed(order):
            for edge in ways_from(node):
                self._after[node] |= self._after[edge.target]
        self._before = {node: 1 << index for node, index in self._index.items()}
        for node in order:
            for edge in ways_from(node):
                self._before[edge.target] |= self._before[node]

    def between(self, first: OutlineNode, last: OutlineNode) -> int:
        """The nodes on the ways from one to the other, both included, as bits; 0 where there is no way."""
        return self._after[first] & self._before[last]


def _in_order(body: OutlineBody) -> list[OutlineNode]:
    waits = {node: sum(edge.source is not node for edge in node.incoming) for node in body.nodes}
    order = [node for node, count in waits.items() if not count]
    for node in order:
        for edge in ways_from(node):
            waits[edge.target] -= 1
            if not waits[edge.target]:
                order.append(edge.target)
    return order
