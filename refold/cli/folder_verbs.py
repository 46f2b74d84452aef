"""The commands about a data folder itself."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes


@takes(where=asking)
def accept_loss(
    where: Where,
    yes: Annotated[bool, typer.Option("--yes", help="Go on without what is gone; without it, it is only said.")] = False,
    as_json: Json = False,
) -> int:
    """Go on with a log that has lost acknowledged records, and write down which; 1 without --yes where there are any."""
    from refold.cli.commands import accept_loss as command

    return command.accept_loss(where, yes, as_json)
