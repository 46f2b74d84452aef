"""The validator of inputs: JSON Schema 2020-12 with patterns in linear time, exact decimals, and a bound.

Patterns are those of the crate `regex`, so without look-around and back-references; `format` is a remark, as the draft has it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from jsonschema_rs import Draft202012Validator, ReferencingError, RegexOptions, ValidationError

from contracts import values
from contracts.errors import InvalidInput, Problem
from domain.definition.findings import shown
from domain.definition.input_parts import PARTS_MAX, Endless, Schema, TooWide, Width

PROBLEMS_MAX: Final = 50
WORK_MAX: Final = 20_000_000
"""So many bytes an input may have, times the parts of the schema that one value of it may be held to …"""
PARTS_FREE: Final = 20
"""… where these are more than so many."""
TOLD_WORK_MAX: Final = 50_000
"""Up to here all problems are told, beyond it the first one only."""
_PATTERN_BYTES_MAX: Final = 1024 * 1024
_THE_VALUE: Final = "\ufdd0"
"""Stands for the value in the library's messages, which would hold all of it; no JSON text of ours holds this character."""
_META: Final = {"$ref": "https://json-schema.org/draft/2020-12/schema"}


class SchemaFault(Exception):
    """A schema that cannot be used; the message says why."""


def compiled(schema: Any) -> Draft202012Validator:
    """The validator of a schema. Raises SchemaFault."""
    try:
        return Draft202012Validator(schema, pattern_options=RegexOptions(size_limit=_PATTERN_BYTES_MAX), offline=True, mask=_THE_VALUE)
    except (ValidationError, ReferencingError, ValueError) as error:
        raise SchemaFault(_in_words(str(getattr(error, "message", error)), schema)) from None


def meta_problems(schema: Any) -> list[tuple[list[str | int], str]]:
    """Where this is no JSON Schema of the draft 2020-12, and why."""
    return [(error.instance_path, _words_of(error, schema)) for error in _meta().iter_errors(schema)]


class _Checker(NamedTuple):
    validator: Draft202012Validator
    width: Width


@lru_cache(maxsize=1)
def _meta() -> Draft202012Validator:
    return compiled(_META)


@lru_cache(maxsize=512)
def _checker(schema: bytes) -> _Checker:
    parsed = values.decode(schema)
    try:
        width = Schema(parsed).width()
    except (Endless, TooWide):  # published before these were refused
        width = Width(PARTS_MAX, True)
    return _Checker(compiled(parsed), width)


def check(schema: Any, given: Any, size: int) -> None:
    """Raise InvalidInput with a JSON pointer for each thing that the schema does not allow in a value of `size` bytes."""
    try:
        checker = _checker(values.encode(schema))
    except SchemaFault as fault:
        raise InvalidInput([Problem("", "input_schema", f"the workflow's `input` cannot be used: {fault}; publish it corrected")]) from None
    parts = checker.width.parts
    if parts > PARTS_FREE and size * parts > WORK_MAX:
        message = f"{size:,} bytes are too many where the schema holds one value to {parts} parts: {WORK_MAX // parts:,} at most"
        raise InvalidInput([Problem("", "too_large", message)])
    if not checker.validator.is_valid(given):
        raise InvalidInput(sorted(_problems(checker, given, size)))


def _problems(checker: _Checker, given: Any, size: int) -> list[Problem]:
    if checker.width.doubles:
        message = "does not match the schema of the input, which refers to itself in several ways at once: the place cannot be told"
        return [Problem("", "input", message)]
    if size * checker.width.parts <= TOLD_WORK_MAX:
        return [_problem(error, given) for error in islice(checker.validator.iter_errors(given), PROBLEMS_MAX)]
    try:
        checker.validator.validate(given)
    except ValidationError as error:
        return [_problem(error, given)]
    raise AssertionError("a value is valid and is not")


def _problem(error: ValidationError, given: Any) -> Problem:
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in error.instance_path)
    return Problem(pointer, str(error.kind.name), _words_of(error, given))


def _words_of(error: ValidationError, given: Any) -> str:
    found = given
    for step in error.instance_path:
        found = found[step]
    return _in_words(error.message, found)


def _in_words(message: str, value: Any) -> str:
    return message.replace(_THE_VALUE, shown(value))[:500]
