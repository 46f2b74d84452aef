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
from contracts.sealed_value import HIDDEN
from domain.definition.findings import shown
from domain.definition.input_parts import PARTS_MAX, Endless, Schema, TooWide, Width
from domain.definition.secret_places import SecretPlaces, bearing_sealed, secret_places

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
    secrets: SecretPlaces | None = None
    plain: Draft202012Validator | None = None
    """Of a schema with secrets the one that takes no sealed values; it says best what is wrong."""


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
    secrets = secret_places(parsed)
    if secrets is None:
        return _Checker(compiled(parsed), width)
    return _Checker(compiled(bearing_sealed(parsed)), width, secrets, compiled(parsed))


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
        errors = islice(checker.validator.iter_errors(given), PROBLEMS_MAX)
        return [problem for error in errors for problem in _told(checker, error, given)]
    try:
        checker.validator.validate(given)
    except ValidationError as error:
        return list(_told(checker, error, given))
    raise AssertionError("a value is valid and is not")


def _told(checker: _Checker, error: ValidationError, given: Any) -> list[Problem]:
    """A problem in words, which quote no secret; of a secret what its own schema does not allow."""
    if checker.secrets is None or checker.plain is None:
        return [_problem(error, given)]
    shown_ = checker.secrets.hidden(given)
    if _at(shown_, error.instance_path) not in (HIDDEN, None):
        return [_problem(error, shown_)]
    of_it = [one for one in islice(checker.plain.iter_errors(given), PROBLEMS_MAX) if one.instance_path == error.instance_path]
    return [_problem(one, shown_) for one in of_it] or [_problem(error, shown_)]


def _problem(error: ValidationError, given: Any) -> Problem:
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in error.instance_path)
    return Problem(pointer, str(error.kind.name), _words_of(error, given))


def _words_of(error: ValidationError, given: Any) -> str:
    return _in_words(error.message, _at(given, error.instance_path))


def _at(given: Any, path: list[str | int]) -> Any:
    """What stands there; of what is below a secret the secret, unseen."""
    found = given
    for step in path:
        if found == HIDDEN:
            break
        found = found[step]
    return found


def _in_words(message: str, value: Any) -> str:
    return message.replace(_THE_VALUE, shown(value))[:500]
