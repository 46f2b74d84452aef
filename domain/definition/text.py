"""What is wrong with a text before it is a document, and the limits on what a text may hold."""

from __future__ import annotations

from typing import Final

from contracts.definitions import NESTING_MAX
from contracts.errors import Problem

DEPTH_MAX: Final = 200
"""How deep lists and objects may be nested in a document."""
VALUES_MAX: Final = 500_000
"""How many values a document may have; a value that aliases repeat counts each time."""

DOUBLE_DIGITS_MAX: Final = 308
"""So many digits a whole number may have, whichever they are, to be near a double."""


class TextFault(Exception):
    """A text that cannot be read: the rule it breaks, what was found, what to do; and where, as line and column from 1, or as a path."""

    def __init__(self, rule: str, said: str, fix: str, line: int = 0, column: int = 0, path: str = "") -> None:
        super().__init__(said)
        self.problem = Problem(path, rule, said, fix, line, column)

    @property
    def rule(self) -> str:
        """The rule that is broken."""
        return self.problem.rule


def too_deep(line: int = 0, column: int = 0) -> TextFault:
    """Lists and objects are nested too deep."""
    said = f"expected lists and objects nested at most {DEPTH_MAX} deep, found one that is nested deeper"
    fix = f"move what is inside into a workflow of its own, and call it by `sub_workflow`; bodies may be nested {NESTING_MAX} deep"
    return TextFault("too_deep", said, fix, line, column)


def not_finite(written: str, line: int = 0, column: int = 0, path: str = "") -> TextFault:
    """A number that no double holds."""
    said = f"expected a finite number, found `{_cut(written)}`"
    return TextFault("number", said, "write a smaller number, or a text where one may stand", line, column, path)


def too_long(written: str, line: int = 0, column: int = 0, path: str = "") -> TextFault:
    """A whole number of more than 64 bits."""
    digits = sum(map(str.isdigit, written))
    said = f"expected a whole number from -2^63 to 2^64 - 1, found `{_cut(written)}`"
    if digits > len(str(2**64)):
        said += f" ({digits:,} digits)"
    is_near = written.lstrip("+-").isdigit() and digits <= DOUBLE_DIGITS_MAX
    near = f"`{float(written)!r}`, of which 15 to 17 digits count" if is_near else "a smaller number"
    return TextFault("number", said, f"write {near}, or a text where one may stand", line, column, path)


def _cut(written: str) -> str:
    return written if len(written) <= 40 else f"{written[:40]}…"


def doubled(key: str, line: int, column: int) -> TextFault:
    """A key that stands twice in one object."""
    return TextFault("doubled_key", f"the key `{key[:80]}` stands twice in one object", "keep one of the two", line, column)
