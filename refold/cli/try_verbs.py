"""The verbs of the command line that try a definition: `refold test-run`, and `refold step`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import Execution, File, Input, Json, Where, asking, takes


@takes(where=asking)
def try_(
    where: Where,
    file: File,
    given: Input = None,
    pins: Annotated[list[str] | None, typer.Option("--pin", metavar="NODE=JSON", help="The output of a node; repeatable.")] = None,
    ports: Annotated[list[str] | None, typer.Option("--port", metavar="NODE=PORT", help="The port it leaves by; repeatable.")] = None,
    failures: Annotated[list[str] | None, typer.Option("--fail", metavar="NODE=TYPE", help="The failure it has; repeatable.")] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--pin-from", metavar="NODE=EXECUTION", help="What it ended by there; `*=` all that came from outside."),
    ] = None,
    all_pins: Annotated[Path | None, typer.Option("--pins", metavar="FILE", help="Pins as the HTTP API takes them, JSON or YAML.")] = None,
    stops: Annotated[list[str] | None, typer.Option("--stop-before", metavar="NODE", help="Halt before this node; repeatable.")] = None,
    skip_time: Annotated[bool, typer.Option("--skip-time", help="Delays and retries are over at once.")] = False,
    skip_timeouts: Annotated[bool, typer.Option("--skip-timeouts", help="So are timeouts of people and signals.")] = False,
    refuses: Annotated[bool, typer.Option("--refuse-unpinned", help="An activity without a pin fails, and runs nowhere.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Print every event as it happens, until its end.")] = False,
    as_json: Json = False,
) -> int:
    """Try a definition without publishing it. What has no pin runs."""
    from refold.cli.commands import test_run as command

    said = command.Said(pins or (), ports or (), failures or (), sources or (), all_pins)
    wanted = command.Wanted(file, given, said, tuple(stops or ()), skip_time, skip_timeouts, refuses, follow, as_json)
    return command.test_run(where, wanted)


@takes(where=asking)
def step(where: Where, execution: Execution, as_json: Json = False) -> int:
    """Let a test run go on to whatever is to begin next."""
    from refold.cli.commands import test_run as command

    return command.step(where, execution, as_json)
