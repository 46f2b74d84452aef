"""The verb of the command line that writes a definition as a graph of LangGraph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import File


def export_langgraph(
    file: File,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where the module is written; stdout without it.")] = None,
    module: Annotated[
        str | None, typer.Option("--worker", metavar="MODULE", help="The module with your own activities; the graph runs them.")
    ] = None,
) -> int:
    """Write a definition as a graph of LangGraph.

    A Python module that decides as Refold does. What cannot go there is listed, with its line and why. Exit code 2: nothing was written.
    """
    from refold.cli.commands import export_langgraph as command

    return command.export(file, output, module)
