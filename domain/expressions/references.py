"""What an expression reads, found in its tree: the roots, each with its path up to the first step that is not constant."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from domain.expressions.tokens import NAMES
from domain.expressions.tree import Bind, Has, Index, Literal, Macro, Name, Node, Select, children


class Reference(msgspec.Struct, frozen=True, gc=False):
    """What an expression reads: a root, and the path up to the first step that is not constant."""

    root: str
    path: tuple[str, ...]
    offset: int


def references_of(node: Node, names: Collection[str] = NAMES) -> tuple[Reference, ...]:
    """Every use of one of the names, in the order written; variables of macros are left out."""
    found: list[Reference] = []
    _collect(node, frozenset(), found, names)
    return tuple(found)


def _collect(node: Node, variables: frozenset[str], found: list[Reference], names: Collection[str]) -> None:
    kind = type(node)
    if kind is Literal:
        return
    if kind in _STEPS:
        _collect_chain(node, variables, found, names)
    elif isinstance(node, Macro):
        _collect(node.owner, variables, found, names)
        inner = variables | set(node.variables)
        if node.test is not None:
            _collect(node.test, inner, found, names)
        _collect(node.body, inner, found, names)
    elif isinstance(node, Bind):
        _collect(node.value, variables, found, names)
        _collect(node.body, variables | {node.variable}, found, names)
    else:
        for child in children(node):
            _collect(child, variables, found, names)


_STEPS: Final = frozenset((Name, Select, Index, Has))


def _collect_chain(node: Node, variables: frozenset[str], found: list[Reference], names: Collection[str]) -> None:
    """A row of steps: the path is what stands before the first step that is computed."""
    path: list[str] = []
    computed: list[Node] = []
    while isinstance(node, Select | Has | Index):
        if not isinstance(node, Index):
            path.append(node.name)
        elif isinstance(node.key, Literal) and isinstance(node.key.value, str):
            path.append(node.key.value)
        else:
            path.clear()
            computed.append(node.key)
        node = node.owner
    if not isinstance(node, Name):
        _collect(node, variables, found, names)
    elif node.name in names and (node.is_root or node.name not in variables):
        found.append(Reference(node.name, tuple(reversed(path)), node.start))
    for key in reversed(computed):
        _collect(key, variables, found, names)
