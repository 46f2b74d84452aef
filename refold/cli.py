"""The command line: `refold`. What a command does stands in `refold/commands/`, and is imported when it runs.

`worker` alone stands in `refold/worker_command.py`: it runs users' code, and never sees the engine's packages.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from refold import __version__

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Refold runs workflows and remembers all they did in a log.", rich_markup_mode=None
)

Data = Annotated[Path, typer.Option("--data", envvar="REFOLD_DATA", metavar="DIR", help="The data folder.")]
Files = Annotated[
    Path | None, typer.Option("--files", metavar="DIR", help="The folder that read_file and write_file may use; without it no files.")
]
Private = Annotated[bool, typer.Option("--allow-private-addresses", help="Let http_request reach loopback and private addresses.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="S", min=0.0, help="Stop after so many seconds; what is open stays open.")
]
NoContinue = Annotated[bool, typer.Option("--no-continue", help="Only record the command, do not move on.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the history.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A workflow definition, YAML or JSON.")]
Execution = Annotated[str, typer.Argument(metavar="EXECUTION", help="The id of an execution.")]
DATA = Path(".refold")


@app.callback(invoke_without_command=True)
def refold(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Refold runs workflows and remembers all they did in a log."""
    if version:
        typer.echo(f"refold {__version__}")
        raise typer.Exit


# Run.


@app.command()
def run(
    file: File,
    given: Annotated[str | None, typer.Option("--input", metavar="JSON|@FILE", help="The input; `{}` without it.")] = None,
    data: Data = DATA,
    as_json: Json = False,
    timeout: Timeout = None,
    execution: Annotated[
        str | None, typer.Option("--id", metavar="EXECUTION", help="An id of your own; the same request twice is once.")
    ] = None,
    files: Files = None,
    allow_private_addresses: Private = False,
    further: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="A further definition to publish, for sub_workflow; repeatable.")
    ] = None,
) -> int:
    """Run a workflow to its end. Exit code: 0 completed; 1 failed, cancelled, incident; 2 invalid input."""
    from refold.commands import run as command
    from refold.commands.engine import Place

    place = Place(data=data, files=files, allow_private_addresses=allow_private_addresses)
    wanted = command.Wanted(file=file, given=given, further=further or (), execution=execution, timeout_s=timeout, as_json=as_json)
    return command.run(place, wanted)


@app.command()
def serve(
    data: Data = DATA,
    host: Annotated[str, typer.Option("--host", envvar="REFOLD_HOST", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", envvar="REFOLD_PORT", min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    lane: Annotated[bool, typer.Option(envvar="REFOLD_LANE", help="Whether hot requests go past the web framework.")] = True,
    lease: Annotated[
        float, typer.Option("--lease", envvar="REFOLD_LEASE", min=0.1, max=3600, metavar="SECONDS", help="How long a worker may be silent.")
    ] = 30.0,
    files: Files = None,
    allow_private_addresses: Private = False,
) -> int:
    """Serve the HTTP API, and run what is started over it."""
    from refold.commands import serve as command
    from refold.commands.engine import Place

    return command.serve(Place(data=data, files=files, allow_private_addresses=allow_private_addresses), host, port, lane, lease)


@app.command("continue")
def continue_(
    data: Data = DATA, as_json: Json = False, timeout: Timeout = None, files: Files = None, allow_private_addresses: Private = False
) -> int:
    """Take up what is open, until it ends or waits for somebody."""
    from refold.commands import run as command
    from refold.commands.engine import Place

    return command.continue_all(Place(data=data, files=files, allow_private_addresses=allow_private_addresses), timeout, as_json)


@app.command()
def worker(
    target: Annotated[
        str, typer.Argument(metavar="MODULE[:NAME]", help="The module with your activities; NAME takes one, or a list of them.")
    ],
    server: Annotated[str | None, typer.Option("--server", envvar="REFOLD_SERVER", metavar="URL", help="The server to work for.")] = None,
    queues: Annotated[str, typer.Option("--queues", metavar="A,B", help="The queues to take work from.")] = "default",
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=1_000, help="How many plain functions run at a time.")] = 32,
    processes: Annotated[int, typer.Option("--processes", min=1, max=256, help="How many processes work.")] = 1,
    watch: Annotated[bool, typer.Option("--watch", help="Start again when a source file changes.")] = False,
) -> int:
    """Run your own activities for a server."""
    from refold import worker_command as command

    names = [name.strip() for name in queues.split(",") if name.strip()] or ["default"]
    wanted = command.Wanted(target=target, server=server, queues=names, concurrency=concurrency, processes=processes, watch=watch)
    return command.worker(wanted)


# Look.


@app.command("list")
def list_(
    data: Data = DATA,
    status: Annotated[list[str] | None, typer.Option("--status", help="Only of this status; repeatable.")] = None,
    workflow: Annotated[str | None, typer.Option("--workflow", help="Only of this workflow.")] = None,
    as_json: Json = False,
) -> int:
    """List the executions, and what each open one waits for."""
    from refold.commands import look

    return look.list_executions(data, status or (), workflow, as_json)


