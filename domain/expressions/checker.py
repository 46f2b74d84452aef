"""The checker: what can only fail is found before anything is evaluated, and names that are doubtful.

It never refuses what the evaluator takes. So it only tells of parts that every evaluation asks, and whose fault nothing absorbs:
not of the operands of `&&` and `||`, the branches of a choice, the bodies of macros. What is not known may be anything.
A field that a schema does not name, where it allows others, is only doubtful, wherever it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from domain.expressions.calls import resolve
from domain.expressions.faults import Fault
from domain.expressions.shapes import ANYTHING, OF_KIND, Kinds, Shape, Shapes
from domain.expressions.signatures import ANY, types_of
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
from domain.expressions.values import KINDS, kind_of

_BOOL: Final = OF_KIND["bool"]
_LIST: Final = OF_KIND["list"]
_MAP: Final = OF_KIND["map"]
_OPTIONAL: Final = OF_KIND["optional"]
_NUMBERS: Final = ("int", "uint", "double")
_PAIRS: Final = tuple(
    (one, other, "double" if "double" in (one, other) else one if one == other else "int") for one in _NUMBERS for other in _NUMBERS
)
_TIMES: Final = (("timestamp", "duration", "timestamp"), ("duration", "duration", "duration"))
_JOINED: Final = tuple((kind, kind, kind) for kind in ("string", "bytes", "list", "map"))
_ORDERS: Final = (
    *((one, other, "bool") for one, other, _ in _PAIRS),
    *((kind, kind, "bool") for kind in ("string", "bytes", "bool", "timestamp", "duration")),
)
_OPERATORS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "+": (*_PAIRS, *_JOINED, *_TIMES, ("duration", "timestamp", "timestamp")),
    "-": (*_PAIRS, *_TIMES, ("timestamp", "timestamp", "duration")),
    "*": _PAIRS,
    "/": _PAIRS,
    "%": tuple(pair for pair in _PAIRS if "double" not in pair),
    "<": _ORDERS,
    "<=": _ORDERS,
    ">": _ORDERS,
    ">=": _ORDERS,
}
"""Of each operator the kinds on the left and on the right that it takes, and what it then gives."""
_OF_MACROS: Final = {"all": _BOOL, "exists": _BOOL, "exists_one": _BOOL, "optMap": _OPTIONAL, "optFlatMap": _OPTIONAL} | dict.fromkeys(
    ("transformMap", "transformMapEntry"), _MAP
)


class Doubt(NamedTuple):
    """A field that is read and that its schema does not name, though there may be one: the part, the field, those that are named."""

    node: Node
    name: str
    names: tuple[str, ...]


class Findings(NamedTuple):
    """What the checker has found: the first fault that every evaluation would have, and all doubts."""

    fault: Fault | None
    doubts: list[Doubt]


def check(node: Node, shapes: Shapes) -> Findings:
    """Look at an expression, with what is known of the roots."""
    checker = _Checker(shapes)
    checker.shape(node, True)
    return Findings(checker.fault, checker.doubts)


class _Checker:
    """Walks one tree. `fault` is the first that is certain."""

    def __init__(self, shapes: Shapes) -> None:
        self.fault: Fault | None = None
        self.doubts: list[Doubt] = []
        self._shapes = shapes
        self._scope: dict[str, Shape] = {}

    def shape(self, node: Node, is_certain: bool) -> Shape:
        """What is known of a part; `is_certain` where every evaluation asks it and nothing absorbs its fault."""
        return _RULES[type(node)](self, node, is_certain)

    def kinds(self, node: Node, is_certain: bool) -> Kinds:
        """The kinds that a part may have."""
        return _RULES[type(node)](self, node, is_certain).kinds

    def tell(self, node: Node, is_certain: bool, kind: str, *values: Any) -> None:
        """A fault at a part, where it is certain."""
        if is_certain and self.fault is None:
            self.fault = Fault(kind, *values)
            self.fault.node = node

    def _expect(self, node: Node, is_certain: bool, found: Kinds, wanted: Iterable[str], kind: str, *values: Any) -> None:
        """Tells where none of the kinds is among those that are taken."""
        if found is not None and found.isdisjoint(wanted):
            self.tell(node, is_certain, kind, *values)

    def _inside(self, variables: Iterable[tuple[str, Shape]], node: Node | None, is_certain: bool) -> Shape:
        before = dict(self._scope)
        self._scope.update(variables)
        found = ANYTHING if node is None else self.shape(node, is_certain)
        self._scope = before
        return found

    def _read(self, node: Node, owner: Shape, name: str, is_certain: bool) -> Shape:
        """The value of a key that is read and must be there."""
        if owner.kinds is None or "map" in owner.kinds:
            if owner.lacks(name) and owner.kinds == _MAP.kinds:
                self.tell(node, is_certain, "no_key", dict.fromkeys(owner.names), name)
            elif owner.names and name not in owner.names:
                self.doubts.append(Doubt(node, name, owner.names))
        return _OPTIONAL if owner.kinds == _OPTIONAL.kinds else owner.field(name)

    # Parts.

    def _literal(self, node: Literal, is_certain: bool) -> Shape:
        return OF_KIND[kind_of(node.value)]

    def _name(self, node: Name, is_certain: bool) -> Shape:
        if not node.is_root and node.name in self._scope:
            return self._scope[node.name]
        return self._shapes.get(node.name, ANYTHING)

    def _select(self, node: Select, is_certain: bool) -> Shape:
        owner = self.shape(node.owner, is_certain)
        if node.is_optional:
            self._expect(node, is_certain, owner.kinds, ("map", "null", "optional"), "not_optional", _one(owner.kinds))
            return _OPTIONAL
        self._expect(node, is_certain, owner.kinds, ("map", "optional"), "no_fields", _one(owner.kinds), node.name)
        return self._read(node, owner, node.name, is_certain)

    def _index(self, node: Index, is_certain: bool) -> Shape:
        owner, key = self.shape(node.owner, is_certain), self.kinds(node.key, is_certain)
        if node.is_optional:
            self._expect(node, is_certain, owner.kinds, ("list", "map", "null", "optional"), "not_optional", _one(owner.kinds))
            return _OPTIONAL
        self._expect(node, is_certain, owner.kinds, ("list", "map", "optional"), "not_indexed", _one(owner.kinds))
        if isinstance(node.key, Literal) and isinstance(node.key.value, str):
            return self._read(node, owner, node.key.value, is_certain)
        if owner.kinds == _LIST.kinds:
            self._expect(node, is_certain, key, _NUMBERS, "position", _one(key))
            return owner.item()
        return _OPTIONAL if owner.kinds == _OPTIONAL.kinds else ANYTHING

    def _has(self, node: Has, is_certain: bool) -> Shape:
        owner = self.kinds(node.owner, is_certain)
        self._expect(node, is_certain, owner, ("map", "null", "optional"), "no_fields", _one(owner), node.name)
        return _BOOL

    def _unary(self, node: Unary, is_certain: bool) -> Shape:
        operand = self.kinds(node.operand, is_certain)
        if node.operator == "!":
            self._expect(node, is_certain, operand, ("bool",), "truth", node.operand, _one(operand))
            return _BOOL
        self._expect(node, is_certain, operand, ("int", "double"), "operands", "-", (_one(operand),))
        return ANYTHING if operand is None else _of(operand & {"int", "double"})

    def _binary(self, node: Binary, is_certain: bool) -> Shape:
        left, right = self.kinds(node.left, is_certain), self.kinds(node.right, is_certain)
        if node.operator == "in":
            self._expect(node, is_certain, right, ("list", "map"), "in", _one(right))
        if node.operator not in _OPERATORS:
            return _BOOL
        fitting = [
            gives for one, other, gives in _OPERATORS[node.operator] if (left is None or one in left) and (right is None or other in right)
        ]
        if not fitting:
            self.tell(node, is_certain, "operands", node.operator, (_one(left), _one(right)))
        return _of(frozenset(fitting))

    def _chain(self, node: Chain, is_certain: bool) -> Shape:
        for operand in node.operands:
            self.kinds(operand, False)
        return _BOOL

    def _choice(self, node: Choice, is_certain: bool) -> Shape:
        condition = self.kinds(node.condition, is_certain)
        self._expect(node, is_certain, condition, ("bool",), "truth", node.condition, _one(condition))
        yes, no = self.shape(node.yes, False), self.shape(node.no, False)
        if yes is no:
            return yes
        return ANYTHING if yes.kinds is None or no.kinds is None else _of(yes.kinds | no.kinds)

    def _list(self, node: ListOf, is_certain: bool) -> Shape:
        for is_optional, item in node.items:
            found = self.kinds(item, is_certain)
            if is_optional:
                self._expect(node, is_certain, found, ("optional",), "not_optional_item", _one(found))
        return _LIST

    def _map(self, node: MapOf, is_certain: bool) -> Shape:
        for is_optional, key, value in node.entries:
            found = self.kinds(key, is_certain)
            self._expect(node, is_certain, found, ("string", "int", "uint", "bool"), "key", _one(found))
            found = self.kinds(value, is_certain)
            if is_optional:
                self._expect(node, is_certain, found, ("optional",), "not_optional_item", _one(found))
        return _MAP

    def _call(self, node: Call, is_certain: bool) -> Shape:
        signature, arguments = resolve(node, self._scope.__contains__)
        if signature is None:
            owner = self.kinds(arguments[0], is_certain)
            self._expect(node, is_certain, owner, ("optional",), "arguments", (_one(owner), ANY))
            self.kinds(arguments[1], False)
            return _OPTIONAL if node.name == "or" else ANYTHING
        found = [self.kinds(argument, is_certain) for argument in arguments]
        for kinds, allowed in zip(found, signature.kinds_of(len(found)), strict=False):
            if allowed is not None and kinds is not None and kinds.isdisjoint(KINDS[kind] for kind in allowed):
                self.tell(node, is_certain, "arguments", tuple(map(_one, found)))
        gives = types_of(signature.gives)
        return ANYTHING if gives is None else _of(frozenset(KINDS[kind] for kind in gives))

    def _macro(self, node: Macro, is_certain: bool) -> Shape:
        owner = self.shape(node.owner, is_certain)
        walked = ("optional",) if node.name.startswith("opt") else ("list", "map")
        self._expect(node, is_certain, owner.kinds, walked, "walked", node.name, _one(owner.kinds))
        variables = [(name, ANYTHING) for name in node.variables]
        if owner.kinds == _LIST.kinds:
            variables[-1] = (node.variables[-1], owner.item())
        self._inside(variables, node.test, False)
        self._inside(variables, node.body, False)
        if node.name in ("filter", "sortBy") and owner.kinds == _LIST.kinds:
            return owner
        return _OF_MACROS.get(node.name, _LIST)

    def _bind(self, node: Bind, is_certain: bool) -> Shape:
        return self._inside([(node.variable, self.shape(node.value, is_certain))], node.body, is_certain)


def _of(kinds: frozenset[str]) -> Shape:
    """A shape of which only the kinds are known."""
    return OF_KIND[min(kinds)] if len(kinds) == 1 else Shape(kinds or None)


def _one(kinds: Kinds) -> str:
    """A word for kinds in a message."""
    return min(kinds) if kinds else ANY


_RULES: Final[dict[type[Part], Callable[[_Checker, Any, bool], Shape]]] = {
    Literal: _Checker._literal,
    Name: _Checker._name,
    Select: _Checker._select,
    Index: _Checker._index,
    Has: _Checker._has,
    Unary: _Checker._unary,
    Binary: _Checker._binary,
    Chain: _Checker._chain,
    Choice: _Checker._choice,
    ListOf: _Checker._list,
    MapOf: _Checker._map,
    Call: _Checker._call,
    Macro: _Checker._macro,
    Bind: _Checker._bind,
}
