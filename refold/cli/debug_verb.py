"""The verb of the command line that debugs a living execution."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Execution, Going, Json, going, takes


@takes(steering=going)
def debug(
    steering: Going,
    execution: Execution,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="One command: `continue`, `over`, `break NODE if …`; without it those of stdin."),
    ] = None,
    who: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts; REFOLD_PERSON without it, else nobody known.")] = None,
    as_json: Json = False,
) -> int:
    """Debug a living execution. Breakpoints, steps, changes; `help` lists the commands."""
    from refold.cli.commands import debug as command
    from refold.cli.commands.who import Who

    return command.debug(steering, execution, words or (), Who(who).person().name, as_json)
