"""The verbs of the command line that are about the archive: `refold archive …`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, acting, asking, takes

archive = typer.Typer(no_args_is_help=True, help="Look at executions that have been archived.")

Place = Annotated[
    str | None,
    typer.Argument(
        metavar="PLACE", help="A bundle, or a folder or URL with bundles; without it those of the server, or the setting `archive`."
    ),
]


@archive.command()
@takes(where=acting)
def make(where: Where, as_json: Json = False) -> int:
    """Archive what is past its retention, at once. It is then removed. A server does so by itself, within a minute or two."""
    from refold.cli.commands import archive as command

    return command.make(where, as_json)


@archive.command("list")
@takes(where=asking)
def list_(where: Where, place: Place = None, as_json: Json = False) -> int:
    """List bundles. Of which journal and partition, with how many executions, and from when."""
    from refold.cli.commands import archive as command

    return command.list_bundles(where, place, as_json)


@archive.command()
@takes(where=asking)
def show(
    where: Where,
    place: Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle: a file, its URL, or its name at the server.")],
    execution: Annotated[str | None, typer.Argument(metavar="EXECUTION", help="The id of an execution in it: its events.")] = None,
    as_json: Json = False,
) -> int:
    """List the executions in a bundle, or the events of one."""
    from refold.cli.commands import archive as command

    return command.show(where, place, execution, as_json)


@archive.command()
@takes(where=asking)
def verify(where: Where, place: Place = None, as_json: Json = False) -> int:
    """Prove bundles from what is in them alone. Digests, payloads, every decision decided again; exit code 1 on a difference."""
    from refold.cli.commands import archive as command

    return command.verify(where, place, as_json)