@app.command()
def show(
    execution: Execution,
    at: Annotated[int | None, typer.Option("--at", metavar="VERSION", help="As it was after this event.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> int:
    """Show an execution: as it is now, or as it was at a version."""
    from refold.commands import look

    return look.show(data, execution, at, as_json)


@app.command()
def history(execution: Execution, data: Data = DATA, as_json: Json = False) -> int:
    """Show every event of an execution; --json: one a line."""
    from refold.commands import look

    return look.history(data, execution, as_json)


@app.command()
def verify(
    execution: Annotated[str | None, typer.Argument(metavar="EXECUTION", help="The id of an execution; without it all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All executions.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> int:
    """Decide all decisions again and compare; 1 on a difference."""
    from refold.commands import verify as command

    if execution is not None and every:
        raise typer.BadParameter("give either EXECUTION or --all")
    return command.verify(data, execution, as_json)


@app.command()
def incidents(data: Data = DATA, as_json: Json = False) -> int:
    """List the open incidents: what needs a person."""
    from refold.commands import look

    return look.incidents(data, as_json)


@app.command()
def doctor(data: Data = DATA, as_json: Json = False) -> int:
    """See whether all is there and the data folder is in order."""
    from refold.commands import doctor as command

    return command.doctor(data, as_json)


# Steer.


@app.command()
def signal(
    execution: Execution,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the signal.")],
    payload: Annotated[str | None, typer.Argument(metavar="JSON", help="The payload, or @FILE; `null` without it.")] = None,
    signal_id: Annotated[str | None, typer.Option("--id", help="An id of your own; the same signal twice is once.")] = None,
    data: Data = DATA,
    as_json: Json = False,
    timeout: Timeout = None,
    files: Files = None,
    allow_private_addresses: Private = False,
    no_continue: NoContinue = False,
) -> int:
    """Send a signal to an execution."""
    from refold.commands import steer

    steering = steer.steering(execution, data, files, allow_private_addresses, not no_continue, timeout, as_json)
    return steer.signal(steering, name, payload, signal_id)


@app.command()
def pause(execution: Execution, reason: Reason = "", data: Data = DATA, as_json: Json = False) -> int:
    """Hold an execution: nothing new begins until it is resumed."""
    from refold.commands import steer

    return steer.pause(steer.steering(execution, data, as_json=as_json), reason)


@app.command()
def resume(
    execution: Execution,
    data: Data = DATA,
    as_json: Json = False,
    timeout: Timeout = None,
    files: Files = None,
    allow_private_addresses: Private = False,
    no_continue: NoContinue = False,
) -> int:
    """Let a paused execution go on."""
    from refold.commands import steer

    return steer.resume(steer.steering(execution, data, files, allow_private_addresses, not no_continue, timeout, as_json))


@app.command()
def cancel(
    execution: Execution,
    reason: Reason = "",
    data: Data = DATA,
    as_json: Json = False,
    timeout: Timeout = None,
    files: Files = None,
    allow_private_addresses: Private = False,
    no_continue: NoContinue = False,
) -> int:
    """Stop an execution with clean-up and compensation."""
    from refold.commands import steer

    return steer.cancel(steer.steering(execution, data, files, allow_private_addresses, not no_continue, timeout, as_json), reason)


@app.command()
def terminate(execution: Execution, reason: Reason = "", data: Data = DATA, as_json: Json = False) -> int:
    """Stop an execution now; nothing more runs."""
    from refold.commands import steer

    return steer.terminate(steer.steering(execution, data, as_json=as_json), reason)


@app.command()
def resolve(
    execution: Execution,
    action: Annotated[Literal["retry", "skip", "fail"], typer.Argument(help="Try again, go on as if it had completed, or let it fail.")],
    incident: Annotated[str | None, typer.Option("--incident", help="Which one, where several are open.")] = None,
    output: Annotated[str | None, typer.Option("--output", metavar="JSON|@FILE", help="With skip: the node's output.")] = None,
    port: Annotated[str | None, typer.Option("--port", help="With skip: the port to leave by.")] = None,
    variables: Annotated[str | None, typer.Option("--variables", metavar="JSON|@FILE", help="Variables to set first.")] = None,
    data: Data = DATA,
    as_json: Json = False,
    timeout: Timeout = None,
    files: Files = None,
    allow_private_addresses: Private = False,
    no_continue: NoContinue = False,
) -> int:
    """Resolve an incident, and let its path go on."""
    from refold.commands import steer

    steering = steer.steering(execution, data, files, allow_private_addresses, not no_continue, timeout, as_json)
    return steer.resolve(steering, action, incident, output, port, variables)


# Define.


@app.command()
def validate(file: File, as_json: Json = False) -> int:
    """Check a definition and list all its problems."""
    from refold.commands import define

    return define.validate(file, as_json)


@app.command("node-kinds")
def node_kinds(as_json: Json = False) -> int:
    """List the node kinds; --json: with their configs' schemas."""
    from refold.commands import define

    return define.node_kinds(as_json)


@app.command()
def schemas(
    folder: Annotated[Path | None, typer.Option("--write", metavar="DIR", help="Write each to a file in this folder.")] = None,
) -> int:
    """Print the JSON Schemas, or write them to files."""
    from refold.commands import define

    return define.schemas(folder)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(_main())


def _main() -> int:
    try:
        code = app(prog_name="refold", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has had enough; nothing is left to be flushed
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if "refold.commands" not in sys.modules and not isinstance(error, typer.TyperException):
            raise
        from refold.commands import output

        if not output.is_expected(error):
            raise
        return output.report(error)
