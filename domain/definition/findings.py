"""Findings: the problems of a definition as they are found, and which of them are worth telling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from contracts.errors import Problem
from domain.expressions.words import Comparisons

PROBLEMS_MAX: Final = 1_000
"""So many problems are told at most; the last one says how many more there are."""

_PIECE: Final = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


class Findings:
    """Collects problems. What would only repeat a problem of the shape at the same place, or around it, is left out."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._unreadable: set[str] = set()
        self.comparisons = Comparisons()

    def add(self, path: str, rule: str, message: str, fix: str) -> None:
        """Something is wrong here."""
        self._problems.append(Problem(path, rule, message, fix))

    def add_unreadable(self, problems: Iterable[Problem], also: Iterable[str] = ()) -> None:
        """The shape is wrong here: what stands at these paths is not known, so nothing more is said about it."""
        for problem in problems:
            self._problems.append(problem)
            self._unreadable.add(problem.path)
        self._unreadable.update(also)

    def is_unreadable(self, path: str) -> bool:
        """Whether the shape is wrong exactly here."""
        return path in self._unreadable

    @property
    def count(self) -> int:
        """How many there are so far."""
        return len(self._problems)

    def nearest(self, word: str, known: Iterable[str]) -> str | None:
        """The known name that the word was meant to be, as far as one can tell."""
        return nearest(word, self.comparisons.affordable(word, known))

    def did_you_mean(self, word: str, known: Iterable[str], otherwise: str) -> str:
        """`did you mean …?`, or what else one may do."""
        near = self.nearest(word, known)
        return f"did you mean `{near}`?" if near else otherwise

    def told(self) -> list[Problem]:
        """The problems worth telling, in the order of their places."""
        kept = [problem for problem in self._problems if not self._is_below_unreadable(problem)]
        kept = sorted(dict.fromkeys(kept), key=lambda problem: _order(problem.path))
        if len(kept) <= PROBLEMS_MAX:
            return kept
        more = len(kept) - PROBLEMS_MAX
        return [*kept[:PROBLEMS_MAX], Problem("", "more_problems", f"there are {more:,} more problems", "correct these first")]

    def _is_below_unreadable(self, problem: Problem) -> bool:
        """Whether another problem, at the place of this one or around it, says that it cannot be read."""
        path = problem.path
        if path in self._unreadable:
            return problem.rule not in SHAPE_RULES
        return any(path[: found.start()] in self._unreadable for found in re.finditer(r"[.\[]", path))


SHAPE_RULES: Final = frozenset(
    {"unknown_field", "missing_field", "wrong_type", "wrong_value", "out_of_range", "pattern", "duration", "reserved_id", "config"}
)
"""The rules about the shape of a field by itself."""


def _order(path: str) -> list[Any]:
    return [(0, int(found[1]), "") if found[1] else (1, 0, found[2]) for found in _PIECE.finditer(path)]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name most like the word, if any is like it."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, 1, 0.6)
    return by_lower[found[0]] if found else None


def joined(path: str, part: str | int) -> str:
    """The path one step further."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def shown(value: Any) -> str:
    """A value as messages show it: as JSON would, and short."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"`{value if len(value) <= 60 else value[:59] + '…'}`"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return str(value)[:60]


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names for a message, not too many of them."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(f"`{name}`" for name in known[:most]) + more
