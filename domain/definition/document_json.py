"""JSON as a document: the standard library reads it; a doubled key is found by it, and placed by looking at the text again."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from contracts.value_check import DIGITS_MAX, HALF, is_deep
from domain.definition.text import DEPTH_MAX, TextFault, doubled, not_finite, too_deep, too_long

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]')
_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(-?[0-9][0-9.eE+-]*|NaN|-?Infinity)')
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE: Final = re.compile(HALF.pattern.decode(), re.DOTALL)


class _NotFinite(Exception):
    """A number is none that a double holds."""


class _Doubled(Exception):
    """An object has a key twice."""


def parse_json(text: str) -> Any:
    """The value. Raises TextFault with line and column."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_double)
    except json.JSONDecodeError as error:
        fix = "check quotes, commas and brackets there"
        raise TextFault("syntax", f"not JSON: {error.msg}", fix, error.lineno, error.colno) from None
    except _Doubled:
        raise _place_of_doubled(text) from None
    except _NotFinite:
        raise _place_of_number(text, not_finite, _is_not_finite) from None
    except RecursionError:
        raise _place_of_deep(text) from None
    except ValueError:  # longer than Python reads
        raise _place_of_number(text, too_long, lambda word: word.lstrip("-").isdigit() and len(word) > DIGITS_MAX) from None
    if is_deep(text.encode("utf-8", "replace")):
        raise _place_of_deep(text)
    if _SURROGATE.search(text):
        _check_surrogates(text, value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Doubled
    return made


def _no_constant(name: str) -> Any:
    raise _NotFinite


def _double(word: str) -> float:
    if not math.isfinite(value := float(word)):
        raise _NotFinite
    return value


def _is_not_finite(word: str) -> bool:
    return not word.lstrip("-").isdigit() and not math.isfinite(float(word))


def _place_of_number(text: str, fault: Callable[[str, int, int], TextFault], is_meant: Callable[[str], bool]) -> TextFault:
    """The fault of the first number that is meant, with its place."""
    meant = (found for found in _NUMBER.finditer(text) if found[1] and is_meant(found[1]))
    return next(fault(found[1], *_line_and_column(text, found.start())) for found in meant)


def _place_of_deep(text: str) -> TextFault:
    depth = 0
    for found in _TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found.group(), 0)
        if depth > DEPTH_MAX:
            return too_deep(*_line_and_column(text, found.start()))
    return too_deep()


def _check_surrogates(text: str, value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise _place_of_half(text) from None


def _place_of_half(text: str) -> TextFault:
    """Where the first escape stands that is half a character."""
    escapes = (found for found in _ESCAPE.finditer(text) if found[1])
    found = next(escapes)
    said = f"expected whole characters, found half of one: {found[1]}"
    return TextFault("encoding", said, "write both halves, or leave it out", *_line_and_column(text, found.start()))


def _place_of_doubled(text: str) -> TextFault:
    """Where the second of two equal keys stands; the text is known to be an otherwise good beginning of JSON."""
    open_keys: list[set[str] | None] = []
    may_be_key = False
    for found in _TOKEN.finditer(text):
        word = found.group()
        if word in "{[":
            open_keys.append(set() if word == "{" else None)
        elif word in "]}":
            open_keys.pop()
        elif word[0] == '"' and may_be_key and open_keys and (keys := open_keys[-1]) is not None:
            key = json.loads(word, strict=False)
            if key in keys:
                return doubled(key, *_line_and_column(text, found.start()))
            keys.add(key)
        may_be_key = word in "{,"
    return TextFault("doubled_key", "a key stands twice in one object", "keep one of the two")


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
