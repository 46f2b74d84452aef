"""Documents: from the text of a definition, JSON or YAML, to plain values; every way in which the text can be bad is a problem.

YAML is read by the 1.2 core schema: `no`, `on` and `yes` are strings, and so is a date. Limits are looked at before the
work that they bound: the length before anything, depth and number while values come, and what an alias stands for is
counted each time it is used, so that no text unfolds into more than it could have been written out to.
"""

from __future__ import annotations

from collections import deque
from math import isfinite
from typing import Any, Final, Literal, NoReturn

from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.errors import InvalidDefinition, Problem
from domain.definition.document_json import parse_json
from domain.definition.document_yaml import parse_yaml
from domain.definition.findings import joined, shown
from domain.definition.text import DEPTH_MAX, VALUES_MAX, TextFault, not_finite, too_deep, too_long
from domain.definition.text_positions import located

Syntax = Literal["yaml", "json"]
NOT_AN_OBJECT: Final = "expected an object with `name` and `nodes`, found {}"

_BITS_SHOWN_MAX: Final = 4_096
_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1


def parse_document(text: str | bytes, syntax: Syntax | None = None) -> dict[str, Any]:
    """The document as JSON values. Without a `syntax` a text that begins with a bracket is tried as JSON first.

    Raises InvalidDefinition with one problem: `encoding`, `too_large`, `too_deep`, `empty`, `syntax`, `doubled_key`, `not_an_object`.
    """
    readable = _readable(text)
    try:
        document = _parse(readable, syntax)
    except TextFault as fault:
        raise InvalidDefinition([fault.problem]) from None
    try:
        check_values(document)
    except TextFault as fault:
        raise InvalidDefinition(located([fault.problem], readable, document)) from None
    if not isinstance(document, dict):
        _refuse("not_an_object", NOT_AN_OBJECT.format(shown(document)), "begin with `name: my_workflow`")
    return document


def check_values(document: Any) -> None:
    """Raise TextFault for values that are nested too deep, are too many, or that no JSON can hold."""
    level, count, depth = [document], 0, 0
    while level:
        count += len(level)
        depth += 1
        if count > VALUES_MAX:
            raise TextFault("too_large", f"more than {VALUES_MAX:,} values (VALUES_MAX)", "split it into several workflows")
        if depth > DEPTH_MAX + 1:
            raise too_deep()
        deeper: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                deeper.extend(value.values())
            elif isinstance(value, list):
                deeper.extend(value)
            elif isinstance(value, int | float) and _number_fault(value) is not None:
                raise _first_number_fault(document)
        level = deeper


def _first_number_fault(document: Any) -> TextFault:
    """The fault of the uppermost number that is bad, with its path."""
    waiting: deque[tuple[str, Any]] = deque([("", document)])
    while True:
        path, value = waiting.popleft()
        if isinstance(value, dict):
            waiting.extend((joined(path, str(key)), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((joined(path, index), item) for index, item in enumerate(value))
        elif isinstance(value, int | float) and (fault := _number_fault(value, path)) is not None:
            return fault


def _number_fault(value: int | float, path: str = "") -> TextFault | None:
    if isinstance(value, float):
        return None if isfinite(value) else not_finite(str(value), path=path)
    if _INT_MIN <= value <= _INT_MAX:
        return None
    return too_long(str(value) if value.bit_length() <= _BITS_SHOWN_MAX else "…", path=path)


def _readable(text: str | bytes) -> str:
    """The text without a byte order mark, its length and its characters checked."""
    if len(text) > DEFINITION_BYTES_MAX:
        _too_long(len(text))
    try:
        content = text if isinstance(text, bytes) else text.encode()
        readable = content.decode("utf-8-sig")
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        _refuse("encoding", f"expected text in UTF-8, found something else at byte {at}", "save the file as UTF-8")
    if len(content) > DEFINITION_BYTES_MAX:
        _too_long(len(content))
    if not readable.strip():
        _refuse("empty", "the document is empty", "begin with `name: my_workflow` and `nodes:`")
    return readable


def _parse(text: str, syntax: Syntax | None) -> Any:
    if syntax == "json":
        return parse_json(text)
    if syntax == "yaml" or not text.lstrip().startswith(("{", "[")):
        return parse_yaml(text)
    try:
        return parse_json(text)
    except TextFault as fault:
        if fault.rule != "syntax":
            raise
        return _as_yaml(text, fault)


def _as_yaml(text: str, fault: TextFault) -> Any:
    """A text with brackets that is no JSON may be YAML; where it is neither, what JSON said is told for `{"`."""
    try:
        return parse_yaml(text)
    except TextFault as other:
        is_json = text.lstrip()[1:].lstrip().startswith(('"', "}", "{", "["))
        raise (fault if other.rule == "syntax" and is_json else other) from None


def _too_long(length: int) -> NoReturn:
    message = f"the document has {length:,} bytes, the most is {DEFINITION_BYTES_MAX:,} (DEFINITION_BYTES_MAX)"
    _refuse("too_large", message, "split it into several workflows, and load large constants by an activity")


def _refuse(rule: str, message: str, fix: str) -> NoReturn:
    raise InvalidDefinition([Problem("", rule, message, fix)])
