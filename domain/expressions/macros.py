"""The closures of macros: each charges for all of its items before it begins, so that its cost is the same on every machine.

`exists` and `all` absorb what fails where another item decides; `exists_one`, `map` and `filter` absorb nothing.
A macro with two variables goes over rows, and takes them apart before its body is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.expressions.access import items_of, rows_of
from domain.expressions.faults import Fault
from domain.expressions.lists import ordered
from domain.expressions.maker import Frame, Maker, Run
from domain.expressions.operators import truth
from domain.expressions.tree import Macro, size
from domain.expressions.values import NONE, Optional, key_of, kind_of

_OPTIONAL: Final = frozenset(("optMap", "optFlatMap"))


def macro(maker: Maker, node: Macro) -> Run:
    """Any macro."""
    owner = maker.make(node.owner)
    slots, (test, body) = maker.inside(node.variables, node.test, node.body)
    assert body is not None
    if node.name in _OPTIONAL:
        return _through(node, owner, slots[0], body)
    slot = slots[0]
    if len(slots) == 2:
        slot = maker.new_slot()
        body = _unpacking(body, slot, slots)
        test = _unpacking(test, slot, slots) if test is not None else None
    return _MACROS[node.name](_Parts(node, _walk(node, owner), slot, slots[0], test, body))


class _Parts:
    """What the closures of macros are made of: `walk` gives the items and charges for them, `slot` takes each."""

    __slots__ = ("body", "key", "node", "slot", "test", "walk")

    def __init__(self, node: Macro, walk: Callable[[Frame], Iterable[Any]], slot: int, key: int, test: Run | None, body: Run) -> None:
        self.node = node
        self.walk = walk
        self.slot = slot
        self.key = key
        self.test = test
        self.body = body


def _unpacking(run: Run, row: int, slots: list[int]) -> Run:
    one, other = slots

    def ask(frame: Frame) -> Any:
        frame[one], frame[other] = frame[row]
        return run(frame)

    return ask


def _walk(node: Macro, owner: Run) -> Callable[[Frame], list[Any]]:
    cost = 1 + size(node.body) + (size(node.test) if node.test is not None else 0)
    name, of = node.name, rows_of if len(node.variables) == 2 else items_of

    def walk(frame: Frame) -> list[Any]:
        found = owner(frame)
        if type(found) is list or type(found) is dict:
            frame[1].charge(len(found) * cost)
        return of(found, name)

    return walk


def _filter(parts: _Parts) -> Run:
    walk, slot, body, node = parts.walk, parts.slot, parts.body, parts.node.body

    def run(frame: Frame) -> list[Any]:
        kept = []
        for item in walk(frame):
            frame[slot] = item
            value = body(frame)
            if value is True:
                kept.append(item)
            elif value is not False:
                raise Fault("truth", node, kind_of(value))
        return kept

    return run


def _map(parts: _Parts) -> Run:
    walk, slot, body, test, node = parts.walk, parts.slot, parts.body, parts.test, parts.node.test

    def run(frame: Frame) -> list[Any]:
        found = []
        for frame[slot] in walk(frame):  # noqa: B020 - a place of the frame is as good as a name
            found.append(body(frame))
        return found

    def run_tested(frame: Frame) -> list[Any]:
        assert test is not None
        assert node is not None
        found = []
        for frame[slot] in walk(frame):  # noqa: B020 - the same
            if truth(node, test(frame)):
                found.append(body(frame))
        return found

    return run if test is None else run_tested


def _quantifier(ends: bool) -> Callable[[_Parts], Run]:
    """`exists` ends where the body holds, `all` where it does not."""
    goes_on = not ends

    def make(parts: _Parts) -> Run:
        walk, slot, body, node = parts.walk, parts.slot, parts.body, parts.node.body

        def run(frame: Frame) -> Any:
            fault: Fault | None = None
            for frame[slot] in walk(frame):  # noqa: B020 - the same
                try:
                    value = body(frame)
                except Fault as found:
                    fault = fault or found
                    continue
                if value is ends:
                    return ends
                if value is not goes_on:
                    fault = fault or Fault("truth", node, kind_of(value))
            if fault is not None:
                raise fault
            return goes_on

        return run

    return make


def _exists_one(parts: _Parts) -> Run:
    walk, slot, body, node = parts.walk, parts.slot, parts.body, parts.node.body

    def run(frame: Frame) -> bool:
        count = 0
        for frame[slot] in walk(frame):  # noqa: B020 - the same
            count += truth(node, body(frame))
        return count == 1

    return run


def _sort_by(parts: _Parts) -> Run:
    walk, slot, body = parts.walk, parts.slot, parts.body

    def run(frame: Frame) -> list[Any]:
        rows = []
        for item in walk(frame):
            frame[slot] = item
            rows.append((item, body(frame)))
        return [item for item, _ in ordered(frame[1], rows)]

    return run


def _transform_map(parts: _Parts) -> Run:
    each, key = _tested(parts), parts.key

    def run(frame: Frame) -> dict[Any, Any]:
        return {key_of(frame[key]): value for value in each(frame)}

    return run


def _transform_map_entry(parts: _Parts) -> Run:
    each = _tested(parts)

    def run(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for entry in each(frame):
            if type(entry) is not dict:
                raise Fault("no_entry", parts.node.body, kind_of(entry))
            frame[1].charge(len(entry))
            for key in entry:
                if key in found:
                    raise Fault("repeated_key", key)
            found.update(entry)
        return found

    return run


def _tested(parts: _Parts) -> Callable[[Frame], Iterable[Any]]:
    walk, slot, body, test, node = parts.walk, parts.slot, parts.body, parts.test, parts.node.test

    def each(frame: Frame) -> Iterable[Any]:
        for frame[slot] in walk(frame):  # noqa: B020 - the same
            if test is None or node is None or truth(node, test(frame)):
                yield body(frame)

    return each


def _through(node: Macro, owner: Run, slot: int, body: Run) -> Run:
    """`optMap`, `optFlatMap`: the body sees the value of an optional that has one."""
    is_flat = node.name == "optFlatMap"

    def run(frame: Frame) -> Optional:
        found = owner(frame)
        if type(found) is not Optional:
            raise Fault("walked", node.name, kind_of(found))
        if not found.is_there:
            return NONE
        frame[slot] = found.value
        value = body(frame)
        if not is_flat:
            return Optional(value)
        if type(value) is not Optional:
            raise Fault("not_optional_item", kind_of(value))
        return value

    return run


_MACROS: Final[dict[str, Callable[[_Parts], Run]]] = {
    "all": _quantifier(False),
    "exists": _quantifier(True),
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
    "sortBy": _sort_by,
    "transformList": _map,
    "transformMap": _transform_map,
    "transformMapEntry": _transform_map_entry,
}
