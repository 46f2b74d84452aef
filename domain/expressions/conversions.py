"""Conversions: `string`, `int`, `uint`, `double`, `bool`, `bytes`, `timestamp`, `duration`."""

from __future__ import annotations

import re
from typing import Any, Final

from domain.expressions.faults import Fault, Meter
from domain.expressions.numbers import finite, number_text, unsigned, whole
from domain.expressions.times import duration_text, read_duration, read_time, time_text
from domain.expressions.values import NS, Moment, Span, UInt

_INT = re.compile(r"[-+]?[0-9]{1,1200}", re.ASCII)
_DOUBLE = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)
_BOOLS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


def to_string(meter: Meter, value: Any) -> str:
    """A text; of a number, a bool, a time or a duration the one that CEL writes, of bytes their UTF-8."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is UInt:
        meter.charge(value.bit_length() >> 4)
        return str(whole(int(value)))
    if kind is float:
        return number_text(value)
    if kind is Moment:
        return time_text(value)
    if kind is Span:
        return duration_text(value)
    meter.charge(len(value) >> 4)
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        raise Fault("unreadable", "string", "") from None


def to_int(meter: Meter, value: Any) -> int:
    """An int; a double is cut towards zero, a timestamp gives its seconds."""
    kind = type(value)
    if kind is str:
        if not _INT.fullmatch(value):
            raise Fault("unreadable", "int", value)
        return whole(int(value))
    return int(value.ns // NS) if kind is Moment else whole(int(finite(value) if kind is float else value))


def to_uint(meter: Meter, value: Any) -> UInt:
    """An int that is not negative."""
    if type(value) is str:
        if not (value.isascii() and value.isdigit() and len(value) <= 40):
            raise Fault("unreadable", "uint", value)
        return unsigned(int(value))
    return unsigned(int(finite(value) if type(value) is float else value))


def to_double(meter: Meter, value: Any) -> float:
    """A double; of an int the nearest one."""
    if type(value) is str:
        if not _DOUBLE.fullmatch(value):
            raise Fault("unreadable", "double", value)
        meter.charge(len(value) >> 4)
        return finite(float(value))
    try:
        return float(value)
    except OverflowError:
        raise Fault("range", "double") from None


def to_bool(meter: Meter, value: Any) -> bool:
    """A bool, or the text of one."""
    if type(value) is bool:
        return value
    if value not in _BOOLS:
        raise Fault("unreadable", "bool", value)
    return _BOOLS[value]


def to_bytes(meter: Meter, value: Any) -> bytes:
    """Bytes; of a text its UTF-8."""
    if type(value) is bytes:
        return value
    meter.charge(len(value) >> 4)
    return encoded(value)


def encoded(text: str) -> bytes:
    """The UTF-8 of a text. Raises Fault for half of a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Fault("unicode") from None


def to_time(meter: Meter, value: Any) -> Moment:
    """A timestamp; of an int so many seconds since 1970."""
    if type(value) is str:
        return read_time(value)
    return value if type(value) is Moment else Moment(int(value) * NS)


def to_duration(meter: Meter, value: Any) -> Span:
    """A duration, or the text of one."""
    return read_duration(value) if type(value) is str else value
