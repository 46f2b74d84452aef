"""The verb of the command line that makes what executions said unreadable."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import AnyExecution, Json, Reason, Where, asking, takes


@takes(where=asking)
def erase(
    where: Where,
    execution: AnyExecution = None,
    named: Annotated[str | None, typer.Option("--execution", metavar="EXECUTION", help="The same by an option.")] = None,
    filter_: Annotated[
        str | None, typer.Option("--filter", metavar="EXPRESSION", help="All for which it is true: \"search.customer == 'A-1'\".")
    ] = None,
    children: Annotated[bool, typer.Option("--children", help="Those that they have started, too, and what these have.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Terminate what is open first.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which, and change nothing.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> int:
    """Make what executions said unreadable for ever. They must have ended, and have been sealed (`settings.erasable`)."""
    from refold.cli.commands import erase as command

    wanted = command.ToErase(execution or named, filter_, children, force, dry_run, reason)
    return command.erase(where, wanted, as_json)
