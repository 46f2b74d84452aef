"""`output_parser`: a value in what a model has said: JSON amid prose, a list, a number, parts by a regular expression; checked by a schema.

With nothing to read it gives only `instructions`: what a model is to be told so that it answers in that form (`ai_output_parser`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

import re2
from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.errors import InvalidInput, Problem
from contracts.ports.activities import ActivityContext
from contracts.value_check import is_deep
from contracts.values import written
from domain.definition.input_schema import check
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings

FORMATS: Final = ("json", "list", "regex", "number", "boolean")
BEGINNINGS_MAX: Final = 100
"""At so many places of a text it is looked whether JSON begins there."""
TEXT_SHOWN_MAX: Final = 2_000
_FENCED: Final = re.compile(r"```[A-Za-z0-9_-]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_MARK: Final = re.compile(r"^[ \t]*(?:[-*+•]|\(?[0-9]{1,4}[.)])[ \t]+")
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,300})(?:\.[0-9]{1,300})?(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: Final[Mapping[str, bool]] = {"yes": True, "true": True, "no": False, "false": False}


def _pattern(pattern: str | None) -> str | None:
    if pattern is not None and "{{" not in pattern:
        try:
            re2.compile(pattern)
        except re2.error as error:
            said = f"{pattern[:100]!r} is no regular expression of RE2: {error}"
            raise PydanticCustomError("pattern", "{said}", {"said": said}) from None
    return pattern


class OutputParserConfig(configs.Config):
    """What is read, and in which form it is to be."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, protected_namespaces=())

    text: str | None = Field(
        default=None, description="What a model said; without it what came over an `ai_*` edge, or `text` of what comes in."
    )
    format: Annotated[str, AfterValidator(configs.OneOf(*FORMATS))] = Field(
        default="json",
        description="`json` (the first value in the text), `list` (a line or a comma each), `regex`, `number` or `boolean`.",
        json_schema_extra={"enum": [*FORMATS]},
    )
    answer_schema: dict[str, Any] | None = Field(default=None, alias="schema", description="JSON Schema that the value is to match.")
    pattern: Annotated[str | None, AfterValidator(_pattern)] = Field(
        default=None,
        max_length=10_000,
        description="With `regex`: an expression of RE2. Named groups give an object, others a list, none the whole.",
    )
    all_matches: bool = Field(default=False, description="With `regex`: a list of all matches, instead of the first.")

    @model_validator(mode="after")
    def _has_a_pattern(self) -> OutputParserConfig:
        if (self.format == "regex") != (self.pattern is not None):
            raise PydanticCustomError("pattern", "`format: regex` and `pattern` go together")
        return self


class OutputParser:
    """Reads answers."""

    name = "output_parser"
    summary = "Reads a value out of what a model said: JSON, a list, a number, or by a regular expression."
    category = "ai"
    icon = "braces"
    begins_with = '{"format": "json"}'
    Config = OutputParserConfig

    def __init__(self, settings: ActivitySettings) -> None:
        pass

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """`{value, text, instructions}`. Raises ActivityError `ai.output_invalid`, `input.invalid`."""
        wanted = configs.read_config(OutputParserConfig, config)
        text, instructions = _said(wanted, data), _instructions(wanted)
        if text is None:
            return {"value": None, "text": None, "instructions": instructions, "schema": wanted.answer_schema}
        value = _READERS[wanted.format](wanted, text)
        if wanted.answer_schema is not None:
            _check(wanted.answer_schema, value, text)
        return {"value": value, "text": text, "instructions": instructions, "schema": wanted.answer_schema}


def _said(wanted: OutputParserConfig, data: Any) -> str | None:
    """What was said: here, over an edge, or in what comes in."""
    if wanted.text is not None:
        return wanted.text
    if isinstance(data, str):
        return data
    if isinstance(data, dict):
        for type_ in ("ai_language_model", "ai_agent", "ai_chain"):
            for one in data.get(type_, ()):
                found = one.get("text") if isinstance(one, dict) else one
                if isinstance(found, str):
                    return found
        if isinstance(data.get("text"), str):
            return str(data["text"])
    return None


