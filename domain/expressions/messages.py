"""What the engine says, made readable: which part of the expression, what was found, what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.expressions import faults
from domain.expressions.growth import GROWTH_MAX, PRODUCT_CHARS_MAX
from domain.expressions.habits import find_habit
from domain.expressions.parts import parts_of
from domain.expressions.scene import Scene, likeness, nearest, types_of, wrong_types
from domain.expressions.tokens import NAMES, SOURCE_CHARS_MAX, tokens_of

LEVELS_MAX: Final = 32
"""So deep an expression may be nested: the library's own limit."""

_FUNCTIONS_OF_CEL: Final = """
    all bool bytes charAt contains double duration dyn endsWith exists exists_one filter first format getDate getDayOfMonth getDayOfWeek
    getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth getSeconds has hasValue indexOf int join last lastIndexOf
    lowerAscii map matches num optMap or orValue replace reverse size split startsWith string substring timestamp trim type uint
    upperAscii value abs ceil floor greatest isFinite isInf isNaN least round sign sqrt trunc
"""
FUNCTIONS: Final = tuple(_FUNCTIONS_OF_CEL.split())
"""What an unknown function may have been meant to be."""

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_SHOWN_CHARS_MAX: Final = 160
_MESSAGE_CHARS_MAX: Final = 1_000
_ALIKE: Final = 0.78
_OTHERS_WORDS: Final = {
    "variables": "vars", "var": "vars", "steps": "nodes", "tasks": "nodes", "outputs": "nodes", "inputs": "input",
    "output": "data", "payload": "data", "event": "signal", "workflow": "execution", "run": "execution",
}  # fmt: skip
"""Roots that other systems have."""


def of_length(source: str) -> str:
    """What to say of a source that is too long."""
    return f"`{source[:60]}…`: the expression has {len(source):,} characters, the most is {SOURCE_CHARS_MAX:,}"


def of_growth(source: str, growth: int) -> str:
    """What to say of macros and replacements that multiply values out of all bounds."""
    limit = f"the most is {GROWTH_MAX:,}; do it in several nodes"
    return f"`{_shown(source)}`: its macros and replacements can make {growth:,} copies of one value, {limit}"


def of_product(source: str, chars: int) -> str:
    """What to say where strings that are too long would be multiplied with each other."""
    size = f"{chars:,}" if chars < 10**18 else "more than 10^18"
    limit = f"the most is {PRODUCT_CHARS_MAX:,}; a constant one has no such limit"
    return f"`{_shown(source)}`: its computed replacement or separator could make a string of {size} characters, {limit}"


def of_evaluation(source: str, refusal: str, names: Mapping[str, Any], evaluate: Callable[[str, Mapping[str, Any]], Any]) -> str:
    """What to say of an evaluation that failed; `evaluate` gives the value of a part, or raises EngineRefusal."""
    said = faults.explain(Scene(source, refusal, names, evaluate)).replace("\n", " ")
    return said if len(said) <= _MESSAGE_CHARS_MAX else f"{said[:_MESSAGE_CHARS_MAX]}…"


def of_compilation(source: str, refusal: str) -> str:
    """What to say of a source that cannot be compiled: one line, with line and column."""
    shown = _shown(source)
    if "recursion" in refusal:
        return f"`{shown}`: nested deeper than {LEVELS_MAX} levels (each term of a long sum is one); use several templates, or `[…].join()`"
    if not source.strip():
        return "the expression is empty"
    found = _ERROR.search(refusal)
    if not found:
        return f"`{shown}`: {refusal}"
    offset = _offset(source, int(found[1]), int(found[2]))
    is_function = _is_function(found[3])
    habit = find_habit(source)
    if habit:
        return f"`{shown}`{_place(source, habit.offset)}: {habit.advice}"
    if is_function or "undeclared reference" in found[3]:
        return _undeclared(source, found[3], offset)
    return f"`{shown}`{_place(source, offset)}: {_readable(source, found[3])}"


def _shown(source: str) -> str:
    """The source on one line, cut where it is long."""
    line = " ".join(source.split("\n"))
    return line if len(line) <= _SHOWN_CHARS_MAX else f"{line[:_SHOWN_CHARS_MAX]}…"


