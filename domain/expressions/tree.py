"""The tree of an expression: what the parser makes and everything else walks. Each part knows where it stands in the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import msgspec


class Part(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A part of an expression: the characters from `start` to `end`."""

    start: int
    end: int


class Literal(Part, frozen=True, gc=False, eq=False):
    """A value that is written out."""

    value: Any


class Name(Part, frozen=True, gc=False, eq=False):
    """A root, a variable of a macro, or a type; `is_root` where a dot before it says that it is no variable."""

    name: str
    is_root: bool


class Select(Part, frozen=True, gc=False, eq=False):
    """`owner.name`; optional: `owner.?name`."""

    owner: Node
    name: str
    is_optional: bool


class Index(Part, frozen=True, gc=False, eq=False):
    """`owner[key]`; optional: `owner[?key]`."""

    owner: Node
    key: Node
    is_optional: bool


class Has(Part, frozen=True, gc=False, eq=False):
    """`has(owner.name)`."""

    owner: Node
    name: str


class Unary(Part, frozen=True, gc=False, eq=False):
    """`!x` or `-x`."""

    operator: str
    operand: Node


class Binary(Part, frozen=True, gc=False, eq=False):
    """Two operands and an operator that always asks both."""

    operator: str
    left: Node
    right: Node


class Chain(Part, frozen=True, gc=False, eq=False):
    """Operands joined by `&&`, or by `||`: one part for all of them."""

    operator: str
    operands: tuple[Node, ...]


class Choice(Part, frozen=True, gc=False, eq=False):
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node


class ListOf(Part, frozen=True, gc=False, eq=False):
    """A list that is written out; with each item, whether it is an optional that may be left out."""

    items: tuple[tuple[bool, Node], ...]


class MapOf(Part, frozen=True, gc=False, eq=False):
    """A map that is written out: whether the value is an optional that may be left out, the key, the value."""

    entries: tuple[tuple[bool, Node, Node], ...]


class Call(Part, frozen=True, gc=False, eq=False):
    """A function, or a method of `owner`."""

    name: str
    owner: Node | None
    arguments: tuple[Node, ...]


class Macro(Part, frozen=True, gc=False, eq=False):
    """A macro over the items of `owner`: its body is asked for each, and sees the variables."""

    name: str
    owner: Node
    variables: tuple[str, ...]
    test: Node | None
    body: Node


class Bind(Part, frozen=True, gc=False, eq=False):
    """`cel.bind(variable, value, body)`."""

    variable: str
    value: Node
    body: Node


Node: TypeAlias = Literal | Name | Select | Index | Has | Unary | Binary | Chain | Choice | ListOf | MapOf | Call | Macro | Bind


def children(node: Node) -> tuple[Node, ...]:
    """The parts directly below, in the order written."""
    return _CHILDREN[type(node)](node)


_CHILDREN: Final[dict[type[Part], Callable[[Any], tuple[Node, ...]]]] = {
    Literal: lambda node: (),
    Name: lambda node: (),
    Select: lambda node: (node.owner,),
    Has: lambda node: (node.owner,),
    Index: lambda node: (node.owner, node.key),
    Unary: lambda node: (node.operand,),
    Binary: lambda node: (node.left, node.right),
    Chain: lambda node: node.operands,
    Choice: lambda node: (node.condition, node.yes, node.no),
    ListOf: lambda node: tuple(item for _, item in node.items),
    MapOf: lambda node: tuple(part for _, key, value in node.entries for part in (key, value)),
    Call: lambda node: node.arguments if node.owner is None else (node.owner, *node.arguments),
    Macro: lambda node: (node.owner, node.body) if node.test is None else (node.owner, node.test, node.body),
    Bind: lambda node: (node.value, node.body),
}


def parts(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    open_nodes = [node]
    while open_nodes:
        one = open_nodes.pop()
        yield one
        open_nodes.extend(children(one))


def size(node: Node) -> int:
    """How many parts there are: what one run of it costs, loops in it aside."""
    return sum(1 for _ in parts(node))
