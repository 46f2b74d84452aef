"""The command line: `refold`. What a command does stands in `refold/cli/commands/`, and is imported when it runs.

`worker` alone stands in `refold/worker/command.py`: it runs users' code, and never sees the engine's packages.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from refold import __version__
from refold.cli.analytics_verb import analytics
from refold.cli.bulk_verbs import bulk, list_, operations, views
from refold.cli.erase_verb import erase
from refold.cli.event_verbs import asyncapi
from refold.cli.folder_verbs import accept_loss, backup, restore
from refold.cli.list_verbs import incidents, nodes, waiting
from refold.cli.live_verbs import follow
from refold.cli.options import (
    Execution,
    File,
    Going,
    Input,
    Json,
    Log,
    OwnId,
    Reason,
    Timeout,
    Where,
    Worker,
    Workflow,
    acting,
    asking,
    going,
    takes,
)
from refold.cli.process_verbs import kafka, serve, worker
from refold.cli.table_verbs import add_to
from refold.cli.trace_verb import trace
from refold.cli.webhook_verbs import webhooks

app = typer.Typer(no_args_is_help=True, help="Refold runs workflows and remembers all they did in a log.", rich_markup_mode=None)

Variables = Annotated[str | None, typer.Option("--variables", metavar="JSON|@FILE", help="First values of variables.")]


@app.callback(invoke_without_command=True)
def refold(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Refold runs workflows and remembers all they did in a log."""
    if version:
        typer.echo(f"refold {__version__}")
        raise typer.Exit


# Run.


@app.command()
@takes(where=acting)
def run(
    where: Where,
    file: File,
    given: Input = None,
    as_json: Json = False,
    timeout: Timeout = None,
    execution: OwnId = None,
    further: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="A further definition to publish, for sub_workflow; repeatable.")
    ] = None,
    module: Worker = None,
) -> int:
    """Run a workflow to its end. Exit code: 0 completed; 1 failed, cancelled, incident; 2 invalid input."""
    from refold.cli.commands import run as command

    wanted = command.Wanted(
        file=file, given=given, further=further or (), execution=execution, timeout_s=timeout, as_json=as_json, worker=module
    )
    return command.run(where, wanted)


@app.command()
@takes(where=acting)
def deploy(
    where: Where,
    file: File,
    activate: Annotated[bool, typer.Option("--activate", help="Start executions with it, also where a later version is there.")] = False,
    as_json: Json = False,
) -> int:
    """Publish a definition; an unchanged one is the version it was."""
    from refold.cli.commands import run as command

    return command.deploy(where, file, activate, as_json)


@app.command()
@takes(where=acting)
def start(
    where: Where,
    workflow: Workflow,
    given: Input = None,
    execution: OwnId = None,
    key: Annotated[str | None, typer.Option("--key", help="A key of your own; with the same key it is the same execution.")] = None,
    variables: Variables = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its end, as `run` does; at most --timeout seconds.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Print every event as it happens, until its end.")] = False,
    timeout: Timeout = None,
    as_json: Json = False,
) -> int:
    """Start an execution of a workflow that was deployed."""
    from refold.cli.commands import run as command

    if execution is not None and key is not None:
        raise typer.BadParameter("give either --id or --key")
    wanted = command.Wanted(
        workflow=workflow, given=given, variables=variables, execution=execution, key=key,
        waits=wait or timeout is not None, follows=follow, timeout_s=timeout, as_json=as_json,
    )  # fmt: skip
    return command.run(where, wanted)


@app.command("continue")
@takes(where=acting)
def continue_(where: Where, as_json: Json = False, timeout: Timeout = None) -> int:
    """Take up what is open in a data folder, until it ends or waits for somebody."""
    from refold.cli.commands import go_on

    return go_on.continue_all(where, timeout, as_json)


# Look.


app.command("list")(list_)


@app.command()
@takes(where=asking)
def show(
    where: Where,
    execution: Execution,
    at: Annotated[int | None, typer.Option("--at", metavar="VERSION", help="As it was after this event.")] = None,
    as_json: Json = False,
) -> int:
    """Show an execution: as it is now, or as it was at a version."""
    from refold.cli.commands import look

    return look.show(where, execution, at, as_json)


@app.command()
@takes(where=asking)
def history(where: Where, execution: Execution, as_json: Json = False) -> int:
    """Show every event of an execution; --json: one a line."""
    from refold.cli.commands import look

    return look.history(where, execution, as_json)


app.command()(follow)


@app.command()
@takes(where=asking)
def verify(
    where: Where,
    execution: Annotated[
        str | None, typer.Argument(metavar="EXECUTION|BUNDLE", help="The id of an execution, or the file of a bundle; without it all.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All executions.")] = False,
    log: Log = None,
    as_json: Json = False,
) -> int:
    """Decide all decisions of a data folder, a log on Kafka or a bundle again and compare; 1 on a difference."""
    from refold.cli.commands import verify as command

    if execution is not None and every:
        raise typer.BadParameter("give either EXECUTION or --all")
    return command.verify(where.and_flags(log=log), execution, as_json)


