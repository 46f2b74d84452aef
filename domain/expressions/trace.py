"""Which part of an expression failed, and what each part was worth: the same tree, compiled with a look at every part.

The fast form knows neither, so it pays for neither. Evaluating is deterministic, so doing it again gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from domain.expressions.compiler import FIRST_SLOT, Compiler
from domain.expressions.faults import Fault, Limit, Meter
from domain.expressions.maker import Frame, Run
from domain.expressions.results import as_json
from domain.expressions.tree import Node

VALUES_OF_A_PART_MAX: Final = 10
"""Of a part inside a macro, which has a value for each item, so many are kept."""


class Traced(NamedTuple):
    """A part of an expression, where it stands, and its values: one, or inside macros one an item, the first of them."""

    start: int
    end: int
    values: list[Any]
    faults: list[str]


def locating(part: Node, run: Run) -> Run:
    """The same, but that what fails says which part of it did, the smallest one."""

    def ask(frame: Frame) -> Any:
        try:
            return run(frame)
        except (Fault, Limit) as found:
            if found.node is None:
                found.node = part
            raise

    return ask


def locate(node: Node, names: Mapping[str, Any], meter: Meter, use: Callable[[Meter, Any], Any]) -> Fault | Limit | None:
    """The fault of an evaluation with the smallest part that failed; `use` is what is done with the value."""
    try:
        use(meter, _run(node, locating, names, meter))
    except (Fault, Limit) as found:
        return found
    return None


def explained(node: Node, names: Mapping[str, Any], meter: Meter) -> list[Traced]:
    """Every part that was asked, inner before outer, with what it was worth."""
    found: dict[tuple[int, int], Traced] = {}

    def wrap(part: Node, run: Run) -> Run:
        place = (part.start, part.end)

        def ask(frame: Frame) -> Any:
            try:
                value = run(frame)
            except (Fault, Limit) as fault:
                _note(found, place).faults.append(fault.kind)
                raise
            _keep(_note(found, place).values, value)
            return value

        return ask

    with suppress(Fault, Limit):
        _run(node, wrap, names, meter)
    return list(found.values())


def _run(node: Node, wrap: Callable[[Node, Run], Run], names: Mapping[str, Any], meter: Meter) -> Any:
    compiler = Compiler(wrap=wrap)
    run = compiler.make(node)
    return run([names, meter, *[None] * (compiler.slots - FIRST_SLOT)])


def _note(found: dict[tuple[int, int], Traced], place: tuple[int, int]) -> Traced:
    return found.setdefault(place, Traced(*place, [], []))


def _keep(values: list[Any], value: Any) -> None:
    if len(values) < VALUES_OF_A_PART_MAX:
        try:
            values.append(as_json(Meter(), value))
        except (Fault, Limit):
            values.append(None)
