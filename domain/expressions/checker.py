"""The checker: what can only fail is found before anything is evaluated.

It never refuses what the evaluator takes. So it only tells of parts that every evaluation asks, and whose fault nothing absorbs:
not of the operands of `&&` and `||`, the branches of a choice, the bodies of macros. A kind that is not known is any kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from domain.expressions.calls import resolve
from domain.expressions.faults import Fault
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

Kinds: TypeAlias = frozenset[str] | None
"""The kinds that a part may have; None where any may be."""

_BOOL: Final = frozenset(("bool",))
_LIST: Final = frozenset(("list",))
_MAP: Final = frozenset(("map",))
_OPTIONAL: Final = frozenset(("optional",))
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


def check(node: Node) -> Fault | None:
    """The first fault that every evaluation would have; none where one may succeed."""
    checker = _Checker()
    checker.kinds(node, True)
    return checker.fault


class _Checker:
    """Walks one tree. `fault` is the first that is certain."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self._scope: dict[str, Kinds] = {}

    def kinds(self, node: Node, is_certain: bool) -> Kinds:
        """The kinds that a part may have; `is_certain` where every evaluation asks it and nothing absorbs its fault."""
        return _RULES[type(node)](self, node, is_certain)

    def tell(self, node: Node, is_certain: bool, kind: str, *values: Any) -> None:
        if is_certain and self.fault is None:
            self.fault = Fault(kind, *values)
            self.fault.node = node

    def _expect(self, node: Node, is_certain: bool, found: Kinds, wanted: Iterable[str], kind: str, *values: Any) -> None:
        """Tells where none of the kinds is among those that are taken."""
        if found is not None and found.isdisjoint(wanted):
            self.tell(node, is_certain, kind, *values)

    def _inside(self, variables: Iterable[tuple[str, Kinds]], node: Node | None, is_certain: bool) -> Kinds:
        before = dict(self._scope)
        self._scope.update(variables)
        found = None if node is None else self.kinds(node, is_certain)
        self._scope = before
        return found

    # Parts.

    def _literal(self, node: Literal, is_certain: bool) -> Kinds:
        return frozenset((kind_of(node.value),))

    def _name(self, node: Name, is_certain: bool) -> Kinds:
        return None if node.is_root else self._scope.get(node.name)

    def _select(self, node: Select, is_certain: bool) -> Kinds:
        owner = self.kinds(node.owner, is_certain)
        if node.is_optional:
            self._expect(node, is_certain, owner, ("map", "null", "optional"), "not_optional", _one(owner))
            return _OPTIONAL
        self._expect(node, is_certain, owner, ("map", "optional"), "no_fields", _one(owner), node.name)
        return owner if owner == _OPTIONAL else None

    def _index(self, node: Index, is_certain: bool) -> Kinds:
        owner, key = self.kinds(node.owner, is_certain), self.kinds(node.key, is_certain)
        if node.is_optional:
            self._expect(node, is_certain, owner, ("list", "map", "null", "optional"), "not_optional", _one(owner))
            return _OPTIONAL
        self._expect(node, is_certain, owner, ("list", "map", "optional"), "not_indexed", _one(owner))
        if owner == _LIST:
            self._expect(node, is_certain, key, _NUMBERS, "position", _one(key))
        return owner if owner == _OPTIONAL else None

    def _has(self, node: Has, is_certain: bool) -> Kinds:
        owner = self.kinds(node.owner, is_certain)
        self._expect(node, is_certain, owner, ("map", "null", "optional"), "no_fields", _one(owner), node.name)
        return _BOOL

    def _unary(self, node: Unary, is_certain: bool) -> Kinds:
        operand = self.kinds(node.operand, is_certain)
        if node.operator == "!":
            self._expect(node, is_certain, operand, _BOOL, "truth", node.operand, _one(operand))
            return _BOOL
        self._expect(node, is_certain, operand, ("int", "double"), "operands", "-", (_one(operand),))
        return None if operand is None else operand & {"int", "double"}

    def _binary(self, node: Binary, is_certain: bool) -> Kinds:
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
        return frozenset(fitting) or None

    def _chain(self, node: Chain, is_certain: bool) -> Kinds:
        for operand in node.operands:
            self.kinds(operand, False)
        return _BOOL

    def _choice(self, node: Choice, is_certain: bool) -> Kinds:
        condition = self.kinds(node.condition, is_certain)
        self._expect(node, is_certain, condition, _BOOL, "truth", node.condition, _one(condition))
        yes, no = self.kinds(node.yes, False), self.kinds(node.no, False)
        return None if yes is None or no is None else yes | no

    def _list(self, node: ListOf, is_certain: bool) -> Kinds:
        for is_optional, item in node.items:
            found = self.kinds(item, is_certain)
            if is_optional:
                self._expect(node, is_certain, found, _OPTIONAL, "not_optional_item", _one(found))
        return _LIST

    def _map(self, node: MapOf, is_certain: bool) -> Kinds:
        for is_optional, key, value in node.entries:
            found = self.kinds(key, is_certain)
            self._expect(node, is_certain, found, ("string", "int", "uint", "bool"), "key", _one(found))
            found = self.kinds(value, is_certain)
            if is_optional:
                self._expect(node, is_certain, found, _OPTIONAL, "not_optional_item", _one(found))
        return _MAP

    def _call(self, node: Call, is_certain: bool) -> Kinds:
        signature, arguments = resolve(node, self._scope.__contains__)
        if signature is None:
            owner = self.kinds(arguments[0], is_certain)
            self._expect(node, is_certain, owner, _OPTIONAL, "arguments", (_one(owner), ANY))
            self.kinds(arguments[1], False)
            return _OPTIONAL if node.name == "or" else None
        found = [self.kinds(argument, is_certain) for argument in arguments]
        for kinds, allowed in zip(found, signature.kinds_of(len(found)), strict=False):
            if allowed is not None and kinds is not None and kinds.isdisjoint(KINDS[kind] for kind in allowed):
                self.tell(node, is_certain, "arguments", tuple(map(_one, found)))
        gives = types_of(signature.gives)
        return None if gives is None else frozenset(KINDS[kind] for kind in gives)

    def _macro(self, node: Macro, is_certain: bool) -> Kinds:
        owner = self.kinds(node.owner, is_certain)
        walked = ("optional",) if node.name.startswith("opt") else ("list", "map")
        self._expect(node, is_certain, owner, walked, "walked", node.name, _one(owner))
        unknown = [(name, None) for name in node.variables]
        self._inside(unknown, node.test, False)
        self._inside(unknown, node.body, False)
        return _OF_MACROS.get(node.name, _LIST)

    def _bind(self, node: Bind, is_certain: bool) -> Kinds:
        return self._inside([(node.variable, self.kinds(node.value, is_certain))], node.body, is_certain)


def _one(kinds: Kinds) -> str:
    """A word for kinds in a message."""
    return min(kinds) if kinds else ANY


_RULES: Final[dict[type[Part], Callable[[_Checker, Any, bool], Kinds]]] = {
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
