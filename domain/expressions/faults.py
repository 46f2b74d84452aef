"""Why an expression failed when it was evaluated, in words of the person who wrote it.

Each rule knows the engine's words for one fault, the parts of an expression where it can come from, and how to say it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from domain.expressions.habits import HABITS_OF_FIELDS
from domain.expressions.order import COMPUTED, KEY, KEY_ADVICE, MAKES_A_LIST, NO_ORDER, ZONE, ZONE_ADVICE
from domain.expressions.parts import Part
from domain.expressions.scene import UNKNOWN, Scene, a_kind, kind_of, nearest, no_truthiness, types_of, wrong_types
from domain.expressions.tokens import NAMES, string_value

STEPS_MAX: Final = 10_000
"""So many items all macros of one evaluation may visit: the library's own budget."""

_TOO_MANY_STEPS: Final = f"the expression does more than {STEPS_MAX:,} steps; use a `transform` or a `for_each` node"
_KEYS_SHOWN_MAX: Final = 8
_FILTERS: Final = ("filter", "map", "exists_one", "existsOne")


class Rule(NamedTuple):
    """The engine's words for a fault, and what to say."""

    words: re.Pattern[str]
    say: Callable[[Scene, re.Match[str]], str]


def explain(scene: Scene) -> str:
    """The message of a failed evaluation: "`part`: what is wrong; what to write instead"."""
    for rule in RULES:
        found = rule.words.search(scene.refusal)
        if found:
            return rule.say(scene, found)
    plain = re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", scene.refusal)
    return f"`{scene.source}`: {plain}"


def _among(keys: Mapping[str, Any], wanted: str) -> str:
    if not keys:
        return "it is empty"
    shown = nearest(wanted, [str(key) for key in keys])[:_KEYS_SHOWN_MAX]
    more = f" and {len(keys) - len(shown)} more" if len(keys) > len(shown) else ""
    return f"there are: {', '.join(shown)}{more}"


def _missing_key(scene: Scene, found: re.Match[str]) -> str:
    written = found[1]
    key = string_value(written) if written.startswith('"') else written
    part, owner = _reader_of(scene, key)
    text = part.text if part else scene.source
    if key in HABITS_OF_FIELDS and part:
        return f"`{text}`: no such key `{key}`; {HABITS_OF_FIELDS[key].format(owner=part.operands[0])}"
    known = f" ({_among(owner, key)})" if isinstance(owner, dict) else ""
    node = part is not None and bool(re.match(r"nodes\b", part.text))
    hint = (
        f"; the node may not have ended so, ask `has({text})` first"
        if node and part and part.kind == "select" and part.operands[0] != "nodes"
        else ""
    )
    return f"`{text}`: no such key `{key}`{known}{hint}"


def _reader_of(scene: Scene, key: str) -> tuple[Part | None, Any]:
    """The part that reads a key which is not there, and what it reads from."""
    for part in scene.parts:
        if part.kind not in ("select", "index"):
            continue
        if part.kind == "select" and part.name != key:
            continue
        owner = scene.value(part.operands[0])
        if isinstance(owner, dict) and key not in owner and (part.kind == "select" or str(scene.value(part.operands[1])) == key):
            return part, owner
    unsure = [part for part in scene.parts if part.kind == "select" and part.name == key]
    return (unsure[0] if unsure else scene.culprit("select", "index")), UNKNOWN


def _no_fields(scene: Scene, found: re.Match[str]) -> str:
    for part in scene.parts:
        owner = scene.value(part.operands[0]) if part.kind == "select" else UNKNOWN
        if owner is not UNKNOWN and not isinstance(owner, dict):
            advice = HABITS_OF_FIELDS.get(part.name, "").format(owner=part.operands[0])
            return f"`{part.text}`: `{part.operands[0]}` is {a_kind(kind_of(owner))} and has no fields{f'; {advice}' if advice else ''}"
    habit = next((part for part in scene.parts if part.kind == "select" and part.name in HABITS_OF_FIELDS), None)
    if habit:
        return f"`{habit.text}`: {HABITS_OF_FIELDS[habit.name].format(owner=habit.operands[0])}"
    return f"`{scene.source}`: something in it is read like a map and is none"


def _no_such_name(scene: Scene, found: re.Match[str]) -> str:
    known = ", ".join(name for name in NAMES if name in scene.names) or "none"
    return f"`{found[1]}` is not known at this place (known are: {known})"


