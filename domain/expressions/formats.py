"""`format`, and the text that `%s` makes of any value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from domain.expressions.conversions import encoded, to_double, to_string
from domain.expressions.faults import Fault, Meter
from domain.expressions.values import NUMBERS, Optional, Type, UInt, bare, kind_of

PLACES_MAX: Final = 1_000
"""How many decimals a number may be written with."""
_PLACES_DEFAULT: Final = 6
_CLAUSE = re.compile(r"%(?:%|(?:\.(\d{1,9}))?(.?))", re.DOTALL | re.ASCII)


class _Raw(str):
    """Text that is already written."""

    __slots__ = ()


def formatted(meter: Meter, text: str, values: list[Any]) -> str:
    """The text with a value for each clause: `%s`, `%d`, `%.2f`, `%e`, `%b`, `%o`, `%x`, `%X`; `%%` is a percent sign."""
    meter.charge(len(text) >> 4)
    pieces: list[str] = []
    end, used = 0, 0
    for found in _CLAUSE.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        if found[0] == "%%":
            pieces.append("%")
            continue
        if used >= len(values):
            raise Fault("no_value_to_format", found[0], used, len(values))
        pieces.append(_clause(meter, found[2], found[1], values[used]))
        used += 1
    pieces.append(text[end:])
    return "".join(pieces)


def _clause(meter: Meter, letter: str, places: str | None, value: Any) -> str:
    if letter not in _CLAUSES:
        raise Fault("format", f"%{letter}", kind_of(value))
    count = _PLACES_DEFAULT if places is None else int(places)
    if count > PLACES_MAX:
        raise Fault("places", count)
    written = _CLAUSES[letter](meter, value, count)
    if written is None:
        raise Fault("format", f"%{letter}", kind_of(value))
    return written


def _decimal(meter: Meter, value: Any, places: int) -> str | None:
    return to_string(meter, value) if type(value) in NUMBERS else None


def _fixed(letter: str) -> Callable[[Meter, Any, int], str | None]:
    def write(meter: Meter, value: Any, places: int) -> str | None:
        if type(value) not in NUMBERS:
            return None
        written = f"{to_double(meter, value):.{places}{letter}}"
        meter.charge(len(written) >> 4)
        return written

    return write


def _binary(meter: Meter, value: Any, places: int) -> str | None:
    return _digits(meter, value, "b") if type(value) in (int, UInt, bool) else None


def _octal(meter: Meter, value: Any, places: int) -> str | None:
    return _digits(meter, value, "o") if type(value) in (int, UInt) else None


def _digits(meter: Meter, value: int, letter: str) -> str:
    meter.charge(int(value).bit_length() >> 4)
    return f"{int(value):{letter}}"


def _hexadecimal(letter: str) -> Callable[[Meter, Any, int], str | None]:
    def write(meter: Meter, value: Any, places: int) -> str | None:
        if type(value) in (int, UInt):
            return _digits(meter, value, letter)
        if type(value) not in (str, bytes):
            return None
        meter.charge(len(value) >> 3)
        digits = (encoded(value) if type(value) is str else value).hex()
        return digits if letter == "x" else digits.upper()

    return write


_CLAUSES: Final[dict[str, Callable[[Meter, Any, int], str | None]]] = {
    "s": lambda meter, value, places: shown(meter, value),
    "d": _decimal,
    "f": _fixed("f"),
    "e": _fixed("e"),
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal("x"),
    "X": _hexadecimal("X"),
}


def shown(meter: Meter, value: Any) -> str:
    """What `%s` writes: texts without quotes, maps sorted by the texts of their keys. Without recursion, charged for each part."""
    written: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        meter.charge(3)
        kind = type(one)
        if kind is _Raw:
            written.append(one)
        elif kind is list:
            waiting.extend(reversed(_listed(meter, one)))
        elif kind is dict:
            waiting.extend(reversed(_mapped(meter, one)))
        else:
            text = _scalar(meter, one)
            meter.charge(len(text) >> 4)
            written.append(text)
    return "".join(written)


_COMMA: Final = _Raw(", ")
_COLON: Final = _Raw(": ")


def _listed(meter: Meter, items: list[Any]) -> list[Any]:
    meter.charge(len(items))
    inside = [piece for item in items for piece in (_COMMA, item)]
    return [_Raw("["), *inside[1:], _Raw("]")]


def _mapped(meter: Meter, items: dict[Any, Any]) -> list[Any]:
    meter.charge(len(items) * 2)
    rows = sorted(((to_string(meter, bare(key)), value) for key, value in items.items()), key=lambda row: row[0])
    inside = [piece for key, value in rows for piece in (_COMMA, key, _COLON, value)]
    return [_Raw("{"), *inside[1:], _Raw("}")]


def _scalar(meter: Meter, value: Any) -> str:
    if value is None:
        return "null"
    if type(value) is Type:
        return str(value.name)
    if type(value) is Optional:
        raise Fault("format", "%s", "optional")
    return to_string(meter, value)
