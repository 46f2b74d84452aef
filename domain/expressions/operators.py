"""The closures of operators.

`&&` and `||` ask from left to right and absorb what fails, or is no bool, where another operand decides; of several faults the
first counts. What costs most, numbers and texts of one kind, is decided before the general rules are asked.
"""

from __future__ import annotations

from typing import Any, Final

from domain.expressions.faults import Fault
from domain.expressions.maker import Frame, Maker, Run
from domain.expressions.numbers import ARITHMETIC, SMALL, negate
from domain.expressions.tree import Binary, Chain, Literal, Node, Unary
from domain.expressions.values import COMPARED_CHARS, COMPARISONS, NUMBERS, compare, contains, equal, kind_of

_NOTHING: Final = object()


def unary(maker: Maker, node: Unary) -> Run:
    """`!x`, `-x`."""
    operand = maker.make(node.operand)
    if node.operator == "-":
        return lambda frame: negate(frame[1], operand(frame))

    def turn(frame: Frame) -> bool:
        value = operand(frame)
        if value is True:
            return False
        if value is False:
            return True
        raise Fault("truth", node.operand, kind_of(value))

    return turn


def truth(node: Node, value: Any) -> bool:
    """The value of a condition. Raises Fault for what is neither true nor false."""
    if value is True or value is False:
        return value is True
    raise Fault("truth", node, kind_of(value))


def chain(maker: Maker, node: Chain) -> Run:
    """`a && b && c`, `a || b || c`."""
    ends = node.operator == "||"
    made = list(zip(node.operands, maker.make_all(node.operands), strict=True))
    return _two(ends, *made) if len(made) == 2 else _many(ends, made)


def _two(ends: bool, left: tuple[Node, Run], right: tuple[Node, Run]) -> Run:
    """The same as `_many`, for the two operands that most have."""
    (node_one, one), (node_other, other) = left, right
    goes_on = not ends

    def ask(frame: Frame) -> Any:
        try:
            value = one(frame)
        except Fault:
            if _absorbing(other, frame) is ends:
                return ends
            raise
        if value is ends:
            return ends
        if value is goes_on:
            value = other(frame)
            if value is ends or value is goes_on:
                return value is True
            raise Fault("truth", node_other, kind_of(value))
        if _absorbing(other, frame) is ends:
            return ends
        raise Fault("truth", node_one, kind_of(value))

    return ask


def _absorbing(run: Run, frame: Frame) -> Any:
    try:
        return run(frame)
    except Fault:
        return None


def _many(ends: bool, operands: list[tuple[Node, Run]]) -> Run:
    goes_on = not ends

    def ask(frame: Frame) -> Any:
        fault: Fault | None = None
        for node, run in operands:
            try:
                value = run(frame)
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

    return ask


def binary(maker: Maker, node: Binary) -> Run:
    """Comparisons, `in`, arithmetic."""
    left, right, operator = maker.make(node.left), maker.make(node.right), node.operator
    literal = node.right.value if isinstance(node.right, Literal) else _NOTHING
    if operator == "in":
        return lambda frame: contains(frame[1], left(frame), right(frame))
    if operator in ("==", "!="):
        return _equality(operator == "==", left, right, literal)
    if operator in COMPARISONS:
        return _order(operator, left, right, literal)
    return _arithmetic(operator, left, right)


def _equality(wanted: bool, left: Run, right: Run, literal: Any) -> Run:
    if type(literal) is str:
        return (lambda frame: left(frame) == literal) if wanted else (lambda frame: left(frame) != literal)
    if type(literal) is int or type(literal) is float:

        def ask_number(frame: Frame) -> bool:
            value = left(frame)
            return (type(value) in NUMBERS and value == literal) is wanted

        return ask_number

    def ask(frame: Frame) -> bool:
        one, other = left(frame), right(frame)
        if type(one) is type(other) is str and len(one) < COMPARED_CHARS:
            return (one == other) is wanted
        return equal(frame[1], one, other) is wanted

    return ask


def _order(operator: str, left: Run, right: Run, literal: Any) -> Run:
    is_so = COMPARISONS[operator]
    if operator == ">" and (type(literal) is int or type(literal) is float):

        def is_more(frame: Frame) -> bool:
            value = left(frame)
            return value > literal if type(value) is int or type(value) is float else compare(frame[1], operator, value, literal)

        return is_more
    if type(literal) is int or type(literal) is float:

        def ask_number(frame: Frame) -> Any:
            value = left(frame)
            return is_so(value, literal) if type(value) is int or type(value) is float else compare(frame[1], operator, value, literal)

        return ask_number
    return lambda frame: compare(frame[1], operator, left(frame), right(frame))


def _arithmetic(operator: str, left: Run, right: Run) -> Run:
    work = ARITHMETIC[operator]
    if operator == "+":

        def plus(frame: Frame) -> Any:
            one, other = left(frame), right(frame)
            if type(one) is int and type(other) is int and -SMALL < one < SMALL and -SMALL < other < SMALL:
                return one + other
            return work(frame[1], one, other)

        return plus
    if operator == "-":

        def minus(frame: Frame) -> Any:
            one, other = left(frame), right(frame)
            if type(one) is int and type(other) is int and -SMALL < one < SMALL and -SMALL < other < SMALL:
                return one - other
            return work(frame[1], one, other)

        return minus
    if operator == "*":

        def times(frame: Frame) -> Any:
            one, other = left(frame), right(frame)
            if type(one) is int and type(other) is int and -SMALL < one < SMALL and -SMALL < other < SMALL:
                return one * other
            return work(frame[1], one, other)

        return times
    return lambda frame: work(frame[1], left(frame), right(frame))
