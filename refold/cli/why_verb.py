"""The verb of the command line that tells why a node ran, or did not."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Execution, Json, Where, asking, takes


@takes(where=asking)
def why(
    where: Where,
    execution: Execution,
    node: Annotated[
        str, typer.Argument(metavar="[NODE]", help="`each[]/charge`, or one run of it: `each[3]/charge`; without it the one that matters.")
    ] = "",
    at: Annotated[int | None, typer.Option("--at", metavar="VERSION", min=1, help="As it was after this event.")] = None,
    as_json: Json = False,
) -> int:
    """Tell why a node ran, waits, failed, or has not run. The chain that led there, with each expression and its values."""
    from refold.cli.commands import why as command

    return command.why(where, execution, node, at, as_json)
