"""Random expressions and data from a seed, the same in every version of Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Depth: TypeAlias = int
"""How deep in an expression one is; in `Source`, `int` makes an expression."""

INTS = [0, 1, -1, 2, 3, 7, 10, 100, -5, 2**31, 2**53, 2**53 + 1, 2**62, 2**63 - 1, -(2**63)]
SMALL_INTS = INTS[:9]
DOUBLES = [0.0, -0.0, 0.5, 1.0, 2.5, -1.5, 3.0, 0.1, 1e10, 1e21, 9007199254740992.0, 1e308, 12345.678, 1234567.5]
TEXTS = [
    "", "a", "b", "abc", "Abc ", "a,b,c", "12", "1.5", "true", "ünï", "😀x", "2026-01-31T12:00:00Z", "90s", "a\nb", "%s", "key_1", "null",
]  # fmt: skip
KEYS = ["a", "b", "amount", "x"]
DEEP = 3


class Dice:
    """Chance that is the same everywhere: a linear congruential generator of 64 bits."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * 2_862_933_555_777_941_757 + 3_037_000_493) % 2**64

    def below(self, bound: int) -> int:
        self._state = (self._state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        return (self._state >> 33) % bound

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """So many of the items, each once."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(count)]


class Source:
    """One random expression, and data for it."""

    def __init__(self, seed: int, has_more: bool = True) -> None:
        self.dice = Dice(seed)
        self._variables: list[str] = []
        self._has_more = has_more
        """Whether what only our evaluator has may be in it."""
        root = self.dice.pick([self.any, self.bool, self.bool, self.int, self.text, self.list])
        self.text_of = root(0)
        self.names = self._names()

    def _names(self) -> dict[str, Any]:
        dice = self.dice
        nodes = {
            "i": dice.pick(INTS), "j": dice.pick(SMALL_INTS), "d": dice.pick(DOUBLES), "s": dice.pick(TEXTS), "t": dice.pick(TEXTS),
            "b": dice.chance(50), "l": [dice.pick(SMALL_INTS) for _ in range(dice.below(5))],
            "k": [dice.pick(TEXTS) for _ in range(dice.below(4))], "m": {key: dice.pick(INTS) for key in dice.some(KEYS, dice.below(4))},
        }  # fmt: skip
        whole = {key: self._data(1) for key in KEYS}
        return {"input": whole, "data": self._data(0), "vars": {key: self._data(1) for key in KEYS[:2]}, "nodes": nodes}

    def _data(self, depth: Depth) -> Any:
        dice, kind = self.dice, self.dice.below(100)
        if depth > 2 or kind < 55:
            return dice.pick([dice.pick(INTS), dice.pick(DOUBLES), dice.pick(TEXTS), dice.chance(50), None])
        if kind < 80:
            make: list[Callable[[], Any]] = [lambda: dice.pick(SMALL_INTS), lambda: dice.pick(TEXTS), lambda: self._data(depth + 1)]
            item = dice.pick(make)
            return [item() for _ in range(dice.below(5))]
        return {key: self._data(depth + 1) for key in dice.some(KEYS, dice.below(4))}

    def _one_of(self, *makes: Callable[[], str]) -> str:
        return self.dice.pick(makes)()

    # Parts, by the kind that they most often give.

    def any(self, depth: Depth) -> str:
        makes = [self.int, self.double, self.text, self.bool, self.list, self.map, self.path, self.path, self.choice, self.time, self.span]
        return self.dice.pick([*makes, self.value_of_optional])(depth)

    def path(self, depth: Depth = 0) -> str:
        dice = self.dice
        path = dice.pick(["input", "data", "vars", *self._variables * 3])
        for _ in range(dice.pick([0, 1, 1, 1, 2])):
            path += dice.pick([f".{dice.pick(KEYS)}", f".{dice.pick(KEYS)}", f"['{dice.pick(KEYS)}']", f"[{dice.below(4) - 1}]"])
        return path

    def optional(self, depth: Depth) -> str:
        if depth > DEEP:
            return f"{self.path()}.?a"
        return self._one_of(
            lambda: f"{self.path()}.?{self.dice.pick(KEYS)}",
            lambda: f"{self.path()}[?{self.dice.pick([self.int, self.text])(9)}]",
            lambda: f"optional.of({self.any(depth + 1)})",
            lambda: "optional.none()",
            lambda: f"optional.ofNonZeroValue({self.any(depth + 1)})",
            lambda: f"{self.optional(9)}.?{self.dice.pick(KEYS)}",
        )

    def value_of_optional(self, depth: Depth) -> str:
        if depth > DEEP:
            return self.path()
        return self._one_of(
            lambda: f"{self.optional(depth + 1)}.orValue({self.any(depth + 1)})",
            lambda: f"{self.optional(depth + 1)}.hasValue()",
            lambda: f"{self.optional(depth + 1)}.or({self.optional(depth + 1)}).orValue({self.int(depth + 1)})",
        )

    def choice(self, depth: Depth) -> str:
        return self.path() if depth > DEEP else f"({self.bool(depth + 1)} ? {self.any(depth + 1)} : {self.any(depth + 1)})"

    def int(self, depth: Depth) -> str:
        dice, inner = self.dice, depth + 1
        if depth > DEEP or dice.chance(40):
            return str(dice.pick(INTS)) if dice.chance(50) else dice.pick(["nodes.i", "nodes.j", "nodes.i", self.path()])
        zone = dice.pick(["", "'+05:30'"])
        get = dice.pick(["FullYear", "Month", "Date", "Hours", "DayOfWeek", "Milliseconds"])
        return self._one_of(
            lambda: f"({self.int(inner)} {dice.pick('+-*/%')} {self.int(inner)})",
            lambda: f"size({dice.pick([self.list, self.text, self.map])(inner)})",
            lambda: f"int({self.any(inner)})",
            lambda: f"-{self.path()}",
            lambda: f"{self.text(inner)}.indexOf({self.text(inner)})",
            lambda: f"math.{dice.pick(['greatest', 'least'])}({self.int(inner)}, {self.double(inner)})",
            lambda: f"math.{dice.pick(['abs', 'sign'])}({self.int(inner)})",
            lambda: f"{self.time(inner)}.get{get}({zone})",
            lambda: f"{self.span(inner)}.get{dice.pick(['Hours', 'Minutes', 'Seconds'])}()",
        )

    def double(self, depth: Depth) -> str:
        dice, inner = self.dice, depth + 1
        if depth > DEEP or dice.chance(40):
            return repr(dice.pick(DOUBLES)) if dice.chance(50) else dice.pick(["nodes.d", "nodes.d", self.path()])
        function = dice.pick(["round", "floor", "ceil", "trunc", "abs", "sqrt"])
        return self._one_of(
            lambda: f"({self.double(inner)} {dice.pick('+-*/')} {self.double(inner)})",
            lambda: f"num({self.any(inner)})",
            lambda: f"math.{function}({self.double(inner)})",
            lambda: f"double({self.any(inner)})",
        )

    def text(self, depth: Depth) -> str:
        dice, inner = self.dice, depth + 1
        if depth > DEEP or dice.chance(40):
            return _literal(dice.pick(TEXTS)) if dice.chance(50) else dice.pick(["nodes.s", "nodes.t", "nodes.s", self.path()])
        clauses = _literal(dice.pick(["%s", "%d", "%.2f", "%s and %s", "%x", "%b", "%e", "%%"]))
        return self._one_of(
            lambda: f"({self.text(inner)} + {self.text(inner)})",
            lambda: f"string({self.any(inner)})",
            lambda: f"{self.text(inner)}.{dice.pick(['trim', 'lowerAscii', 'upperAscii', 'reverse'])}()",
            lambda: f"{self.text(inner)}.replace({self.text(inner)}, {self.text(inner)}{dice.pick(['', ', 1', ', -1', ', 0'])})",
            lambda: f"{self.text(inner)}.substring({dice.below(5) - 1}{dice.pick(['', ', 2'])})",
            lambda: f"{self.text(inner)}.charAt({dice.below(5) - 1})",
            lambda: f"{self.list(inner)}.join({dice.pick(['', self.text(inner)])})",
            lambda: f"{clauses}.format([{self.any(inner)}{dice.pick(['', ', 1'])}])",
        )

    def bool(self, depth: Depth) -> str:
        dice, inner = self.dice, depth + 1
        if depth > DEEP or dice.chance(15):
            return dice.pick(["true", "false", "nodes.b", "nodes.b", self.path()])
        return self._one_of(
            lambda: f"({self.bool(inner)} {dice.pick(['&&', '||'])} {self.bool(inner)})",
            lambda: f"({self.bool(inner)} {dice.pick(['&&', '||'])} {self.bool(inner)})",
            lambda: f"({self.any(inner)} {dice.pick(['==', '!='])} {self.any(inner)})",
            lambda: f"({self.int(inner)} {dice.pick(['<', '<=', '>', '>=', '=='])} {dice.pick([self.int, self.double])(inner)})",
            lambda: f"({self.text(inner)} {dice.pick(['<', '<=', '==', '!='])} {self.text(inner)})",
            lambda: f"!{self.bool(inner)}",
            lambda: f"has({self.path()}.{dice.pick(KEYS)})",
            lambda: f"({self.any(inner)} in {dice.pick([self.list, self.map, self.path])(inner)})",
            lambda: self._macro(dice.pick(["all", "exists", "exists_one"]), depth, self.bool),
            lambda: f"{self.text(inner)}.{dice.pick(['contains', 'startsWith', 'endsWith'])}({self.text(inner)})",
            lambda: f"{self.text(inner)}.matches({_literal(dice.pick(['a', '^a', 'b$', '[a-c]+', '.', 'a*']))})",
            lambda: f"({self.time(inner)} {dice.pick('<>')} {self.time(inner)})",
            lambda: f"bool({self.any(inner)})",
        )

    def _macro(self, name: str, depth: Depth, body: Callable[[Depth], str]) -> str:
        dice = self.dice
        over = dice.pick([self.list, self.list, self.map, self.path])(depth + 1)
        variable = dice.pick(["v", "w", "k"])
        self._variables.append(variable)
        inside = body(depth + 1)
        self._variables.pop()
        return f"{over}.{name}({variable}, {inside})"

    def list(self, depth: Depth) -> str:
        dice, inner = self.dice, depth + 1
        if depth > DEEP or dice.chance(20):
            return dice.pick(["[]", self.path(), "nodes.l", "nodes.k", "nodes.l", "[1, 2, 3]", '["a", "b"]'])
        makes = [
            lambda: f"[{', '.join(self.any(inner) for _ in range(dice.below(4)))}]",
            lambda: f"({self.list(inner)} + {self.list(inner)})",
            lambda: self._macro("map", depth, self.any),
            lambda: self._macro("filter", depth, self.bool),
            lambda: f"{self.text(inner)}.split({self.text(inner)}{dice.pick(['', ', 0', ', 1', ', 2', ', -1'])})",
        ]
        more = [
            lambda: f"{self.list(inner)}.{dice.pick(['sort', 'distinct', 'flatten', 'reverse'])}()",
            lambda: self._macro("sortBy", depth, self.any),
            lambda: f"{self.map(inner)}.transformList(k, v, {self.any(inner)})",
            lambda: f"cel.bind(v, {self.any(inner)}, [v, {self.any(inner)}])",
        ]
        return self._one_of(*makes, *(more if self._has_more else []))

    def map(self, depth: Depth) -> str:
        dice = self.dice
        if depth > DEEP or dice.chance(30):
            return dice.pick(["{}", self.path(), "nodes.m", "nodes.m", "{'a': 1}", "{'b': 2, 'a': 1}"])
        keys = dice.some(KEYS, 1 + dice.below(3))
        return "{" + ", ".join(f"{_literal(key)}: {self.any(depth + 1)}" for key in keys) + "}"

    def time(self, depth: Depth) -> str:
        dice, inner = self.dice, depth + 1
        if depth > DEEP or dice.chance(50):
            return dice.pick(['timestamp("2026-01-31T12:00:00Z")', 'timestamp("1969-12-31T23:59:59.999Z")', "timestamp(0)"])
        return self._one_of(lambda: f"({self.time(inner)} {dice.pick('+-')} {self.span(inner)})", lambda: f"timestamp({self.text(inner)})")

    def span(self, depth: Depth) -> str:
        dice, inner = self.dice, depth + 1
        if depth > DEEP or dice.chance(50):
            return dice.pick(['duration("90s")', 'duration("-1.5s")', 'duration("1h30m")', 'duration("1ms")'])
        return self._one_of(
            lambda: f"({self.span(inner)} {dice.pick('+-')} {self.span(inner)})",
            lambda: f"({self.time(inner)} - {self.time(inner)})",
            lambda: f"duration({self.text(inner)})",
        )


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
