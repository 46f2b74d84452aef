"""Words for kinds and types in messages, and which known word comes nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

ALIKE: Final = 0.78
"""From here on an unknown word is taken for a known one."""
COMPARISONS_MAX: Final = 10_000
"""So many known words are compared with unknown ones in one definition; after that nothing is suggested any more."""
_CHARS_OF_A_COMPARISON: Final = 8
"""As a power of two: so many pairs of characters cost one more, since long words take longer."""
_NUMBERS: Final = frozenset(("int", "uint", "double"))


class Comparisons:
    """How many known words may still be compared with unknown ones, for one definition."""

    def __init__(self, left: int = COMPARISONS_MAX) -> None:
        self.left = left

    def affordable(self, word: str, known: Iterable[str]) -> list[str]:
        """The known words, which are paid for; none where there is not enough left, from then on."""
        names = list(known)
        self.left -= sum(1 + (len(word) * len(name) >> _CHARS_OF_A_COMPARISON) for name in names)
        return names if self.left >= 0 else []


def meant(word: str, known: Iterable[str], comparisons: Comparisons) -> str | None:
    """The known word that an unknown one is taken for, if any."""
    near = nearest(word, comparisons.affordable(word, known))
    return near[0] if near and likeness(word, near[0]) >= ALIKE else None


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words, the most alike first."""
    return sorted(known, key=lambda other: (-likeness(word, other), other))


def likeness(word: str, other: str) -> float:
    """How alike two words are, from 0 to 1."""
    return SequenceMatcher(None, word.lower(), other.lower()).ratio()


def a_kind(kind: str) -> str:
    """The kind with its article."""
    return kind if kind == "null" else f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def wrong_operands(operator: str, kinds: tuple[str, ...], operands: tuple[str, ...]) -> str:
    """What to say about an operator that does not take these kinds, and what to write instead."""
    said = f"`{operator}` does not take ({', '.join(kinds)})"
    if len(kinds) != len(operands):
        return said
    if "null" in kinds:
        null = operands[kinds.index("null")]
        return f"{said}; `{null}` is null, ask `{null} != null` first"
    if operator == "+" and kinds.count("string") == 1 and set(kinds) & {*_NUMBERS, "bool"}:
        return f"{said}; write `string({operands[1 - kinds.index('string')]})` to make a string"
    if operator in ("<", "<=", ">", ">=", "-", "*", "/") and "string" in kinds and set(kinds) & _NUMBERS:
        return f"{said}; write `num({operands[kinds.index('string')]})` to make a number"
    if operator == "%" and "double" in kinds:
        return f"{said}; it is for ints"
    return said


def no_truthiness(operand: str, kind: str) -> str:
    """What to say about an operand that is neither true nor false."""
    better = {"string": f'{operand} != ""', "int": f"{operand} != 0", "uint": f"{operand} != 0", "double": f"{operand} != 0.0"}
    sized = f"size({operand}) > 0" if kind in ("list", "map") else f"{operand} != null"
    return f"`{operand}` is {a_kind(kind)}, and CEL has no truthiness: compare, e.g. `{better.get(kind, sized)}`"
