"""The verb of the command line that asks what an execution would have decided on other values."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Execution, Json, Keys, Log, Where, asking, takes


@takes(where=asking)
def mutate(
    where: Where,
    execution: Execution,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PLACE=JSON", help="nodes.score.output.points=9, or input.amount=5; repeatable."),
    ] = None,
    log: Log = None,
    keys: Keys = None,
    as_json: Json = False,
) -> int:
    """Ask what would have been decided on other values.

    The recorded answers count, but for those that are set. Nobody is called, nothing is written. Exit code 1 where it is not known.
    """
    from refold.cli.commands import mutate as command

    return command.change(where.and_flags(log=log, keys=keys), execution, sets or (), as_json)
