"""Results: measured before anything is made of them, and as JSON.

A part that stands in several places is looked at once and counted as often as it stands: 2^40 copies of an item cost forty looks.
So nothing needs to be counted while values are built, where sharing makes doubling as cheap as one step.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from domain.expressions.conversions import encoded, to_string
from domain.expressions.faults import RESULT_DEPTH_MAX, Fault, Limit, Meter
from domain.expressions.times import duration_text, time_text
from domain.expressions.values import COMPARED_CHARS, Moment, Optional, Span, Type, UInt, bare

_PLAIN: Final = frozenset((int, float, bool, type(None)))
_CONTAINERS: Final = frozenset((list, dict, Optional))
_SCALAR_BYTES: Final = 5
_PARTS_OF_A_UNIT: Final = 3
"""As a power of two: a walk over eight parts costs a unit."""


def as_json(meter: Meter, value: Any) -> Any:
    """The plain JSON of a value; parts may be shared with what was given. Raises Limit where it is too long, Fault where it is none."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is str:
        _take(meter, len(value) if value.isascii() else len(encoded(value)))
        return value
    if kind is Optional:
        return as_json(meter, value.value)
    if kind is list or kind is dict:
        is_json = _measure(meter, value)
        return value if is_json else _converted(meter, value)
    if kind is bytes:
        _take(meter, len(value) * 2)
    return _scalar(meter, value)


def _take(meter: Meter, count: int) -> None:
    meter.room -= count
    if meter.room < 0:
        raise Limit("bytes")


def _measure(meter: Meter, value: Any) -> bool:
    """Takes the bytes of a list or map from the meter; whether all in it is JSON already."""
    known: dict[int, tuple[int, int]] = {}
    texts: dict[int, int] = {}
    waiting = [value]
    is_json = True
    while waiting:
        one = waiting[-1]
        if id(one) in known:
            waiting.pop()
            continue
        parts = _parts(one)
        meter.charge(1 + (len(parts) >> _PARTS_OF_A_UNIT))
        total, depth, waits = 2 + len(parts), 0, len(waiting)
        if type(one) is dict:
            total += _key_bytes(one, texts)
        for part in parts:
            kind = type(part)
            if kind is str:
                total += 2 + (len(part) if part.isascii() else _text_bytes(part, texts))
            elif kind in _CONTAINERS:
                if id(part) not in known:
                    waiting.append(part)
                    continue
                inner, below = known[id(part)]
                total += inner
                depth = max(depth, below)
            elif kind is int:
                total += 1 + (part.bit_length() * 3 >> 3)
            else:
                total += _SCALAR_BYTES + (len(part) << 1 if kind is bytes else 0)
                is_json = is_json and kind in _PLAIN
        if total > meter.room or depth >= RESULT_DEPTH_MAX:
            raise Limit("bytes" if total > meter.room else "depth")
        if len(waiting) == waits:
            known[id(one)] = total, depth + 1
            waiting.pop()
            is_json = is_json and type(one) is not Optional and (type(one) is list or all(type(key) is str for key in one))
    _take(meter, known[id(value)][0])
    return is_json


def _parts(container: Any) -> Any:
    if type(container) is list:
        return container
    return container.values() if type(container) is dict else (container.value,)


def _key_bytes(keys: dict[Any, Any], texts: dict[int, int]) -> int:
    total = 3 * len(keys)
    for key in keys:
        if type(key) is str:
            total += len(key) if key.isascii() else _text_bytes(key, texts)
        else:
            total += _SCALAR_BYTES
    return total


def _text_bytes(text: str, texts: dict[int, int]) -> int:
    """How long a text that is not ASCII gets; `texts` has the long ones that were looked at."""
    if len(text) < COMPARED_CHARS:
        return len(encoded(text))
    if id(text) not in texts:
        texts[id(text)] = len(encoded(text))
    return texts[id(text)]


def _converted(meter: Meter, value: Any) -> Any:
    """The JSON of a list or map that holds what JSON does not have; what is shared stays shared."""
    made: dict[int, Any] = {}
    waiting = [value]
    while waiting:
        one = waiting[-1]
        open_parts = [part for part in _parts(one) if type(part) in _CONTAINERS and id(part) not in made]
        if open_parts:
            waiting.extend(open_parts)
            continue
        waiting.pop()
        parts = [made[id(part)] if type(part) in _CONTAINERS else _scalar(meter, part) for part in _parts(one)]
        if type(one) is dict:
            made[id(one)] = _with_texts(meter, one, parts)
        else:
            made[id(one)] = parts if type(one) is list else parts[0]
    return made[id(value)]


def _with_texts(meter: Meter, keys: Any, values: list[Any]) -> dict[str, Any]:
    """A map with the texts of the keys. Raises Fault where two have the same."""
    found: dict[str, Any] = {}
    for key, value in zip(keys, values, strict=True):
        text = key if type(key) is str else to_string(meter, bare(key))
        if text in found:
            raise Fault("same_text", text)
        found[text] = value
    return found


def _scalar(meter: Meter, value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN or kind is str:
        return value
    if kind is UInt:
        return int(value)
    if kind is Moment:
        return time_text(value)
    if kind is Span:
        return duration_text(value)
    if kind is bytes:
        return base64.b64encode(value).decode()
    raise Fault("no_json", "a type" if kind is Type else f"a {kind.__name__}")
