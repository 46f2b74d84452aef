"""One expression: what it reads, whether it is right, what it gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Final

from contracts.errors import ExpressionError
from domain.expressions import messages
from domain.expressions.engine import EngineRefusal, Evaluable, ExpressionEngine
from domain.expressions.growth import GROWTH_MAX, PRODUCT_CHARS_MAX, growth_of, longest_of, multiplied_of, product_of
from domain.expressions.tokens import NAMES, SOURCE_CHARS_MAX, Reference, references_of

PROGRAMS_MAX: Final = 20_000
"""So many expressions stay compiled in a process; the least used ones make room."""

_PATH = re.compile(rf"\s*({'|'.join(NAMES)})((?:\.[A-Za-z_][A-Za-z0-9_]*)*)\s*", re.ASCII)
_MISSING: Final = object()


class Program:
    """One expression. Made by `program`; compiled when first checked or evaluated."""

    __slots__ = ("_compiled", "_multiplied", "_path", "_read", "_references", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._compiled: Evaluable | None = None
        self._references: tuple[Reference, ...] | None = None
        self._read: dict[str, Any] | None = None
        self._multiplied = 0
        self._path: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"program({self.source!r})"

    @property
    def references(self) -> tuple[Reference, ...]:
        """What the expression reads, in the order written; found without compiling."""
        if self._references is None:
            self._references = references_of(self.source)
        return self._references

    def check(self) -> None:
        """Raises ExpressionError where the expression cannot be compiled; says nothing of what it will find."""
        self._evaluable()

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The plain JSON value; it may share parts with `names`, so treat it as immutable. Raises ExpressionError.

        A name that is not in `names` is unknown at this place, and reading it is an error.
        """
        if self._path is None:
            self._path = _path_of(self.source)
        if self._path:
            found = _walk(names, self._path)
            if found is not _MISSING:
                return found
        evaluable = self._evaluable()
        if self._multiplied:
            self._refuse_products(names)
        try:
            return evaluable.evaluate(self._only_what_is_read(names))
        except EngineRefusal as refusal:
            raise ExpressionError(messages.of_evaluation(self.source, str(refusal), names, _value_of)) from None

    def _evaluable(self) -> Evaluable:
        if self._compiled is None:
            if len(self.source) > SOURCE_CHARS_MAX:
                raise ExpressionError(messages.of_length(self.source))
            if (growth := growth_of(self.source)) > GROWTH_MAX:
                raise ExpressionError(messages.of_growth(self.source, growth))
            self._multiplied = multiplied_of(self.source)
            try:
                self._compiled = _engine().compile(self.source)
            except EngineRefusal as refusal:
                raise ExpressionError(messages.of_compilation(self.source, str(refusal))) from None
        return self._compiled

    def _refuse_products(self, names: Mapping[str, Any]) -> None:
        """Raises ExpressionError where strings that are multiplied with each other could fill the machine."""
        given = [longest_of(_walk(names, (reference.root, *reference.path))) for reference in self.references]
        product = product_of(self.source, self._multiplied, given)
        if product > PRODUCT_CHARS_MAX:
            raise ExpressionError(messages.of_product(self.source, product))

    def _only_what_is_read(self, names: Mapping[str, Any]) -> dict[str, Any]:
        """The names cut down to the paths that the expression reads: converting the rest would cost more than evaluating."""
        if self._read is None:
            self._read = _tree_of(self.references)
        return {root: _pruned(names[root], below) for root, below in self._read.items() if root in names}


@lru_cache(maxsize=PROGRAMS_MAX)
def program(source: str) -> Program:
    """The expression of a source text. Costs next to nothing: nothing is looked at before the first check or evaluation."""
    return Program(source)


@cache
def _engine() -> ExpressionEngine:
    from domain.expressions.cel import CelEngine  # the library is loaded by the first expression, not by every import

    return CelEngine()


def _value_of(source: str, names: Mapping[str, Any]) -> Any:
    """The value of a part of an expression, for messages. Raises EngineRefusal."""
    return _engine().compile(source).evaluate(Program(source)._only_what_is_read(names))


def _path_of(source: str) -> tuple[str, ...]:
    """The path of a source that is nothing but names and dots, which needs no engine; else nothing."""
    found = _PATH.fullmatch(source)
    return (found[1], *found[2].split(".")[1:]) if found else ()


def _walk(names: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = names
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _tree_of(references: tuple[Reference, ...]) -> dict[str, Any]:
    """The paths as one tree; an empty place means that everything below is read."""
    tree: dict[str, Any] = {}
    for reference in references:
        place, path = tree, (reference.root, *reference.path)
        for key in path[:-1]:
            if key in place and not place[key]:
                break
            place = place.setdefault(key, {})
        else:
            place[path[-1]] = {}
    return tree


def _pruned(value: Any, tree: dict[str, Any]) -> Any:
    if not tree or not isinstance(value, Mapping):
        return value
    return {key: _pruned(value[key], below) for key, below in tree.items() if key in value}
