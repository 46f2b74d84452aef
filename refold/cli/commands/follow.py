"""`follow`: what happens, as it happens, at a server or in a data folder that somebody else moves."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from contracts.errors import InvalidInput, Problem
from contracts.public_events import TYPE_PREFIX
from projections.history import moment
from refold.cli.commands.output import FAILED, OK, BadInput, complain, hint, say
from refold.cli.commands.target import Followed, Target, Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

INTERRUPTED: Final = 130
ERASED: Final = "execution.erased"
COMPLETED: Final = f"{TYPE_PREFIX}execution.completed"
_PLACE: Final = frozenset({"execution", "version", "href", "path", "attempt", "created_at", "search", "definition", "root", "due"})
"""What a line says elsewhere, or not at all."""
_OPTIONS: Final = {"filter": "--filter", "type": "--type", "from": "--from", "Last-Event-ID": "--from"}
"""The options by the names of the parameters of a stream."""


def follow(where: Where, followed: Followed, as_json: bool) -> int:
    """Print events until the execution has ended. Exit code: 0 it has completed, 1 it has ended otherwise, 130 after Ctrl-C."""
    target, position, last = target_of(where), "", ""
    try:
        for after, event in _told(target, followed):
            position, last = after, event["type"]
            say(json.dumps(event, ensure_ascii=False, separators=(",", ":")) if as_json else line_of(event))
            sys.stdout.flush()
    except KeyboardInterrupt:
        _say_how_to_go_on(target, followed, position)
        return INTERRUPTED
    except InvalidInput as error:
        raise BadInput("; ".join(_of_an_option(problem) for problem in error.problems)) from None
    return OK if last in ("", COMPLETED) else FAILED


def _told(target: Target, followed: Followed) -> Iterator[tuple[str, Value]]:
    """What is asked for; of an execution of which that is nothing that it was erased, where it was."""
    is_silent = True
    for one in target.follow(followed):
        is_silent = False
        yield one
    if is_silent and followed.execution is not None and (followed.types or followed.filter):
        yield from target.follow(dataclasses.replace(followed, types=(ERASED,), filter=None))


def _of_an_option(problem: Problem) -> str:
    name = problem.path.removeprefix("/").partition("/")[0]
    place = f", line {problem.line}, column {problem.column}" if problem.line else ""
    return f"{_OPTIONS.get(name, name)}{place}: {problem.message}" + (f"; {problem.fix}" if problem.fix else "")


def _say_how_to_go_on(target: Target, followed: Followed, position: str) -> None:
    if position:
        words = [followed.execution] if followed.execution else ["--workflow", followed.workflow] if followed.workflow else []
        complain(f"to go on from here: {hint(' '.join(['follow', *words, '--from', position]), target.options)}")


def line_of(event: Value) -> str:
    """An event in one line: when, which execution, what, where, and what there is to say of it."""
    data = event["data"]
    attempt = f" (attempt {data['attempt']})" if data.get("attempt", 1) > 1 else ""
    place = f"{data.get('path', '')}{attempt}"
    parts = (moment(event["time"]), event["subject"], event["type"].removeprefix(TYPE_PREFIX), place, _said(data))
    return "  ".join(part for part in parts if part)


def _said(data: dict[str, Any]) -> str:
    failure = data.get("failure")
    if failure:
        return f"{failure['type']}: {failure['message']}" + (f"; again at {moment(data['due'])}" if "due" in data else "")
    told = {name: value for name, value in data.items() if name not in _PLACE and not isinstance(value, dict) and value != ["out"]}
    return ", ".join(f"{name} {value if isinstance(value, str) else json.dumps(value)}" for name, value in told.items())
