"""The verb of the command line that stays: `refold follow`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import AnyExecution, Json, OfWorkflow, Where, asking, takes


@takes(where=asking)
def follow(
    where: Where,
    execution: AnyExecution = None,
    workflow: OfWorkflow = None,
    filter_: Annotated[
        str | None,
        typer.Option("--filter", metavar="EXPRESSION", help="Only events for which it is true: \"type == 'refold.incident.raised'\"."),
    ] = None,
    types: Annotated[list[str] | None, typer.Option("--type", metavar="TYPE", help="Only of this type: node.failed; repeatable.")] = None,
    after: Annotated[
        str | None,
        typer.Option("--from", metavar="POSITION", help="Where an earlier one stood; 0: the beginning, now."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Print events as they happen. Of an execution until its end."""
    from refold.cli.commands import follow as command
    from refold.cli.commands.target import Followed

    if execution is not None and workflow is not None:
        raise typer.BadParameter("give either EXECUTION or --workflow")
    wanted = Followed(execution=execution, workflow=workflow, types=types or (), filter=filter_, after=after)
    return command.follow(where, wanted, as_json)
