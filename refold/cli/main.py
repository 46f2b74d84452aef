"""The command line: `refold`. Its verbs stand in `refold/cli/registry.py`; what they do in `refold/cli/commands/`, imported when it runs.

`worker` alone stands in `refold/worker/command.py`: it runs users' code, and never sees the engine's packages.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

from refold import __version__
from refold.cli.panel import Panels, add_all, only

app = typer.Typer(
    cls=Panels, no_args_is_help=True, help="Refold runs workflows and remembers all they did in a log.", rich_markup_mode=None
)


LOOK_EVERY_OBJECTS = 500_000
"""What a command imports holds no garbage: looking for it every 700 objects, as Python does, takes a tenth of a short command.

A single look at 50,000 takes another tenth.
"""


@app.callback(invoke_without_command=True)
def refold(context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Refold runs workflows and remembers all they did in a log."""
    if version:
        typer.echo(f"refold {__version__}")
        raise typer.Exit
    if context.invoked_subcommand != "worker":  # whose process is its user's
        gc.set_threshold(LOOK_EVERY_OBJECTS)


add_all(app)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if os.getpid() == 1:  # the system's own answer to it is to do nothing, in the first process of a container
        signal.signal(signal.SIGTERM, _leave)
    sys.exit(_main())


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _main() -> int:
    try:
        code = only(app, sys.argv[1:])(prog_name="refold", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has had enough; nothing is left to be flushed
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if "refold.cli.commands" not in sys.modules and not isinstance(error, typer.TyperException):
            raise
        from refold.cli.commands import output

        if not output.is_expected(error):
            raise
        return output.report(error)
