"""The verbs of the command line that show one execution, or prove it."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Execution, Json, Keys, Log, Where, asking, takes


@takes(where=asking)
def show(
    where: Where,
    execution: Execution,
    at: Annotated[int | None, typer.Option("--at", metavar="VERSION", help="As it was after this event.")] = None,
    time: Annotated[str | None, typer.Option("--time", metavar="TIME", help="As it was at this time: 2026-11-30T12:00:00Z.")] = None,
    as_json: Json = False,
) -> int:
    """Show an execution as it is, or was at any event or time."""
    from refold.cli.commands import look

    return look.show(where, execution, at, time, as_json)


@takes(where=asking)
def history(where: Where, execution: Execution, as_json: Json = False) -> int:
    """Show every event of an execution; --json: one a line."""
    from refold.cli.commands import look

    return look.history(where, execution, as_json)


@takes(where=asking)
def verify(
    where: Where,
    execution: Annotated[
        str | None, typer.Argument(metavar="EXECUTION|BUNDLE", help="The id of an execution, or the file of a bundle; without it all.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All executions.")] = False,
    log: Log = None,
    keys: Keys = None,
    as_json: Json = False,
) -> int:
    """Decide all decisions again, and compare. Those of a data folder, a log on Kafka or a bundle; exit code 1 on a difference."""
    from refold.cli.commands import verify as command

    if execution is not None and every:
        raise typer.BadParameter("give either EXECUTION or --all")
    return command.verify(where.and_flags(log=log, keys=keys), execution, as_json)
