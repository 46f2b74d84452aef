"""The verbs of the command line about read models."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes

read_models = typer.Typer(no_args_is_help=True, help="Look after the rows that lists are answered from.")


@read_models.command("list")
@takes(where=asking)
def list_(where: Where, as_json: Json = False) -> int:
    """List the read models, and how they stand. Rows, size, what they lack, and what is being made of them."""
    from refold.cli.commands import read_models as command

    return command.list_read_models(where, as_json)


@read_models.command()
@takes(where=asking)
def rebuild(
    where: Where, name: Annotated[str, typer.Argument(metavar="NAME", help="The read model, or `all`.")], as_json: Json = False
) -> int:
    """Make a read model anew while lists go on. From the journal, compared with the rows before; exit code 1 where rows differed."""
    from refold.cli.commands import read_models as command

    return command.rebuild(where, name, as_json)
