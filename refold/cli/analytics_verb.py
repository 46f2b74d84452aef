"""The verb of the command line about analytics."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from refold.cli.options import Json, OfWorkflow, Where, asking, takes


@takes(where=asking)
def analytics(
    where: Where,
    workflow: OfWorkflow = None,
    version: Annotated[int | None, typer.Option("--version", metavar="N", min=1, help="Only of this version.")] = None,
    node: Annotated[str | None, typer.Option("--node", metavar="NODE", help="Of this node, in place of the executions.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="From the hour or day of this time on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before this time.")] = None,
    by: Annotated[Literal["hour", "day", "all"], typer.Option("--by", help="The windows, in UTC; `all` is one.")] = "day",
    group: Annotated[str, typer.Option("--group", metavar="A,B", help="What is told apart: workflow, version, node.")] = "workflow",
    as_json: Json = False,
) -> int:
    """Show how many began, ended, and how long it took, by day. Or by hour, by workflow, version or node."""
    from refold.cli.commands import analytics as command
    from refold.cli.commands.target import Analysed

    wanted = Analysed(workflow=workflow, version=version, node=node, since=since, until=until, by=by, group=group)
    return command.analytics(where, wanted, as_json)
