"""Reading a definition from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.errors import InvalidDefinition
from domain.definition.document import parse_document
from refold.commands.output import BadInput

Activities = Mapping[str, "type[BaseModel] | None"]


def document_in(file: Path) -> dict[str, Any]:
    """The document in a file. Raises BadInput where there is none to read, InvalidDefinition that says where it is none."""
    try:
        with file.open("rb") as opened:
            content = opened.read(DEFINITION_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"the definition {file} cannot be read: {error.strerror or error}") from None
    try:
        return parse_document(content, _syntax_of(file))
    except InvalidDefinition as error:
        error.add_note(str(file))
        raise


def _syntax_of(file: Path) -> Literal["yaml", "json"] | None:
    match file.suffix.lower():
        case ".json":
            return "json"
        case ".yaml" | ".yml":
            return "yaml"
        case _:
            return None
