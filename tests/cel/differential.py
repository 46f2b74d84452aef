"""Random expressions through our evaluator and the library that it replaced: every difference is of a class that the reference has.

`python -m tests.cel.differential --count 200000` counts the classes; a difference without a class is printed, and ends it with 1.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

from benchmarks.cel_library import LibraryProgram, LibraryRefusal
from contracts.errors import ExpressionError
from domain.expressions import program
from tests.cel.random_source import Source


@dataclass(frozen=True)
class Outcome:
    """A value, or what was said instead."""

    value: Any = None
    said: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.said)


def ours(source: Source) -> Outcome:
    try:
        return Outcome(program(source.text_of).evaluate(source.names))
    except ExpressionError as error:
        return Outcome(said=str(error))


def librarys(source: Source) -> Outcome:
    try:
        return Outcome(LibraryProgram(source.text_of).evaluate(source.names))
    except LibraryRefusal as refusal:
        return Outcome(said=str(refusal) or "refused")


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, kinds of numbers and the order of maps included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    return bool(one == other)


CLASSES = {
    "kinds": "both branches of `? :`, and all operands of `==`, had to have one type",
    "mixed": "int and double did not mix",
    "null": "`has(null.x)`, `null.?x` failed",
    "in": "`in` of a map with a key of another kind failed",
    "long": "an int beyond 64 bits was read as the nearest double",
    "order": "`map` and `filter` over a map were refused",
    "numbers": "doubles as text had six digits in `%s`",
    "substring": "`'abc'.substring(1, 3)` failed",
    "odd": "`''.split('')` gave `['']`, `int(true)` 1",
    "signs": "`!!x` gave `x`, whatever it was",
    "infinite": "`1.0 / 0.0` failed only where it was the result",
    "lax": "`timestamp('2026-1-31T…')`, seconds of 60",
    "reverse": "`cel.bind`, macros with two variables",
}
"""Each class of differences, and the beginning of its line in the reference's table of what changed."""

_SAID: dict[str, str] = {
    "kinds": r"ERROR: <input>",
    "mixed": r"overloads found : _(\+|-|\*|/|<|<=|>|>=)_\((int64, double|double, int64)",
    "null": r"_\?\._|_\[\?_\]|Applying SELECT",
    "in": r"@in",
    "long": r"overflow|out of int64 range|uint64|out of int range",
    "substring": r"substring",
    "reverse": r"\(list\)\.reverse",
}
"""What the library says where it fails and ours does not."""
_OURS: dict[str, str] = {
    "infinite": r"which JSON cannot hold|division by zero",
    "odd": r"`int` does not take \(bool\)",
    "lax": r"as a timestamp",
    "signs": r"no truthiness",
}
"""What ours says where it fails and the library does not."""
_SOURCES: dict[str, str] = {
    "substring": r"\.substring\(",
    "long": r"\bint\(|\d{16}|nodes\.i|math\.",
    "odd": r"\.split\(|ofNonZeroValue|\bint\(",
    "numbers": r"\bstring\(|\.format\(",
    "order": r"\.(map|filter)\(",
    "in": r"\bin\b",
    "null": r"\bhas\(|\?",
}
"""What stands in an expression in which only one side absorbs such a fault, or goes on with such a value."""


def difference(source: Source) -> str | None:
    """The class of the difference; None where both give the same, or both fail; `?` and what was found where it has no class."""
    mine, theirs = ours(source), librarys(source)
    if mine.failed and theirs.failed:
        return None
    if mine.failed or theirs.failed:
        said, known = (theirs.said, _SAID) if theirs.failed else (mine.said, _OURS)
        kind = next((kind for kind, words in known.items() if re.search(words, said)), "")
    elif is_same(mine.value, theirs.value):
        return None
    else:
        kind = "order" if _sorted(mine.value) == _sorted(theirs.value) else ""
        kind = kind or ("numbers" if _sorted(_rounded(mine.value)) == _sorted(_rounded(theirs.value)) else "")
    kind = kind or next((kind for kind, words in _SOURCES.items() if re.search(words, source.text_of)), "")
    return kind or f"? ours {mine.said or repr(mine.value)}, the library's {theirs.said or repr(theirs.value)}"


def _sorted(value: Any) -> str:
    """The value with all lists sorted, as text."""
    if isinstance(value, list):
        return json.dumps(sorted(map(_sorted, value)))
    return json.dumps({key: _sorted(item) for key, item in value.items()} if isinstance(value, dict) else value, sort_keys=True)


def _rounded(value: Any) -> Any:
    """The value with all numbers in its texts cut to six digits."""
    if isinstance(value, str):
        return re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", lambda found: f"{float(found[0]):.6g}", value)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return {key: _rounded(item) for key, item in value.items()} if isinstance(value, dict) else value


def counted(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """How many random expressions there are of each class, and those that have none."""
    found: Counter[str] = Counter()
    unknown = []
    for seed in range(first, first + count):
        source = Source(seed, has_more=False)
        kind = difference(source) or "the same"
        if kind.startswith("?"):
            unknown.append(f"{seed}: {source.text_of}\n    {kind}")
            kind = "?"
        found[kind] += 1
    return found, unknown


def main() -> int:
    """1 where a difference has no class."""
    parser = argparse.ArgumentParser(prog="python -m tests.cel.differential", description=main.__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    found, unknown = counted(asked.first, asked.count)
    print("\n".join(unknown))
    for kind, count in found.most_common():
        print(f"{count:>8,}  {kind:<10}  {CLASSES.get(kind, '')}")
    return int(bool(unknown))


if __name__ == "__main__":
    sys.exit(main())
