"""`test-run`, `step`: a definition is tried without publishing it, on a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from domain.definition.document import parse_document
from refold.cli.commands import follow as following
from refold.cli.commands.definition_file import told_of, written_in
from refold.cli.commands.output import OK, BadInput, hint, read_json_argument, say, say_json
from refold.cli.commands.target import Followed
from refold.cli.commands.where import server_of
from refold.cli.options import Where

WHY = "test runs are run by a server"


class Said(NamedTuple):
    """What is pinned, as options say it."""

    outputs: Sequence[str]
    ports: Sequence[str]
    failures: Sequence[str]
    sources: Sequence[str]
    file: Path | None


class Wanted(NamedTuple):
    """A test run."""

    file: Path
    given: str | None
    said: Said
    stops: tuple[str, ...]
    skip_time: bool
    skip_timeouts: bool
    refuses: bool
    follows: bool
    as_json: bool


def test_run(where: Where, wanted: Wanted) -> int:
    """Begin it; with `follows` print its events until its end. Exit code: 0, or 1 where it was followed and has not completed."""
    written = written_in(wanted.file)
    given = None if wanted.given is None else read_json_argument(wanted.given, "--input")
    client = server_of(where, WHY).client
    with told_of(wanted.file):
        begun = client.test_run(
            written.source.text.decode(), written.source.syntax, input=given, pins=pins_of(wanted.said), stop_before=list(wanted.stops),
            skip_time=wanted.skip_time, skip_timeouts=wanted.skip_timeouts, unpinned="refuse" if wanted.refuses else "run",
        )  # fmt: skip
    execution = begun["execution_id"]
    if wanted.follows:
        return following.follow(where, Followed(execution=execution, after="0"), wanted.as_json)
    if wanted.as_json:
        say_json(begun)
    else:
        say(f"test run {execution} of {begun['workflow']} has begun: {hint('show', [execution])}")
    return OK


def pins_of(said: Said) -> dict[str, Any]:
    """The pins as the API takes them. Raises BadInput."""
    pins: dict[str, Any] = {} if said.file is None else _in_file(said.file)
    for node, text in _split(said.outputs, "--pin"):
        pins[node] = {**_of(pins, node), "output": read_json_argument(text, f"--pin {node}")}
    for node, port in _split(said.ports, "--port"):
        pins[node] = {**_of(pins, node), "port": port}
    for node, kind in _split(said.failures, "--fail"):
        pins[node] = {"error": kind}
    for node, execution in _split(said.sources, "--pin-from"):
        pins[node] = {"from": {"execution": execution}}
    return pins


def _of(pins: dict[str, Any], node: str) -> dict[str, Any]:
    found = pins.get(node, {})
    if isinstance(found, dict):
        return found
    raise BadInput(f"the pins of {node} stand in the file, as a list: add what else it is given there")


def _split(said: Iterable[str], option: str) -> Iterator[tuple[str, str]]:
    for one in said:
        node, equals, value = one.partition("=")
        if not (node and equals):
            raise BadInput(f"{option}: expected NODE=…, found {one!r}")
        yield node, value


def _in_file(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadInput(f"the pins {file} cannot be read: {error.strerror or error}") from None
    with told_of(file):
        found: dict[str, Any] = parse_document(content)
    return found


def step(where: Where, execution: str, as_json: bool) -> int:
    """Let it go on to whatever is to begin next."""
    done = server_of(where, WHY).client.step(execution)
    if as_json:
        say_json(done)
    else:
        say(f"{execution} goes on to whatever is to begin next: {hint('show', [execution])}")
    return OK
