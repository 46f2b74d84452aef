"""`diff`: where two executions, or two moments of one, part: on the way that they took, and in their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from contracts.values import written
from refold.cli.commands.output import FAILED, OK, BadInput, say, say_json
from refold.cli.commands.target import Moment, Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

TEXT_CHARS_MAX: Final = 100
"""A longer value is shown by its beginning; `--json` shows it."""
SHOWN_MAX: Final = 20
"""So many runs, and so many values, are shown; `--json` shows more."""


def diff(where: Where, one: str, other: str, as_json: bool) -> int:
    """Compare. Exit code: 0, or 1 where they differ."""
    found = target_of(where).diff(_moment(one), _moment(other))
    if as_json:
        say_json(found)
    else:
        for line in _lines(found):
            say(line)
    return OK if found["is_equal"] else FAILED


def _moment(text: str) -> Moment:
    """What `ID@VERSION` means, or `ID`. Raises BadInput."""
    execution, at, version = text.rpartition("@")
    if not at or not version.isdecimal():
        return Moment(text, None)
    if not int(version[:20]):
        raise BadInput(f"expected EXECUTION@VERSION with the number of an event, found {text[:200]!r}")
    return Moment(execution, int(version[:20]))


def _lines(found: Value) -> Iterator[str]:
    yield f"before  {_side(found['before'])}"
    yield f"after   {_side(found['after'])}"
    if found["is_equal"]:
        yield "no difference"
    if found["first"] is not None:
        yield f"first difference: {found['first']['path']}"
    if found["steps"]:
        yield f"way, {found['step_count']:,} {'run differs' if found['step_count'] == 1 else 'runs differ'}:"
        for step in found["steps"][:SHOWN_MAX]:
            yield f"  {step['path']}: {_end(step['before'])} → {_end(step['after'])}"
        yield from _more(found["step_count"])
    if found["changes"]:
        yield f"values, {found['change_count']:,} {'differs' if found['change_count'] == 1 else 'differ'}:"
        for change in found["changes"][:SHOWN_MAX]:
            yield f"  {_in_one_line(change['path'])}: {_change(change)}"
        yield from _more(found["change_count"])


def _more(count: int) -> Iterator[str]:
    if count > SHOWN_MAX:
        yield f"  and {count - SHOWN_MAX:,} more: see --json"


def _side(side: Value) -> str:
    return f"{side['execution_id']} after event {side['at']}: {side['workflow']}, version {side['workflow_version']}, {side['status']}"


def _end(end: Value | None) -> str:
    if end is None:
        return "not ended"
    ports = f" by {' and '.join(end['ports'])}" if end["ports"] and end["ports"] != ["out"] else ""
    said = end["error"] or ("" if end["output"] is None else _short(end["output"]))
    return f"{end['ended']}{ports} (event {end['version']}){' ' if said else ''}{said}"


def _change(change: Value) -> str:
    if change["change"] == "added":
        return f"not there → {_short(change['after'])}"
    if change["change"] == "removed":
        return f"{_short(change['before'])} → not there"
    return f"{_short(change['before'])} → {_short(change['after'])}"


def _in_one_line(pointer: str) -> str:
    return pointer.replace("\n", "\\n")


def _short(value: Any) -> str:
    text = written(value).decode()
    return text if len(text) <= TEXT_CHARS_MAX else f"{text[: TEXT_CHARS_MAX - 1]}…"
