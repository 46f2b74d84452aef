"""Values of expressions: those of JSON as Python has them, and the few kinds that JSON lacks; their equality and order.

Kinds are told by `type(x)` and never by `isinstance`: a bool is no int, a uint is one only where a rule says so. There is no
NaN and no infinity among the values. Nothing here recurses, and what walks a value charges the meter as it goes.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from domain.expressions.faults import Fault, Meter

UINT_MAX: Final = 2**64 - 1
COMPARED_CHARS: Final = 1_024
"""Texts from this length on are charged for when they are compared."""
HASHED_MAX: Final = 2**61 - 1
"""Python hashes all multiples of it to one place."""
_HASHED_MIN: Final = -HASHED_MAX
NS: Final = 1_000_000_000
_TIME_MIN: Final = -62_135_596_800 * NS
_TIME_MAX: Final = 253_402_300_800 * NS


class UInt(int):
    """An int that is not negative, and that CEL keeps apart; it leaves an expression as an int."""

    __slots__ = ()


class Moment:
    """A timestamp: nanoseconds since 1970 UTC, from year 1 to year 9999."""

    __slots__ = ("ns",)

    def __init__(self, ns: int) -> None:
        if not _TIME_MIN <= ns < _TIME_MAX:
            raise Fault("range", "timestamp")
        self.ns = ns

    def __eq__(self, other: object) -> bool:
        return type(other) is Moment and other.ns == self.ns

    def __hash__(self) -> int:
        return hash(self.ns)


class Span:
    """A duration: nanoseconds, of 64 bits."""

    __slots__ = ("ns",)

    def __init__(self, ns: int) -> None:
        if not -(2**63) <= ns < 2**63:
            raise Fault("range", "duration")
        self.ns = ns

    def __eq__(self, other: object) -> bool:
        return type(other) is Span and other.ns == self.ns

    def __hash__(self) -> int:
        return hash(self.ns)


class Optional:
    """A value that may be missing."""

    __slots__ = ("is_there", "value")

    def __init__(self, value: Any = None, is_there: bool = True) -> None:
        self.value = value
        self.is_there = is_there


NONE: Final = Optional(None, False)


class Type:
    """The type of a value, as a value; types are compared by their names."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return type(other) is Type and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


