"""The words for each kind of fault: which part failed, what was found, what to write instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.expressions.faults import Fault
from domain.expressions.habits import HABITS_OF_FIELDS
from domain.expressions.tokens import NAMES
from domain.expressions.tree import Binary, Call, Has, Index, Macro, Name, Node, Select, Unary
from domain.expressions.values import bare
from domain.expressions.words import Comparisons, a_kind, nearest, no_truthiness, wrong_operands

_KEYS_SHOWN_MAX: Final = 8
_SHOWN_CHARS_MAX: Final = 60
_OFFSET: Final = "the tables of time zones differ between machines; write an offset like '+01:00', or 'UTC'"


class Failed:
    """A fault with its source, for the words about it."""

    __slots__ = ("comparisons", "node", "source", "values")

    def __init__(self, source: str, fault: Fault, comparisons: Comparisons) -> None:
        self.source = source
        self.comparisons = comparisons
        self.node = fault.node
        self.values = fault.values

    @property
    def part(self) -> str:
        """The text of the smallest part that failed."""
        return self.text(self.node)

    def text(self, node: Node | None) -> str:
        """The text of a part."""
        return self.source if node is None else self.source[node.start : node.end]

    @property
    def owner(self) -> str:
        """What stands before the dot or the bracket of the part."""
        match self.node:
            case Select() | Has() | Index() | Macro():
                return self.text(self.node.owner)
            case Call() if self.node.owner is not None:
                return self.text(self.node.owner)
            case _:
                return self.source

    @property
    def operands(self) -> tuple[str, ...]:
        """The texts of what an operator stands between, or of the arguments of a function."""
        match self.node:
            case Binary():
                return (self.text(self.node.left), self.text(self.node.right))
            case Unary():
                return (self.text(self.node.operand),)
            case Call():
                return tuple(map(self.text, self.node.arguments))
            case _:
                return ()


def _no_key(failed: Failed) -> str:
    owner, key = failed.values
    part = failed.part
    said = f"`{part}`: no such key `{_key(key)}`"
    if key in HABITS_OF_FIELDS and isinstance(failed.node, Select) and key not in owner:
        return f"{said}; {HABITS_OF_FIELDS[key].format(owner=failed.owner)}"
    if isinstance(failed.node, Select) and part.startswith("nodes.") and not isinstance(failed.node.owner, Name):
        return f"{said} ({_among(owner, key, failed.comparisons)}); the node may not have ended so, ask `has({part})` first"
    return f"{said} ({_among(owner, key, failed.comparisons)})"


def _key(key: Any) -> str:
    return str(key)[:_SHOWN_CHARS_MAX] if type(key) is not int or key.bit_length() < 200 else "a number of many digits"


def _among(keys: Mapping[Any, Any], wanted: Any, comparisons: Comparisons) -> str:
    if not keys:
        return "it is empty"
    some = [_key(bare(key)) for _, key in zip(range(1_000), keys, strict=False)]
    shown = (nearest(_key(wanted), comparisons.affordable(_key(wanted), some)) or some)[:_KEYS_SHOWN_MAX]
    more = f" and {len(keys) - len(shown)} more" if len(keys) > len(shown) else ""
    return f"there are: {', '.join(shown)}{more}"


def _no_fields(failed: Failed) -> str:
    kind, name = failed.values
    owner, part = failed.owner, failed.part
    said = f"`{part}`: `{owner}` is {a_kind(kind)} and has no fields"
    if kind == "null":
        return f"{said}; write `{owner}.?{name}.orValue(…)`, or ask `has({owner}.{name})` first"
    return f"{said}; {HABITS_OF_FIELDS[name].format(owner=owner)}" if name in HABITS_OF_FIELDS else said


def _no_name(failed: Failed) -> str:
    name, names = failed.values
    known = ", ".join(one for one in NAMES if one in names) or "none"
    return f"`{name}` is not known at this place (known are: {known})"


def _truth(failed: Failed) -> str:
    node, kind = failed.values
    return no_truthiness(failed.text(node), kind)


def _operands(failed: Failed) -> str:
    operator, kinds = failed.values
    return f"`{failed.part}`: {wrong_operands(operator, kinds, failed.operands)}"


def _arguments(failed: Failed) -> str:
    (kinds,) = failed.values
    node = failed.node
    name = node.name if isinstance(node, Call) else "it"
    if isinstance(node, Call) and node.owner is not None and len(kinds) == len(node.arguments) + 1:
        advice = f"; write `string({failed.owner}).{name}(…)`" if kinds[0] in ("int", "double") and kinds[1:2] == ("string",) else ""
        advice = f"; `{failed.owner}` is null, ask `{failed.owner} != null` first" if kinds[0] == "null" else advice
        return f"`{failed.part}`: `{name}` is not for {a_kind(kinds[0])} with ({', '.join(kinds[1:])}){advice}"
    return f"`{failed.part}`: {wrong_operands(name, kinds, failed.operands)}"


def _walked(failed: Failed) -> str:
    macro, kind = failed.values
    walks = "is for optionals" if macro.startswith("opt") else "goes over lists and maps"
    return f"`{failed.part}`: `{macro}` {walks}, `{failed.owner}` is {a_kind(kind)}"


def _in(failed: Failed) -> str:
    (kind,) = failed.values
    item, owner = failed.operands or ("x", failed.source)
    advice = f"; write `{owner}.contains({item})`" if kind == "string" else ""
    return f"`{failed.part}`: `in` looks into lists and the keys of maps, `{owner}` is {a_kind(kind)}{advice}"


def _zero(failed: Failed) -> str:
    divisor = f": `{failed.operands[1]}` is 0" if len(failed.operands) == 2 else ""
    return f"`{failed.part}`: division by zero{divisor}"


def _no_item(failed: Failed) -> str:
    at, size = failed.values
    there = f"0 to {size - 1}" if size else "none, it is empty"
    return f"`{failed.part}`: no item {_key(at)} in a list of {size} (there are: {there})"


def _unreadable(failed: Failed) -> str:
    kind, text = failed.values
    return f"`{failed.part}`: cannot read {json.dumps(text[:_SHOWN_CHARS_MAX], ensure_ascii=not text.isprintable())} as {a_kind(kind)}"


def _inexact(failed: Failed) -> str:
    (value,) = failed.values
    at = next((text for text in failed.operands if text), failed.part)
    return f"`{failed.part}`: no double is exactly {_key(value)}; write `num({at})` where the nearest one will do"


def _no_character(failed: Failed) -> str:
    at, size = failed.values
    return f"`{failed.part}`: no place {_key(at)} in a text of {size} characters (there are: 0 to {size})"


def _no_value_to_format(failed: Failed) -> str:
    clause, used, size = failed.values
    return f"`{failed.part}`: there is no value for `{clause}`, the {used + 1}. clause; the list has {size}"


def _repeated_key(failed: Failed) -> str:
    key = bare(failed.values[0])
    return f"`{failed.part}`: the key `{str(key).lower() if type(key) is bool else _key(key)}` comes twice"


def _of(text: str) -> Callable[[Failed], str]:
    """Fixed words; `{0}` stands for the first value of the fault, `{kind}` for it with its article."""

    def say(failed: Failed) -> str:
        values = [_key(value) for value in failed.values]
        kind = a_kind(failed.values[0]) if failed.values and isinstance(failed.values[0], str) and failed.values[0] else ""
        return f"`{failed.part}`: {text.format(*values, kind=kind)}"

    return say


FAULTS: Final[dict[str, Callable[[Failed], str]]] = {
    "no_key": _no_key,
    "no_fields": _no_fields,
    "no_name": _no_name,
    "truth": _truth,
    "operands": _operands,
    "arguments": _arguments,
    "walked": _walked,
    "in": _in,
    "zero": _zero,
    "no_item": _no_item,
    "unreadable": _unreadable,
    "inexact": _inexact,
    "no_character": _no_character,
    "no_value_to_format": _no_value_to_format,
    "not_indexed": _of("only lists and maps are read by [ ], found {kind}"),
    "position": _of("a list is read by an int, found {kind}"),
    "not_optional": _of("`.?` and `[?…]` read maps and lists, found {kind}; ask `type(x) == map` first"),
    "not_optional_item": _of("what stands behind a `?` must be an optional, like `input.?x`; found {kind}"),
    "not_all_optional": _of("not all items are optionals"),
    "empty": _of("there is no value in this optional; write `.orValue(…)`"),
    "key": _of("the key of a map is a string, an int or a bool, found {kind}"),
    "repeated_key": _repeated_key,
    "same_text": _of("two keys of a map have the text `{0}`; write other ones"),
    "no_entry": lambda failed: f"`{failed.text(failed.values[0])}` must be a map, found {a_kind(failed.values[1])}",
    "digits": _of("the number gets longer than 4,096 bits"),
    "range": _of("out of the range of {kind}"),
    "infinite": _of("the result is {0}, which JSON cannot hold"),
    "no_json": _of("the result is {0}, not a value"),
    "unicode": _of("a string it reads is not valid Unicode"),
    "joined": _of("only strings are joined, found {kind}; write `.map(x, string(x))` before"),
    "backwards": _of("the end {1} lies before the start {0}"),
    "pattern": _of("invalid regular expression: {0}"),
    "zone": _of(f"there is no time zone `{{0}}`: {_OFFSET}"),
    "zone_of_duration": _of("a duration has no time zone"),
    "format": _of("`{0}` is not for {1}"),
    "places": _of("{0} decimals; the most is 1,000"),
    "nothing_to_compare": _of("there is nothing to compare"),
    "not_compared": lambda failed: f"`{failed.part}`: only numbers can be compared so, found ({', '.join(failed.values[0])})",
    "negative": _of("{0} is negative"),
    "no_slice": _of("no items {0} to {1} in a list of {2}"),
}
"""What is said, by the kind of the fault."""
