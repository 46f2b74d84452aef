"""The closures of calls: arguments are held against the table of functions before the function is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.expressions.faults import Fault, Unreadable
from domain.expressions.maker import Frame, Maker, Run
from domain.expressions.patterns import is_found, pattern
from domain.expressions.signatures import FUNCTIONS, LAZY_METHODS, METHODS, SPACES, Signature
from domain.expressions.times import GETTERS, zone_of
from domain.expressions.tree import Call, Literal, Name, Node
from domain.expressions.values import Optional, kind_of, kinds_of


def call(maker: Maker, node: Call) -> Run:
    """A function, or a method."""
    signature, arguments = resolve(node, maker.is_variable)
    if signature is None:
        return _lazy(maker, node)
    if not signature.least <= len(arguments) <= signature.most:
        raise Unreadable(f"`{node.name}` does not take so many arguments", node.start, "argument_count", node, signature)
    _check_constants(node, signature, arguments)
    made = maker.make_all(arguments)
    kinds = signature.kinds_of(len(arguments))
    if len(made) == 1:
        return _one(signature, made[0], kinds[0])
    if signature.name == "matches" and isinstance(arguments[1], Literal) and type(arguments[1].value) is str:
        return _matching(made[0], arguments[1].value)
    if len(made) == 2:
        return _two(signature, made, kinds)
    return _many(signature, made, kinds)


def resolve(node: Call, is_variable: Callable[[str], bool]) -> tuple[Signature | None, tuple[Node, ...]]:
    """What is called, and with what, the owner of a method first; nothing for a method whose argument is only asked where it counts.

    Raises Unreadable where there is no such function.
    """
    owner = node.owner
    if owner is None:
        if node.name in FUNCTIONS:
            return FUNCTIONS[node.name], node.arguments
        raise Unreadable(f"unknown function `{node.name}`", node.start, "unknown_function", node, node.name)
    if isinstance(owner, Name) and owner.name in SPACES and not is_variable(owner.name):
        name = f"{owner.name}.{node.name}"
        if name in FUNCTIONS:
            return FUNCTIONS[name], node.arguments
        raise Unreadable(f"unknown function `{name}`", node.start, "unknown_function", node, name)
    if node.name in LAZY_METHODS and len(node.arguments) == 1:
        return None, (owner, *node.arguments)
    if node.name in METHODS:
        return METHODS[node.name], (owner, *node.arguments)
    raise Unreadable(f"unknown function `{node.name}`", node.start, "unknown_function", node, node.name)


def _check_constants(node: Call, signature: Signature, arguments: Sequence[Node]) -> None:
    """Patterns and time zones that are written out are looked at once, and not at each evaluation."""
    last = arguments[-1] if arguments else None
    if not isinstance(last, Literal) or type(last.value) is not str:
        return
    try:
        if signature.name == "matches":
            pattern(last.value)
        elif signature.name in GETTERS and len(arguments) == 2:
            zone_of(last.value)
    except Fault as fault:
        raise Unreadable("a constant that is none", node.start, fault.kind, node, *fault.values) from None


def _one(signature: Signature, run: Run, kinds: frozenset[type] | None) -> Run:
    do = signature.do
    if signature.name == "size":
        assert kinds is not None
        return _size(run, kinds)
    if kinds is None:
        return lambda frame: do(frame[1], run(frame))

    def ask(frame: Frame) -> Any:
        value = run(frame)
        if type(value) in kinds:
            return do(frame[1], value)
        raise Fault("arguments", kinds_of(value))

    return ask


def _size(run: Run, kinds: frozenset[type]) -> Run:
    def ask(frame: Frame) -> Any:
        value = run(frame)
        if type(value) in kinds:
            return len(value)
        raise Fault("arguments", kinds_of(value))

    return ask


def _matching(run: Run, source: str) -> Run:
    """A pattern that is written out is compiled once."""
    compiled = pattern(source)

    def ask(frame: Frame) -> bool:
        value = run(frame)
        if type(value) is str:
            return is_found(frame[1], value, source, compiled)
        raise Fault("arguments", kinds_of(value, source))

    return ask


def _two(signature: Signature, made: list[Run], kinds: tuple[frozenset[type] | None, ...]) -> Run:
    do, (left, right), (kinds_left, kinds_right) = signature.do, made, kinds

    def ask(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        if (kinds_left is None or type(one) in kinds_left) and (kinds_right is None or type(other) in kinds_right):
            return do(frame[1], one, other)
        raise Fault("arguments", kinds_of(one, other))

    return ask


def _many(signature: Signature, made: list[Run], kinds: tuple[frozenset[type] | None, ...]) -> Run:
    do = signature.do

    def ask(frame: Frame) -> Any:
        values = [run(frame) for run in made]
        for value, allowed in zip(values, kinds, strict=True):
            if allowed is not None and type(value) not in allowed:
                raise Fault("arguments", kinds_of(*values))
        return do(frame[1], *values)

    return ask


def _lazy(maker: Maker, node: Call) -> Run:
    """`a.or(b)`, `a.orValue(b)`: `b` is only asked where `a` is empty."""
    assert node.owner is not None
    owner, other = maker.make(node.owner), maker.make(node.arguments[0])
    is_value = node.name == "orValue"

    def ask(frame: Frame) -> Any:
        found = owner(frame)
        if type(found) is not Optional:
            raise Fault("arguments", (kind_of(found), "any"))
        if found.is_there:
            return found.value if is_value else found
        value = other(frame)
        if is_value or type(value) is Optional:
            return value
        raise Fault("arguments", ("optional", kind_of(value)))

    return ask
