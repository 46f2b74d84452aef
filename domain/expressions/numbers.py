"""Numbers: ints are exact and may have 4,096 bits, doubles are IEEE and always finite, and the two mix where nothing is lost.

Division of ints cuts towards zero, and the rest has the sign of the dividend, as CEL has it; Python rounds down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from domain.expressions.faults import Fault, Meter
from domain.expressions.values import NUMBERS, UINT_MAX, Moment, Span, UInt, kinds_of

INT_BITS_MAX: Final = 4_096
"""So long an int may get that an expression computes."""
SMALL: Final = 2**62
"""What is smaller on both sides of 0 is added without a look at its length."""


def whole(value: int) -> int:
    """The int, where it is not too long."""
    if value.bit_length() > INT_BITS_MAX:
        raise Fault("digits")
    return value


def unsigned(value: int) -> UInt:
    """The int as a uint. Raises Fault where it is negative or too long."""
    if not 0 <= value <= UINT_MAX:
        raise Fault("range", "uint")
    return UInt(value)


def finite(value: float) -> float:
    """The double, where it is a number."""
    if not math.isfinite(value):
        raise Fault("infinite", "not a number" if value != value else "infinite")
    return value


def exact(value: int) -> float:
    """The double of an int. Raises Fault where no double holds it exactly."""
    try:
        double = float(value)
    except OverflowError:
        raise Fault("range", "double") from None
    if double != value:
        raise Fault("inexact", int(value))
    return double


def _alike(one: Any, other: Any) -> tuple[Any, Any]:
    """Two numbers of different kinds as two of one: doubles where one of them is a double, else ints."""
    if type(one) is float:
        return one, exact(other)
    if type(other) is float:
        return exact(one), other
    return int(one), int(other)


def add(meter: Meter, one: Any, other: Any) -> Any:
    """`+`: of numbers, texts, bytes, lists, maps (of a key in both the right one counts), times and durations."""
    kind, kind_other = type(one), type(other)
    if kind is kind_other:
        if kind is int:
            return whole(one + other)
        if kind is float:
            return finite(one + other)
        if kind in _JOINED:
            return _JOINED[kind](meter, one, other)
        if kind is UInt:
            return unsigned(int(one) + int(other))
        if kind is Span:
            return Span(one.ns + other.ns)
    elif kind in NUMBERS and kind_other in NUMBERS:
        return add(meter, *_alike(one, other))
    elif (kind is Moment and kind_other is Span) or (kind is Span and kind_other is Moment):
        return Moment(one.ns + other.ns)
    raise Fault("operands", "+", kinds_of(one, other))


def _join_texts(meter: Meter, one: Any, other: Any) -> Any:
    meter.charge((len(one) + len(other)) >> 4)
    return one + other


def _join_lists(meter: Meter, one: list[Any], other: list[Any]) -> list[Any]:
    meter.charge(len(one) + len(other))
    return one + other


def _join_maps(meter: Meter, one: dict[Any, Any], other: dict[Any, Any]) -> dict[Any, Any]:
    meter.charge(2 * (len(one) + len(other)))
    return {**one, **other}


_JOINED: Final[dict[type, Callable[[Meter, Any, Any], Any]]] = {
    str: _join_texts,
    bytes: _join_texts,
    list: _join_lists,
    dict: _join_maps,
}


def subtract(meter: Meter, one: Any, other: Any) -> Any:
    """`-` between two: of numbers, times and durations."""
    kind, kind_other = type(one), type(other)
    if kind is kind_other:
        if kind is int:
            return whole(one - other)
        if kind is float:
            return finite(one - other)
        if kind is UInt:
            return unsigned(int(one) - int(other))
        if kind is Span or kind is Moment:
            return Span(one.ns - other.ns)
    elif kind in NUMBERS and kind_other in NUMBERS:
        return subtract(meter, *_alike(one, other))
    elif kind is Moment and kind_other is Span:
        return Moment(one.ns - other.ns)
    raise Fault("operands", "-", kinds_of(one, other))


def multiply(meter: Meter, one: Any, other: Any) -> Any:
    """`*` of numbers."""
    kind, kind_other = type(one), type(other)
    if kind is kind_other:
        if kind is float:
            return finite(one * other)
        if kind is int:
            _charge_product(meter, one, other)
            return whole(one * other)
        if kind is UInt:
            return unsigned(int(one) * int(other))
    elif kind in NUMBERS and kind_other in NUMBERS:
        return multiply(meter, *_alike(one, other))
    raise Fault("operands", "*", kinds_of(one, other))


def _charge_product(meter: Meter, one: int, other: int) -> None:
    """Refuses a product that gets too long before it is made."""
    bits, bits_other = one.bit_length(), other.bit_length()
    if bits + bits_other > INT_BITS_MAX + 1:
        raise Fault("digits")
    meter.charge(bits * bits_other >> 17)


def divide(meter: Meter, one: Any, other: Any) -> Any:
    """`/` of numbers: between ints cut towards zero."""
    kind, kind_other = type(one), type(other)
    if kind is kind_other:
        if kind is float:
            if other == 0:
                raise Fault("zero", "/")
            return finite(one / other)
        if kind is int or kind is UInt:
            quotient, _ = _divided(meter, "/", one, other)
            return quotient if kind is int else UInt(quotient)
    elif kind in NUMBERS and kind_other in NUMBERS:
        return divide(meter, *_alike(one, other))
    raise Fault("operands", "/", kinds_of(one, other))


def remainder(meter: Meter, one: Any, other: Any) -> Any:
    """`%` of ints: the rest has the sign of the dividend."""
    kind, kind_other = type(one), type(other)
    if kind is kind_other and (kind is int or kind is UInt):
        _, rest = _divided(meter, "%", one, other)
        return rest if kind is int else UInt(rest)
    if {kind, kind_other} == {int, UInt}:
        return remainder(meter, int(one), int(other))
    raise Fault("operands", "%", kinds_of(one, other))


def _divided(meter: Meter, operator: str, one: int, other: int) -> tuple[int, int]:
    if other == 0:
        raise Fault("zero", operator)
    one, other = whole(int(one)), whole(int(other))
    meter.charge(one.bit_length() * other.bit_length() >> 17)
    quotient, rest = divmod(abs(one), abs(other))
    return (quotient if (one < 0) == (other < 0) else -quotient), (-rest if one < 0 else rest)


def negate(meter: Meter, value: Any) -> Any:
    """`-` before a number."""
    if type(value) is int:
        return whole(-value)
    if type(value) is float:
        return -value
    raise Fault("operands", "-", kinds_of(value))


ARITHMETIC: Final[dict[str, Callable[[Meter, Any, Any], Any]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
}


def number_text(value: float) -> str:
    """A double as text: the shortest that reads back, in one form everywhere; without a point where it is whole."""
    text = repr(value)
    return text.removesuffix(".0")
