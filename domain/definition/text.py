"""What is wrong with a text before it is a document, and the limits on what a text may hold."""

from __future__ import annotations

from typing import Final

DEPTH_MAX: Final = 200
"""How deep lists and objects may be nested in a document."""
VALUES_MAX: Final = 500_000
"""How many values a document may have; a value that aliases repeat counts each time."""


class TextFault(Exception):
    """A text that cannot be read: the rule it breaks, what was found (with line and column), what to do."""

    def __init__(self, rule: str, said: str, fix: str) -> None:
        super().__init__(said)
        self.rule = rule
        self.said = said
        self.fix = fix


def at(line: int, column: int) -> str:
    """A place in a text, counted from 1."""
    return f"line {line}, column {column}"


def too_deep() -> TextFault:
    """Lists and objects are nested too deep."""
    said = f"nested deeper than {DEPTH_MAX} levels (DEPTH_MAX; bodies: NESTING_MAX)"
    return TextFault("too_deep", said, "move what is inside into a workflow of its own, and call it by `sub_workflow`")


def doubled(key: str, line: int, column: int) -> TextFault:
    """A key that stands twice in one object."""
    return TextFault("doubled_key", f"{at(line, column)}: the key `{key[:80]}` stands twice in one object", "keep one of the two")
