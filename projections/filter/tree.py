"""Looking at the tree of a filter: which parts read the row, and what the others are worth."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from domain.expressions.compiler import FIRST_SLOT, Compiler
from domain.expressions.faults import Fault, Limit, Meter, Unreadable
from domain.expressions.maker import Run
from domain.expressions.tree import Bind, Macro, Name, Node, children
from projections.filter.refusal import Refusal, refuse


def reads_row(node: Node, names: Collection[str], hidden: frozenset[str] = frozenset()) -> bool:
    """Whether a part asks one of these names, variables of macros aside."""
    if isinstance(node, Name):
        return node.name in names and (node.is_root or node.name not in hidden)
    if isinstance(node, Macro):
        inner = hidden.union(node.variables)
        bodies = (node.body,) if node.test is None else (node.test, node.body)
        return reads_row(node.owner, names, hidden) or any(reads_row(body, names, inner) for body in bodies)
    if isinstance(node, Bind):
        return reads_row(node.value, names, hidden) or reads_row(node.body, names, hidden | {node.variable})
    return any(reads_row(child, names, hidden) for child in children(node))


class Constants:
    """What the parts of a filter are worth that read no row: each is made once, and all together cost no more than an expression may."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known
        self._meter = Meter()
        self._made: dict[Node, Run] = {}

    def worth(self, node: Node, variables: Mapping[str, Any]) -> Any:
        """The value of a part that sees these variables. Raises Refusal where it has none."""
        try:
            if node not in self._made:
                self._made[node] = self._make(node, variables)
            return self._made[node]([self._known, self._meter, *variables.values()])
        except Unreadable as unreadable:
            return refuse(node, "unreadable", unreadable.said)
        except Limit:
            return refuse(node, "limit", "costs more than an expression may, with the constants before it")
        except Fault as fault:
            fault.node = fault.node or node
            raise Refusal(node, "fault", "has no value", "leave it out, or correct it", fault) from None

    def _make(self, node: Node, variables: Mapping[str, Any]) -> Run:
        """A part whose first slots are the variables around it, in their order."""
        compiler = Compiler(self._known)
        _, (run,) = compiler.inside(tuple(variables), node)
        assert run is not None
        rest = [None] * (compiler.slots - FIRST_SLOT - len(variables))
        return lambda frame: run(frame + rest)
