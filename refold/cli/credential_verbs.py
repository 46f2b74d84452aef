"""The verbs of the command line that are about credentials: `refold credentials …`. No option takes a value that is secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes

credentials = typer.Typer(no_args_is_help=True, help="Keep secrets, for activities to use.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a credential.")]
Kind = Annotated[str, typer.Option("--kind", metavar="KIND", help="What it is: basic, bearer, header, signing, oauth2 or values.")]
From = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="The file with its values; without it they are asked for, or read from stdin.")
]
Summary = Annotated[str, typer.Option("--summary", metavar="TEXT", help="What it is for.")]
Workflows = Annotated[
    list[str] | None, typer.Option("--workflow", metavar="NAME", help="Only this workflow may use it; repeatable. Without it all may.")
]
Overlap = Annotated[str, typer.Option("--overlap", metavar="DURATION", help="How long the values before count beside the new ones.")]


@credentials.command("list")
@takes(where=asking)
def list_(where: Where, as_json: Json = False) -> int:
    """List the credentials, without their values."""
    from refold.cli.commands import credentials as command

    return command.list_credentials(where, as_json)


@credentials.command()
@takes(where=asking)
def show(where: Where, name: Name, as_json: Json = False) -> int:
    """Show who wrote a credential when, and what names it."""
    from refold.cli.commands import credentials as command

    return command.show(where, name, as_json)


@credentials.command()
@takes(where=asking)
def create(where: Where, name: Name, kind: Kind, file: From = None, summary: Summary = "", workflows: Workflows = None) -> int:
    """Keep a credential. Its values come from a file, from stdin, or are asked for."""
    from refold.cli.commands import credentials as command

    return command.create(where, name, kind, file, summary, workflows or [])


@credentials.command()
@takes(where=asking)
def rotate(where: Where, name: Name, file: From = None, overlap: Overlap = "1h") -> int:
    """Give a credential other values; both count for a while."""
    from refold.cli.commands import credentials as command

    return command.rotate(where, name, file, overlap)


@credentials.command()
@takes(where=asking)
def uses(
    where: Where,
    name: Name,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="Only the last N.")] = 50,
    as_json: Json = False,
) -> int:
    """Show who was given a credential, the latest first."""
    from refold.cli.commands import credentials as command

    return command.uses(where, name, limit, as_json)


@credentials.command()
@takes(where=asking)
def authorize(
    where: Where,
    name: Name,
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65_535, help="Where on this machine the browser comes back.")
    ] = 0,
    redirect_uri: Annotated[
        str | None, typer.Option("--redirect-uri", metavar="URL", help="Where it comes back instead; then its address is asked for.")
    ] = None,
) -> int:
    """Let a person authorize a credential of kind oauth2."""
    from refold.cli.commands import authorize as command

    return command.authorize(where, name, port, redirect_uri)


@credentials.command("rotate-master-key")
@takes(where=asking)
def rotate_master_key(where: Where) -> int:
    """Have another master key open all credentials."""
    from refold.cli.commands import credentials as command

    return command.rotate_master_key(where)


@credentials.command()
@takes(where=asking)
def delete(
    where: Where,
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Also where something still names it.")] = False,
) -> int:
    """Keep a credential no more."""
    from refold.cli.commands import credentials as command

    return command.delete(where, name, force)
