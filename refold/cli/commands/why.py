"""`why`: the chain that led to a node, as lines: each step, the ways in to it, and what was asked with every value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.values import written
from refold.cli.commands.output import OK, say, say_json
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

TEXT_CHARS_MAX: Final = 80
"""A longer part of an expression, or a longer value, is shown by its beginning."""
BECAUSE: Final = {
    "edges": "by the edges that were taken",
    "back": "anew, by a back edge",
    "first": "it begins its body",
    "no_edge": "no edge to it was taken",
    "when": "its `when` does not hold",
    "stopped": "it was not to start any more",
    "cancelled": "before it began",
    "undone": "it undoes what has completed",
    "not_yet": "not all edges to it are settled",
    "next": "its turn has not come",
    "no_body": "the body that it is in was not entered",
    "body_ended": "the body that it is in ended before its turn",
    "started": "",
    "not_started": "the execution has not started",
}
"""What is said of a step, by why it is so; a test names those that are missing."""
WAYS: Final = {
    "port": "it left by {ports}",
    "when": "its `when` does not hold",
    "pending": "it has not begun",
    "running": "it has not ended",
    "skipped": "it was skipped",
    "failed": "it failed",
    "cancelled": "it was cancelled",
    "completed": "it completed otherwise",
}


def why(where: Where, execution: str, node: str, at: int | None, as_json: bool) -> int:
    """The chain that led to a node."""
    found = target_of(where).why(execution, node, at)
    if as_json:
        say_json(found)
        return OK
    say(f"{found['execution_id']}, after event {found['at']}: {found['status']}")
    for number, step in enumerate(found["steps"]):
        say(_step_line(step))
        for line in _details(step, found["waits_for"] if number == 0 else ()):
            say(f"  {line}")
    if found["is_cut"]:
        say(f"and more: `refold why {execution} {found['steps'][-1]['path']}` goes on")
    if found["decided_otherwise_from"] is not None:
        say(f"expressions from event {found['decided_otherwise_from']} on are not told: this build would decide otherwise")
    return OK


def _step_line(step: Value) -> str:
    name = f"{step['path']} ({step['type']})" if step["path"] else "the execution"
    state = step["state"].replace("_", " ")
    since = f" with event {step['version']}" if step["version"] else ""
    began = f", begun with event {step['begun']}" if step["begun"] not in (None, step["version"]) else ""
    because = BECAUSE[step["because"]]
    return f"{name}: {state}{since}{began}{': ' if because else ''}{because}"


def _details(step: Value, waits: tuple[Value, ...] | list[Value]) -> Iterator[str]:
    if step["error"] is not None:
        yield f"{step['error']['type']}: {_short(step['error']['message'])}"
    for item in waits:
        since = f" since {item['since']}" if item.get("since") else ""
        yield f"waits for {item['says']}{since}; released by {item['how']}"
    last = step["events"][-1] if step["events"] else None
    if last is not None and last["actor"] and last["command"] != "CreateExecution":
        yield f"by {last['actor']} ({last['command']})"
    for question in step["asked"]:
        yield from _question(question)
    for way in step["ways"]:
        yield _way_line(way)
        if way["when"] is not None:
            yield from (f"  {line}" for line in _question(way["when"]))


def _way_line(way: Value) -> str:
    name = f"{way['from']}.{way['port']}" if way["port"] != "out" else way["from"]
    event = f" (event {way['version']})" if way["version"] else ""
    if way["state"] == "taken":
        return f"from {name}{', a back edge' if way['back'] else ''}: taken{event}"
    because = WAYS[way["because"]].format(ports=" and ".join(way["left_by"]))
    return f"from {name}: {'not taken' if way['state'] == 'untaken' else 'open'}, {because}{event}"


def _question(question: Value) -> Iterator[str]:
    lines = list(_part_lines(question["expression"], 0))
    width = max(len(text) for text, _ in lines)
    place = question["place"]
    for number, (text, value) in enumerate(lines):
        yield f"{place if not number else '':<{len(place)}}  {text.ljust(width)}  {value}".rstrip()


def _part_lines(part: Value, depth: int) -> Iterator[tuple[str, str]]:
    yield f"{'  ' * depth}{_short(part['text'])}", _value(part)
    for one in part["parts"]:
        yield from _part_lines(one, depth + 1)


def _value(part: Value) -> str:
    if part["fault"] is not None:
        return f"fails: {part['fault']}"
    if not part["values"]:
        return "not asked"
    return ", ".join(_shown(one) for one in part["values"])


def _shown(value: Value) -> str:
    if value["beginning"] is not None:
        return f"{value['bytes']:,} bytes: {_short(value['beginning'])}"
    return _short(written(value["value"]).decode())


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= TEXT_CHARS_MAX else f"{one_line[: TEXT_CHARS_MAX - 1]}…"
