"""Templates: definitions to begin with. What a gallery says of one, and what is to be filled in, stands in comments at its top.

    # template:
    #   title: Approve a payment
    #   tags: [people]
    #   holes:
    #     approver: {at: "nodes[approve].config.assignees[0]", title: Who approves}
    name: approval
    …

So a template is a definition like any other. A hole is one value in it, found by a path as problems and differences have them:
nodes, edges and triggers by their ids. What stands there is what is put in where nobody says anything else.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.errors import InvalidDefinition
from domain.definition.document import Syntax, parse_document

HOLES_MAX: Final = 50
_BEGINS: Final = re.compile(r"^# template:[ \t]*\r?$", re.MULTILINE)
_GOES_ON: Final = re.compile(r"#(?:[ \t]{2,}.*)?\r?")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[([^\[\]]+)\]")


class BadTemplate(Exception):
    """It cannot be shown: why, in a sentence."""


class Hole(NamedTuple):
    """A value to be filled in: where it stands, and what it may be, as a JSON Schema whose `default` stands there."""

    name: str
    at: list[str | int]
    schema: dict[str, Any]


class Template(NamedTuple):
    """A definition to begin with; its text without what is said of it."""

    name: str
    title: str
    description: str
    tags: list[str]
    syntax: Syntax
    text: str
    holes: list[Hole]


class FoundTemplate(NamedTuple):
    """A file of templates: what it holds, or why it cannot be shown."""

    id: str
    origin: Literal["shipped", "own"]
    file: str
    template: Template | None
    problem: str


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(default="", max_length=200)
    description: str = Field(default="", max_length=2_000)
    tags: list[str] = Field(default_factory=list, max_length=20)
    holes: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=HOLES_MAX)


def read_template(content: bytes, syntax: Syntax) -> Template:
    """The template that a file holds. Raises BadTemplate; whether the definition could be published is looked at by whoever takes it."""
    try:
        definition = parse_document(content, syntax)
        text = content.decode("utf-8-sig")
        said, rest = _block(text) if syntax == "yaml" else (_Said(), text)
    except InvalidDefinition as error:
        raise BadTemplate("; ".join(f"{one.path or 'the file'}: {one.message}" for one in error.problems)) from None
    name = definition.get("name")
    if not isinstance(name, str) or not isinstance(definition.get("nodes"), list):
        raise BadTemplate("it is no definition: expected `name` and `nodes`")
    described = definition.get("description")
    tags = definition.get("tags")
    return Template(
        name=name,
        title=said.title or name.replace("_", " ").strip().capitalize(),
        description=said.description or (described if isinstance(described, str) else ""),
        tags=said.tags or [one for one in (tags if isinstance(tags, list) else []) if isinstance(one, str)],
        syntax=syntax,
        text=rest,
        holes=[_hole(key, dict(value), definition) for key, value in said.holes.items()],
    )


def _block(text: str) -> tuple[_Said, str]:
    """What is said at the top, and the text without it. Only comments may stand before it."""
    begin = _BEGINS.search(text)
    if begin is None or any(line.strip() and not line.startswith("#") for line in text[: begin.start()].splitlines()):
        return _Said(), text
    end = begin.end() + 1
    while end < len(text) and (line := text[end:].split("\n", 1)[0]) and _GOES_ON.fullmatch(line):
        end += len(line) + 1
    block = "\n".join(line[2:] for line in text[begin.start() : end].splitlines())
    said = parse_document(block, "yaml")["template"]
    try:
        return _Said.model_validate(said or {}), text[: begin.start()] + text[end:]
    except ValidationError as error:
        raise BadTemplate("; ".join(f"template.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())) from None


def _hole(name: str, said: dict[str, Any], definition: dict[str, Any]) -> Hole:
    path = said.pop("at", None)
    if not isinstance(path, str) or not path:
        raise BadTemplate(f"template.holes.{name}: expected `at`, the path of a value such as `variables.limit`")
    if nothing := [key for key, one in said.items() if one is None]:
        raise BadTemplate(f"template.holes.{name}: `{nothing[0]}` has no value; a text with a comma in it needs quotes")
    at: list[str | int] = []
    value: Any = definition
    for step in _steps(name, path):
        key = _key(value, step)
        if key is None:
            raise BadTemplate(f"template.holes.{name}: `{path}` is not in the definition; there is no `{step}`")
        at.append(key)
        value = value[key]
    schema = {"title": name, **_type_of(value), **said, "default": value}
    return Hole(name, at, schema)


def _steps(name: str, path: str) -> list[str]:
    steps = [match[1] or match[2] for match in _STEP.finditer(path)]
    if "".join(match[0] for match in _STEP.finditer(path)) != path:
        raise BadTemplate(f"template.holes.{name}: `{path}` is no path; expected one such as `nodes[greet].config.value`")
    return steps


def _key(value: Any, step: str) -> str | int | None:
    """The key or index that a step means; None where there is nothing."""
    if isinstance(value, dict):
        return step if step in value else None
    if not isinstance(value, list):
        return None
    by_id = (at for at, one in enumerate(value) if isinstance(one, dict) and one.get("id") == step)
    index = next(by_id, int(step) if step.isascii() and step.isdigit() and len(step) < 9 else None)
    return index if index is not None and index < len(value) else None


def _type_of(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case _:
            return {}
