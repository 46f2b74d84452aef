"""The commands about what other systems hear."""

from __future__ import annotations

from typing import Annotated

import typer


def asyncapi(
    prefix: Annotated[str, typer.Option("--prefix", metavar="PREFIX", help="What the topics of the log on Kafka begin with.")] = "refold",
) -> int:
    """Print the AsyncAPI document of what other systems hear."""
    from refold.cli.commands import asyncapi as command

    return command.asyncapi(prefix)