def _instructions(wanted: OutputParserConfig) -> str:
    schema = (
        "" if wanted.answer_schema is None else f" that matches this JSON Schema: {json.dumps(wanted.answer_schema, ensure_ascii=False)}"
    )
    match wanted.format:
        case "json":
            return f"Answer with JSON alone{schema}."
        case "list":
            return "Answer with a list alone, an item a line, each behind `- `."
        case "regex":
            return f"Answer so that this regular expression is found in it: {wanted.pattern}"
        case "number":
            return "Answer with a number alone."
    return "Answer with yes or no alone."


# Reading.


def _json(wanted: OutputParserConfig, text: str) -> Any:
    fenced = _FENCED.search(text)
    for candidate in ([fenced[1]] if fenced else []) + [text]:
        found, value = _first_json(candidate.strip())
        if found:
            return value
    raise _invalid("there is no JSON in it", text)


def _first_json(text: str) -> tuple[bool, Any]:
    """Whether there is JSON, and the first: the whole, else from where an object or a list begins."""
    decoder = json.JSONDecoder()
    beginnings = [0, *(found.start() for found in re.finditer(r"[{\[]", text))][:BEGINNINGS_MAX]
    for place in beginnings:
        try:
            value, end = decoder.raw_decode(text, place)
            if (place or end == len(text)) and not is_deep(written(value)):
                return True, value
        except (ValueError, RecursionError, InvalidInput):
            continue
    return False, None


def _list(wanted: OutputParserConfig, text: str) -> Any:
    """The lines that carry a mark, if any does; else all lines; of a single line what stands between commas."""
    lines = [line for line in (_FENCED.sub(r"\1", text)).splitlines() if line.strip()]
    marked = [line for line in lines if _MARK.match(line)]
    items = [_MARK.sub("", line).strip() for line in marked or lines]
    if len(items) == 1 and not marked:
        items = [one.strip() for one in items[0].split(",")]
    return [one for one in items if one]


def _regex(wanted: OutputParserConfig, text: str) -> Any:
    found = [_match(one) for one in re2.finditer(wanted.pattern, text)]
    if not found and not wanted.all_matches:
        raise _invalid(f"`{wanted.pattern}` is not found in it", text)
    return found if wanted.all_matches else found[0]


def _match(found: Any) -> Any:
    named = found.groupdict()
    return named or list(found.groups()) or found.group()


def _number(wanted: OutputParserConfig, text: str) -> Any:
    found = _NUMBER.search(text)
    if found is None:
        raise _invalid("there is no number in it", text)
    plain = found[0].replace(",", "")
    value = int(plain) if re.fullmatch(r"[-+]?[0-9]+", plain) else float(plain)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise _invalid(f"{plain} is too large for a number", text)
    return value


def _boolean(wanted: OutputParserConfig, text: str) -> Any:
    found = next((word for word in re.findall(r"[a-z]+", text.lower()) if word in _WORDS), None)
    if found is None:
        raise _invalid("there is neither yes nor no in it", text)
    return _WORDS[found]


_READERS: Final[Mapping[str, Callable[[OutputParserConfig, str], Any]]] = MappingProxyType({
    "json": _json, "list": _list, "regex": _regex, "number": _number, "boolean": _boolean,
})  # fmt: skip


def _check(schema: Any, value: Any, text: str) -> None:
    try:
        check(schema, value, len(text))
    except InvalidInput as error:
        raise _invalid("it does not match the schema", text, list(error.problems)) from None


def _invalid(why: str, text: str, problems: list[Problem] | None = None) -> ActivityError:
    told = [{"pointer": one.path, "message": one.message} for one in problems or ()][:10]
    said = "".join(f"; {one['pointer'] or '(the whole)'}: {one['message']}" for one in told[:3])
    details = {"text": text[:TEXT_SHOWN_MAX], "problems": told}
    return ActivityError("ai.output_invalid", f"what was said cannot be read: {why}{said}", details=details, retryable=False)
