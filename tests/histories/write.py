"""Write the golden histories and samples that are missing: `python -m tests.histories.write`. What is there is never rewritten."""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import msgspec

from contracts.codec import pack
from contracts.commands import Command
from contracts.definitions import LANGUAGE
from contracts.events import EVENTS, Ending
from contracts.failure import Failure
from contracts.journal import Decision
from tests.histories.rules import RULES
from tests.histories.scenarios import SCENARIOS

HISTORIES = Path(__file__).parent
SAMPLES = HISTORIES.parent / "golden" / "events"
COMMANDS: tuple[type[msgspec.Struct], ...] = typing.get_args(Command)
STRUCTS: tuple[type[msgspec.Struct], ...] = (*EVENTS, *COMMANDS)


def write() -> list[str]:
    """The names of what was written."""
    return [*_write_histories(), *_write_samples()]


def _write_histories() -> list[str]:
    written = []
    for name, scenario in (SCENARIOS | {f"{name}_{LANGUAGE}": scenario for name, scenario in RULES.items()}).items():
        folder = HISTORIES / name
        if folder.exists():
            continue
        world = scenario()
        folder.mkdir()
        begun_by, graph = world.subjects["x"].begun_by, world.subjects["x"].graph
        for name_of_file, one in {"definition.json": begun_by, f"definition_{graph.version}.json": graph}.items():
            if one is begun_by and name_of_file != "definition.json":
                continue
            definition = one.definition.model_dump(mode="json", by_alias=True, exclude_unset=True)
            (folder / name_of_file).write_text(json.dumps(definition, indent=2) + "\n")
        (folder / "history.jsonl").write_text("".join(_line(decision) for decision in world.subjects["x"].decisions))
        written.append(name)
    return written


def _line(decision: Decision) -> str:
    readable = {"now": decision.now, "command": repr(decision.command), "events": [repr(event) for event in decision.events]}
    return json.dumps({"record": pack(decision).hex(), **readable}) + "\n"


def _write_samples() -> list[str]:
    written = []
    for struct in STRUCTS:
        path = SAMPLES / f"{struct.__name__}.json"
        if not path.exists():
            sample = sample_of(struct)
            fields = {name: repr(getattr(sample, name)) for name in struct.__struct_fields__}
            path.write_text(json.dumps({"record": pack(sample).hex(), "fields": fields}, indent=2) + "\n")
            written.append(struct.__name__)
    return written


def sample_of(struct: type[msgspec.Struct]) -> Any:
    """A value with every field filled in."""
    hints = typing.get_type_hints(struct)
    return struct(**{name: _value(hints[name], name) for name in struct.__struct_fields__})


def _value(hint: Any, name: str) -> Any:
    options = [option for option in typing.get_args(hint) if option is not type(None)]
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        return tuple(_value(option, name) for option in options if option is not Ellipsis)
    if options:
        return _value(options[0], name)
    if hint is Failure:
        return Failure("http.404", "not found", {"status": 404}, "a", 2, Failure("child.failed", "why"))
    if hint is Ending:
        return Ending("failed", Failure("boom", "no"), b"1", "loop", True)
    plain = {str: name, int: 7, float: 0.5, bool: True, bytes: b'{"v":1}'}
    return plain[hint] if hint in plain else sample_of(hint)


if __name__ == "__main__":
    for one in write():
        print(one)
