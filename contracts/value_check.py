"""The check of values: what comes in by any door is JSON that every part of Refold can hold, or it is refused.

    nested     up to 200 deep: whoever reads it may recurse, wherever on its stack it stands
    numbers    finite as a double, and of at most 1,233 digits: as many as every whole number of 4,096 bits has
    text       whole characters, no half of one
    names      of an object may stand twice: the last one counts for whoever reads it

A good value costs one parse by msgspec; only of a refused one is found out where it is wrong, and that looks at no more
than a bounded part of it.
"""

from __future__ import annotations

import math
import re
from itertools import accumulate, islice
from typing import Any, Final, TypeAlias

import msgspec

from contracts.errors import InvalidInput, Problem

DEPTH_MAX: Final = 200
"""So many lists and objects may stand in each other."""
DIGITS_MAX: Final = 1_233
"""So many digits a number may have."""
LOOKED_AT_MAX: Final = 100_000
"""So many words of a refused value are looked at to say where it is wrong."""
POINTER_LENGTH_MAX: Final = 500

_decode: Final = msgspec.json.Decoder().decode
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_DIGITS: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_TOO_MANY: Final = b"0" * (DIGITS_MAX + 1)
_STEPS: Final = bytes(1 if byte in b"[{" else 255 for byte in range(256))
"""An opening bracket is a step down, a closing one a step up: 1 and -1 as signed bytes."""
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_WORD: Final = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*"?)|(-?[0-9][0-9.eE+-]*)|([\[\]{},])', re.DOTALL)
HALF: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL)
"""Escapes in their order: a whole pair, half of one (the group), any other."""

_Pointer: TypeAlias = "list[str | int]"


def check(value: bytes, at: str = "") -> bytes:
    """The same value. Raises InvalidInput that says where it is wrong, as a JSON pointer that begins with `at`."""
    read(value, at)
    return value


def read(value: bytes, at: str = "") -> Any:
    """What the JSON is, for whoever needs that at once. Raises as `check` does."""
    try:
        found = _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput([oddity_of(value, at) or Problem(at, "json", f"not JSON: {error}")]) from None
    if is_deep(value):
        raise InvalidInput([oddity_of(value, at) or Problem(at, "depth", _TOO_DEEP)])
    if len(value) > DIGITS_MAX and _is_long(value):
        raise InvalidInput(
            [oddity_of(value, at) or Problem(at, "number", f"expected numbers of at most {DIGITS_MAX:,} digits, found a longer one")]
        )
    return found


def is_deep(value: bytes) -> bool:
    """Whether JSON is nested deeper than a value may be."""
    return value.count(b"[") + value.count(b"{") > DEPTH_MAX and depth_of(value) > DEPTH_MAX


def depth_of(value: bytes) -> int:
    """How many lists and objects stand in each other, at the most."""
    steps = _STRING.sub(b"", value).translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0)


def _is_long(value: bytes) -> bool:
    """Whether a number has more digits than it may."""
    return _TOO_MANY in value.translate(_DIGITS) and _TOO_MANY in _STRING.sub(b" ", value).translate(_DIGITS)


_TOO_DEEP: Final = f"expected a value nested at most {DEPTH_MAX} deep, found one that is nested deeper"


def oddity_of(value: bytes, at: str = "") -> Problem | None:
    """The first place where JSON is none that may be a value; None where it is not found, or is no JSON at all."""
    around: _Pointer = []
    is_name = False
    for found in islice(_WORD.finditer(value), LOOKED_AT_MAX):
        text, number, mark = found.groups()
        if text is not None:
            if (half := _half_in(text)) is not None:
                return _character(_pointer(at, around[:-1] if is_name else around), half)
            if is_name:
                around[-1] = _name(text)
                is_name = False
        elif number is not None:
            if (problem := _number(number)) is not None:
                return Problem(_pointer(at, around), "number", problem, "write it as a text")
        elif mark in b"[{":
            if len(around) >= DEPTH_MAX:
                return Problem(_pointer(at, around), "depth", _TOO_DEEP, "flatten it, or write a part of it as a text")
            around.append(0 if mark == b"[" else "")
            is_name = mark == b"{"
        elif mark in b"]}":
            if not around:
                return None
            around.pop()
            is_name = False
        elif around and isinstance(last := around[-1], int):
            around[-1] = last + 1
        else:
            is_name = bool(around)
    return None


def _half_in(text: bytes) -> str | None:
    if b"\\u" not in text:
        return None
    return next((found[1].decode() for found in HALF.finditer(text) if found[1]), None)


def _character(pointer: str, half: str) -> Problem:
    return Problem(pointer, "character", f"expected whole characters, found half of one: {half}", "write both halves, or leave it out")


def _number(number: bytes) -> str | None:
    digits = max(map(len, re.findall(rb"[0-9]+", number)))
    if digits > DIGITS_MAX:
        return f"expected a number of at most {DIGITS_MAX:,} digits, found one of {digits:,}"
    is_whole = number.lstrip(b"-").isdigit()
    try:
        if is_whole or math.isfinite(float(number)):
            return None
    except ValueError:  # no number at all: that is said otherwise
        return None
    return f"expected a finite number, found {number[:40].decode()}"


def _name(text: bytes) -> str:
    try:
        return str(_decode(text))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text.decode(errors="replace").strip('"')


def _pointer(at: str, around: _Pointer) -> str:
    found = at + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in around)
    return found if len(found) <= POINTER_LENGTH_MAX else found[: POINTER_LENGTH_MAX - 1] + "…"
