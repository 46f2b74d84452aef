"""Definitions on the command line: checking them, and what they may be made of."""

from __future__ import annotations

import json
from pathlib import Path

from contracts.errors import InvalidDefinition
from refold.commands.output import INVALID, OK, BadInput, complain, problem_line, say, say_json, table
from refold.commands.where import place_of
from refold.options import Where


def validate(where: Where, file: Path, as_json: bool) -> int:
    """Check a definition and list all its problems."""
    try:
        name, problems = place_of(where).validate(file)
    except InvalidDefinition as error:
        name, problems = "", error.problems
    if as_json:
        named = {} if problems else {"workflow": name}
        say_json({"file": str(file), "valid": not problems, **named, "problems": [problem.as_value() for problem in problems]})
    elif not problems:
        say(f"{file} is valid: workflow {name}")
    for problem in () if as_json else problems:
        complain(problem_line(problem, str(file)))
    return INVALID if problems else OK


def node_kinds(where: Where, as_json: bool) -> int:
    """The node kinds: control flow, and activities."""
    kinds = place_of(where).node_kinds()
    if as_json:
        say_json(kinds)
    else:
        table(("KIND", "SORT", "SUMMARY"), [(kind["kind"], kind["sort"], kind["summary"]) for kind in kinds])
    return OK


def schemas(where: Where, folder: Path | None) -> int:
    """Print the JSON Schemas, or write each to a file of its name."""
    found = place_of(where).schemas()
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
