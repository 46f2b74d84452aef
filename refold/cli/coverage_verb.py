"""The verb of the command line that says what recorded executions have taken of a workflow: `refold coverage`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Log, Where, asking, takes


@takes(where=asking)
def coverage(
    where: Where,
    workflow: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A workflow, in a version or the active one.")],
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, max=10_000, help="The last N executions that began.")] = 1_000,
    all_: Annotated[bool, typer.Option("--all", help="Show all places with their counts, and not only those that none has taken.")] = False,
    log: Log = None,
    as_json: Json = False,
) -> int:
    """Say which nodes, edges and cases recorded executions took.

    Those that none has taken are listed. Exit code 1 where no execution went by the version.
    """
    from refold.cli.commands import coverage as command

    return command.coverage(where.and_flags(log=log), workflow, last, all_, as_json)
