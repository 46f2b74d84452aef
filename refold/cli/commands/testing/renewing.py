"""`test --update`: what cases expect is written as it was found, into the files as they stand: other lines and comments stay."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from contracts.errors import InvalidDefinition
from domain.definition.document import parse_document
from domain.definition.document_yaml import LOADER
from domain.testing.renew import Left, Renewed, renewals
from domain.testing.text import WIDTH, as_written, flow, yaml_text
from refold.cli.commands.output import BadInput, complain, say
from refold.cli.commands.testing.batch import Batch, Ran
from refold.cli.commands.testing.files import Loaded, load, read_text

Place = tuple[str | int, ...]
STEP: Final = "  "


class _Edit(NamedTuple):
    """What stands from `begin` to `end` of a text becomes `text`; `value` at `place` in the document."""

    begin: int
    end: int
    text: str
    place: Place
    value: Any


def renew(batch: Batch) -> int:
    """Write what is expected anew in each file with failures; how many expectations were. Raises BadInput."""
    count = 0
    for name, some in groupby((one for one in batch.ran if one.result.verdict != "passed"), lambda one: one.file):
        count += _renew_file(Path(name), list(some))
    return count


def _renew_file(file: Path, failed: Sequence[Ran]) -> int:
    loaded = load(file, {})
    text = loaded.text.decode("utf-8-sig")
    edits = list(_edits(loaded, text, failed))
    if edits:
        _write(file, _spliced(file, text, edits))
        say(f"{file}: {len(edits)} expectation{'' if len(edits) == 1 else 's'} written anew")
    return len(edits)


def _edits(loaded: Loaded, text: str, failed: Sequence[Ran]) -> Iterator[_Edit]:
    root = yaml.compose(text, Loader=LOADER)
    assert root is not None, "it was read as a document"
    planned = {one.name: one for one in loaded.suite.cases}
    for ran in failed:
        if (one := planned.get(ran.result.name)) is None:  # the file has changed meanwhile
            continue
        for change in renewals(one, ran.result):
            said = change if isinstance(change, Left) else _edit(root, text, loaded.file, one.at, change)
            if isinstance(said, Left):
                complain(f"{loaded.file}:{ran.line}: {ran.result.name}: `{said.what}` stays as it is: {said.why}")
            else:
                yield said


def _edit(root: yaml.Node, text: str, file: Path, at: str, change: Renewed) -> _Edit | Left:
    number = int(at.removeprefix("cases[").removesuffix("]"))
    place: Place = ("cases", number, "expect", *change.place)
    what = ".".join(map(str, change.place))
    found = _node_at(root, place)
    if found is None:
        return Left(what, "it does not stand in the case itself")
    node, is_in_flow = found
    begin, end = node.start_mark.index, _end_of(node, text)
    if "${" in text[begin:end].replace("$${", ""):
        return Left(what, "it is written with names that are filled in")
    value = as_written(change.value)
    if file.suffix == ".json":
        return _Edit(begin, end, json.dumps(value, ensure_ascii=False), place, value)
    begin, written = _written(value, text, begin, is_in_flow)
    return _Edit(begin, end, written, place, value)


def _node_at(root: yaml.Node, place: Place) -> tuple[yaml.Node, bool] | None:
    """The node there, and whether it stands in a list or an object on a line of its own."""
    node, is_in_flow = root, False
    for step in place:
        is_in_flow = is_in_flow or bool(getattr(node, "flow_style", False))
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = node.value[step] if step < len(node.value) else None
        else:
            found = None
        if found is None:
            return None
        node = found
    return node, is_in_flow


def _end_of(node: yaml.Node, text: str) -> int:
    """Where a node's own text ends: that of a block goes on, for the parser, up to what follows."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    begin, end = node.start_mark.index, node.end_mark.index
    return begin + len(text[begin:end].rstrip())


def _written(value: Any, text: str, begin: int, is_in_flow: bool) -> tuple[int, str]:
    """Where the value begins, and how it is written there: as a block where it was one, or is too long for its line."""
    line = text[text.rfind("\n", 0, begin) + 1 : begin]
    is_block = not is_in_flow and isinstance(value, dict | list) and bool(value)
    if not line.strip():  # it stood below its name
        if is_block:
            return begin, _indented(value, line).removeprefix(line)
        above = text[:begin].rstrip()
        return (len(above), f" {flow(value)}") if above.endswith(":") else (begin, flow(value))
    short = flow(value)
    if not is_block or len(line) + len(short) < WIDTH:
        return begin, short
    return begin, "\n" + _indented(value, line[: len(line) - len(line.lstrip())] + STEP)


def _indented(value: Any, indent: str) -> str:
    return "".join(f"{indent}{one}\n" for one in yaml_text(value).splitlines()).rstrip("\n")


def _spliced(file: Path, text: str, edits: Sequence[_Edit]) -> str:
    """The text with the edits, which changes what they say and nothing else. Raises BadInput where it would."""
    syntax: Any = "json" if file.suffix == ".json" else "yaml"
    wanted: Any = parse_document(text, syntax)
    for edit in edits:
        around = wanted
        for step in edit.place[:-1]:
            around = around[step]
        around[edit.place[-1]] = edit.value
    found = text
    for edit in sorted(edits, key=lambda one: -one.begin):
        found = found[: edit.begin] + edit.text + found[edit.end :]
    try:
        is_as_wanted = parse_document(found, syntax) == wanted
    except InvalidDefinition:
        is_as_wanted = False
    if not is_as_wanted:
        raise BadInput(f"{file} is not updated: what changes is written there as Refold cannot (`&`, `*`, `?`); change it by hand")
    return found


def _write(file: Path, text: str) -> None:
    """As a whole or not at all."""
    mark = "\ufeff" if read_text(file).startswith(b"\xef\xbb\xbf") else ""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes((mark + text).encode())
        beside.chmod(file.stat().st_mode & 0o777)
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadInput(f"the tests {file} cannot be written: {error.strerror or error}") from None
