"""The verbs of the command line that are about circuit breakers: `refold breakers …`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes

breakers = typer.Typer(no_args_is_help=True, help="What is not tried any more while it fails.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The circuit breaker.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; whoever looks is told.")]


@breakers.command("list")
@takes(where=asking)
def list_(where: Where, as_json: Json = False) -> int:
    """List the circuit breakers, and how they stand."""
    from refold.cli.commands import breakers as command

    return command.list_breakers(where, as_json)


@breakers.command("set")
@takes(where=asking)
def set_(
    where: Where,
    name: Annotated[str, typer.Argument(metavar="NAME", help="How it is to be called.")],
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Activities of this kind go by it.")] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Those to this host.")] = None,
    credential: Annotated[str | None, typer.Option("--credential", metavar="NAME", help="Those with this credential.")] = None,
    failures: Annotated[int, typer.Option("--failures", metavar="N", help="It opens at so many failures …")] = 5,
    window: Annotated[str, typer.Option("--window", metavar="DURATION", help="… within this time …")] = "1m",
    cool_down: Annotated[str, typer.Option("--cool-down", metavar="DURATION", help="… and is tried after this.")] = "30s",
    as_json: Json = False,
) -> int:
    """Make a circuit breaker, or change it."""
    from refold.cli.commands import breakers as command

    match = {"kind": kind, "host": host, "credential": credential}
    return command.set_breaker(where, name, match, command.Limits(failures, window, cool_down), as_json)


@breakers.command()
@takes(where=asking)
def show(where: Where, name: Name, as_json: Json = False) -> int:
    """Show a circuit breaker: what goes by it, how it stands."""
    from refold.cli.commands import breakers as command

    return command.show(where, name, as_json)


@breakers.command("open")
@takes(where=asking)
def open_(where: Where, name: Name, reason: Reason = "") -> int:
    """Open a circuit breaker until it is closed."""
    from refold.cli.commands import breakers as command

    return command.open_breaker(where, name, reason)


@breakers.command()
@takes(where=asking)
def close(where: Where, name: Name, reason: Reason = "") -> int:
    """Close a circuit breaker: what waits for it goes on."""
    from refold.cli.commands import breakers as command

    return command.close(where, name, reason)


@breakers.command()
@takes(where=asking)
def delete(where: Where, name: Name) -> int:
    """Delete a circuit breaker: what waits for it goes on."""
    from refold.cli.commands import breakers as command

    return command.delete(where, name)
