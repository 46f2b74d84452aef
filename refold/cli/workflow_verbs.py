"""The verbs of the command line that are about workflows: `refold workflows …`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, Workflow, acting, asking, takes

workflows = typer.Typer(no_args_is_help=True, help="List workflows, compare versions, choose the active one.")

Version = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="A version of the workflow.")]


@workflows.command("list")
@takes(where=asking)
def list_(where: Where, as_json: Json = False) -> int:
    """List the workflows, each by its active version, or its last one."""
    from refold.cli.commands import workflows as command

    return command.list_workflows(where, as_json)


@workflows.command()
@takes(where=asking)
def versions(where: Where, workflow: Workflow, as_json: Json = False) -> int:
    """List the versions of a workflow, who published each, and when."""
    from refold.cli.commands import workflows as command

    return command.versions(where, workflow, as_json)


@workflows.command()
@takes(where=asking)
def source(
    where: Where,
    workflow: Workflow,
    version: Annotated[int | None, typer.Option("--version", metavar="N", min=1, help="Another one than the active version.")] = None,
) -> int:
    """Print the text that a version was published from, byte for byte."""
    from refold.cli.commands import workflows as command

    return command.source(where, workflow, version)


@workflows.command()
@takes(where=asking)
def diff(
    where: Where,
    workflow: Workflow,
    before: Annotated[int, typer.Argument(metavar="BEFORE", min=1, help="A version.")],
    after: Annotated[int, typer.Argument(metavar="AFTER", min=1, help="The version that it is compared with.")],
    text: Annotated[bool, typer.Option("--text", help="Only the texts, as a unified diff.")] = False,
    as_json: Json = False,
) -> int:
    """Show what two versions do differently. Nodes and edges, then the text. Exit code: 0 the same, 1 different."""
    from refold.cli.commands import workflows as command

    return command.diff(where, workflow, before, after, text, as_json)


@workflows.command()
@takes(where=acting)
def activate(where: Where, workflow: Workflow, version: Version, as_json: Json = False) -> int:
    """Let executions start with this version from here on. So one rolls back, or takes a workflow out of the archive."""
    from refold.cli.commands import workflows as command

    return command.activate(where, workflow, version, as_json)


@workflows.command()
@takes(where=acting)
def archive(where: Where, workflow: Workflow, as_json: Json = False) -> int:
    """Let no execution start with a workflow any more. Those that run go on."""
    from refold.cli.commands import workflows as command

    return command.archive(where, workflow, as_json)
