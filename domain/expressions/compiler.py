"""The compiler: from the tree to Python closures over plain values.

A closure takes the frame, a list of the names, the meter, and a slot for each variable of a macro. What made it fast: a path is
one closure, a literal on the right is bound in, `try` costs nothing where nothing is raised, and what runs in a straight line
is not metered, since the length of the source bounds it. Only macros and what grows with data are charged.

The same tree is compiled once more with `wrap` where somebody asks what a part was worth, or which part failed (`trace.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeAlias

from domain.expressions import access, calls, macros, operators, paths
from domain.expressions.faults import Fault, Unreadable
from domain.expressions.maker import Frame, Run
from domain.expressions.numbers import whole
from domain.expressions.tokens import NAMES
from domain.expressions.tree import (
    Binary,
    Bind,
    Call,
    Chain,
    Choice,
    Has,
    Index,
    ListOf,
    Literal,
    Macro,
    MapOf,
    Name,
    Node,
    Part,
    Select,
    Unary,
)
from domain.expressions.values import TYPES, Optional, key_of, kind_of

Wrap: TypeAlias = Callable[[Node, Run], Run]

FIRST_SLOT: Final = 2
"""Before the slots of variables the frame holds the names and the meter."""
_ROOTS: Final = frozenset(NAMES)


class Compiler:
    """Compiles one tree. `slots` tells how long the frame must be."""

    def __init__(self, names: Collection[str] = _ROOTS, wrap: Wrap | None = None) -> None:
        self.names = names
        self.wrap = wrap
        self.slots = FIRST_SLOT
        self._scope: dict[str, int] = {}

    def make(self, node: Node) -> Run:
        """The closure of a part. Raises Unreadable for names and functions that are not there."""
        run = _MAKERS[type(node)](self, node)
        return run if self.wrap is None else self.wrap(node, run)

    def make_all(self, nodes: Sequence[Node]) -> list[Run]:
        """The closures of several parts."""
        return [self.make(node) for node in nodes]

    def inside(self, variables: Sequence[str], *nodes: Node | None) -> tuple[list[int], list[Run | None]]:
        """The slots of new variables, and the closures of parts that see them."""
        hidden = {name: self._scope.get(name) for name in variables}
        slots = [self.new_slot() for _ in variables]
        self._scope.update(zip(variables, slots, strict=True))
        made = [None if node is None else self.make(node) for node in nodes]
        for name, slot in hidden.items():
            if slot is None:
                del self._scope[name]
            else:
                self._scope[name] = slot
        return slots, made

    def new_slot(self) -> int:
        """A place in the frame that nothing else uses."""
        self.slots += 1
        return self.slots - 1

    def is_variable(self, name: str) -> bool:
        """Whether the name is a variable of a macro around."""
        return name in self._scope

    # Parts.

    def _literal(self, node: Literal) -> Run:
        value = node.value
        if type(value) is int:
            try:
                whole(value)
            except Fault:
                raise Unreadable("the number has too many digits", node.start) from None
        return lambda frame: value

    def _name(self, node: Name) -> Run:
        name = node.name
        if name in self._scope and not node.is_root:
            slot = self._scope[name]
            return lambda frame: frame[slot]
        if name in self.names:
            return paths.root(name)
        if name in TYPES:
            value = TYPES[name]
            return lambda frame: value
        raise Unreadable(f"unknown name `{name}`", node.start, "unknown_name", name)

    def _select(self, node: Select) -> Run:
        name = node.name
        if node.is_optional:
            owner = self.make(node.owner)
            return lambda frame: access.select_optional(owner(frame), name)
        if (constant := self._dotted(node)) is not None:
            return constant
        if self.wrap is not None:
            owner = self.make(node.owner)
            return lambda frame: access.select(owner(frame), name)
        return paths.path(self, node)

    def _dotted(self, node: Select) -> Run | None:
        """A name with dots in it: a type, or one of the names."""
        words, owner = [node.name], node.owner
        while isinstance(owner, Select) and not owner.is_optional:
            words.append(owner.name)
            owner = owner.owner
        if not isinstance(owner, Name) or owner.name in self.names or (owner.name in self._scope and not owner.is_root):
            return None
        name = ".".join(reversed([*words, owner.name]))
        if name in TYPES:
            value = TYPES[name]
            return lambda frame: value
        return paths.root(name) if name in self.names else None

    def _index(self, node: Index) -> Run:
        owner, key = self.make(node.owner), self.make(node.key)
        read = access.index_optional if node.is_optional else access.index
        return lambda frame: read(frame[1], owner(frame), key(frame))

    def _has(self, node: Has) -> Run:
        owner, name = self.make(node.owner), node.name
        return lambda frame: access.has(owner(frame), name)

    def _choice(self, node: Choice) -> Run:
        condition, yes, no = self.make_all((node.condition, node.yes, node.no))

        def choose(frame: Frame) -> Any:
            chosen = condition(frame)
            if chosen is True:
                return yes(frame)
            if chosen is False:
                return no(frame)
            raise Fault("truth", node.condition, kind_of(chosen))

        return choose

    def _list(self, node: ListOf) -> Run:
        if not any(is_optional for is_optional, _ in node.items):
            made = [self.make(item) for _, item in node.items]
            return lambda frame: [run(frame) for run in made]
        parts = [(is_optional, self.make(item)) for is_optional, item in node.items]

        def build(frame: Frame) -> list[Any]:
            found = []
            for is_optional, run in parts:
                value = run(frame)
                if not is_optional:
                    found.append(value)
                elif _optional(value).is_there:
                    found.append(value.value)
            return found

        return build

    def _map(self, node: MapOf) -> Run:
        parts = [(is_optional, self.make(key), self.make(value)) for is_optional, key, value in node.entries]

        def build(frame: Frame) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for is_optional, key_run, value_run in parts:
                key, value = key_run(frame), value_run(frame)
                if type(key) is not str:
                    key = _literal_key(key)
                if key in found:
                    raise Fault("repeated_key", key)
                if not is_optional:
                    found[key] = value
                elif _optional(value).is_there:
                    found[key] = value.value
            return found

        return build

    def _bind(self, node: Bind) -> Run:
        value = self.make(node.value)
        (slot,), (body,) = self.inside((node.variable,), node.body)
        assert body is not None
        run = body

        def bind(frame: Frame) -> Any:
            frame[slot] = value(frame)
            return run(frame)

        return bind


def _optional(value: Any) -> Optional:
    if type(value) is not Optional:
        raise Fault("not_optional_item", kind_of(value))
    return value


def _literal_key(key: Any) -> Any:
    if type(key) is float:
        raise Fault("key", "double")
    return key_of(key)


_MAKERS: Final[dict[type[Part], Callable[[Compiler, Any], Run]]] = {
    Literal: Compiler._literal,
    Name: Compiler._name,
    Select: Compiler._select,
    Index: Compiler._index,
    Has: Compiler._has,
    Choice: Compiler._choice,
    ListOf: Compiler._list,
    MapOf: Compiler._map,
    Bind: Compiler._bind,
    Unary: operators.unary,
    Binary: operators.binary,
    Chain: operators.chain,
    Call: calls.call,
    Macro: macros.macro,
}