class BoolKey:
    """A bool as the key of a map, since Python's `True` would be its 1."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value


_TRUE: Final = BoolKey(True)
_FALSE: Final = BoolKey(False)


class LongKey(NamedTuple):
    """An int from `HASHED_MAX` on as the key of a map, hashed with its text."""

    text: str
    value: int


KINDS: Final[dict[type, str]] = {
    int: "int", UInt: "uint", float: "double", str: "string", bool: "bool", type(None): "null", list: "list", dict: "map",
    bytes: "bytes", Moment: "timestamp", Span: "duration", Type: "type", Optional: "optional",
}  # fmt: skip
"""What the kinds of values are called."""
TYPE_NAMES: Final = {
    "null": "null_type",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "optional": "optional_type",
}
"""What CEL calls the types, where that differs."""
TYPES: Final = {name: Type(name) for kind in KINDS.values() for name in (TYPE_NAMES.get(kind, kind),)}
"""The types that an expression can name."""

NUMBERS: Final = frozenset((int, UInt, float))
_WHOLES: Final = frozenset((int, UInt))
SCALARS: Final = frozenset((str, int, UInt, float, bool, type(None), bytes))
"""What is compared in one step."""
ORDERED: Final = frozenset((str, bytes, bool, Moment, Span))
"""What is ordered among its own kind, numbers aside."""
COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {"<": python.lt, "<=": python.le, ">": python.gt, ">=": python.ge}


def kind_of(value: Any) -> str:
    """What people call the kind of a value."""
    return KINDS.get(type(value), type(value).__name__)


def kinds_of(*values: Any) -> tuple[str, ...]:
    """The kinds of several values."""
    return tuple(map(kind_of, values))


def type_of(meter: Meter, value: Any) -> Type:
    """The type of a value."""
    kind = kind_of(value)
    return TYPES[TYPE_NAMES.get(kind, kind)]


# Keys of maps.


def key_of(key: Any) -> Any:
    """The key as maps hold it: whole doubles are ints, bools have a kind of their own. Raises Fault for what is no key."""
    kind = type(key)
    if kind is str:
        return key
    if kind in _WHOLES:
        return key if _HASHED_MIN < key < HASHED_MAX else LongKey(hex(key), key)
    if kind is bool:
        return _TRUE if key else _FALSE
    if kind is float:
        return key_of(int(key)) if key.is_integer() else (key,)  # the tuple is in no map
    raise Fault("key", kind_of(key))


def bare(key: Any) -> Any:
    """The key as an expression sees it."""
    return key if type(key) is str or type(key) not in _KEYS else key.value


_KEYS: Final = frozenset((BoolKey, LongKey))

# Equality and order.


def equal(meter: Meter, one: Any, other: Any) -> bool:
    """Whether two values are the same: numbers by their exact value, other kinds never equal each other."""
    kind, kind_other = type(one), type(other)
    if kind is str and kind_other is str:
        if len(one) >= COMPARED_CHARS and len(one) == len(other):
            meter.charge(len(one) >> 10)
        return bool(one == other)
    if kind in SCALARS or kind_other in SCALARS:
        return (kind is kind_other or (kind in NUMBERS and kind_other in NUMBERS)) and bool(one == other)
    return _equal_inside(meter, one, other)


def _equal_inside(meter: Meter, one: Any, other: Any) -> bool:
    waiting = [(one, other)]
    while waiting:
        one, other = waiting.pop()
        if one is other:
            continue
        kind = type(one)
        if kind is list and type(other) is list:
            if len(one) != len(other):
                return False
            meter.charge(len(one) << 1)
            waiting.extend(zip(reversed(one), reversed(other), strict=True))
        elif kind is dict and type(other) is dict:
            meter.charge(len(one) << 1)
            if one.keys() != other.keys():
                return False
            waiting.extend((item, other[key]) for key, item in one.items())
        elif kind is Optional and type(other) is Optional:
            if one.is_there != other.is_there:
                return False
            waiting.append((one.value, other.value))
        elif kind in SCALARS:
            if not equal(meter, one, other):
                return False
        elif one != other:
            return False
    return True


def compare(meter: Meter, operator: str, one: Any, other: Any) -> bool:
    """`<`, `<=`, `>` or `>=`. Raises Fault where there is no order between the two."""
    kind, kind_other = type(one), type(other)
    if not (kind in NUMBERS and kind_other in NUMBERS):
        if kind is not kind_other or kind not in ORDERED:
            raise Fault("operands", operator, kinds_of(one, other))
        if kind is Moment or kind is Span:
            one, other = one.ns, other.ns
        elif kind is not bool and len(one) >= COMPARED_CHARS:
            meter.charge(min(len(one), len(other)) >> 10)
    return bool(COMPARISONS[operator](one, other))


def contains(meter: Meter, item: Any, owner: Any) -> bool:
    """`item in owner`: an item of a list, or a key of a map. What can be no key is in no map."""
    if type(owner) is list:
        meter.charge(len(owner))
        if type(item) is str:
            if len(item) >= COMPARED_CHARS:
                meter.charge(len(owner) * len(item) >> 10)
            return item in owner
        return any(equal(meter, item, one) for one in owner)
    if type(owner) is dict:
        if type(item) is str:
            if len(item) >= COMPARED_CHARS:
                meter.charge(len(item) >> 10)
            return item in owner
        return (type(item) in NUMBERS or type(item) is bool) and key_of(item) in owner
    raise Fault("in", kind_of(owner))