@app.command()
@takes(where=asking)
def workers(where: Where, as_json: Json = False) -> int:
    """List who is there to run activities, and what waits for a worker that is not there."""
    from refold.cli.commands import look

    return look.workers(where, as_json)


@app.command()
@takes(where=asking)
def cluster(where: Where, as_json: Json = False) -> int:
    """List the processes that share a server's log, who owns which partition, and the workers."""
    from refold.cli.commands import cluster as command

    return command.cluster(where, as_json)


@app.command()
@takes(where=asking)
def doctor(where: Where, log: Log = None, as_json: Json = False) -> int:
    """See whether all is there, and the data folder, the log on Kafka or the server is in order."""
    from refold.cli.commands import doctor as command

    return command.doctor(where.and_flags(log=log), as_json)


@app.command()
@takes(where=acting)
def settings(where: Where, as_json: Json = False) -> int:
    """List every setting, its value, and where that comes from."""
    from refold.cli.commands import settings as command

    return command.settings(where, as_json)


# Steer.


@app.command()
@takes(steering=going)
def signal(
    steering: Going,
    execution: Execution,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the signal.")],
    payload: Annotated[str | None, typer.Argument(metavar="JSON", help="The payload, or @FILE; `null` without it.")] = None,
    signal_id: Annotated[str | None, typer.Option("--id", help="An id of your own; the same signal twice is once.")] = None,
    as_json: Json = False,
) -> int:
    """Send a signal to an execution."""
    from refold.cli.commands import steer

    return steer.signal(steering, as_json, execution, name, payload, signal_id)


@app.command()
@takes(where=asking)
def pause(where: Where, execution: Execution, reason: Reason = "", as_json: Json = False) -> int:
    """Hold an execution: nothing new begins until it is resumed."""
    from refold.cli.commands import steer

    return steer.pause(Going(where=where), as_json, execution, reason)


@app.command()
@takes(steering=going)
def resume(steering: Going, execution: Execution, as_json: Json = False) -> int:
    """Let a paused execution go on."""
    from refold.cli.commands import steer

    return steer.resume(steering, as_json, execution)


@app.command()
@takes(steering=going)
def release(steering: Going, execution: Execution, as_json: Json = False) -> int:
    """Let a quarantined execution go on, once the cause is mended."""
    from refold.cli.commands import steer

    return steer.release(steering, as_json, execution)


@app.command()
@takes(steering=going)
def cancel(steering: Going, execution: Execution, reason: Reason = "", as_json: Json = False) -> int:
    """Stop an execution with clean-up and compensation."""
    from refold.cli.commands import steer

    return steer.cancel(steering, as_json, execution, reason)


@app.command()
@takes(where=asking)
def terminate(where: Where, execution: Execution, reason: Reason = "", as_json: Json = False) -> int:
    """Stop an execution now; nothing more runs."""
    from refold.cli.commands import steer

    return steer.terminate(Going(where=where), as_json, execution, reason)


@app.command()
@takes(steering=going)
def resolve(
    steering: Going,
    execution: Execution,
    action: Annotated[Literal["retry", "skip", "fail"], typer.Argument(help="Try again, go on as if it had completed, or let it fail.")],
    incident: Annotated[str | None, typer.Option("--incident", help="Which one, where several are open.")] = None,
    output: Annotated[str | None, typer.Option("--output", metavar="JSON|@FILE", help="With skip: the node's output.")] = None,
    port: Annotated[str | None, typer.Option("--port", help="With skip: the port to leave by.")] = None,
    variables: Annotated[str | None, typer.Option("--variables", metavar="JSON|@FILE", help="Variables to set first.")] = None,
    as_json: Json = False,
) -> int:
    """Resolve an incident, and let its path go on."""
    from refold.cli.commands import steer

    return steer.resolve(steering, as_json, execution, action, incident, output, port, variables)


# Define.


@app.command()
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


@app.command("node-kinds")
@takes(where=asking)
def node_kinds(where: Where, as_json: Json = False) -> int:
    """List the node kinds; --json: with their configs' schemas."""
    from refold.cli.commands import define

    return define.node_kinds(where, as_json)


@app.command()
@takes(where=asking)
def schemas(
    where: Where,
    folder: Annotated[Path | None, typer.Option("--write", metavar="DIR", help="Write each to a file in this folder.")] = None,
) -> int:
    """Print the JSON Schemas, or write them to files."""
    from refold.cli.commands import define

    return define.schemas(where, folder)


# The data folder, and processes.

app.command()(trace)
app.command()(analytics)
app.command()(nodes)
app.command()(waiting)
app.command()(incidents)
app.command()(backup)
app.command()(restore)
app.command()(accept_loss)
app.command()(asyncapi)
app.command()(serve)
app.command()(worker)
add_to(app)
app.add_typer(webhooks, name="webhooks")
app.command()(bulk)
app.command()(erase)
app.add_typer(operations, name="operations")
app.add_typer(views, name="views")
app.add_typer(kafka, name="kafka")


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
        if "refold.cli.commands" not in sys.modules and not isinstance(error, typer.TyperException):
            raise
        from refold.cli.commands import output

        if not output.is_expected(error):
            raise
        return output.report(error)
