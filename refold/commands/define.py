"""Definitions on the command line: reading and checking them, and what they may be made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from contracts.definitions import DEFINITION_BYTES_MAX, WorkflowDefinition
from contracts.errors import InvalidDefinition
from domain.definition.document import parse_document
from domain.definition.schema import all_schemas
from domain.definition.validate import publishable
from domain.nodes import KINDS
from infra.settings import EngineSettings
from infra.wiring import activity_kinds
from refold.commands.output import INVALID, OK, BadInput, problem_line, report, say, say_json, table

Activities = Mapping[str, "type[BaseModel] | None"]


def known_activities() -> dict[str, type[BaseModel] | None]:
    """The activity kinds at hand, with the models of their configs."""
    return {name: kind.Config for name, kind in activity_kinds(EngineSettings()).items()}


def load_definition(file: Path, activities: Activities) -> WorkflowDefinition:
    """The valid definition in a file. Raises BadInput where there is none to read, InvalidDefinition with all problems."""
    try:
        with file.open("rb") as opened:
            content = opened.read(DEFINITION_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"the definition {file} cannot be read: {error.strerror or error}") from None
    try:
        return publishable(parse_document(content, _syntax_of(file)), activities)
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


def validate(file: Path, as_json: bool) -> int:
    """Check a definition and list all its problems."""
    try:
        definition = load_definition(file, known_activities())
    except InvalidDefinition as error:
        if not as_json:
            return report(error)
        say_json({"file": str(file), "valid": False, "problems": [problem.as_value() for problem in error.problems]})
        return INVALID
    if as_json:
        say_json({"file": str(file), "valid": True, "workflow": definition.name, "problems": []})
    else:
        say(f"{file} is valid: workflow {definition.name}")
    return OK


def node_kinds(as_json: bool) -> int:
    """The node kinds: control flow, and activities."""
    rows = [("control flow", kind.name, kind.summary, _schema(kind.Config)) for kind in KINDS]
    rows += [("activity", kind.name, kind.summary, _schema(kind.Config)) for kind in activity_kinds(EngineSettings()).values()]
    if as_json:
        say_json([{"kind": name, "sort": sort, "summary": summary, "config": schema} for sort, name, summary, schema in rows])
    else:
        table(("KIND", "SORT", "SUMMARY"), [(name, sort, summary) for sort, name, summary, _ in rows])
    return OK


def _schema(config: type[BaseModel] | None) -> dict[str, Any] | None:
    return None if config is None else config.model_json_schema(by_alias=True)


def schemas(folder: Path | None) -> int:
    """Print the JSON Schemas, or write each to a file of its name."""
    import json

    found = all_schemas(known_activities())
    if folder is None:
        say_json(found)
        return OK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, schema in sorted(found.items()):
            path = folder / f"{name}.json"
            path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
            say(str(path))
    except OSError as error:
        raise BadInput(f"the schemas cannot be written to {folder}: {error.strerror or error}") from None
    return OK


__all__ = ["known_activities", "load_definition", "node_kinds", "problem_line", "schemas", "validate"]
