"""The verb of the command line that heals: `refold heal`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Execution, Json, Where, asking, takes


@takes(where=asking)
def heal(
    where: Where,
    execution: Execution,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="Who suggests: `provider:model`, or a name of `settings.models`.")
    ] = None,
    auto: Annotated[
        str | None, typer.Option("--auto", metavar="KINDS", help="Made without asking: retry, timeout, config, definition; by commas.")
    ] = None,
    assignees: Annotated[list[str] | None, typer.Option("--ask", metavar="NAME", help="Who is asked; repeatable.")] = None,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, max=100, help="Compared with the last N recorded executions; 50 without.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0, help="How long to wait for a suggestion.")] = 300.0,
    as_json: Json = False,
) -> int:
    """Suggest a change for what has failed, and ask first. Exit code: 0 with a suggestion or healed, else 1."""
    from refold.cli.commands import heal as command

    kinds = None if auto is None else [one.strip() for one in auto.split(",") if one.strip()]
    return command.heal(where, execution, command.Wanted(model, kinds, assignees, last), timeout, as_json)
