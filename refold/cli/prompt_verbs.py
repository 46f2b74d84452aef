"""The verbs of the command line that are about prompts: `refold prompts …`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import File, Json, Where, acting, asking, takes

prompts = typer.Typer(no_args_is_help=True, help="Keep prompts for models, by name and version.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a prompt.")]
Number = Annotated[int | None, typer.Option("--version", metavar="N", min=1, help="Another one than the latest version.")]


@prompts.command("list")
@takes(where=asking)
def list_(
    where: Where,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="All versions of this prompt instead.")] = None,
    as_json: Json = False,
) -> int:
    """List the prompts, each by its latest version."""
    from refold.cli.commands import prompts as command

    return command.list_prompts(where, name, as_json)


@prompts.command()
@takes(where=asking)
def show(where: Where, name: Name, version: Number = None, as_json: Json = False) -> int:
    """Show a prompt with its texts, and the workflows that use it."""
    from refold.cli.commands import prompts as command

    return command.show(where, name, version, as_json)


@prompts.command()
@takes(where=acting)
def publish(where: Where, file: File, as_json: Json = False) -> int:
    """Keep the prompt in a file as the next version of its name. An unchanged one is the version it was."""
    from refold.cli.commands import prompts as command

    return command.publish(where, file, as_json)


@prompts.command()
@takes(where=asking)
def diff(
    where: Where,
    name: Name,
    before: Annotated[int, typer.Argument(metavar="BEFORE", min=1, help="A version.")],
    after: Annotated[int, typer.Argument(metavar="AFTER", min=1, help="The version that it is compared with.")],
    as_json: Json = False,
) -> int:
    """Show what is different between two versions of a prompt. Exit code: 0 the same, 1 different."""
    from refold.cli.commands import prompts as command

    return command.diff(where, name, before, after, as_json)
