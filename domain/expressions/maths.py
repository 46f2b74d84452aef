"""The functions of `math`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from domain.expressions.conversions import to_double
from domain.expressions.faults import Fault, Meter
from domain.expressions.numbers import whole
from domain.expressions.values import NUMBERS, UINT_MAX, UInt, kinds_of

_BITS: Final = 64


def extreme(name: str) -> Callable[..., Any]:
    """`math.greatest`, `math.least`: of several numbers, or of a list of them."""
    is_better = operator.gt if name == "greatest" else operator.lt

    def find(meter: Meter, *values: Any) -> Any:
        numbers = values[0] if len(values) == 1 and type(values[0]) is list else values
        if not numbers:
            raise Fault("nothing_to_compare")
        meter.charge(len(numbers))
        best = None
        for number in numbers:
            if type(number) not in NUMBERS:
                raise Fault("not_compared", kinds_of(*numbers[:4]))
            if best is None or is_better(number, best):
                best = number
        return best

    return find


def ceil(meter: Meter, value: float) -> float:
    """The next whole number above."""
    return float(math.ceil(value))


def floor(meter: Meter, value: float) -> float:
    """The next whole number below."""
    return float(math.floor(value))


def trunc(meter: Meter, value: float) -> float:
    """Without what stands behind the point."""
    return float(math.trunc(value))


def rounded(meter: Meter, value: float) -> float:
    """The nearest whole number; halves go away from zero."""
    part, found = math.modf(abs(value))
    return math.copysign(found + (part >= 0.5), value)


def absolute(meter: Meter, value: Any) -> Any:
    """Without its sign."""
    return whole(abs(value)) if type(value) is int else abs(value) if type(value) is float else value


def sign(meter: Meter, value: Any) -> Any:
    """-1, 0 or 1, of the kind of the number."""
    return type(value)((value > 0) - (value < 0))


def sqrt(meter: Meter, value: Any) -> float:
    """The square root."""
    number = to_double(meter, value)
    if number < 0:
        raise Fault("infinite", "not a number")
    return math.sqrt(number)


def is_nan(meter: Meter, value: float) -> bool:
    """Always false: there is no such value."""
    return False


def is_inf(meter: Meter, value: float) -> bool:
    """Always false: there is no such value."""
    return False


def is_finite(meter: Meter, value: float) -> bool:
    """Always true: there are no other doubles."""
    return True


def bitwise(work: Callable[[int, int], int]) -> Callable[..., Any]:
    """`math.bitAnd`, `math.bitOr`, `math.bitXor`."""

    def do(meter: Meter, one: Any, other: Any) -> Any:
        if type(one) is not type(other):
            raise Fault("arguments", kinds_of(one, other))
        return type(one)(work(int(one), int(other)))

    return do


def bit_not(meter: Meter, value: Any) -> Any:
    """All bits turned over, of a uint its 64."""
    return ~value if type(value) is int else UInt(~int(value) & UINT_MAX)


def shift(is_left: bool) -> Callable[..., Any]:
    """`math.bitShiftLeft`, `math.bitShiftRight`: in 64 bits, with zeros for what comes in."""

    def do(meter: Meter, value: Any, by: int) -> Any:
        if by < 0:
            raise Fault("negative", int(by))
        if by >= _BITS:
            return type(value)(0)
        bits = ((int(value) << by) if is_left else ((int(value) & UINT_MAX) >> by)) & UINT_MAX
        if type(value) is UInt:
            return UInt(bits)
        return bits - 2**_BITS if bits >= 2 ** (_BITS - 1) else bits

    return do
