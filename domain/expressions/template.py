"""Values whose strings may hold `{{ expression }}`.

A string that is one template and nothing else keeps the type of its expression. In mixed text a string stands as it
is, everything else as compact JSON. What is put in is never read as a template again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.errors import ExpressionError
from domain.expressions.faults import Meter
from domain.expressions.program import Program, program
from domain.expressions.references import Reference
from domain.expressions.tokens import SOURCE_CHARS_MAX, template_end

VALUE_DEPTH_MAX: Final = 200
"""A value nested deeper is refused."""

Render = Callable[[Mapping[str, Any], Meter], Any]


class Value:
    """A JSON value whose strings may hold templates. Made by `value`."""

    __slots__ = ("_alone", "_render", "literal", "programs")

    def __init__(self, literal: Any, programs: tuple[Program, ...], render: Render | None, alone: Program | None = None) -> None:
        self.literal = literal
        self.programs = programs
        self._render, self._alone = render, alone

    def __repr__(self) -> str:
        return f"value({self.literal!r})"

    @property
    def is_static(self) -> bool:
        """Whether there is nothing to fill in: `literal` is the value then, and otherwise the text as written."""
        return self._render is None

    @property
    def references(self) -> tuple[Reference, ...]:
        """What all templates read."""
        return tuple(reference for one in self.programs for reference in one.references)

    def check(self) -> None:
        """Raises ExpressionError at the first expression that cannot be compiled."""
        for one in self.programs:
            one.check()

    def render(self, names: Mapping[str, Any], meter: Meter | None = None) -> Any:
        """The value with every template filled; parts may be shared with `names`. Raises ExpressionError.

        All templates of a value share one meter, so that many of them cannot make of it what one may not.
        """
        if self._alone is not None:  # what it gives is the whole value, and nothing larger is made of it
            return self._alone.evaluate(names, meter)
        return self.literal if self._render is None else self._render(names, meter or Meter())


def value(raw: Any) -> Value:
    """Reads a JSON value. Raises ExpressionError for a template that is not closed or empty."""
    if not _may_hold(raw, 0):
        return Value(raw, (), None)
    programs: list[Program] = []
    render = _plan(raw, programs)
    alone = _alone(split(raw)) if isinstance(raw, str) and len(programs) == 1 else None
    return Value(raw, tuple(programs), render, alone)


def has_template(text: str) -> bool:
    """Whether a string holds the beginning of a template."""
    return "{{" in text


def split(text: str) -> list[str | Program]:
    """The pieces of a text: what stands as it is, and the expressions. Raises ExpressionError."""
    pieces: list[str | Program] = []
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = template_end(text, start + 2)
        if end < 0:
            raise ExpressionError(_unclosed(text, start))
        source = text[start + 2 : end].strip()
        if not source:
            raise ExpressionError(f"`{text[start : end + 2]}` at character {start + 1} holds no expression")
        if start > at:
            pieces.append(text[at:start])
        pieces.append(program(source))
        at = end + 2
    if at < len(text):
        pieces.append(text[at:])
    return pieces


def _unclosed(text: str, start: int) -> str:
    shown = text[start : start + 40] + ("…" if len(text) > start + 40 else "")
    limit = f" within {SOURCE_CHARS_MAX:,} characters" if len(text) - start > SOURCE_CHARS_MAX else ""
    advice = 'check its quotes and brackets; a plain {{ is written {{ "{{" }}'
    return f"`{shown}` at character {start + 1} is not closed by `}}}}`{limit} ({advice})"


def _may_hold(raw: Any, depth: int) -> bool:
    """Whether any string in the value holds a template; looks at every part, so that depth is refused in any case."""
    if isinstance(raw, str):
        return "{{" in raw
    if not isinstance(raw, dict | list):
        return False
    if depth >= VALUE_DEPTH_MAX:
        raise ExpressionError(f"the value is nested deeper than {VALUE_DEPTH_MAX} levels")
    found = False
    for item in raw.values() if isinstance(raw, dict) else raw:
        if _may_hold(item, depth + 1):
            found = True
    return found


def _plan(raw: Any, programs: list[Program]) -> Render | None:
    """How to fill in a value; None where there is nothing to fill in. Appends the expressions found."""
    if isinstance(raw, str) and "{{" in raw:
        return _plan_text(raw, programs)
    if isinstance(raw, dict):
        plans = {key: plan for key, item in raw.items() if (plan := _plan(item, programs))}
        return (lambda names, meter: {**raw, **{key: plan(names, meter) for key, plan in plans.items()}}) if plans else None
    if isinstance(raw, list):
        items = [(item, _plan(item, programs)) for item in raw]
        if any(plan for _, plan in items):
            return lambda names, meter: [plan(names, meter) if plan else item for item, plan in items]
    return None


def _plan_text(text: str, programs: list[Program]) -> Render:
    pieces = split(text)
    programs.extend(piece for piece in pieces if isinstance(piece, Program))
    if (alone := _alone(pieces)) is not None:
        return alone.evaluate_measured
    return lambda names, meter: "".join(
        piece if isinstance(piece, str) else _shown(piece.evaluate_measured(names, meter)) for piece in pieces
    )


def _alone(pieces: list[str | Program]) -> Program | None:
    """The expression of a text that is one template and nothing else."""
    return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], Program) else None


def _shown(result: Any) -> str:
    """How a result stands in mixed text."""
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, separators=(",", ":"))
