"""`workflows …`: the versions of workflows, the texts they were published from, what is different, and which is active."""

from __future__ import annotations

import sys
from typing import Final

from contracts.values import written
from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.output import FAILED, OK, say, say_json, table, to_the_second
from refold.cli.commands.progress import Progress
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

VALUE_LENGTH_MAX: Final = 100
_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~", "reordered": "⇅"}


def list_workflows(where: Where, as_json: bool) -> int:
    """All workflows."""
    return _say_versions(target_of(where).workflows(), as_json)


def versions(where: Where, workflow: str, as_json: bool) -> int:
    """All versions of a workflow."""
    return _say_versions(target_of(where).versions(workflow), as_json)


def _say_versions(rows: list[Value], as_json: bool) -> int:
    if as_json:
        say_json(rows)
    elif rows:
        headers = ("WORKFLOW", "VERSION", "STATUS", "PUBLISHED", "BY", "TEXT", "HASH")
        table(headers, [_version_line(row) for row in rows])
    else:
        say("no workflows")
    return OK


def _version_line(row: Value) -> tuple[str, ...]:
    when = to_the_second(row["published_at"])
    return (row["name"], str(row["version"]), row["status"], when, row["published_by"] or "", row["source"] or "", row["hash"][:12])


def source(where: Where, workflow: str, version: int | None) -> int:
    """The text that a version was published from, as it is: to a file it is the same bytes."""
    text = target_of(where).source(workflow, version)
    if sys.stdout.isatty():
        say(text.decode("utf-8-sig").removesuffix("\n"))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
    return OK


def diff(where: Where, workflow: str, before: int, after: int, only_text: bool, as_json: bool) -> int:
    """What is different between two versions."""
    found = target_of(where).difference(workflow, before, after)
    if as_json:
        say_json(found)
    else:
        _say_difference(found, only_text)
    return FAILED if found["text"] or found["changes"] else OK


def _say_difference(found: Value, only_text: bool) -> None:
    if not only_text:
        for change in found["changes"]:
            say(_change_line(change))
        if not found["changes"]:
            same = "say the same" if found["text"] else "are the same"
            say(f"{found['name']}: versions {found['before']} and {found['after']} {same}")
    if found["text"]:
        if not only_text:
            say()
        say(found["text"].removesuffix("\n"))


def _change_line(change: Value) -> str:
    """`~ nodes[greet].config.url  "old" -> "new"`; of what came or went whole only where it is, as the text shows it."""
    sign = f"{_SIGNS[change['change']]} {change['path']}"
    match change["change"]:
        case "changed" | "reordered":
            return f"{sign}  {_short(change['before'])} -> {_short(change['after'])}"
        case "added":
            return f"{sign}  {_short(change['after'])}"
        case _:
            return f"{sign}  {_short(change['before'])}"


def _short(value: object) -> str:
    text = written(value).decode()
    return text if len(text) <= VALUE_LENGTH_MAX else f"{text[: VALUE_LENGTH_MAX - 1]}…"


def activate(where: Where, workflow: str, version: int, as_json: bool) -> int:
    """Let executions start with this version from here on."""
    with interruptible() as interrupt, target_of(where).act(Progress(), interrupt, must_exist=True) as session:
        found = session.activate(workflow, version)
    if as_json:
        say_json({name: found[name] for name in ("name", "version", "hash", "status", "before")})
    else:
        before = f"until now with version {found['before']}" if found["before"] else "until now with none"
        before = "as they did" if found["before"] == version else before
        say(f"executions of {workflow} start with version {version}, {before}")
    return OK


def archive(where: Where, workflow: str, as_json: bool) -> int:
    """Let no execution start with a workflow any more."""
    with interruptible() as interrupt, target_of(where).act(Progress(), interrupt, must_exist=True) as session:
        rows = session.archive(workflow)
    if as_json:
        say_json(rows)
    else:
        say(f"no execution starts with {workflow} any more; those that run go on")
    return OK
