"""How a list is found: what a database is to begin with, so that it looks at few rows besides those that are shown.

    workflow == 'order'                     the index of the workflow has them in the order of the list
    status in ['failed', 'incident']        each status by itself, and the first rows of all of them
    duration > duration('5m')               few: found by their index, and sorted; many: the list is gone through in its order
    search.customer == 'A-1'                the index beside has them in the order of the list
    status == 'failed' && workflow == 'order'   by the one of which there are fewer rows

No database knows how many rows a range takes, or takes a poor guess for it, so these are counted, but not far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from contracts.ports.read_models import Query, Table
from contracts.ports.where import All, Beside, Field, Is, OneOf, Some, There, Where, all_of, alternatives_of, parts_of

FEW_MAX: Final = 5_000
"""So many rows are found by an index that does not have them in order, and sorted; of more the list is gone through."""
MANY_MAX: Final = 20_000
"""So many rows are counted where it is to be known of which condition there are fewer."""
BRANCHES_MAX: Final = 12
"""Of so many values at most each is looked up by itself."""
_RANGE: Final = ("<", "<=", ">", ">=")


class Way(NamedTuple):
    """What a statement begins with. `hidden` are columns by whose indexes nothing is found.

    `first` are conditions about tables beside; with `is_most` it is all that is asked, and plain. `is_few`: so few are found
    that they are sorted. `branches`: the list is that of each of these conditions, together.
    """

    hidden: frozenset[str] = frozenset()
    first: tuple[Beside, ...] = ()
    is_most: bool = False
    is_few: bool = False
    branches: tuple[Where, ...] = ()


def way_of(query: Query[Any], count: Callable[[Where, int], int]) -> Way:
    """How to find a list; `count` tells how many rows a condition takes, as far as a number that it is given."""
    table, parts = query.table, parts_of(query.where)

    def is_few(where: Where) -> bool:
        return count(where, FEW_MAX + 1) <= FEW_MAX

    equal = {name for part in parts if (name := _equal(part))} | {one.column for one in query.conditions if one.is_ == "="}
    leading, followers = leading_columns(table), frozenset(column for index in table.indexes for column in index.columns[1:])
    if not equal.isdisjoint({table.key[0], *table.unique}):
        return Way()
    besides = [beside for part in parts if (beside := _besides(part))]
    is_lone = len(parts) == 1 and not query.conditions and query.within is None
    if besides and is_lone and len(besides[0]) == 1 and _is_ordered(besides[0][0], table):
        return Way(first=besides[0], is_most=True)
    ranges = {name: found for name in sorted(leading - {table.time}) if (found := _ranges(parts, name)) is not None}
    for name, range_ in ranges.items():
        if is_few(range_):
            return Way(hidden=leading - {name} | followers, is_few=True)
    for beside in besides:
        if all(is_few(each) for one in beside for each in alternatives_of(one)):
            return Way(hidden=leading | followers, first=beside, is_few=True)
    hidden = frozenset(ranges) | (followers - equal)
    leads = {name: part for part in parts if (name := _equal(part) or _one_of(part)) in leading}
    if len(leads) > 1 and not query.conditions:
        first = min(leads, key=lambda name: count(leads[name], MANY_MAX))
        hidden, equal = hidden | (leads.keys() - {first}), {first} if _equal(leads[first]) else set()
        return Way(hidden=hidden, branches=() if equal else _branches(query.where, frozenset({first})))
    return Way(hidden=hidden) if equal & leading else Way(hidden=hidden, branches=_branches(query.where, leading))


def leading_columns(table: Table[Any]) -> frozenset[str]:
    """The columns by which an index finds rows in the order of the list."""
    return frozenset(index.columns[0] for index in table.indexes if index.columns)


def _equal(part: Where) -> str:
    """The column that must have a value; empty where the condition says otherwise."""
    return part.value.name if isinstance(part, Is) and isinstance(part.value, Field) and part.operator == "=" else ""


def _one_of(part: Where) -> str:
    """The column of which each of its values is looked up by itself; empty where the condition says otherwise."""
    if isinstance(part, OneOf) and part.is_so and isinstance(part.value, Field) and len(part.operands) <= BRANCHES_MAX:
        return part.value.name
    return ""


def _besides(part: Where) -> tuple[Beside, ...]:
    """The conditions about tables beside of which one must hold."""
    found = part.parts if isinstance(part, Some) else (part,)
    besides = tuple(one for one in found if isinstance(one, Beside) and one.is_so)
    return besides if len(besides) == len(found) else ()


def _is_ordered(beside: Beside, table: Table[Any]) -> bool:
    """Whether an index has the rows beside in the order of the list, and each is about one row here.

    Of a part of an execution that may be one of several values: those are few, and each has its place in the same index.
    """
    one_by_one = alternatives_of(beside) if len(beside.row) > 1 else (beside,)
    plain = [all(_equal(part) or isinstance(part, There) for part in parts_of(one.where)) for one in one_by_one]
    return beside.row == table.key and all(plain)


def _ranges(parts: tuple[Where, ...], column: str) -> Where | None:
    found = [
        part for part in parts
        if isinstance(part, Is) and part.operator in _RANGE and isinstance(part.value, Field) and part.value.name == column
        and isinstance(part.operand, int | float | str)
    ]  # fmt: skip
    return All(tuple(found)) if found else None


def _branches(where: Where, leading: frozenset[str]) -> tuple[Where, ...]:
    """The same condition for each value of a column that may have several."""
    parts = parts_of(where)
    for index, part in enumerate(parts):
        if isinstance(part, OneOf) and _one_of(part) in leading:
            rest = (*parts[:index], *parts[index + 1 :])
            return tuple(all_of(Is(part.value, "=", operand), *rest) for operand in dict.fromkeys(part.operands))
    return ()
