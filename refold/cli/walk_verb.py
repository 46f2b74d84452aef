"""The verb of the command line that walks through an execution, event by event."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Execution, Keys, Log, Where, asking, takes


@takes(where=asking)
def walk(
    where: Where,
    execution: Execution,
    at: Annotated[
        int | None, typer.Option("--at", metavar="VERSION", min=1, help="Begin after this event; without it at the first.")
    ] = None,
    breaks: Annotated[
        list[str] | None, typer.Option("--break", metavar="NODE|if EXPRESSION", help="Halt there on `continue`; repeatable.")
    ] = None,
    watches: Annotated[list[str] | None, typer.Option("--watch", metavar="EXPRESSION", help="Show it at each event; repeatable.")] = None,
    log: Log = None,
    keys: Keys = None,
) -> int:
    """Walk through an execution event by event, and back.

    Event and state side by side, with breakpoints and watches. Commands come from stdin: `help` lists them.
    """
    from refold.cli.commands import walk as command

    return command.walk(where.and_flags(log=log, keys=keys), execution, at, breaks or (), watches or ())
