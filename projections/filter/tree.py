"""Looking at the tree of a filter: which parts read the row, and what the others are worth."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from domain.expressions.compiler import FIRST_SLOT, Compiler
from domain.expressions.faults import Fault, Limit, Meter, Unreadable
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


def worth(node: Node, known: Mapping[str, Any]) -> Any:
    """The value of a part that reads no row. Raises Refusal where it has none."""
    compiler = Compiler(known)
    try:
        run = compiler.make(node)
        return run([known, Meter(), *[None] * (compiler.slots - FIRST_SLOT)])
    except Unreadable as unreadable:
        return refuse(node, "unreadable", unreadable.said)
    except Limit:
        return refuse(node, "limit", "costs more than an expression may")
    except Fault as fault:
        fault.node = fault.node or node
        raise Refusal(node, "fault", "has no value", "leave it out, or correct it", fault) from None
