"""A reduction: one expression for each item, whose value is the next one's `acc`.

`acc + [x]` would copy the list at each step, and take time with the square of its length. Where `acc` stands nowhere else, what is
added extends it in place, behind `?:` too: nobody else holds it. The same for `acc + {key: value}`. A text is copied, which is
quick, and its room is that of what is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from domain.expressions.compiler import FIRST_SLOT, Compiler
from domain.expressions.faults import RESULT_BYTES_MAX, Fault, Limit, Meter
from domain.expressions.maker import Frame, Run
from domain.expressions.numbers import add
from domain.expressions.operators import truth
from domain.expressions.program import Program
from domain.expressions.results import as_json
from domain.expressions.tree import Binary, Choice, Name, Node, parts

_ACC: Final = "acc"


class Reduction:
    """A reduction under way: `value` is what it has come to."""

    __slots__ = ("_extend", "_room", "_slots", "program", "value")

    def __init__(self, program: Program, initial: Any) -> None:
        self.program = program
        self.value = initial
        self._room = RESULT_BYTES_MAX
        self._extend: Run | None = None
        self._slots: list[None] = []
        if isinstance(initial, list | dict | str) and _extends(program.tree):
            self.value = initial if isinstance(initial, str) else initial.copy()
            compiler = Compiler()
            self._extend = _extending(compiler, program.tree)
            self._slots = [None] * (compiler.slots - FIRST_SLOT)

    def step(self, names: Mapping[str, Any], meter: Meter) -> None:
        """The next item: `names` has it, and the value so far as `acc`. Raises ExpressionError, ExpressionLimit."""
        if self._extend is None:
            self.value = self.program.evaluate(names, meter)
            return
        left, meter.room = meter.left, self._room
        try:
            self.value = self._extend([names, meter, *self._slots])
        except (Fault, Limit) as found:
            raise self.program.error_of(found, names, Meter(left, self._room)) from None
        self._room = meter.room


def _extends(node: Node) -> bool:
    """Whether the expression gives `acc` with something behind it, or `acc`, and mentions it nowhere else than in a condition."""
    if isinstance(node, Choice):
        return all(_is_acc(branch) or _extends(branch) for branch in (node.yes, node.no))
    return (
        isinstance(node, Binary)
        and node.operator == "+"
        and _is_acc(node.left)
        and not any(isinstance(part, Name) and part.name == _ACC for part in parts(node.right))
    )


def _is_acc(node: Node) -> bool:
    return isinstance(node, Name) and node.name == _ACC


def _extending(compiler: Compiler, node: Node) -> Run:
    if isinstance(node, Choice):
        condition, asked = compiler.make(node.condition), node.condition
        yes, no = _extending(compiler, node.yes), _extending(compiler, node.no)
        return lambda frame: yes(frame) if truth(asked, condition(frame)) else no(frame)
    if isinstance(node, Binary):
        added = compiler.make(node.right)
        return lambda frame: _with(frame, added(frame))
    return compiler.make(node)


def _with(frame: Frame, added: Any) -> Any:
    names, meter = frame[0], frame[1]
    acc = names[_ACC]
    if type(acc) is list and type(added) is list:
        meter.charge(len(added) + 1)
        acc.extend(as_json(meter, added))
        return acc
    if type(acc) is dict and type(added) is dict:
        meter.charge(2 * len(added) + 1)
        acc.update(as_json(meter, added))
        return acc
    if type(acc) is str and type(added) is str:
        meter.charge(1 + (len(added) >> 4) + (len(acc) >> 10))  # copied, but not kept beside the one before
        return acc + as_json(meter, added)
    return as_json(meter, add(meter, acc, added))
