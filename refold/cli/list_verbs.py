"""The commands that list what is going on across executions."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes

Filter = Annotated[str | None, typer.Option("--filter", metavar="EXPRESSION", help="Only those for which it is true.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Only the first N.")]


@takes(where=asking)
def nodes(where: Where, filter_: Filter = None, limit: Limit = None, as_json: Json = False) -> int:
    """List the nodes that run, wait or have failed, everywhere."""
    from refold.cli.commands import look_across
    from refold.cli.commands.target import Picked

    return look_across.nodes(where, Picked(filter=filter_, limit=limit), as_json)


@takes(where=asking)
def waiting(where: Where, filter_: Filter = None, limit: Limit = None, as_json: Json = False) -> int:
    """List who waits for what, everywhere. Signals, timers, children, slots, people."""
    from refold.cli.commands import look_across
    from refold.cli.commands.target import Picked

    return look_across.waiting(where, Picked(filter=filter_, limit=limit), as_json)


@takes(where=asking)
def incidents(
    where: Where,
    by_cause: Annotated[bool, typer.Option("--by-cause", help="How many of each cause, those with the most first.")] = False,
    filter_: Filter = None,
    limit: Limit = None,
    as_json: Json = False,
) -> int:
    """List what needs a person, everywhere: open incidents."""
    from refold.cli.commands import look_across
    from refold.cli.commands.target import Picked

    picked = Picked(filter=filter_, limit=limit)
    return look_across.causes(where, picked, as_json) if by_cause else look_across.incidents(where, picked, as_json)
