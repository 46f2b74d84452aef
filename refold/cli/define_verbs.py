"""The verbs of the command line about definitions and their language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import File, Json, Where, acting, asking, takes


@takes(where=asking)
def validate(
    where: Where,
    file: File,
    as_json: Json = False,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kinds", metavar="MODULE|FILE", help="Your own kinds: the module, or a JSON list of names; repeatable."),
    ] = None,
) -> int:
    """Check a definition and list all its problems."""
    from refold.cli.commands import define

    return define.validate(where, file, as_json, kinds or ())


@takes(where=acting)
def deploy(
    where: Where,
    file: File,
    activate: Annotated[bool, typer.Option("--activate", help="Start executions with it, also where a later version is there.")] = False,
    gate: Annotated[
        str | None,
        typer.Option("--gate", metavar="GATE", help='Only if recorded executions stay as they were: "last 1000: outcome unchanged".'),
    ] = None,
    as_json: Json = False,
) -> int:
    """Publish a definition, for executions to start with. An unchanged one is the version it was."""
    from refold.cli.commands import run as command

    return command.deploy(where, file, activate, gate, as_json)


@takes(where=asking)
def node_kinds(where: Where, as_json: Json = False) -> int:
    """List the node kinds; --json: with their configs' schemas."""
    from refold.cli.commands import define

    return define.node_kinds(where, as_json)


@takes(where=asking)
def schemas(
    where: Where,
    folder: Annotated[Path | None, typer.Option("--write", metavar="DIR", help="Write each to a file in this folder.")] = None,
) -> int:
    """Print the JSON Schemas, or write them to files."""
    from refold.cli.commands import define

    return define.schemas(where, folder)