def _not_boolean(scene: Scene, operator: str, kind: str, macros: tuple[str, ...] = ()) -> str:
    for part in scene.parts:
        if part.kind == kind and part.name == operator:
            for operand in part.operands[:1] if kind == "choice" else part.operands:
                value = scene.value(operand)
                if value is not UNKNOWN and not isinstance(value, bool):
                    return no_truthiness(operand, value)
    rule = "must be true or false, and CEL has no truthiness: compare, e.g."
    for part in scene.parts:
        if part.kind == "macro" and part.name in macros:
            return f"`{part.text}`: `{part.operands[-1]}` {rule} `{part.operands[-1]} != null`"
    return f"`{scene.source}`: what stands beside `{operator}` {rule} `input.a != null`"


def _wrong_range(scene: Scene, found: re.Match[str]) -> str:
    for part in scene.parts:
        value = scene.value(part.operands[0]) if part.kind == "macro" else UNKNOWN
        if value is not UNKNOWN and not isinstance(value, list | dict):
            walked = "lists" if part.name in MAKES_A_LIST else "lists and maps"
            return f"`{part.text}`: `{part.name}` goes over {walked}, `{part.operands[0]}` is {a_kind(kind_of(value))}"
    return f"`{scene.source}`: a macro like `map` goes over lists, here it is given something else"


def _wrong_in(scene: Scene, found: re.Match[str]) -> str:
    part = scene.culprit("binary", name="in")
    value = scene.value(part.operands[1]) if part else UNKNOWN
    if part is None or value is UNKNOWN:
        return f"`{part.text if part else scene.source}`: `in` looks into lists and the keys of maps"
    advice = f"; write `{part.operands[1]}.contains({part.operands[0]})`" if isinstance(value, str) else ""
    return f"`{part.text}`: `in` looks into lists and the keys of maps, `{part.operands[1]}` is {a_kind(kind_of(value))}{advice}"


def _wrong_operands(scene: Scene, found: re.Match[str]) -> str:
    operator, types = found[1], types_of(found[2])
    part = scene.culprit("binary", "unary", name=operator)
    return wrong_types(part.text if part else scene.source, operator, types, part.operands if part else ())


def _wrong_arguments(scene: Scene, found: re.Match[str]) -> str:
    receiver, name, arguments = found[1], found[2], types_of(found[3] or "")
    part = scene.call(name)
    name = part.name if part else name
    text = part.text if part else scene.source
    if receiver:
        owner = part.operands[0] if part else "it"
        advice = f"; write `string({owner}).{name}(…)`" if types_of(receiver)[0] in ("int", "double") else ""
        return f"`{text}`: `{name}` is not for {a_kind(types_of(receiver)[0])} with ({', '.join(arguments)}){advice}"
    return wrong_types(text, name, arguments, part.operands[1:] if part else ())


def _greatest(scene: Scene, found: re.Match[str]) -> str:
    part = scene.culprit("call", name="greatest" if found[1] == "max" else "least")
    return f"`{part.text if part else scene.source}`: only numbers can be compared so, found ({', '.join(types_of(found[2]))})"


def _division(scene: Scene, found: re.Match[str]) -> str:
    part = scene.culprit("binary", name="/" if found[1] == "divide" else "%")
    divisor = f": `{part.operands[1]}` is 0" if part else ""
    return f"`{part.text if part else scene.source}`: division by zero{divisor}"


def _index(scene: Scene, found: re.Match[str]) -> str:
    part = scene.culprit("index")
    index, size = int(found[1]), int(found[2])
    range_ = f"0 to {size - 1}" if size else "none, it is empty"
    return f"`{part.text if part else scene.source}`: no item {index} in a list of {size} (there are: {range_})"


def _index_type(scene: Scene, found: re.Match[str]) -> str:
    part = scene.culprit("index")
    return f"`{part.text if part else scene.source}`: a list is read by an int, found {a_kind(types_of(found[1])[0])}"


def _container(scene: Scene, found: re.Match[str]) -> str:
    part = scene.culprit("index")
    return f"`{part.text if part else scene.source}`: only lists and maps are read by [ ], found {a_kind(types_of(found[1])[0])}"


def _conversion(scene: Scene, found: re.Match[str]) -> str:
    name = (found[1] or found[2]).lower()
    part = scene.call(name)
    value = scene.value(part.operands[-1]) if part else UNKNOWN
    given = f" {json.dumps(value, ensure_ascii=False)[:60]}" if value is not UNKNOWN else " it"
    return f"`{part.text if part else scene.source}`: cannot read{given} as {a_kind(name)}"


def _says(text: str, *kinds: str) -> Callable[[Scene, re.Match[str]], str]:
    """A rule with fixed words; `{0}` stands for what the engine said."""

    def say(scene: Scene, found: re.Match[str]) -> str:
        part = scene.culprit(*kinds) if kinds else None
        return f"`{part.text if part else scene.source}`: {text.format(*found.groups())}"

    return say


