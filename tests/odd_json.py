"""Odd JSON, as text: all that a caller may write, of which a part may not come in. Every value is a case of a rule that once broke."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies as st

from contracts.errors import InvalidInput
from contracts.value_check import DEPTH_MAX, DIGITS_MAX, check

NUMBERS: Final = (
    *("0", "-0", "-0.0", "0.1", "1e5", "1E+2", "1e-400", "5e-324", "1e308", "1.7976931348623157e308", "1e309", "1e400", "-1e999999"),
    *(str(number) for one in (31, 32, 53, 63, 64) for number in (2**one - 1, 2**one, 2**one + 1, -(2**one), -(2**one) - 1)),
    *("1" + "0" * zeros for zeros in (308, 309, 400, DIGITS_MAX - 1, DIGITS_MAX, 4_299, 4_300, 5_000)),
    *("0." + "0" * zeros + "1" for zeros in (30, 400, DIGITS_MAX)),
    *("9" * 250 + "e99", "1." + "3" * 40, "0.1000000000000000055511151231257827"),
)
"""Numbers at every edge: of 32, 53 and 64 bits, of a double, of what may be written."""
TEXTS: Final = (
    *('""', '"\\u0000"', '"\\u001b[2J"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"', '"\\\\ud83d"', '"\\ud83d\\u0041"', '"\\uffff"'),
    *('"😀"', '"\\/"', '"a\\nb"', '"{{ input }}"', '"{{"', '"@sha256:00"', '"NaN"', '"' + "x" * 70_000 + '"', '"' + "7" * 2_000 + '"'),
)
"""Texts: halves of characters, control characters, what looks like something else, long ones."""
NAMES: Final = (
    *('""', '"__proto__"', '"constructor"', '"toString"', '"hasOwnProperty"', '"__class__"', '"a.b"', '"a/b~c"', '"\\u0000"', '"\\ud800"'),
    *('"' + "n" * 300 + '"', '"0"', '"null"', '"input"', '"nodes"', '"output"', '"items"', '"key"'),
)
"""Names of an object: none, those of a prototype, those that a pointer or a path has other words for."""
WIDE: Final = (
    "[" + "0," * 20_000 + "0]",
    "{" + ",".join(f'"k{number}":{number}' for number in range(3_000)) + "}",
    "[" + "[[]]," * 300 + "1]",
)
DEPTHS: Final = (2, 99, 101, DEPTH_MAX - 2, DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, 482, 968, 3_000)


def _nested(content: str, depth: int, is_list: bool) -> str:
    return "[" * depth + content + "]" * depth if is_list else '{"a":' * depth + content + "}" * depth


leaves: Final = st.sampled_from(("null", "true", "false", *NUMBERS, *TEXTS))
deep: Final = st.builds(_nested, leaves, st.sampled_from(DEPTHS), st.booleans())
names: Final = st.sampled_from(NAMES)


def _containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, max_size=4).map(lambda items: "[" + ",".join(items) + "]")
    members = st.lists(st.tuples(names, inner), max_size=4)  # names may come twice
    objects = members.map(lambda pairs: "{" + ",".join(f"{name}:{item}" for name, item in pairs) + "}")
    return st.one_of(lists, objects, inner.map(lambda item: f" [ {item} ,\n{item} ] "))


odd: Final = st.one_of(leaves, deep, st.sampled_from(WIDE), st.recursive(st.one_of(leaves, deep), _containers, max_leaves=6)).map(
    str.encode
)
"""Odd JSON in UTF-8; some of it may not come in."""


def may_come_in(value: bytes) -> bool:
    """Whether the rule lets the value in."""
    try:
        check(value)
    except InvalidInput:
        return False
    return True


def meant(value: bytes) -> Any:
    """What a reader of the standard library takes the text for; of doubled names the last one counts."""
    return json.loads(value)


good: Final = odd.filter(may_come_in)
"""Odd JSON that may come in."""
