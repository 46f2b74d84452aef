"""The fields of a page for the form of a human task, a JSON schema: simple types as inputs, all else as a text of JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

PREFIX: Final = "data."
"""What the names of inputs begin with that belong to the form."""
WHOLE: Final = "data"
"""The name of the input of a form that is no object."""
FIELDS_MAX: Final = 200
"""An object with more fields is asked for as JSON."""
LONG_TEXT: Final = 200
NUMBER_LENGTH_MAX: Final = 400
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_TEXTS: Final = {"date": "date", "email": "email", "uri": "url", "date-time": "text", "time": "time"}


class Field(NamedTuple):
    """An input: its name, what is asked, how it is shown, and what stands in it at first; `path` is its place in the answer."""

    name: str
    path: str
    label: str
    shown: str
    hint: str = ""
    first: str = ""
    is_required: bool = False
    options: tuple[tuple[str, str], ...] = ()


class Misfit(Exception):
    """A text that is not what a field asks for."""


def fields_of(form: Any) -> list[Field]:
    """The inputs for a form; none where there is no form."""
    if form is None or form is False:
        return []
    properties = form.get("properties") if isinstance(form, dict) and form.get("type", "object") == "object" else None
    if not isinstance(properties, dict) or len(properties) > FIELDS_MAX or not all(isinstance(one, dict) for one in properties.values()):
        return [Field(WHOLE, "", "Your answer", "json", "as JSON")]
    required = form.get("required", ())
    return [_field(name, schema, name in required) for name, schema in properties.items()]


def _field(name: str, schema: dict[str, Any], is_required: bool) -> Field:
    shown, options = _shown(schema)
    label = schema.get("title") if isinstance(schema.get("title"), str) else name
    hint = schema.get("description") if isinstance(schema.get("description"), str) else "as JSON" if shown == "json" else ""
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    return Field(PREFIX + name, pointer, str(label), shown, str(hint), _first(schema, shown), is_required, options)


def _shown(schema: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return "select", tuple((str(place), one if isinstance(one, str) else _json(one)) for place, one in enumerate(choices))
    match schema.get("type"):
        case "string":
            is_long = schema.get("maxLength", 0) > LONG_TEXT or "\n" in str(schema.get("default", ""))
            return _TEXTS.get(str(schema.get("format")), "textarea" if is_long else "text"), ()
        case "integer" | "number" as kind:
            return str(kind), ()
        case "boolean":
            return "checkbox", ()
    return "json", ()


def _first(schema: dict[str, Any], shown: str) -> str:
    if "default" not in schema:
        return ""
    default = schema["default"]
    if shown == "select":
        found = [str(place) for place, one in enumerate(schema["enum"]) if one == default and type(one) is type(default)]
        return found[0] if found else ""
    if shown == "checkbox":
        return "on" if default is True else ""
    return default if isinstance(default, str) and shown != "json" else _json(default)


def is_filled(fields: list[Field], given: Mapping[str, str]) -> bool:
    """Whether somebody has written something that did not stand there at first."""
    return any(lines(given.get(field.name, "")) != lines(field.first) for field in fields)


def read_form(form: Any, fields: list[Field], given: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
    """The data that was filled in, and by the name of an input what is wrong with it; what was left empty is left out."""
    data, problems = dict[str, Any](), dict[str, str]()
    for field in fields:
        text = given.get(field.name, "")
        try:
            if field.shown == "checkbox":
                data[field.path] = bool(text)
            elif text.strip():
                data[field.path] = _value(form, field, text)
            elif field.is_required:
                problems[field.name] = "expected an answer, found nothing"
        except Misfit as misfit:
            problems[field.name] = str(misfit)
    if fields and fields[0].name == WHOLE:
        return data.get("", None), problems
    return {field.name.removeprefix(PREFIX): data[field.path] for field in fields if field.path in data}, problems


def _value(form: Any, field: Field, text: str) -> Any:
    match field.shown:
        case "select":
            choices = form["properties"][field.name.removeprefix(PREFIX)]["enum"]
            if not text.isascii() or not text.isdecimal() or len(text) > 6 or int(text) >= len(choices):
                raise Misfit("expected one of the choices")
            return choices[int(text)]
        case "integer" | "number":
            return _number(field.shown, text.strip())
        case "json":
            try:
                return msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError) as error:
                raise Misfit(f"expected JSON: {error}") from None
    return lines(text)


def lines(text: str) -> str:
    """A text with its lines as they are written here, which browsers end otherwise."""
    return text.replace("\r\n", "\n")


def _number(kind: str, text: str) -> int | float:
    if len(text) <= NUMBER_LENGTH_MAX and _INTEGER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if kind == "integer" or not math.isfinite(number) or "_" in text:
        raise Misfit(f"expected {'a whole number' if kind == 'integer' else 'a number'}, found {text[:50]!r}")
    return number


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
