"""The commands about a data folder itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes


@takes(where=asking)
def accept_loss(
    where: Where,
    yes: Annotated[bool, typer.Option("--yes", help="Go on without what is gone; without it, it is only said.")] = False,
    as_json: Json = False,
) -> int:
    """Go on with a log that has lost records. Which, is written down. Exit code 1 without --yes where there are any."""
    from refold.cli.commands import accept_loss as command

    return command.accept_loss(where, yes, as_json)


@takes(where=asking)
def backup(
    where: Where,
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="The folder of the backup; of one that is there, what is new is added.")
    ],
    as_json: Json = False,
) -> int:
    """Back up a data folder, also beside a living server. The log up to where it is now, and the big values."""
    from refold.cli.commands import backup as command

    return command.back_up(where, destination, as_json)


def restore(
    source: Annotated[Path | None, typer.Argument(metavar="SRC", help="The folder of the backup.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="The data folder to make; REFOLD_DATA or .refold is no default.")
    ] = None,
    at: Annotated[int | None, typer.Option("--at", metavar="POSITION", help="Only up to this position of the journal.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Let it run; of a copy that was made before, without SRC.")] = False,
    as_json: Json = False,
) -> int:
    """Put a backup back into a new data folder. Nothing runs in it until --resume, as the original may live."""
    from refold.cli.commands import backup as command

    return command.restore(source, to, at, resume, as_json)
