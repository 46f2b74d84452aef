"""One expression: what it reads, whether it is right, what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from contracts.errors import ExpressionError, ExpressionLimit
from domain.expressions import messages
from domain.expressions.checker import check
from domain.expressions.compiler import FIRST_SLOT, Compiler
from domain.expressions.faults import Fault, Limit, Meter, Unreadable
from domain.expressions.maker import Run
from domain.expressions.parser import parse
from domain.expressions.references import Reference, references_of
from domain.expressions.results import as_json
from domain.expressions.shapes import EMPTY, Shapes
from domain.expressions.tokens import NAMES, SOURCE_CHARS_MAX
from domain.expressions.trace import Traced, explained, locate
from domain.expressions.tree import Name, Node, Select
from domain.expressions.values import equal
from domain.expressions.words import Comparisons

PROGRAMS_MAX: Final = 20_000
"""So many expressions stay compiled in a process; the least used ones make room."""

_UNBOUNDED: Final = 2**62
_CHARS_OF_A_UNIT: Final = 5
"""As a power of two: so much of a source costs its decision a unit, for what is not metered."""


class Program:
    """One expression. Made by `program`; read and compiled when first asked."""

    __slots__ = ("_path", "_references", "_run", "_slots", "_tree", "source", "weight")

    def __init__(self, source: str) -> None:
        self.source = source
        self.weight = 1 + (len(source) >> _CHARS_OF_A_UNIT)
        self._tree: Node | None = None
        self._references: tuple[Reference, ...] | None = None
        self._path: tuple[str, ...] = ()
        self._run: Run | None = None
        self._slots: list[None] = []

    def __repr__(self) -> str:
        return f"program({self.source!r})"

    @property
    def references(self) -> tuple[Reference, ...]:
        """What the expression reads, in the order written; nothing where it cannot be read."""
        if self._references is None:
            try:
                self._references = references_of(self.tree)
            except ExpressionError:
                self._references = ()
        return self._references

    @property
    def tree(self) -> Node:
        """The parts of the expression. Raises ExpressionError where it cannot be read."""
        return self._read(Comparisons())

    def _read(self, comparisons: Comparisons) -> Node:
        if self._tree is None:
            if len(self.source) > SOURCE_CHARS_MAX:
                raise ExpressionError(messages.of_length(self.source))
            try:
                self._tree = parse(self.source)
            except Unreadable as unreadable:
                raise ExpressionError(messages.of_source(self.source, unreadable, comparisons)) from None
        return self._tree

    def check(self, shapes: Shapes = EMPTY, comparisons: Comparisons | None = None) -> list[str]:
        """What is doubtful, with what is known of the roots: each a message.

        Raises ExpressionError where the expression cannot be compiled, or can only fail; says nothing of what it will find.
        Suggestions are made as far as the comparisons reach; without any given, each expression has its own.
        """
        comparisons = comparisons or Comparisons()
        self._compile(comparisons)
        fault, doubts = check(self.tree, shapes)
        if fault is not None:
            raise ExpressionError(messages.of_fault(self.source, fault, comparisons))
        return [said for doubt in doubts if (said := messages.of_doubt(self.source, doubt.node, doubt.name, doubt.names, comparisons))]

    def evaluate(self, names: Mapping[str, Any], meter: Meter | None = None) -> Any:
        """The plain JSON value; it may share parts with `names`, so treat it as immutable.

        A name that is not in `names` is unknown at this place, and reading it is an error. What it costs is taken from the meter.
        Raises ExpressionError, ExpressionLimit where it is over a bound.
        """
        run = self._run or self._compile()
        if self._path:
            value: Any = names
            try:
                for key in self._path:
                    value = value[key]
                return value
            except (KeyError, TypeError):
                pass  # said below, by what reads step by step
        if meter is None:
            meter = Meter()
        left, room, patterns = meter.left, meter.room, meter.patterns
        try:
            return as_json(meter, run([names, meter, *self._slots]))
        except (Fault, Limit) as found:
            raise self.error_of(found, names, Meter(left, room, patterns)) from None

    def evaluate_measured(self, names: Mapping[str, Any], meter: Meter) -> Any:
        """As `evaluate`; what a bare path gives is taken from the meter's room, too, since it becomes a part of something larger."""
        value = self.evaluate(names, meter)
        if self._path and isinstance(value, str | list | dict):
            aside = Meter(_UNBOUNDED, meter.room)
            try:
                as_json(aside, value)
            except (Fault, Limit) as found:
                raise self.error_of(found, names, meter) from None
            meter.room = aside.room
        return value

    def explain(self, names: Mapping[str, Any]) -> list[Traced]:
        """Every part with what it was worth, inner before outer; of parts inside macros the first values."""
        self._compile()
        return explained(self.tree, names, Meter())

    def error_of(self, found: Fault | Limit, names: Mapping[str, Any], meter: Meter) -> ExpressionError:
        """What is told about an evaluation that failed; it is done again, with the same meter, to find the part that did."""
        if found.node is None:
            found = locate(self.tree, names, meter, as_json) or found
        if isinstance(found, Limit):
            return ExpressionLimit(messages.of_limit(self.source, found))
        return ExpressionError(messages.of_fault(self.source, found, Comparisons(_UNBOUNDED)))

    def _compile(self, comparisons: Comparisons | None = None) -> Run:
        if self._run is None:
            comparisons = comparisons or Comparisons()
            tree = self._read(comparisons)
            compiler = Compiler()
            try:
                self._run = compiler.make(tree)
            except Unreadable as unreadable:
                raise ExpressionError(messages.of_source(self.source, unreadable, comparisons)) from None
            self._slots = [None] * (compiler.slots - FIRST_SLOT)
            self._path = _path_of(tree)
        return self._run


@lru_cache(maxsize=PROGRAMS_MAX)
def program(source: str) -> Program:
    """The expression of a source text. Costs next to nothing: nothing is looked at before it is asked."""
    return Program(source)


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, as `==` has it. Raises ExpressionLimit where they are too large to tell."""
    try:
        return equal(Meter(), one, other)
    except Limit:
        raise over_units("==") from None


def over_units(source: str) -> ExpressionLimit:
    """What is raised where an expression is to be asked and the decision has no units left."""
    return ExpressionLimit(messages.of_limit(source, Limit("units")))


def _path_of(node: Node) -> tuple[str, ...]:
    """The path of an expression that is nothing but a root and fields; else nothing."""
    keys: list[str] = []
    while isinstance(node, Select) and not node.is_optional:
        keys.append(node.name)
        node = node.owner
    return (node.name, *reversed(keys)) if isinstance(node, Name) and node.name in NAMES else ()
