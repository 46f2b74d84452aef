"""The verb of the command line that lets executions go on by another version of their workflow: `refold migrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes


@takes(where=asking)
def migrate(
    where: Where,
    workflow: Annotated[str, typer.Argument(metavar="NAME", help="The workflow.")],
    from_: Annotated[int, typer.Option("--from", metavar="V", min=1, help="The version that they go by.")],
    to: Annotated[int, typer.Option("--to", metavar="V", min=1, help="The version that they are to go by.")],
    filter_: Annotated[
        str | None, typer.Option("--filter", metavar="EXPRESSION", help="Only those for which it is true: \"status == 'paused'\".")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="OLD=NEW", help="A node that has another name in it; repeatable.")
    ] = None,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Let the version decide over the past of each, too.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, to all that are ready.")] = False,
    rate: Annotated[float | None, typer.Option("--rate", metavar="N", help="So many executions a second; 200 without it.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="With --apply: show how far it is, until its end.")] = False,
    as_json: Json = False,
) -> int:
    """Let open executions go on by another version. Without --apply, say which could.

    Exit code 1 where one cannot, or with --rehearse would have been otherwise.
    """
    from refold.cli.commands import migrate as command

    wanted = command.Wanted(workflow, from_, to, filter_, tuple(map_ or ()), rehearse, rate)
    return command.apply(where, wanted, follow, as_json) if apply else command.plan(where, wanted, as_json)
