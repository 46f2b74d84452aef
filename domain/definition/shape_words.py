"""The words for faults of the shape: what was expected, what was found, what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from pydantic import BaseModel

from contracts.definitions import DURATION_PATTERN
from contracts.errors import Problem
from domain.definition.fields import annotation_at, models_in, names_of
from domain.definition.findings import Findings, joined, listed, shown
from domain.expressions import parse_duration

Keys: TypeAlias = tuple[str | int, ...]


class Fault(NamedTuple):
    """One error of pydantic: what it says, where it is in the document (by keys), and whether it is about the last key itself."""

    error: Any
    keys: Keys
    of_key: bool


_TYPES: Final = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "none_required": "null",
}
_UNIONS: Final = {
    "join": "`all`, `any` or `{count: n}`",
    "wait_for": "`all`, `any` or `{count: n}`",
    "when": "an expression (a text without braces) or true or false",
    "condition": "an expression (a text without braces) or true or false",
    "expression": "an expression (a text without braces) or true or false",
    "items": "an expression (a text without braces), a list or an object",
    "input": "a JSON Schema: an object, or true or false",
}
_PATTERNS: Final = {
    "id": "lower case letters, digits and `_`, beginning with a letter, at most 63",
    "name": "lower case letters, digits, `_` and `-`, beginning with a letter, at most 63",
    "from": "`node` or `node.port`",
    "to": "the id of a node",
    "port": "letters, digits and `_`, beginning with a letter",
    "default": "the name of a port: letters, digits and `_`, beginning with a letter",
}
_OTHERS_WORDS: Final = {
    "source": "from",
    "target": "to",
    "destination": "to",
    "steps": "nodes",
    "tasks": "nodes",
    "kind": "type",
    "uses": "type",
    "with": "config",
    "params": "config",
    "parameters": "config",
    "if": "when",
    "retries": "retry",
    "vars": "variables",
}
"""Fields as other systems call them."""
_ERROR_PATTERN: Final = "`*`, an error type or the beginning of one (`http`, `http.404`, `http.4xx`)"


def explain(model: type[BaseModel], raw: Any, path: str, faults: list[Fault], findings: Findings) -> tuple[list[Problem], set[str]]:
    """The faults as problems, and the paths of fields that misspelt ones were meant to be."""
    problems: list[Problem] = []
    meant: set[str] = set()
    for fault in faults:
        at = path
        for key in fault.keys:
            at = joined(at, key)
        if fault.error["type"] == "extra_forbidden":
            around = at[: -len(str(fault.keys[-1]))].rstrip(".")
            problem, near = _unknown_field(model, raw, at, fault, findings)
            meant.update({joined(around, near)} if near else ())
        else:
            problem = _problem(at, fault, findings)
        problems.append(problem)
    return problems, meant


def _unknown_field(model: type[BaseModel], raw: Any, at: str, fault: Fault, findings: Findings) -> tuple[Problem, str | None]:
    name = str(fault.keys[-1])
    known = [field for one in models_in(annotation_at(model, fault.keys[:-1])) for field in names_of(one)]
    around = raw
    for key in fault.keys[:-1]:
        around = around[key]
    free = [field for field in known if field not in around]
    meant = _OTHERS_WORDS.get(name)
    near = meant if meant in free else findings.nearest(name, free)
    fix = f"did you mean `{near}`? known are {listed(known, 30)}" if near else f"known are {listed(known, 30)}" if known else "remove it"
    return Problem(at, "unknown_field", f"`{name}` is not a field here", fix), near


def _problem(at: str, fault: Fault, findings: Findings) -> Problem:
    error = fault.error
    kind: str = error["type"]
    name = next((key for key in reversed(fault.keys) if isinstance(key, str)), "")
    if kind in _TYPES:
        return _wrong_type(at, name, _TYPES[kind], error["input"])
    words = _WORDS.get(kind)
    if words is not None:
        return words(at, name, error, findings)
    message = f"`{name}`: {error['msg']}, found {shown(error['input'])}" if name else str(error["msg"])
    return Problem(at, "wrong_value", message, "see the reference of this field")


def _wrong_type(at: str, name: str, expected: str, found: Any) -> Problem:
    hint = "write it without quotes" if isinstance(found, str) and expected in ("a whole number", "a number", "true or false") else ""
    if isinstance(found, str) and "{{" in found:
        hint = "this field takes no template: write the value itself"
    if expected == "a text" and isinstance(found, int | float):
        hint = f'write it in quotes: "{found}"'
    if name.endswith(("timeout", "delay", "ttl", "retention", "for", "_close", "_start", "heartbeat")) and isinstance(found, int):
        hint = f'write a duration with its unit: "{found}s"'
    what = f"`{name}`" if name else "the definition"
    if at.endswith("]"):
        what = f"an item of {what}"
    return Problem(at, "wrong_type", f"{what}: expected {expected}, found {_found(found)}", hint or f"write {expected}")


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return f"the boolean {shown(value)}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return f"the number {value}" if isinstance(value, int | float) else shown(value)


def _missing(at: str, name: str, error: Any, findings: Findings) -> Problem:
    return Problem(at, "missing_field", f"`{name}` is missing", f"add `{name}: …`")


def _union(at: str, name: str, error: Any, findings: Findings) -> Problem:
    types = dict.fromkeys(_TYPES.get(kind, "") for kind in error["types"])
    expected = _UNIONS.get(name) or " or ".join(one for one in types if one) or "something else"
    given = error["input"]
    near = findings.nearest(given, ("all", "any")) if isinstance(given, str) and name in ("join", "wait_for") else None
    fix = f"did you mean `{near}`?" if near else f"write {expected}"
    rule = "wrong_value" if isinstance(given, str) else "wrong_type"
    return Problem(at, rule, f"`{name}`: expected {expected}, found {_found(given)}", fix)


def _literal(at: str, name: str, error: Any, findings: Findings) -> Problem:
    allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    given = error["input"]
    near = findings.nearest(given, allowed) if isinstance(given, str) else None
    expected = _UNIONS[name] if name in ("join", "wait_for") else " or ".join(f"`{one}`" for one in allowed)
    fix = f"did you mean `{near}`?" if near else f"write {expected}"
    return Problem(at, "wrong_value", f"`{name}`: expected {expected}, found {_found(given)}", fix)


def _pattern(at: str, name: str, error: Any, findings: Findings) -> Problem:
    given = error["input"]
    pattern = error["ctx"]["pattern"]
    if pattern == DURATION_PATTERN:
        return duration_problem(at, given) or Problem(at, "duration", f"`{given}` is no duration", "write `30s`")
    expected = _ERROR_PATTERN if r"\*" in pattern else _PATTERNS.get(name) or _PATTERNS["name" if "-" in pattern[12:20] else "id"]
    return Problem(at, "pattern", f"expected {expected}, found {shown(given)}", f"write `{_slug(given, pattern)}`, for example")


def _slug(text: Any, pattern: str) -> str:
    """A name like the text that the pattern takes: with its dots, where it may have some."""
    for others in (r"[^a-z0-9_.]+", r"[^a-z0-9_]+"):
        slug = re.sub(others, "_", str(text).lower()).strip("_.")[:60]
        slug = slug if slug[:1].isalpha() else f"n{slug}" if slug else "name_1"
        if re.search(pattern, slug):
            return slug
    return "name_1"


def duration_problem(at: str, text: str) -> Problem | None:
    """What is wrong with a duration; None where nothing is."""
    try:
        parse_duration(text)
    except ValueError as error:
        meant = re.search(r'write "(\S+)"$', str(error))
        fix = "a number with a unit, like `500ms`, `30s`, `5m`, `2h`, `3d` or `1h30m`" if meant is None else f"`{meant[1]}`"
        return Problem(at, "duration", str(error), f"write {fix}")
    return None


def _range(at: str, name: str, error: Any, findings: Findings) -> Problem:
    bounds = error["ctx"]
    words = {"ge": "or more", "gt": "and more", "le": "or less", "lt": "and less"}
    bound = next(f"{bounds[key]:g} {words[key]}" for key in words if key in bounds)
    return Problem(at, "out_of_range", f"`{name}`: expected {bound}, found {shown(error['input'])}", f"write {bound}")


def _length(at: str, name: str, error: Any, findings: Findings) -> Problem:
    bounds = error["ctx"]
    unit = "character" if error["type"].startswith("string") else "item"
    least = bounds.get("min_length")
    number = least if least is not None else bounds.get("max_length")
    expected = f"at {'most' if least is None else 'least'} {number} {unit}{'' if number == 1 else 's'}"
    return Problem(at, "out_of_range", f"`{name}`: expected {expected}, found {len(error['input'])}", f"write {expected}")


def _reserved(at: str, name: str, error: Any, findings: Findings) -> Problem:
    given = error["input"]
    message = f"`{given}` is reserved: expressions could not name it"
    return Problem(at, "reserved_id", message, f"write `{given}_` with a word, like `{given}_value`")


def _one_or_more(at: str, name: str, error: Any, findings: Findings) -> Problem:
    message = f"`{name}`: expected an object, or a list of objects, found {_found(error['input'])}"
    return Problem(at, "wrong_type", message, f"write what the reference says of `{name}`, or leave it out where there is none")


def _value_error(at: str, name: str, error: Any, findings: Findings) -> Problem:
    cause = error.get("ctx", {}).get("error")
    said = str(cause) if cause is not None else str(error["msg"]).removeprefix("Value error, ")
    return Problem(at, "config", said, "see the fields of this kind in the reference")


_WORDS: Final[dict[str, Callable[[str, str, Any, Findings], Problem]]] = {
    "missing": _missing,
    "union": _union,
    "literal_error": _literal,
    "string_pattern_mismatch": _pattern,
    "greater_than_equal": _range,
    "greater_than": _range,
    "less_than_equal": _range,
    "less_than": _range,
    "string_too_short": _length,
    "string_too_long": _length,
    "too_short": _length,
    "too_long": _length,
    "reserved": _reserved,
    "one_or_more": _one_or_more,
    "value_error": _value_error,
    "assertion_error": _value_error,
}