def _rules_of_order() -> Iterator[Rule]:
    """For the variables of `order.py`, which are never bound."""
    walked = "a map has no order; give `map` and `filter` a list, or use a `for_each` or `transform` node"
    computed = "a map has no order, and some keys of this one are computed or no strings; ask a list"
    unbound = "No value with name"
    yield Rule(re.compile(f'{unbound} "{NO_ORDER}"'), _says(walked, "macro"))
    yield Rule(re.compile(f'{unbound} "{COMPUTED}"'), _says(computed, "macro"))
    yield Rule(re.compile(f'{unbound} "{ZONE}"'), _says(ZONE_ADVICE, "call"))
    yield Rule(re.compile(f'{unbound} "{KEY}"'), _says(KEY_ADVICE))


def _rules() -> Iterator[Rule]:
    overload = r"No matching overloads found : "
    yield Rule(re.compile(r"Key not found in map : (.*)", re.DOTALL), _missing_key)
    yield Rule(re.compile(r"Applying SELECT"), _no_fields)
    yield Rule(re.compile(r'No value with name "(\w+)"'), _no_such_name)
    yield Rule(re.compile(overload + r"_&&_"), lambda scene, _: _not_boolean(scene, "&&", "binary", ("all",)))
    yield Rule(re.compile(overload + r"_\|\|_"), lambda scene, _: _not_boolean(scene, "||", "binary", ("exists",)))
    yield Rule(re.compile(overload + r"!_"), lambda scene, _: _not_boolean(scene, "!", "unary"))
    yield Rule(re.compile(overload + r"<jump_condition>"), lambda scene, _: _not_boolean(scene, "?:", "choice", _FILTERS))
    yield Rule(re.compile(overload + r"<iter_range>"), _wrong_range)
    yield Rule(re.compile(overload + r"@in"), _wrong_in)
    yield Rule(re.compile(overload + r"_?(==|!=|<=|>=|[-+*/%<>])_\((.*)\)"), _wrong_operands)
    yield Rule(re.compile(overload + r"math\.@(max|min)\((.*)\)"), _greatest)
    yield Rule(re.compile(overload + r"(_\?\._|_\[\?_\])"), _says("`.?` and `[?…]` read maps and lists; ask `has(…)` first"))
    yield Rule(re.compile(overload + r"(?:\((.*?)\)\.)?(\w+)(?:\((.*)\))?$"), _wrong_arguments)
    yield Rule(re.compile(r"(divide|modulus) by zero"), _division)
    yield Rule(re.compile(r"Index error: index=(-?\d+) size=(\d+)"), _index)
    yield Rule(re.compile(r"Index error: expected integer type, got (\S+)"), _index_type)
    yield Rule(re.compile(r"Invalid container type: '(.*)'"), _container)
    yield Rule(re.compile(r"cannot convert \w+ to (\w+)|String to (Timestamp|Duration) conversion failed"), _conversion)
    yield Rule(re.compile(r"<string>\.\w+\([^)]*\): (.*)"), _says("{0}", "call"))
    yield Rule(
        re.compile(r"Iteration budget exceeded"),
        _says(_TOO_MANY_STEPS),
    )
    yield Rule(re.compile(r"^optional value"), _says("an optional inside a list or a map is no value: write `.orValue(null)` behind it"))
    yield Rule(re.compile(r"^not finite: (.*)"), _says("the result is {0}, which JSON cannot hold"))
    yield Rule(re.compile(r"^not a value"), _says("the result is a type, not a value"))
    yield Rule(re.compile(r"optional.none\(\) dereference"), _says("there is no value in this optional; write `.orValue(…)`", "call"))
    yield Rule(re.compile(r"bad_alloc"), _says("the expression needs more memory than there is"))
    yield Rule(re.compile(r"basic_string|[Uu]nicode|surrogates"), _says("a string it reads is not valid Unicode"))
    yield Rule(
        re.compile(r"(integer|unsigned|timestamp|duration|double) (overflow|out of range|range)"),
        _says("{0} {1}", "binary", "unary", "call"),
    )
    yield Rule(re.compile(r"(invalid regular expression: .*)"), _says("{0}", "call"))
    yield Rule(re.compile(r"Invalid map key type"), _says("the key of a map is a string, an int or a bool"))
    yield Rule(re.compile(r"INVALID_ARGUMENT: (.*)"), _says("{0}", "call"))


RULES: Final = (*_rules_of_order(), *_rules())
