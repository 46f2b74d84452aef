"""Definitions on the command line: checking them, and what they may be made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contracts.errors import InvalidDefinition
from contracts.times import rfc3339
from domain.triggers.preview import next_runs
from infra.clock import SystemClock
from refold.cli.commands.definition_file import document_in
from refold.cli.commands.output import INVALID, OK, BadInput, complain, problem_line, read_json_argument, say, say_json, table
from refold.cli.commands.where import target_of
from refold.cli.commands.with_worker import kinds_of
from refold.cli.options import Where


def validate(where: Where, file: Path, as_json: bool, kinds: Sequence[str]) -> int:
    """Check a definition and list all its problems, and what it refers to that nobody has now."""
    try:
        name, problems, warnings = target_of(where).validate(file, own_kinds(kinds))
    except InvalidDefinition as error:
        name, problems, warnings = "", error.problems, []
    if as_json:
        named = {} if problems else {"workflow": name}
        told = {"problems": [one.as_value() for one in problems], "warnings": [one.as_value() for one in warnings]}
        say_json({"file": str(file), "valid": not problems, **named, **told, "schedules": [] if problems else _next_runs(file)})
    elif not problems:
        say(f"{file} is valid: workflow {name}")
        for one in _next_runs(file):
            say(f"trigger {one['trigger']} fires next at {', '.join(one['next']) or 'no time'}")
    for problem in () if as_json else [*problems, *warnings]:
        complain(problem_line(problem, str(file)))
    return INVALID if problems else OK


def _next_runs(file: Path) -> list[dict[str, Any]]:
    """When the schedules of a valid definition would fire next."""
    document = document_in(file)
    found = next_runs(str(document["name"]), document.get("triggers", []), SystemClock().now())
    return [{"trigger": id_, "next": [rfc3339(due) for due in times]} for id_, times in found.items()]


def own_kinds(sources: Sequence[str]) -> frozenset[str]:
    """The kinds that modules and files name. A file holds a JSON list of names, or what `node-kinds --json` says."""
    found: set[str] = set()
    for source in sources:
        found.update(_kinds_in(Path(source)) if source.endswith(".json") else kinds_of(source))
    return frozenset(found)


def _kinds_in(file: Path) -> list[str]:
    kinds = read_json_argument(f"@{file}", "--kinds")
    names = [one.get("kind") if isinstance(one, dict) else one for one in kinds] if isinstance(kinds, list) else [None]
    if not all(isinstance(name, str) for name in names):
        raise BadInput(f"{file}: expected a JSON list of kinds, as `refold node-kinds --json` or `refold worker MODULE --kinds` says it")
    return [str(name) for name in names]


def node_kinds(where: Where, as_json: bool) -> int:
    """The node kinds: control flow, and activities."""
    kinds = target_of(where).node_kinds()
    if as_json:
        say_json(kinds)
    else:
        table(("KIND", "SORT", "SUMMARY"), [(kind["kind"], kind["sort"], kind["summary"]) for kind in kinds])
    return OK


def schemas(where: Where, folder: Path | None) -> int:
    """Print the JSON Schemas, or write each to a file of its name."""
    found = target_of(where).schemas()
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
