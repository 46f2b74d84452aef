"""The verbs of the command line that let another version decide over what was recorded: `refold what-if`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from refold.cli.options import Json, Log, Where, asking, takes


@takes(where=asking)
def what_if(
    where: Where,
    version: Annotated[str, typer.Argument(metavar="FILE|NAME@VERSION", help="A definition, or a published version of a workflow.")],
    against: Annotated[
        str | None, typer.Option("--against", metavar="NAME", help="The workflow whose executions count; its own without it.")
    ] = None,
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="The last N that began; 1,000 without it.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DURATION", help="All that began so long ago at most: 30d.")] = None,
    filter_: Annotated[
        str | None, typer.Option("--filter", metavar="EXPRESSION", help="Only those for which it is true: \"status == 'completed'\".")
    ] = None,
    unchanged: Annotated[
        Literal["all", "output", "outcome"],
        typer.Option("--unchanged", help="What has to stay: all of the path, the end with its output, or the end."),
    ] = "all",
    new_calls: Annotated[bool, typer.Option("--allow-new-calls", help="Calls whose answer nobody knows do not count against it.")] = False,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kinds", metavar="MODULE|FILE", help="Your own kinds: the module, or a JSON list of names; repeatable."),
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="In so many processes; as many as cores.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the result as JUnit XML, too.")] = None,
    log: Log = None,
    as_json: Json = False,
) -> int:
    """Let a version decide over recorded executions, and compare.

    Nobody is called: what was answered then counts. Exit code 1 where they would change.
    """
    from refold.cli.commands import what_if as command

    wanted = command.Wanted(version, against, last, since, filter_, unchanged, new_calls, tuple(kinds or ()), jobs, junit)
    return command.what_if(where.and_flags(log=log), wanted, as_json)
