"""The verb of the command line that compares two executions, or two moments of one."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, executions_of, takes

Side = Annotated[
    str,
    typer.Argument(
        metavar="EXECUTION[@VERSION]", help="An execution, as it is or was after one of its events.", autocompletion=executions_of
    ),
]


@takes(where=asking)
def diff(where: Where, one: Side, other: Side, as_json: Json = False) -> int:
    """Compare two executions, or two moments of one.

    Where they part first, the way that they took, and their values. Exit code 1 where they differ.
    """
    from refold.cli.commands import diff as command

    return command.diff(where, one, other, as_json)
