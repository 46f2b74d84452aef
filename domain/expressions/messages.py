"""What is told about an expression that is none, that failed, or that is over a bound: one line that names the part, what was
found, and what to write instead. Words are made here only, and only of what leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from domain.expressions.fault_words import FAULTS, Failed
from domain.expressions.faults import RESULT_BYTES_MAX, RESULT_DEPTH_MAX, UNITS_MAX, Fault, Limit, Unreadable
from domain.expressions.habits import find_habit
from domain.expressions.parser import LEVELS_MAX, MACROS
from domain.expressions.signatures import FUNCTIONS, LAZY_METHODS, METHODS
from domain.expressions.tokens import NAMES, SOURCE_CHARS_MAX
from domain.expressions.tree import Call, Node
from domain.expressions.words import Comparisons, meant

_SHOWN_CHARS_MAX: Final = 160
_MESSAGE_CHARS_MAX: Final = 1_000
_OTHERS_WORDS: Final = {
    "variables": "vars", "var": "vars", "steps": "nodes", "tasks": "nodes", "outputs": "nodes", "inputs": "input",
    "output": "data", "payload": "data", "event": "signal", "workflow": "execution", "run": "execution",
}  # fmt: skip
"""Roots that other systems have."""
_KNOWN_CALLS: Final = (*FUNCTIONS, *METHODS, *LAZY_METHODS, *MACROS, "has")
_LIMITS: Final = {
    "units": f"it costs more than {UNITS_MAX:,} units, or more than the decision has left; "
    "a macro costs its items times the parts of its body: use a `transform` or a `for_each` node",
    "bytes": f"its result would be longer than {RESULT_BYTES_MAX // 2**20} MiB",
    "depth": f"its result would be nested deeper than {RESULT_DEPTH_MAX} levels",
}


def of_length(source: str) -> str:
    """What to say of a source that is too long."""
    return f"`{source[:60]}…`: the expression has {len(source):,} characters, the most is {SOURCE_CHARS_MAX:,}"


class Told(NamedTuple):
    """What to say of a part: the part, where it begins if that is to be said, and what is wrong with it."""

    part: str
    at: int | None
    said: str


def of_source(source: str, unreadable: Unreadable, comparisons: Comparisons) -> str:
    """What to say of a source that cannot be compiled: one line, with line and column."""
    part, at, said = told_of_source(source, unreadable, comparisons)
    return f"{part}{'' if at is None else place(source, at)}{said}"


def told_of_source(source: str, unreadable: Unreadable, comparisons: Comparisons) -> Told:
    """The same for whoever says the line and the column in a way of its own."""
    whole = f"`{_shown(source)}`"
    if unreadable.kind == "deep":
        advice = "each step of a path and each term of a long sum is one; use several templates, or `[…].join()`"
        return Told(whole, None, f": nested deeper than {LEVELS_MAX} levels ({advice})")
    if not source.strip():
        return Told("", None, "the expression is empty")
    if unreadable.kind in ("pattern", "zone"):
        node, *values = unreadable.values
        fault = Fault(unreadable.kind, *values)
        fault.node = node
        return Told("", None, of_fault(source, fault, comparisons))
    if (habit := find_habit(source)) is not None:
        return Told(whole, habit.offset, f": {habit.advice}")
    if unreadable.kind in _COMPILING:
        return _COMPILING[unreadable.kind](source, unreadable, comparisons)
    if unreadable.said in ("the expression ends too early", "a `)` is missing"):
        return Told(whole, None, f": {unreadable.said}")
    return Told(whole, unreadable.at, f": {unreadable.said}")


def of_fault(source: str, fault: Fault, comparisons: Comparisons) -> str:
    """What to say of an evaluation that failed."""
    said = FAULTS[fault.kind](Failed(source, fault, comparisons)).replace("\n", " ")
    return said if len(said) <= _MESSAGE_CHARS_MAX else f"{said[:_MESSAGE_CHARS_MAX]}…"


def of_limit(source: str, limit: Limit) -> str:
    """What to say of an evaluation that is over a bound."""
    part = source if limit.node is None else source[limit.node.start : limit.node.end]
    return f"`{_shown(part)}`: {_LIMITS[limit.kind]}"


def of_doubt(source: str, node: Node, name: str, names: tuple[str, ...], comparisons: Comparisons) -> str:
    """What to say of a field that the schema does not name, where one that it names is meant; nothing where none is alike."""
    near = meant(name, names, comparisons)
    if near is None:
        return ""
    part = _shown(source[node.start : node.end])
    return f"`{part}`{place(source, node.start)}: the schema names no `{name}`; did you mean `{near}`?"


def place(source: str, offset: int) -> str:
    """The line and the column of a character, for people."""
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    return f" at line {line}, column {column}" if line > 1 else f" at column {column}"


def _shown(source: str) -> str:
    """The source on one line, cut where it is long."""
    line = " ".join(source.split("\n"))
    return line if len(line) <= _SHOWN_CHARS_MAX else f"{line[:_SHOWN_CHARS_MAX]}…"


def _unknown_name(source: str, unreadable: Unreadable, comparisons: Comparisons) -> Told:
    (name,) = unreadable.values
    better = _OTHERS_WORDS.get(name) or meant(name, NAMES, comparisons) or f"input.{name}"
    known = ", ".join(NAMES)
    said = f" of `{_shown(source)}`; known are {known}; did you mean `{better}`?"
    return Told(f"unknown name `{name}`", unreadable.at, said)


def _unknown_function(source: str, unreadable: Unreadable, comparisons: Comparisons) -> Told:
    node, name = unreadable.values
    if name in MACROS and name not in METHODS:
        return _of_call(source, node, f"`{name}` is a macro, write `{_macro(name)}`")
    if node.owner is None and name in METHODS:
        return _of_call(source, node, f"`{name}` is a method, write `{METHODS[name].written}`")
    near = meant(name, _KNOWN_CALLS, comparisons)
    hint = f"; did you mean `{near}`?" if near else ""
    return _of_call(source, node, f"unknown function `{name}`{hint}")


def _macro(name: str) -> str:
    if name.startswith("transform"):
        return f"map.{name}(k, v, …)"
    return f"{'optional' if name.startswith('opt') else 'list'}.{name}(x, …)"


def _argument_count(source: str, unreadable: Unreadable, comparisons: Comparisons) -> Told:
    node, signature = unreadable.values
    return _of_call(source, node, f"`{node.name}` does not take so many arguments, write `{signature.written}`")


def _of_call(source: str, node: Call, said: str) -> Told:
    return Told(f"`{_shown(source[node.start : node.end])}`", node.start, f": {said}")


_COMPILING: Final[dict[str, Callable[[str, Unreadable, Comparisons], Told]]] = {
    "unknown_name": _unknown_name,
    "unknown_function": _unknown_function,
    "argument_count": _argument_count,
}
