"""`test --record`: a test is written from an execution."""

from __future__ import annotations

from pathlib import Path

from refold.cli.commands.output import FAILED, OK, BadInput, complain, hint, say, say_json
from refold.cli.commands.where import target_of
from refold.cli.options import Where


def record(where: Where, execution: str, output: Path | None, as_json: bool) -> int:
    """Write it. Exit code: 0, or 1 where the test that was written does not go as the execution went."""
    target = target_of(where)
    found = target.recorded_test(execution, None)
    if as_json:
        say_json(found)
        return FAILED if found["differences"] else OK
    file = output or Path(f"{found['workflow']}.test.yaml")
    _write(file, found["text"])
    say(f"{file} holds execution {execution} as a test: {hint('test', [str(file)])}")
    definition = file.parent / f"{found['workflow']}.yaml"
    if not definition.exists():
        source = hint("workflows source", [found["workflow"]], target.options)
        say(f"its definition is to stand in {definition}: {source} > {definition}")
    for one in found["differences"]:
        complain(f"as a test it goes otherwise: {one['what']}: expected {one['expected']}, found {one['found']}")
    return FAILED if found["differences"] else OK


def _write(file: Path, text: str) -> None:
    """A file that is there is kept."""
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise BadInput(f"{file} is there already: name another one by --output, or move it") from None
    except OSError as error:
        raise BadInput(f"the test {file} cannot be written: {error.strerror or error}") from None
