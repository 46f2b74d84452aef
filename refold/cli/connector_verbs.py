"""The verbs of the command line that are about connectors: `refold connectors …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import File, Json, Where, acting, asking, takes

connectors = typer.Typer(no_args_is_help=True, help="Keep connectors: APIs described as data, with versions.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a connector.")]
Number = Annotated[int | None, typer.Option("--version", metavar="N", min=1, help="Another one than the latest version.")]


@connectors.command("import")
@takes(where=acting)
def import_(
    where: Where,
    openapi: Annotated[str, typer.Argument(metavar="OPENAPI", help="An OpenAPI document: a file, or an http or https URL.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What the connector is to be called.")] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Where the API is, instead of what the document says.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="ACTION", help="Only this operation; may be repeated.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only operations with this tag; may be repeated.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the connector into this file, and publish nothing.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Make a connector of an OpenAPI document and publish it. What cannot be taken is listed by operation."""
    from refold.cli.commands import connectors as command

    return command.import_openapi(where, openapi, command.Wanted(name, base_url, tuple(only or ()), tuple(tag or ())), out, as_json)


@connectors.command("list")
@takes(where=asking)
def list_(
    where: Where,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="All versions of this connector instead.")] = None,
    as_json: Json = False,
) -> int:
    """List the connectors, each by its latest version."""
    from refold.cli.commands import connectors as command

    return command.list_connectors(where, name, as_json)


@connectors.command()
@takes(where=asking)
def show(
    where: Where,
    name: Name,
    action: Annotated[str | None, typer.Argument(metavar="[ACTION]", help="This action, with what it takes.")] = None,
    version: Number = None,
    as_json: Json = False,
) -> int:
    """Show a connector with its actions, or one of them."""
    from refold.cli.commands import connectors as command

    return command.show(where, name, action, version, as_json)


@connectors.command()
@takes(where=acting)
def publish(where: Where, file: File, as_json: Json = False) -> int:
    """Keep the connector in a file as the next version of its name. An unchanged one is the version it was."""
    from refold.cli.commands import connectors as command

    return command.publish(where, file, as_json)
