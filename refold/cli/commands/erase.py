"""`erase`: one execution, or all that a filter takes, and with them what they have started. Each is erased by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from contracts.commands import EraseExecution, TerminateExecution
from contracts.errors import RefoldError
from contracts.ids import depth_of
from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.output import FAILED, OK, BadInput, complain, say, say_json
from refold.cli.commands.progress import make_progress
from refold.cli.commands.target import ENDED, Session, Target, Value, Wanted
from refold.cli.commands.where import target_of
from refold.cli.options import Where
from refold.errors import RefoldError as Refused

ERASED: Final = "erased"
"""The type of the error of an execution that was erased."""


class ToErase(NamedTuple):
    """Which executions, and how."""

    execution: str | None
    filter: str | None
    with_children: bool
    is_forced: bool
    is_dry_run: bool
    reason: str


def erase(where: Where, wanted: ToErase, as_json: bool) -> int:
    """Erase them one after the other; what one is refused for keeps no other. Exit code 1 where any was refused."""
    if (wanted.execution is None) == (wanted.filter is None):
        raise BadInput("say which: either an execution, or --filter EXPRESSION")
    target = target_of(where)
    rows = _rows(target, wanted)
    if wanted.is_dry_run:
        done = [_done(row, "erased" if _is_erased(row) else "would be erased") for row in rows]
    else:
        with (
            interruptible() as interrupt,
            make_progress(as_json) as progress,
            target.act(progress, interrupt, must_exist=True) as session,
        ):
            if wanted.is_forced:
                rows = _stopped(target, session, rows, wanted)
            done = [_erased(session, row, wanted.reason) for row in rows]
    _say(done, as_json)
    return FAILED if any(one["error"] for one in done) else OK


def _rows(target: Target, wanted: ToErase) -> list[Value]:
    """The executions that are meant, those that were started by others before them."""
    if wanted.filter is not None:
        found = target.executions(Wanted(filter=wanted.filter))
    else:
        assert wanted.execution is not None
        found = [{"execution_id": wanted.execution, **target.state(wanted.execution, None)}]
    return _with_started(target, found) if wanted.with_children else found


def _with_started(target: Target, found: list[Value]) -> list[Value]:
    """These, and all that they have started, the deepest first."""
    names = {row["execution_id"]: row for row in found}
    for name in [name for name in names if not any(above in names for above in _above(name))]:
        below = target.executions(Wanted(filter=f"execution_id.startsWith({_quoted(f'{name}~')})"))
        names.update((row["execution_id"], row) for row in below)
    return sorted(names.values(), key=lambda row: -depth_of(str(row["execution_id"])))


def _above(name: str) -> Iterator[str]:
    """The ids of those by whom an execution was started, the topmost first."""
    return (name[: found.start()] for found in re.finditer("~", name))


def _stopped(target: Target, session: Session, rows: list[Value], wanted: ToErase) -> list[Value]:
    """The same once none is open; who has started others goes before them, as it might start more of them when they are stopped.

    What was started meanwhile is among them. That one cannot be terminated is said when it is to be erased, unless it has ended.
    """
    asked: set[str] = set()
    while is_open := [row["execution_id"] for row in rows if row["status"] not in ENDED and row["execution_id"] not in asked]:
        for name in sorted(is_open, key=depth_of):
            asked.add(name)
            with suppress(RefoldError, Refused):
                session.give(name, TerminateExecution(wanted.reason))
        rows = _with_started(target, rows) if wanted.with_children else rows
    return rows


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _erased(session: Session, row: Value, reason: str) -> Value:
    """Erase one, and say what came of it."""
    if _is_erased(row):
        return _done(row, "erased")
    try:
        session.give(row["execution_id"], EraseExecution(reason))
    except (RefoldError, Refused) as error:
        return _done(row, "refused", str(error))
    return _done(row, "erased")


def _is_erased(row: Value) -> bool:
    error = row.get("error")
    return error is not None and error["type"] == ERASED


def _done(row: Value, what: str, error: str | None = None) -> Value:
    return {"execution_id": row["execution_id"], "status": row["status"], "done": what, "error": error}


def _say(done: list[Value], as_json: bool) -> None:
    for one in done:
        if one["error"]:
            complain(one["error"])
    if as_json:
        say_json(done)
    elif len(done) == 1:
        say(f"execution {done[0]['execution_id']}: {done[0]['done']}")
    else:
        for line in _counted(done):
            say(line)


def _counted(done: list[Value]) -> Iterator[str]:
    yield f"{len(done)} executions" if done else "no executions match"
    for what in dict.fromkeys(one["done"] for one in done):
        yield f"  {what}: {sum(one['done'] == what for one in done)}"
