"""Reading a definition from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from contracts.catalog import SourceText
from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.errors import InvalidDefinition, Problem
from domain.definition.document import parse_document
from domain.definition.text_positions import located
from refold.cli.commands.output import BadInput

Activities = Mapping[str, "type[BaseModel] | None"]


class Written(NamedTuple):
    """The definition in a file, as a place takes it, and the text that it was read from."""

    definition: Any
    source: SourceText


def document_in(file: Path) -> dict[str, Any]:
    """The document in a file. Raises BadInput where there is none to read, InvalidDefinition that says where it is none."""
    document: dict[str, Any] = written_in(file).definition
    return document


def written_in(file: Path) -> Written:
    """The document in a file with its text; see `document_in`."""
    try:
        with file.open("rb") as opened:
            content = opened.read(DEFINITION_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"the definition {file} cannot be read: {error.strerror or error}") from None
    try:
        document = parse_document(content, _syntax_of(file))
        return Written(document, SourceText(_syntax_of(file) or _syntax_in(content), content))
    except InvalidDefinition as error:
        error.add_note(str(file))
        raise


def problem_in(answer: Mapping[str, Any]) -> Problem:
    """A problem as a server tells it."""
    return Problem(*(answer.get(name, default) for name, default in {**dict.fromkeys(Problem._fields, ""), "line": 0, "column": 0}.items()))


@contextmanager
def told_of(file: Path) -> Iterator[None]:
    """What is found wrong with a definition in here is told with its place in this file."""
    try:
        yield
    except InvalidDefinition as error:
        told = InvalidDefinition(placed(error.problems, file))
        told.add_note(str(file))
        raise told from None


def placed(problems: list[Problem], file: Path) -> list[Problem]:
    """The problems of the definition in a file, each with its node, and its line and column there, whatever text was sent elsewhere."""
    try:
        content = file.read_bytes()[: DEFINITION_BYTES_MAX + 1]
        return located(problems, content, parse_document(content, _syntax_of(file)))
    except (OSError, InvalidDefinition):
        return problems


def _syntax_of(file: Path) -> Literal["yaml", "json"] | None:
    match file.suffix.lower():
        case ".json":
            return "json"
        case ".yaml" | ".yml":
            return "yaml"
        case _:
            return None


def _syntax_in(content: bytes) -> Literal["yaml", "json"]:
    """What a text is written in whose file's name does not say it."""
    try:
        parse_document(content, "json")
    except InvalidDefinition:
        return "yaml"
    return "json"
