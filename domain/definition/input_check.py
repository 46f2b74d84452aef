"""The input's schema: whether it is a schema at all, and can be used without looking anything up elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft202012Validator

from domain.definition.findings import Findings, joined, shown

_FAULTS_MAX: Final = 20
_DEPTH_MAX: Final = 60
_VALUES: Final = frozenset({"const", "enum", "default", "examples"})
"""Keywords that hold values, not schemas."""


def check_input_schema(schema: Any, findings: Findings) -> None:
    """`input` is a JSON Schema of the draft 2020-12 whose references stay within it."""
    if not isinstance(schema, dict):
        return
    dialect = schema.get("$schema")
    if isinstance(dialect, str) and "2020-12" not in dialect:
        findings.add("input.$schema", "input_schema", f"expected JSON Schema 2020-12, found {shown(dialect)}", "remove `$schema`")
    parts = list(_parts("input", schema))
    if any(depth > _DEPTH_MAX for _, _, depth in parts):
        findings.add("input", "input_schema", f"the schema is nested deeper than {_DEPTH_MAX} levels", "use `$defs` and `$ref`")
        return
    _check_by_meta_schema(schema, findings)
    for path, part, _ in parts:
        _check_reference(path, part, schema, findings)


def _check_by_meta_schema(schema: dict[str, Any], findings: Findings) -> None:
    for number, error in enumerate(_META.iter_errors(schema)):
        if number >= _FAULTS_MAX:
            return
        path = "input"
        for step in error.absolute_path:
            path = joined(path, step)
        findings.add(path, "input_schema", f"not a JSON Schema: {_said(error)}", "see JSON Schema 2020-12 for this keyword")


def _said(error: Any) -> str:
    if error.validator == "format" and error.validator_value == "regex":
        return f"{shown(error.instance)} is no regular expression"
    return str(error.message)[:300]


_META: Final = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _parts(path: str, value: Any) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Every object in the schema with its path and depth."""
    waiting = [(path, value, 0)]
    while waiting:
        here, one, depth = waiting.pop()
        if isinstance(one, dict):
            yield here, one, depth
            waiting.extend((joined(here, key), item, depth + 1) for key, item in one.items() if key not in _VALUES)
        elif isinstance(one, list):
            waiting.extend((joined(here, place), item, depth + 1) for place, item in enumerate(one))


def _check_reference(path: str, part: dict[str, Any], schema: dict[str, Any], findings: Findings) -> None:
    for keyword in ("$ref", "$dynamicRef"):
        reference = part.get(keyword)
        if not isinstance(reference, str):
            continue
        if not reference.startswith("#"):
            message = f"`{keyword}` leads out of the definition: {shown(reference)}"
            findings.add(f"{path}.{keyword}", "input_schema", message, "copy what it refers to into `$defs`")
        elif reference.startswith("#/") and not _leads_somewhere(reference, schema):
            message = f"`{keyword}` leads nowhere: {shown(reference)}"
            findings.add(f"{path}.{keyword}", "input_schema", message, "correct it, or add what it refers to under `$defs`")


def _leads_somewhere(reference: str, schema: Any) -> bool:
    value = schema
    for step in unquote(reference).split("/")[1:]:
        key = re.sub(r"~1", "/", step).replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return False
    return True
