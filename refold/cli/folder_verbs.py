"""The commands about a data folder itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import Json, Log, Where, asking, takes


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
    log: Log = None,
    as_json: Json = False,
) -> int:
    """Back up a data folder or a log on Kafka. Up to where it is now, with the big values, beside who writes it."""
    from refold.cli.commands import backup as command

    return command.back_up(where.and_flags(log=log), destination, as_json)


def restore(
    source: Annotated[Path | None, typer.Argument(metavar="SRC", help="The folder of the backup.")] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DIR|URL", help="The data folder or the log on Kafka to make: kafka://HOST:PORT/PREFIX.")
    ] = None,
    at: Annotated[int | None, typer.Option("--at", metavar="POSITION", help="Only up to this position of the journal.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Let it run; of a copy that was made before, without SRC.")] = False,
    as_json: Json = False,
) -> int:
    """Put a backup back, into a new place. Nothing runs in it until --resume, as the original may live."""
    from refold.cli.commands import backup as command

    return command.restore(source, to, at, resume, as_json)
