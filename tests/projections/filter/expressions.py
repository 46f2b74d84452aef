"""Random rows and random expressions over them, of values so few that they often meet."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies as st

from tests.projections.filter.rows import Row

TEXTS: Final = [
    "", "a", "A", "ab", "aB", "b", "ab%", "a_b", "%", "_", "\\", "'", '"', "x' OR 1=1 --", "é", "É", "ß", "\ue000", "\ud7ff", "\U0010ffff",
    "\U0010ffff\U0010ffff", "a\ufffdb", "1", "true", "null", "ab" * 40, "ab" * 32, "ab" * 32 + "c", "?", "%s", "{}", "$1", " ", "\n", "z",
]  # fmt: skip
WHOLES: Final = [0, 1, -1, 2, 3, 5, 2**31, 2**53, 2**53 + 1, 2**53 + 3, -(2**53) - 1, 2**62, 2**63 - 1, -(2**63), 2**63 - 513]
LARGE: Final = [*WHOLES, 2**63, -(2**63) - 1, 2**64, 2**70, -(2**70)]
DOUBLES: Final = [
    0.0,
    -0.0,
    0.5,
    1.0,
    1.5,
    2.0,
    -1.0,
    0.1,
    0.30000000000000004,
    2.0**53,
    2.0**53 + 2,
    2.0**53 + 4,
    1e300,
    -1e300,
    5e-324,
    2.0**63,
    1e16,
]
TIMES: Final = [0, 1, 1_000, 60_000, 1_700_000_000_000, 1_700_000_000_001, 1_700_000_300_000, 1_700_003_600_000]
NAMES: Final = ["a", "b", "c"]


def literal(value: Any) -> str:
    """A value as our language writes it."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return '"' + "".join(_char(char) for char in value) + '"'
    return repr(value)


def _char(char: str) -> str:
    return char if char.isascii() and char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}"


