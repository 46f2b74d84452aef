"""Order: what an expression gives depends on nothing but its source and the values it is given.

The library keeps a map in an order drawn anew for every map, and reads time zones from tables of the machine. Maps that leave
it get their keys sorted (`cel.py`); `format` sorts them itself. The rest is found in the tokens, since nothing but the source
can be changed, and a question is put in before what could differ:

- `map` and `filter` make a list in the order of what they walk. Where that is a map, they are refused.
- `exists`, `all` and `exists_one` say the same in any order, but not when items fail or the steps run out. They walk a map by
  `KEYS`: all keys of the data and of the source, sorted, of which those are kept that are in it. `KEYS` is left unbound at
  first, since hardly any evaluation needs it: reading it fails, then it is bound and all is evaluated again. A failure that
  does not matter (`true || …`) is none with the keys either.
- A map with computed keys may hold others. Then the sizes differ, and the expression is refused.
- Keys of one map with the same text (`1`, `1u`, `"1"`) would stand in each other's place outside the library: refused.
- A time zone is UTC or an offset.

What refuses at run time reads a variable that nobody binds, so the library's own words name what is wrong. A value gets its
name by a `map` over a list of one. `cel.bind` must not be used: in 0.1.3 it reads what an `exists` or `all` that ended early
has left behind, and takes that for its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from domain.expressions.engine import EngineRefusal
from domain.expressions.tokens import CLOSING, MACROS, OPENING, Token, matching, opening_of, string_value, tokens_of

KEYS: Final = "refold_keys"
NO_ORDER: Final = "refold_no_order"
COMPUTED: Final = "refold_computed"
ZONE: Final = "refold_zone"
KEY: Final = "refold_key"
HIDDEN: Final = (KEYS, NO_ORDER, COMPUTED, ZONE, KEY)
"""Variables that only rewritten expressions have. The first is bound when it is needed, the others never."""

ZONE_ADVICE: Final = "the tables of time zones differ between machines; write an offset like '+01:00', or 'UTC'"
KEY_ADVICE: Final = "of several keys of a map the computed ones must be strings; write `string(…)` around them"
MAKES_A_LIST: Final = frozenset(("map", "filter"))
"""The macros whose result has the order of what they walk."""
ITERATING: Final = MACROS - {"optMap", "optFlatMap"}
"""The macros that walk something."""

_GIVES_A_LIST: Final = frozenset(("map", "filter", "split"))
_ZONED: Final = frozenset(
    f"get{part}"
    for part in ("FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hours", "Minutes", "Seconds", "Milliseconds")
)
_OFFSET: Final = "(?:UTC|[+-]?(?:[01][0-9]|2[0-3]):[0-5][0-9])"
_MAYBE: Final = re.compile(rf"\b(?:{'|'.join(sorted(ITERATING | _ZONED))})\b|\{{|\b(?:{'|'.join(HIDDEN)})\b")

_BIND: Final = "["
_IT: Final = "].map(refold_it, "
_IS_A_MAP: Final = f"{_IT}type(refold_it) == type({{}}) ? "
_REFUSED: Final = f"{_IS_A_MAP}{NO_ORDER} : dyn(refold_it))[0]"
_KEPT: Final = f"{KEYS}.filter(refold_one, refold_one in refold_it)"
_ALL_KEPT: Final = f"size(refold_kept) == size(refold_it) ? refold_kept : {COMPUTED}"
_SORTED: Final = f"{_IS_A_MAP}[{_KEPT}].map(refold_kept, {_ALL_KEPT})[0] : dyn(refold_it))[0]"
_IN_ZONE: Final = f"{_IT}type(refold_it) != type('') || refold_it.matches('^{_OFFSET}$') ? refold_it : {ZONE})[0]"
_AS_KEY: Final = f"{_IT}type(refold_it) == type('') ? refold_it : {KEY})[0]"


class Guarded(NamedTuple):
    """The rewritten source, whether it may read KEYS, and the keys of the maps that are written out in it."""

    source: str
    reads_keys: bool
    keys: frozenset[str]


class _Edit(NamedTuple):
    """What to put in at an offset of the source."""

    offset: int
    text: str


def guarded(source: str) -> Guarded:
    """The same expression with all questions put in. The source must be one that compiles.

    Raises EngineRefusal for what could never be the same everywhere, whatever the values.
    """
    if not _MAYBE.search(source):
        return Guarded(source, False, frozenset())
    tokens = tokens_of(source)
    edits: list[_Edit] = []
    keys: set[str] = set()
    reads_keys = False
    for i, token in enumerate(tokens):
        if token.kind == "name" and token.text in HIDDEN:
            raise EngineRefusal(f"`{token.text}` is a name of the engine; choose another one")
        if token.text == "{":
            edits += _literal(tokens, i, keys)
        elif token.text in _ZONED and _is_call(tokens, i):
            edits += _zone(tokens, i + 1)
        elif token.text in ITERATING and _is_call(tokens, i) and not _is_list(tokens, i - 1):
            makes_a_list = token.text in MAKES_A_LIST
            reads_keys = reads_keys or not makes_a_list
            edits += [_Edit(_start_of(tokens, i - 1), _BIND), _Edit(tokens[i - 1].start, _REFUSED if makes_a_list else _SORTED)]
    return Guarded(_edited(source, edits), reads_keys, frozenset(keys))


def keys_of(names: Mapping[str, Any], more: frozenset[str]) -> list[str]:
    """Every key of every map in the names, and those of the source, sorted: what KEYS is bound to."""
    found = set(more)
    waiting = list(names.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            found.update(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return sorted(found)


def _edited(source: str, edits: list[_Edit]) -> str:
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.offset):
        pieces += [source[at : edit.offset], edit.text]
        at = edit.offset
    return "".join(pieces) + source[at:]


def _is_call(tokens: tuple[Token, ...], i: int) -> bool:
    """Whether the word at `i` is a method that is called."""
    return 0 < i < len(tokens) - 1 and tokens[i - 1].text == "." and tokens[i + 1].text == "("


def _is_name(token: Token) -> bool:
    return token.kind == "quoted" or (token.kind == "name" and token.text != "in")


def _is_operand(token: Token) -> bool:
    """Whether a value may end with this token."""
    return _is_name(token) or token.kind in ("string", "number") or token.text in CLOSING


def _is_list(tokens: tuple[Token, ...], dot: int) -> bool:
    """Whether what stands before a dot can be nothing but a list: one that is written out, or what another macro gives."""
    if dot == 0 or tokens[dot - 1].text not in (")", "]"):
        return False
    opening = opening_of(tokens, dot - 1)
    if tokens[opening].text == "[":
        return opening == 0 or not _is_operand(tokens[opening - 1])
    return _is_call(tokens, opening - 1) and tokens[opening - 1].text in _GIVES_A_LIST


def _start_of(tokens: tuple[Token, ...], dot: int) -> int:
    """The offset at which the value before a dot begins: `a + b[1].c(2).map(…)` goes over what begins with the `b`."""
    at = dot - 1
    while True:
        if tokens[at].text in CLOSING:
            at = opening_of(tokens, at)
            goes_on = _is_operand if tokens[at].text == "[" else _is_name
            if at == 0 or not goes_on(tokens[at - 1]):
                return tokens[at].start
            at -= 1
            continue
        before = at - 2 if at > 1 and tokens[at - 1].text == "?" and tokens[at - 2].text == "." else at - 1
        if before >= 0 and tokens[before].text == "?.":  # the `?` of a choice and the dot of a root
            return tokens[before].start + 1
        if before < 0 or tokens[before].text != ".":
            return tokens[at].start
        if before == 0 or not _is_operand(tokens[before - 1]):
            return tokens[before].start
        at = before - 1


def _zone(tokens: tuple[Token, ...], opening: int) -> list[_Edit]:
    """Looks at the time zone given to a method, if one is."""
    last = matching(tokens, opening)
    if last == opening + 1:
        return []
    zone = tokens[opening + 1]
    if last > opening + 2 or zone.kind != "string":
        return [_Edit(tokens[opening].end, _BIND), _Edit(tokens[last].start, _IN_ZONE)]
    if not re.fullmatch(_OFFSET, string_value(zone.text)):
        raise EngineRefusal(f"the time zone {zone.text}: {ZONE_ADVICE}")
    return []


def _literal(tokens: tuple[Token, ...], opening: int, keys: set[str]) -> list[_Edit]:
    """Looks at the keys of a map that is written out, and adds the constant strings among them."""
    if opening and _is_name(tokens[opening - 1]):
        return []  # a message, whose fields are no keys
    computed, seen, are_strings = [], set[str](), True
    for first, last in _keys_in(tokens, opening):
        texts = _texts_of(tokens[first:last])
        if seen & texts:
            raise EngineRefusal(f"two keys of a map have the text `{min(seen & texts)}`; write other ones")
        seen |= texts
        if not texts:
            computed.append((first, last))
        elif tokens[first].kind == "string":
            keys |= texts
        else:
            are_strings = False
    if not computed or (len(computed) == 1 and not seen):
        return []
    if not are_strings:
        raise EngineRefusal("where some keys of a map are computed all must be strings")
    return [edit for first, last in computed for edit in (_Edit(tokens[first].start, _BIND), _Edit(tokens[last].start, _AS_KEY))]


def _keys_in(tokens: tuple[Token, ...], opening: int) -> Iterator[tuple[int, int]]:
    """Where each key of a map begins, and the colon behind it; a choice in a key has colons of its own."""
    last, at = matching(tokens, opening), opening + 1
    while at < last:
        first = at + 1 if tokens[at].text == "?" else at
        at, choices = first, 0
        while at < last and (choices or tokens[at].text != ":"):
            if tokens[at].text in ("?", "?.") and tokens[at - 1].text != ".":
                choices += 1
            elif tokens[at].text == ":":
                choices -= 1
            at = _behind(tokens, at)
        yield first, at
        while at < last and tokens[at].text != ",":
            at = _behind(tokens, at)
        at += 1


def _behind(tokens: tuple[Token, ...], i: int) -> int:
    """The next token that is not inside of brackets that open here."""
    return matching(tokens, i) + 1 if tokens[i].text in OPENING else i + 1


def _texts_of(key: tuple[Token, ...]) -> frozenset[str]:
    """The texts that a constant key can be mistaken for; none for a computed one."""
    word = key[-1].text
    if len(key) > 2 or (len(key) == 2 and (key[0].text != "-" or key[1].kind != "number")):
        return frozenset()
    if key[-1].kind == "string":
        return frozenset((string_value(word),))
    if key[-1].kind == "number":
        return frozenset((_number(len(key) == 2, word.rstrip("uU")),))
    return {"true": frozenset(("true", "1")), "false": frozenset(("false", "0"))}.get(word, frozenset())


def _number(is_negative: bool, digits: str) -> str:
    is_hexadecimal = digits[:2].lower() == "0x"
    if "." in digits or ("e" in digits.lower() and not is_hexadecimal):
        return digits  # a double is no key, as the library will say
    value = int(digits, 16 if is_hexadecimal else 10)
    return str(-value if is_negative else value)
