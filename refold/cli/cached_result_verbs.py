"""The verbs of the command line that are about cached results: `refold cached-results …`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, OfWorkflow, Where, Workflow, asking, takes

cached_results = typer.Typer(no_args_is_help=True, help="List results that are used again, or forget them.")

Kind = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only of this kind.")]


@cached_results.command("list")
@takes(where=asking)
def list_(
    where: Where,
    kind: Kind = None,
    workflow: OfWorkflow = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="Only so many.")] = 50,
    as_json: Json = False,
) -> int:
    """List results that are used again, and how often. By kind and workflow."""
    from refold.cli.commands import cached_results as command

    return command.list_results(where, kind, workflow, limit, as_json)


@cached_results.command()
@takes(where=asking)
def invalidate(
    where: Where,
    kind: Kind = None,
    workflow: OfWorkflow = None,
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="Only this one.")] = None,
    older_than: Annotated[str | None, typer.Option("--older-than", metavar="DURATION", help="Only those kept longer ago: 90m.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every one of them.")] = False,
    as_json: Json = False,
) -> int:
    """Forget results, so that activities run again. Those that fit all that is given."""
    from refold.cli.commands import cached_results as command

    return command.invalidate(where, command.Wanted(kind, workflow, key, older_than, every), as_json)


@cached_results.command()
@takes(where=asking)
def warm(
    where: Where,
    workflow: Workflow,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="The last N executions.")] = 100,
    as_json: Json = False,
) -> int:
    """Keep what activities gave in past executions. For what is left of its time; nothing runs."""
    from refold.cli.commands import cached_results as command

    return command.warm(where, workflow, limit, as_json)
