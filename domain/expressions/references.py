"""What an expression reads, found in its tree: the roots, each with its path up to the first step that is not constant."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain.expressions.tokens import NAMES
from domain.expressions.tree import Bind, Has, Index, Literal, Macro, Name, Node, Select, children


class Reference(msgspec.Struct, frozen=True, gc=False):
    """What an expression reads: a root, and the path up to the first step that is not constant."""

    root: str
    path: tuple[str, ...]
    offset: int


def references_of(node: Node) -> tuple[Reference, ...]:
    """Every use of a name in NAMES, in the order written; variables of macros are left out."""
    return tuple(_references(node, frozenset()))


def _references(node: Node, variables: frozenset[str]) -> Iterator[Reference]:
    if isinstance(node, Name | Select | Index | Has):
        yield from _chain(node, variables)
    elif isinstance(node, Macro):
        yield from _references(node.owner, variables)
        inner = variables | set(node.variables)
        if node.test is not None:
            yield from _references(node.test, inner)
        yield from _references(node.body, inner)
    elif isinstance(node, Bind):
        yield from _references(node.value, variables)
        yield from _references(node.body, variables | {node.variable})
    else:
        for child in children(node):
            yield from _references(child, variables)


def _chain(node: Node, variables: frozenset[str]) -> Iterator[Reference]:
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
    if isinstance(node, Name) and node.name in NAMES and (node.is_root or node.name not in variables):
        yield Reference(node.name, tuple(reversed(path)), node.start)
    elif not isinstance(node, Name):
        yield from _references(node, variables)
    for key in reversed(computed):
        yield from _references(key, variables)