def _is_function(said: str) -> bool:
    return "undeclared reference" in said and "." not in said.split("'")[1] and said.split("'")[1] not in NAMES


def _offset(source: str, line: int, column: int) -> int:
    lines = source.split("\n")
    return min(len(source), sum(len(text) + 1 for text in lines[: max(line, 1) - 1]) + max(column, 1) - 1)


def _place(source: str, offset: int) -> str:
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    return f" at line {line}, column {column}" if line > 1 else f" at column {column}"


def _undeclared(source: str, said: str, offset: int) -> str:
    """An unknown name or function: which, and which known one comes nearest."""
    written = said.split("'")[1]
    root = written.removeprefix(".").split(".")[0]
    part = next((part for part in parts_of(source, tokens_of(source)) if part.kind in ("call", "macro") and part.name == written), None)
    if part and "." not in written:
        return _unknown_function(source, part.text, written, offset)
    offset = max(0, source.rfind(root, 0, offset + 1)) if not source.startswith(root, offset) else offset
    near = nearest(root, list(NAMES))[0]
    better = _OTHERS_WORDS.get(root) or (near if likeness(root, near) >= _ALIKE else f"input.{root}")
    return f"unknown name `{root}`{_place(source, offset)} of `{_shown(source)}`; known are {', '.join(NAMES)}; did you mean `{better}`?"


def _unknown_function(source: str, text: str, name: str, offset: int) -> str:
    if name in FUNCTIONS:
        return f"`{text}`{_place(source, offset)}: `{name}` does not take these arguments, or not so many"
    near = nearest(name, list(FUNCTIONS))[0]
    hint = f"; did you mean `{near}`?" if likeness(name, near) >= _ALIKE else ""
    return f"`{text}`{_place(source, offset)}: unknown function `{name}`{hint}"


def _readable(source: str, said: str) -> str:
    overload = re.match(r"found no matching overload for '(.*?)' applied to '\((.*)\)'", said)
    if overload:
        return _overload(source, overload[1].strip("_"), types_of(overload[2]))
    if "'<EOF>' expecting {" in said or "input '<EOF>'" in said:
        return (
            "the expression ends too early"
            if "expecting {" in said
            else f"the expression ends too early, expected {said.split('expecting ')[-1]}"
        )
    token = re.search(r"token recognition error at: '(.*)'", said, re.DOTALL)
    if token:
        return "a string is not closed" if token[1][:1] in "\"'" else f"`{token[1].strip()}` has no meaning here"
    unexpected = re.search(r"(?:mismatched|extraneous) input '(.*?)' expecting (.*)", said, re.DOTALL)
    if unexpected:
        expected = "" if len(unexpected[2]) > 20 else ", expected the end" if "EOF" in unexpected[2] else f", expected {unexpected[2]}"
        return f"unexpected `{unexpected[1]}`{expected}"
    if "missing '" in said:
        bracket = said.split("'")[1]
        return f"a `{bracket}` is missing"
    if "no viable alternative" in said:
        return f"unexpected `{said.split('input ')[-1][1:-1]}`"
    return re.sub(r"^Syntax error: ", "", said)


def _overload(source: str, operator: str, types: list[str]) -> str:
    """Types that are wrong before anything is evaluated; the part is the one with such an operator, if there is one."""
    name = {"&&": "&&", "||": "||", "!": "!", "?_:": "?:", "@in": "in", "[_]": "[]"}.get(operator, operator)
    kinds = ("binary", "unary", "choice", "call")
    parts = [part for part in parts_of(source, tokens_of(source)) if part.kind in kinds and part.name == name]
    if name in ("&&", "||", "!") or (name == "?:" and types[0] not in ("bool", "dyn")):
        return f"`{name}` does not take ({', '.join(types)}): CEL has no truthiness; compare, e.g. `input.a != null`"
    if name == "?:":
        return f"both results of `? :` must have one type, found {types[-2]} and {types[-1]}; write `dyn(…)` around one"
    operands = tuple(text for text in parts[0].operands if text) if len(parts) == 1 else ()
    return wrong_types(source, name, types, operands).split(": ", 1)[1]
