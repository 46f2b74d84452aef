"""A failed expression that can be asked about its parts, and the words for values and types in messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from domain.expressions.engine import EngineRefusal
from domain.expressions.parts import Part, parts_of
from domain.expressions.tokens import tokens_of

UNKNOWN: Final = object()
"""What a part is worth that has no value of its own."""

_TRIALS_MAX: Final = 50
_TYPES: Final = {"int64": "int", "uint64": "uint", "null_type": "null", "*opaque*": "optional", "google.protobuf.Timestamp": "timestamp"}


class Scene:
    """The failed expression with its names: can evaluate parts of it again."""

    def __init__(self, source: str, refusal: str, names: Mapping[str, Any], evaluate: Callable[[str, Mapping[str, Any]], Any]) -> None:
        self.source = source
        self.refusal = refusal
        self.names = names
        self.parts = parts_of(source, tokens_of(source))
        self._evaluate = evaluate
        self._trials = 0

    def value(self, text: str) -> Any:
        """The value of a part, or UNKNOWN where it has none of its own (a variable of a macro, another failure)."""
        outcome = self._outcome(text)
        return UNKNOWN if isinstance(outcome, EngineRefusal) else outcome

    def culprit(self, *kinds: str, name: str = "") -> Part | None:
        """The innermost part that fails alone in the same words, else the first that could have: it may use a macro's variable."""
        possible = [part for part in self.parts if part.kind in kinds and (not name or part.name == name)]
        for part in possible:
            outcome = self._outcome(part.text)
            if isinstance(outcome, EngineRefusal) and str(outcome) == self.refusal:
                return part
        return possible[0] if len(possible) == 1 else None

    def call(self, name: str) -> Part | None:
        """The innermost call of a function that fails alone in the same words; `num` is `double` to the engine."""
        return self.culprit("call", name=name) or (self.culprit("call", name="num") if name == "double" else None)

    def _outcome(self, text: str) -> Any:
        self._trials += 1
        if self._trials > _TRIALS_MAX:
            return EngineRefusal("enough")
        try:
            return self._evaluate(text, self.names)
        except EngineRefusal as refusal:
            return refusal


def kind_of(value: Any) -> str:
    """The CEL type of a JSON value."""
    if value is None:
        return "null"
    return {bool: "bool", int: "int", float: "double", str: "string", list: "list", dict: "map"}.get(type(value), type(value).__name__)


def nearest(word: str, known: list[str]) -> list[str]:
    """The known words, the most alike first."""
    return sorted(known, key=lambda other: (-likeness(word, other), other))


def likeness(word: str, other: str) -> float:
    """How alike two words are, from 0 to 1."""
    return SequenceMatcher(None, word.lower(), other.lower()).ratio()


def wrong_types(part: str, operator: str, types: list[str], operands: tuple[str, ...]) -> str:
    """What to say about an operator or function that does not take these types."""
    advice = ""
    if sorted(types) == ["double", "int"] and len(operands) == 2:
        advice = f"; write `num({operands[types.index('int')]})` to make a double"
    elif operator == "+" and "string" in types and len(operands) == 2 and len(set(types) & {"int", "double", "bool"}) == 1:
        other = 1 - types.index("string")
        advice = f"; write `string({operands[other]})` to make a string"
    elif "null" in types and len(types) == len(operands):
        advice = f"; `{operands[types.index('null')]}` is null, ask `{operands[types.index('null')]} != null` first"
    elif operator in ("<", "<=", ">", ">=") and "string" in types and set(types) & {"int", "double"}:
        advice = f"; write `num({operands[types.index('string')]})` to make a number"
    return f"`{part}`: `{operator}` does not take ({', '.join(types)}){advice}"


def types_of(text: str) -> list[str]:
    """The types in `int64, list(dyn)`, as people say them."""
    words = re.findall(r"[\w.*]+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?", text)
    return [_TYPES.get(word, re.sub(r"\(.*", "", word)) for word in words]


def no_truthiness(operand: str, value: Any) -> str:
    """What to say about an operand that is neither true nor false."""
    better = {"string": f'{operand} != ""', "int": f"{operand} != 0", "double": f"{operand} != 0.0"}
    sized = f"size({operand}) > 0"
    example = better.get(kind_of(value)) or (sized if isinstance(value, list | dict) else f"{operand} != null")
    return f"`{operand}` is {a_kind(kind_of(value))}, and CEL has no truthiness: compare, e.g. `{example}`"


def a_kind(kind: str) -> str:
    """The kind with its article."""
    return kind if kind == "null" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
