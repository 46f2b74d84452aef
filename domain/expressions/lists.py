"""The functions of lists, sets and optionals."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from domain.expressions.faults import Fault, Meter
from domain.expressions.values import HASHED_MAX, NONE, NUMBERS, SCALARS, Moment, Optional, Span, compare, contains, equal, key_of

_LEVELS_MAX: Final = 1_000
_HASHED: Final = SCALARS - {bool}
"""What Python hashes as CEL has it: a bool is no number."""


def size(meter: Meter, value: Any) -> int:
    """How many characters, bytes, items or keys."""
    return len(value)


def first(meter: Meter, items: list[Any]) -> Optional:
    """The first item, as an optional."""
    return Optional(items[0]) if items else NONE


def last(meter: Meter, items: list[Any]) -> Optional:
    """The last item, as an optional."""
    return Optional(items[-1]) if items else NONE


def flatten(meter: Meter, items: list[Any], levels: int = 1) -> list[Any]:
    """The items of the lists in a list, so many levels deep."""
    if levels < 0:
        raise Fault("negative", int(levels))
    for _ in range(min(levels, _LEVELS_MAX)):
        meter.charge(len(items))
        if not any(type(item) is list for item in items):
            break
        meter.charge(sum(len(item) if type(item) is list else 1 for item in items))
        items = [one for item in items for one in (item if type(item) is list else (item,))]
    return items


def distinct(meter: Meter, items: list[Any]) -> list[Any]:
    """Each item once, where it stands first."""
    meter.charge(len(items))
    seen: set[Any] = set()
    kept: list[Any] = []
    least = -HASHED_MAX
    for item in items:
        kind = type(item)
        if kind in _HASHED:
            key = item if kind not in NUMBERS or least < item < HASHED_MAX else key_of(item)
            if key in seen:
                continue
            seen.add(key)
        elif any(_same(meter, item, one) for one in kept):
            continue
        kept.append(item)
    return kept


def _same(meter: Meter, one: Any, other: Any) -> bool:
    meter.charge(3)
    return equal(meter, one, other)


def part(meter: Meter, items: list[Any], start: int, end: int) -> list[Any]:
    """The items from `start` to before `end`."""
    if not 0 <= start <= end <= len(items):
        raise Fault("no_slice", int(start), int(end), len(items))
    meter.charge(end - start)
    return items[start:end]


def count_to(meter: Meter, count: int) -> list[int]:
    """The ints from 0 to before `count`."""
    meter.charge(max(int(count), 0))
    return list(range(count))


def sort(meter: Meter, items: list[Any]) -> list[Any]:
    """The items in their order: all numbers, or all of one kind that has one."""
    return [item for item, _ in ordered(meter, [(item, item) for item in items])]


def ordered(meter: Meter, rows: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Rows by their second parts; equal ones stay as they stood."""
    meter.charge(len(rows) * max(len(rows).bit_length(), 1))
    for (_, key), (_, following) in pairwise(rows):
        compare(meter, "<", key, following)
    if len(rows) == 1:
        compare(meter, "<", rows[0][1], rows[0][1])
    kind = type(rows[0][1]) if rows else None
    if kind is Moment or kind is Span:
        return sorted(rows, key=lambda row: row[1].ns)
    if kind is str or kind is bytes:
        meter.charge(sum(len(key) for _, key in rows) * len(rows).bit_length() >> 10)
    return sorted(rows, key=lambda row: row[1])


# Sets: lists whose order and repetitions do not count.


def sets_contains(meter: Meter, items: list[Any], others: list[Any]) -> bool:
    """Whether all of the second list are in the first."""
    meter.charge(len(others))
    return all(contains(meter, other, items) for other in others)


def sets_equivalent(meter: Meter, items: list[Any], others: list[Any]) -> bool:
    """Whether each list has all of the other."""
    return sets_contains(meter, items, others) and sets_contains(meter, others, items)


def sets_intersects(meter: Meter, items: list[Any], others: list[Any]) -> bool:
    """Whether any item is in both lists."""
    meter.charge(len(items))
    return any(contains(meter, item, others) for item in items)


# Optionals.


def optional_of(meter: Meter, value: Any) -> Optional:
    """An optional with this value."""
    return Optional(value)


def optional_none(meter: Meter) -> Optional:
    """An empty optional."""
    return NONE


def optional_of_non_zero(meter: Meter, value: Any) -> Optional:
    """An optional with this value, empty where it is null, false, 0 or holds nothing."""
    if type(value) is Optional:
        is_zero = not value.is_there
    elif type(value) is Span:
        is_zero = not value.ns
    else:
        is_zero = value is None or (type(value) in (*SCALARS, list, dict) and not value)
    return NONE if is_zero else Optional(value)


def unwrapped(meter: Meter, items: list[Any]) -> list[Any]:
    """The values of the optionals in a list that have one."""
    meter.charge(len(items))
    for item in items:
        if type(item) is not Optional:
            raise Fault("not_all_optional")
    return [item.value for item in items if item.is_there]


def has_value(meter: Meter, value: Optional) -> bool:
    """Whether there is a value."""
    return value.is_there


def value_of(meter: Meter, value: Optional) -> Any:
    """The value. An error where there is none."""
    if not value.is_there:
        raise Fault("empty")
    return value.value