texts = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3)
scalars = st.one_of(st.none(), st.booleans(), texts, st.sampled_from(LARGE), st.sampled_from(DOUBLES), st.integers(-5, 5))
json_values = st.one_of(
    scalars,

    st.lists(texts, max_size=3), st.dictionaries(texts, st.integers(0, 3), max_size=3),
)  # fmt: skip
search = st.none() | st.dictionaries(st.sampled_from(NAMES), json_values, max_size=3)


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Rows, with their numbers in order."""
    count = draw(st.integers(1, 12))
    wholes, times = st.sampled_from(WHOLES) | st.integers(-5, 5), st.sampled_from(TIMES)
    return [
        Row(
            number, draw(texts), draw(st.none() | texts), draw(wholes), draw(wholes), draw(st.none() | st.sampled_from(DOUBLES)),
            draw(st.integers(0, 1)), draw(times), draw(times), draw(times), draw(st.none() | texts), draw(st.none() | texts), draw(search),
            tuple(draw(st.lists(texts, max_size=2))),
        )
        for number in range(count)
    ]  # fmt: skip


ORDERS: Final = ["==", "!=", "<", "<=", ">", ">="]
DURATIONS: Final = ["0s", "1ms", "1000000ns", "1ns", "999999ns", "5m", "1h", "-5m", "-1ms", "2562047h"]
MOMENTS: Final = [
    "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.0010001Z", "2023-11-14T22:13:20Z",
    "2023-11-14T22:13:20.000000001Z", "2023-11-14T23:13:20Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
]  # fmt: skip
SEARCHED: Final = ["search.a", "search.b", "search.c", "search['a']"]
STRINGS: Final = ["name", "outcome", "error.type", "error.message", "outcome.lowerAscii()", "name.upperAscii()"]
NUMBERS: Final = [
    "version",
    "events",
    "size(name)",
    "outcome.size()",
    "size(search.a)",
    "-version",
    "version + 1",
    "3 - events",
    "version + version",
    "version - events",
    "version + events",
]
SPANS: Final = ["duration", "ended_at - created_at", "ended_at - started_at"]
VALUES: Final = [
    *STRINGS,
    *NUMBERS,
    *SPANS,
    *SEARCHED,
    "created_at",
    "amount",
    "flag",
    "null",
    "true",
    "error",
    "'a'",
    "1",
    "2.5",
    "search.?a",
]


class Writer:
    """Writes a random expression; `left` says how many more choices and chains it may hold."""

    def __init__(self, draw: st.DrawFn, left: int) -> None:
        self._draw = draw
        self._left = left

    def pick(self, *choices: Any) -> Any:
        return self._draw(st.sampled_from(choices))

    def text(self) -> str:
        return literal(self._draw(texts))

    def number(self) -> str:
        return literal(self._draw(st.sampled_from(LARGE) | st.sampled_from(DOUBLES) | st.integers(-5, 5)))

    def duration(self) -> str:
        return f"duration('{self.pick(*DURATIONS)}')"

    def condition(self) -> str:
        """Whatever is true or false."""
        if self._left > 0 and self.pick(True, False):
            self._left -= 1
            return self._joined()
        return str(self.pick(self._comparison, self._comparison, self._comparison, self._member, self._look, self._small)())

    def _joined(self) -> str:
        one, other = self.condition(), self.condition()
        match self.pick(*range(7)):
            case 0:
                return f"({one} && {other})"
            case 1:
                return f"({one} || {other})"
            case 2:
                return f"!({one})"
            case 3:
                return f"({one} ? {other} : {self.condition()})"
            case 4:
                return f"(({one}) {self.pick('==', '!=', '<')} ({other}))"
            case 5:
                return f"cel.bind(v, {self.text()}, {one} || outcome == v)"
            case _:
                return f"!({one} || {other} || {self.condition()})"

    def _comparison(self) -> str:
        kind = self.pick(self.string, self.whole, self.time, self.span, self._double, self.any)
        return f"{kind()} {self.pick(*ORDERS)} {kind()}"

    def _chosen(self, make: Any) -> str:
        """An operand, or a choice between two."""
        if self._left > 0 and self.pick(*range(6)) == 0:
            self._left -= 1
            return f"({self.condition()} ? {make()} : {make()})"
        return str(make())

    def string(self) -> str:
        return self._chosen(lambda: self.pick(self.text(), self.pick(*STRINGS, *SEARCHED)))

    def whole(self) -> str:
        return self._chosen(lambda: self.pick(self.number(), self.pick(*NUMBERS, *SEARCHED)))

    def time(self) -> str:
        time = self.pick("created_at", "started_at", "ended_at", f"timestamp('{self.pick(*MOMENTS)}')")
        return self._chosen(lambda: self.pick(time, f"{time} {self.pick('+', '-')} {self.duration()}"))

    def span(self) -> str:
        return self._chosen(lambda: self.pick(self.duration(), self.pick(*SPANS), f"duration {self.pick('+', '-')} {self.duration()}"))

    def _double(self) -> str:
        return str(self.pick("amount", self.number()))

    def any(self) -> str:
        plain = self._draw(scalars)
        value = self.pick(*VALUES, literal(plain), f"search.?a.orValue({literal(plain)})", f"search[?'b'].orValue({self.pick(*STRINGS)})")
        return self._chosen(lambda: value)

    def _member(self) -> str:
        make, item = self.pick((self.string, self.text), (self.whole, self.number), (self.any, self.any), (self.time, self.time))
        items = [self.pick(item(), item(), "null") for _ in range(self.pick(0, 1, 2, 3))]
        return f"{make()} in [{', '.join(items)}]"

    def _look(self) -> str:
        text = self.pick("name", "outcome", "error.type", "error.message", "outcome.lowerAscii()", "search.a", "search.b.lowerAscii()")
        if self.pick(*range(4)) == 0:
            return f"{text}.matches('{self.pick('a', '^a', 'b$', '^ab$', '', '^', '$', '^$', 'é')}')"
        return f"{text}.{self.pick('startsWith', 'endsWith', 'contains')}({self.text()})"

    def _small(self) -> str:
        body = self.pick("name == v", "search.a == v", "outcome < v", "name.contains(v)", "!(outcome == v)", "error.type >= v")
        items = ", ".join(self.text() for _ in range(self.pick(0, 1, 2)))
        quantified = f"[{items}].{self.pick('exists', 'all')}(v, {body})"
        has = self.pick("has(search.a)", "has(search.b)", "has(error.type)", "has(error.message)", "search.?a.hasValue()")
        tag = f"{self._chosen(self.text)} in tags"
        return str(self.pick("flag", tag, self.pick(*SEARCHED), has, quantified, f"{self.any()} == null", f"{self.any()} != null"))


@st.composite
def conditions(draw: st.DrawFn) -> str:
    """A condition over the columns."""
    return Writer(draw, draw(st.integers(0, 4))).condition()
