"""Habits from JavaScript, Python and other workflow tools, and what to write instead.

Asked only when an expression failed, so a habit that is good CEL somewhere else is never refused. The patterns see the
source with its strings blanked out.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from domain.expressions.tokens import tokens_of

HABITS_OF_FIELDS: Final = {
    "length": "write `size({owner})`",
    "len": "write `size({owner})`",
    "size": "write `size({owner})`",
    "count": "write `size({owner})`",
    "first": "write `{owner}[0]`",
    "last": "write `{owner}[size({owner}) - 1]`",
    "keys": "write `{owner}.map(k, k)`",
    "values": "write `{owner}.map(k, {owner}[k])`",
}
"""Fields that people expect on lists, strings and maps."""


class Habit(NamedTuple):
    """A pattern that people write, and the advice."""

    pattern: re.Pattern[str]
    advice: str


_START: Final = r"(?<![.\w$])"
_TRANSFORM: Final = "CEL cannot do this; a `transform` node can (operation `group`, `reduce`)"
_NO_CLOCK: Final = "there is no clock in an expression; use `execution.started_at`, or `timestamp(…)` of a value"
_NO_CHANGE: Final = "values do not change; write `list + [x]`"
_TABLE: Final = (
    (r"===", "CEL has no `===`; write `==`"),
    (r"!==", "CEL has no `!==`; write `!=`"),
    (r"=>", "CEL has no arrow functions; write a macro with a variable, e.g. `input.items.map(x, x.price)`"),
    (rf"{_START}lambda\b", "CEL has no lambda; write a macro with a variable, e.g. `input.items.map(x, x.price)`"),
    (r"\?\?", "CEL has no `??`; write `a.?b.orValue(c)`, or `has(a.b) ? a.b : c`"),
    (r"\?\.(?=[A-Za-z_\[(])", "CEL has no `?.`; write `a.?b`, or ask `has(a.b)`"),
    (r"\$\{", "CEL has no `${…}`; write `'a' + string(b)`, or mixed text with a template for each part"),
    (r"(?<!\.)`", "CEL has no template literals; write `'a' + string(b)`, or mixed text with a template for each part"),
    (rf"{_START}\$(?:json|input|node|vars|items)\b", "names have no `$` here; write `data`, `input`, `nodes.<id>.output`, `vars.<name>`"),
    (rf"{_START}(?:let|const|var|def|return|function)\s+\w", "an expression cannot declare anything; write one value"),
    (r";", "a `;` has no meaning here; write one expression"),
    (rf"{_START}f(?=[\"'])", "CEL has no f-strings; write `'a' + string(b)`, or mixed text with a template for each part"),
    (r"[-+*/%]=", "an expression cannot assign; a `set_variable` node can"),
    (r"(?<![=!<>])=(?![=>])", "an expression cannot assign; write `==` to compare"),
    (r"\+\+", "CEL has no `++`; write `x + 1`"),
    (r"\*\*", "CEL has no `**`; write the factors out"),
    (rf"{_START}not\s+in\b", "write `!(x in list)`"),
    (rf"{_START}is\s+not\b", "write `!=`"),
    (rf"{_START}is\b", "write `==`"),
    (rf"{_START}not\b", "CEL has no `not`; write `!`"),
    (rf"{_START}and\b", "CEL has no `and`; write `&&`"),
    (rf"{_START}or\b", "CEL has no `or`; write `||`"),
    (r"(?<!&)&(?!&)", "write `&&`"),
    (r"(?<!\|)\|(?!\|)", "CEL has no `|`; write `||` for *or*, and call functions like `x.lowerAscii()`"),
    (rf"{_START}for\s+\w+\s+in\b", "CEL has no comprehension with `for`; write `list.map(x, …)` or `list.filter(x, …)`"),
    (rf"{_START}if\b", "CEL has no `if`; write `condition ? a : b`"),
    (
        rf"{_START}loop\s*[.\[]",
        "`loop` is reserved in CEL; write `iteration.item`, `iteration.index`; the enclosing loop's is `iteration.parent`",
    ),
    (rf"{_START}typeof\b", "CEL has no `typeof`; write `type(x) == string`"),
    (rf"{_START}(?:undefined|None|nil|NULL|Null)\b", "write `null`, or ask `has(a.b)` whether it is there"),
    (rf"{_START}(?:True|TRUE)\b", "write `true`"),
    (rf"{_START}(?:False|FALSE)\b", "write `false`"),
    (rf"{_START}new\s+Date\b|{_START}Date\.|{_START}(?:date)?time\.|{_START}(?:now|today)\s*\(|\.now\s*\(", _NO_CLOCK),
    (rf"{_START}(?:Math\.random|random|rand|uuid)\b", "there is no randomness in an expression; use `execution.id` for something unique"),
    (rf"{_START}(?:Math\.)?max\s*\(", "write `math.greatest(a, b)`"),
    (rf"{_START}(?:Math\.)?min\s*\(", "write `math.least(a, b)`"),
    (
        rf"{_START}Math\.(?=round|floor|ceil|abs|trunc|sqrt|sign)",
        "write `math.round(x)`, `math.floor(x)`, `math.ceil(x)`, `math.abs(x)` with a small m",
    ),
    (rf"{_START}(?:round|floor|ceil|abs|sqrt)\s*\(", "write `math.round(x)`, `math.floor(x)`, `math.ceil(x)`, `math.abs(x)`"),
    (rf"{_START}sum\s*\(|\.(?:sum|reduce|groupBy)\s*\(", _TRANSFORM),
    (rf"{_START}sorted\s*\(|\.(?:sorted|orderBy)\s*\(", "write `list.sort()`, or `list.sortBy(x, x.price)`"),
    (rf"{_START}parseInt\s*\(", "write `int(x)`"),
    (rf"{_START}(?:parseFloat|float|Number)\s*\(", "write `num(x)`"),
    (rf"{_START}(?:str|String)\s*\(", "write `string(x)`"),
    (rf"{_START}(?:len|length|count)\s*\(", "write `size(x)`"),
    (rf"{_START}Object\.keys\s*\(|\.keys\s*\(", "write `map.map(k, k)`"),
    (rf"{_START}Object\.(?:values|entries)\s*\(|\.values\s*\(", "write `map.transformList(k, v, v)`"),
    (rf"{_START}JSON\.", "values are JSON already; in mixed text whatever is not a string stands as JSON"),
    (r"\.(?:length|len|count)\b", "write `size(x)`"),
    (r"\.includes\s*\(", "write `text.contains(part)` for strings, `x in list` for lists"),
    (r"\.(?:toLowerCase|lower)\s*\(", "write `.lowerAscii()`"),
    (r"\.(?:toUpperCase|upper)\s*\(", "write `.upperAscii()`"),
    (r"\.(?:startswith|starts_with)\s*\(", "write `.startsWith(…)`"),
    (r"\.(?:endswith|ends_with)\s*\(", "write `.endsWith(…)`"),
    (r"\.(?:strip|trimStart|trimEnd)\s*\(", "write `.trim()`"),
    (r"\.slice\s*\(", "write `text.substring(start, end)`; `list.slice(start, end)` needs both ends"),
    (r"\.(?:replaceAll|replace_all)\s*\(", "write `.replace(old, new)`"),
    (r"\.(?:push|append|pop|shift)\s*\(", _NO_CHANGE),
    (r"\.concat\s*\(", "write `a + b`"),
    (r"\.(?:some|any)\s*\(", "write `list.exists(x, …)`"),
    (r"\.every\s*\(", "write `list.all(x, …)`"),
    (r"\.find\s*\(", "write `list.filter(x, …)[0]`, or `text.indexOf(part)`"),
    (r"\.toString\s*\(", "write `string(x)`"),
    (r"\.get\s*\(", "write `a.?b.orValue(c)`"),
)
HABITS: Final = tuple(Habit(re.compile(pattern), advice) for pattern, advice in _TABLE)


class Found(NamedTuple):
    """A habit in a source: where, and what to write instead."""

    offset: int
    advice: str


def find_habit(source: str) -> Found | None:
    """The first habit of the table that the source shows; strings and comments are not looked into."""
    code = _without_strings(source)
    for habit in HABITS:
        found = habit.pattern.search(code)
        if found:
            return Found(found.start(), habit.advice)
    return None


def _without_strings(source: str) -> str:
    """The source with blanks for comments, and quotes for all of a string, each as long as before."""
    pieces: list[str] = []
    at = 0
    for token in tokens_of(source):
        pieces.append(" " * (token.start - at))
        pieces.append('"' * len(token.text) if token.kind == "string" else token.text)
        at = token.end
    return "".join(pieces)
