"""The verb of the command line about what models cost."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from refold.cli.options import Json, OfWorkflow, Where, asking, takes


@takes(where=asking)
def costs(
    where: Where,
    workflow: OfWorkflow = None,
    version: Annotated[int | None, typer.Option("--version", metavar="N", min=1, help="Only of this version.")] = None,
    node: Annotated[str | None, typer.Option("--node", metavar="NODE", help="Only of this node.")] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Only of this model: openai:gpt-5-mini.")] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", metavar="NAME[@N]", help="Only of this prompt, or version of one.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="From the day of this time on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before this time.")] = None,
    by: Annotated[Literal["day", "all"], typer.Option("--by", help="The windows, in UTC; `all` is one.")] = "day",
    group: Annotated[
        str, typer.Option("--group", metavar="A,B", help="What is told apart: workflow, version, node, model, prompt.")
    ] = "workflow,model",
    as_json: Json = False,
) -> int:
    """Show what asking models took: calls, tokens, money, by day. Or by node, model or version of a prompt."""
    from refold.cli.commands import costs as command
    from refold.cli.commands.target import CostsWanted

    wanted = CostsWanted(
        workflow=workflow, version=version, node=node, model=model, prompt=prompt, since=since, until=until, by=by, group=group
    )
    return command.costs(where, wanted, as_json)
