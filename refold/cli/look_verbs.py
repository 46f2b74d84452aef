"""The verbs of the command line that show one execution, or prove it."""

from __future__ import annotations

from pathlib import Path
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
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", min=1, max=256, help="In so many processes; as many as cores where it pays.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DURATION", help="Only executions that began so long ago at most: 30d.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="Write down what was verified, for others to check.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Verify as far as a certificate goes, and compare with it.")
    ] = None,
    log: Log = None,
    keys: Keys = None,
    as_json: Json = False,
) -> int:
    """Decide all decisions again, and compare. Those of a data folder, a log on Kafka or a bundle; exit code 1 on a difference."""
    from refold.cli.commands import verify as command

    if execution is not None and every:
        raise typer.BadParameter("give either EXECUTION or --all")
    asked = command.Asked(execution, jobs, since, certificate, against)
    return command.verify(where.and_flags(log=log, keys=keys), asked, as_json)
