"""The specification's cases as ours: which of them apply to JSON values, and whether our evaluator does what they say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.expressions.compiler import FIRST_SLOT, Compiler
from domain.expressions.faults import Fault, Limit, Meter, Unreadable
from domain.expressions.parser import parse
from domain.expressions.values import NS, Moment, Span, Type, UInt, key_of
from tests.cel.textproto import Message, read, text_of

SPEC = Path(__file__).parent / "spec"
WITHOUT_JSON = {
    "proto2": "messages", "proto2_ext": "messages", "proto3": "messages", "enums": "enums", "wrappers": "messages", "unknowns": "unknowns",
    "dynamic": "messages", "block_ext": "cel.block", "network_ext": "networks", "type_deduction": "types only",
}  # fmt: skip
"""Files of which no case applies, and why."""

_MESSAGES = re.compile(
    r"TestAllTypes|TestAllRequired|NestedTestAll|GlobalEnum|proto\.(get|has)Ext"
    r"|google\.(protobuf\.(?!Timestamp\b|Duration\b)|api)|cel\.(block|expr)|\b(Timestamp|Duration)\{"
)
_NETWORKS = re.compile(r"\b(ip|cidr|isIP|isCIDR)\(|net\.")
_OWN_TYPES = re.compile(r"google.protobuf.(Timestamp|Duration)")


class NoJson(Exception):
    """A value that is none of ours."""


@dataclass(frozen=True)
class Case:
    """An expression, what it reads, and what it has to give; `wanted` is None for an error."""

    file: str
    section: str
    name: str
    source: str
    names: dict[str, Any]
    wanted: tuple[Any] | None

    @property
    def id(self) -> str:
        return f"{self.file}/{self.section}/{self.name}"


def cases(folder: Path = SPEC) -> Iterator[Case]:
    """All cases that apply."""
    for file in sorted(folder.glob("*.textproto")):
        for section, test in _tests(file):
            if not why_not(file.stem, test):
                yield _case(file.stem, text_of(section, "name"), test)


def count_all(folder: Path = SPEC) -> int:
    """How many cases there are, whether they apply or not."""
    return sum(1 for file in folder.glob("*.textproto") for _ in _tests(file))


def _tests(file: Path) -> Iterator[tuple[Message, Message]]:
    for section in read(file.read_text(encoding="utf-8"))["section"]:
        for test in section.get("test", []):
            yield section, test


def why_not(file: str, test: Message) -> str:
    """Why a case does not apply to JSON values; nothing where it does."""
    source = text_of(test, "expr")
    if file in WITHOUT_JSON:
        return WITHOUT_JSON[file]
    if _MESSAGES.search(source):
        return "messages"
    if _NETWORKS.search(source):
        return "networks"
    if test.get("check_only") or test.get("typed_result"):
        return "types only"
    if test.get("unknown") or test.get("any_unknowns"):
        return "unknowns"
    if test.get("disable_macros"):
        return "macros off"
    if test.get("container") and file in ("namespace", "fields"):
        return "containers"
    for declared in test.get("type_env", []):
        if declared.get("function"):
            return "functions of its own"
        if "message_type" in str(declared) and not _OWN_TYPES.search(str(declared)):
            return "messages"
    try:
        _case(file, "", test)
    except NoJson:
        return "messages"
    return ""


def _case(file: str, section: str, test: Message) -> Case:
    names = {text_of(one, "key"): _value(one["value"][0]["value"][0]) for one in test.get("bindings", [])}
    wanted: tuple[Any] | None = None
    if not (test.get("eval_error") or test.get("any_eval_errors")):
        wanted = (_value(test["value"][0]) if test.get("value") else True,)
    return Case(file, section, text_of(test, "name"), text_of(test, "expr"), names, wanted)


def _value(message: Message) -> Any:
    kind, values = next(((kind, values) for kind, values in message.items() if values), ("null_value", ["NULL_VALUE"]))
    value: Any = values[0]
    match kind:
        case "int64_value":
            return int(value, 0)
        case "uint64_value":
            return UInt(int(value, 0))
        case "double_value":
            return float(value.lower().replace("infinity", "inf"))
        case "bool_value":
            return value == "true"
        case "string_value":
            return value.decode()
        case "bytes_value":
            return value
        case "null_value":
            return None
        case "type_value":
            return Type(value.decode())
        case "list_value":
            return [_value(item) for item in value.get("values", [])]
        case "map_value":
            return {key_of(_value(entry["key"][0])): _value(entry["value"][0]) for entry in value.get("entries", [])}
        case "object_value":
            return _of_object(value)
    raise NoJson(kind)


def _of_object(message: Message) -> Any:
    for kind, values in message.items():
        ns = int(text_of(values[0], "seconds", "0")) * NS + int(text_of(values[0], "nanos", "0")) if isinstance(values[0], dict) else 0
        if kind.endswith("google.protobuf.Timestamp]"):
            return Moment(ns)
        if kind.endswith("google.protobuf.Duration]"):
            return Span(ns)
    raise NoJson("object")


def passes(case: Case) -> bool:
    """Whether our evaluator does what the case says, with kinds as CEL has them."""
    try:
        found = _evaluated(case)
    except (Fault, Limit, Unreadable):
        return case.wanted is None
    return case.wanted is not None and _same(found, case.wanted[0])


def _evaluated(case: Case) -> Any:
    compiler = Compiler(tuple(case.names))
    run = compiler.make(parse(case.source))
    return run([case.names, Meter(), *[None] * (compiler.slots - FIRST_SLOT)])


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if type(one) is float:
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    if type(one) is list:
        return len(one) == len(other) and all(map(_same, one, other))
    if type(one) is dict:
        return len(one) == len(other) and all(key in other and _same(value, other[key]) for key, value in one.items())
    return bool(one == other)
