"""`bulk`, `operations …`: one thing done with many executions, by a server."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Final

from contracts.errors import LogError
from refold.cli.commands.output import FAILED, OK, BadInput, hint, read_json_argument, say, say_json, table, to_the_second
from refold.cli.commands.server import ServerTarget
from refold.cli.commands.target import ENDED, Value
from refold.cli.commands.where import server_of
from refold.cli.options import Where

LOOK_EVERY_S: Final = 0.25
LINE_EVERY_S: Final = 2.0
RESULTS_PAGE: Final = 1_000
BAR_WIDTH: Final = 24


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be done, as the options say it."""

    action: str
    filter: str | None
    view: str | None
    incidents: str | None
    reason: str | None
    signal: str | None
    payload: str | None
    rate: float | None
    dry_run: bool


def _server(where: Where) -> ServerTarget:
    return server_of(where, "bulk operations are done by a server")


def begin(where: Where, wanted: Wanted, follows: bool, as_json: bool) -> int:
    """Begin an operation, or with a dry run say what it would be about."""
    server = _server(where)
    if wanted.filter is None and wanted.view is None and wanted.incidents is None:
        raise BadInput("expected --filter EXPRESSION or --view NAME, found neither; `--filter true` where all are meant")
    payload = None if wanted.payload is None else read_json_argument(wanted.payload, "--payload")
    answer = server.client.bulk(
        wanted.action, wanted.filter, wanted.view, wanted.reason, wanted.signal, payload, wanted.rate, wanted.dry_run, wanted.incidents
    )  # fmt: skip
    if wanted.dry_run:
        return _say_dry_run(answer, as_json)
    return go_on(server, answer, follows, as_json)


def _say_dry_run(answer: Value, as_json: bool) -> int:
    if as_json:
        say_json(answer)
        return OK
    total = f"more than {answer['total']:,}, too many for one operation" if answer["is_more"] else f"{answer['total']:,}"
    say(f"it would be about {total} execution{'' if answer['total'] == 1 else 's'}; nothing was done")
    for one in answer["skipped"]:
        say(f"  {one['count']:,} of them it would pass over: {one['why']}")
    if answer["examples"]:
        rows = [(one["execution_id"], one["workflow"], one["status"], to_the_second(one["created_at"])) for one in answer["examples"]]
        table(("EXECUTION", "WORKFLOW", "STATUS", "CREATED"), rows)
    return OK


def go_on(server: ServerTarget, answer: Value, follows: bool, as_json: bool) -> int:
    """Say that it began, or show it to its end."""
    if follows:
        return _follow(server, answer, as_json)
    if as_json:
        say_json(answer)
    else:
        operation = answer["operation_id"]
        say(f"operation {operation} has begun: {hint(f'operations show {operation} --follow', server.options)}")
    return OK


def _follow(server: ServerTarget, found: Value, as_json: bool) -> int:
    """Show an operation until it has ended, or needs a person."""
    progress = _Progress(as_json)
    while found["status"] not in ENDED and found["status"] != "incident":
        progress.show(found)
        time.sleep(LOOK_EVERY_S)
        found = _looked_at(server, found)
    progress.end(found)
    _say(server, found, as_json)
    return OK if found["status"] == "completed" and not found["failed"] else FAILED


def _looked_at(server: ServerTarget, found: Value) -> Value:
    """How far it is now; as far as it was, while the server does not answer or lists are behind."""
    try:
        return server.client.operation(found["operation_id"])
    except LogError:
        return found


class _Progress:
    """A line that is drawn again on a terminal, and elsewhere a line now and then."""

    def __init__(self, is_silent: bool) -> None:
        self._is_silent, self._is_terminal = is_silent, sys.stderr.isatty()
        self._said_at, self._said = -LINE_EVERY_S, ""

    def show(self, found: Value) -> None:
        """How far it is now."""
        if self._is_silent:
            return
        line = progress_line(found)
        if self._is_terminal:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        elif line != self._said and time.monotonic() - self._said_at >= LINE_EVERY_S:
            self._said_at, self._said = time.monotonic(), line
            sys.stderr.write(f"{line}\n")

    def end(self, found: Value) -> None:
        """Nothing more comes."""
        if not self._is_silent and self._is_terminal:
            sys.stderr.write("\r\x1b[K")


def progress_line(found: Value) -> str:
    """How far an operation is, in one line."""
    if found["total"] is None:
        return f"{found['action']}: finding the executions"
    share = found["done"] / found["total"] if found["total"] else 1.0
    bar = "█" * round(share * BAR_WIDTH)
    held = ", paused" if found["status"] == "paused" else ""
    return f"{found['action']} {bar:░<{BAR_WIDTH}} {found['done']:,}/{found['total']:,}{_rest(found)}{held}"


def _rest(found: Value) -> str:
    return "".join(f", {found[name]:,} {name}" for name in ("skipped", "failed") if found[name])


def _say(server: ServerTarget, found: Value, as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    total = "?" if found["total"] is None else f"{found['total']:,}"
    say(f"operation  {found['operation_id']}, {found['status']}")
    say(f"action     {found['action']}{_taken_back(found)}")
    say(f"filter     {found['filter']}")
    say(f"done       {found['done']:,} of {total}: {found['ok']:,} ok, {found['skipped']:,} skipped, {found['failed']:,} failed")
    if found["error"]:
        say(f"error      {found['error']}")
    if found["skipped"] or found["failed"]:
        say(f"why        {hint('operations results ' + found['operation_id'], server.options)}")


def _taken_back(found: Value) -> str:
    return f", which takes back {found['undoes']}" if found["undoes"] else ""


def list_operations(where: Where, limit: int, as_json: bool) -> int:
    """The operations, the last one first."""
    found = _server(where).client.operations(limit=limit)
    if as_json:
        say_json(found)
    elif found:
        table(("OPERATION", "STATUS", "BEGAN", "ACTION", "FILTER"), [_line(one) for one in found])
    else:
        say("no bulk operations")
    return OK


def _line(row: Value) -> tuple[str, ...]:
    search = row["search"] or {}
    when = to_the_second(row["created_at"])
    return (row["execution_id"], row["status"], when, str(search.get("action", "")), str(search.get("filter", "")))


def show(where: Where, operation: str, follows: bool, as_json: bool) -> int:
    """How far an operation is."""
    server = _server(where)
    found = server.client.operation(operation)
    if follows:
        return _follow(server, found, as_json)
    _say(server, found, as_json)
    return OK


def results(where: Where, operation: str, result: str | None, as_json: bool) -> int:
    """What became of each execution."""
    server, start, found = _server(where), 0, list[Value]()
    while True:
        page = server.client.operation_results(operation, result=result, start=start, limit=RESULTS_PAGE)
        found += page
        start += RESULTS_PAGE
        if len(page) < RESULTS_PAGE:
            break
    if as_json:
        say_json(found)
    elif found:
        table(("EXECUTION", "RESULT", "WHY"), [(one["execution_id"], one["result"], one["why"] or "") for one in found])
    else:
        say("nothing was done with any execution yet" if result is None else f"no execution is {result}")
    return OK


def undo(where: Where, operation: str, follows: bool, as_json: bool) -> int:
    """Take back what it has done."""
    server = _server(where)
    return go_on(server, server.client.undo(operation), follows, as_json)
