"""The verbs of the command line that begin executions, or go on with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from refold.cli.options import File, Input, Json, OwnId, Timeout, Where, Worker, Workflow, acting, check_id_or_key, takes

Breaks = Annotated[
    list[str] | None,
    typer.Option("--break", metavar="NODE", help="Halt there, for `refold debug`; or `failure [NODE]`, `change VARIABLE`; repeatable."),
]
BreakIf = Annotated[str, typer.Option("--if", metavar="EXPRESSION", help="With --break: only where it is true.")]
BreakHalts = Annotated[Literal["branch", "all"], typer.Option("--halt", help="With --break: its branch alone, or the whole execution.")]
Variables = Annotated[str | None, typer.Option("--variables", metavar="JSON|@FILE", help="First values of variables.")]


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
    breaks: Breaks = None,
    condition: BreakIf = "",
    halts: BreakHalts = "branch",
) -> int:
    """Run a workflow to its end. Exit code: 0 completed; 1 failed, cancelled, incident; 2 invalid input."""
    from refold.cli.commands import run as command

    wanted = command.Wanted(
        file=file, given=given, further=further or (), execution=execution, timeout_s=timeout, as_json=as_json, worker=module,
        breaks=breaks or (), condition=condition, halts=halts,
    )  # fmt: skip
    return command.run(where, wanted)


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
    breaks: Breaks = None,
    condition: BreakIf = "",
    halts: BreakHalts = "branch",
    as_json: Json = False,
) -> int:
    """Start an execution of a workflow that was deployed."""
    from refold.cli.commands import run as command

    check_id_or_key(execution, key)
    wanted = command.Wanted(
        workflow=workflow, given=given, variables=variables, execution=execution, key=key,
        waits=wait or timeout is not None, follows=follow, timeout_s=timeout, as_json=as_json,
        breaks=breaks or (), condition=condition, halts=halts,
    )  # fmt: skip
    return command.run(where, wanted)


@takes(where=acting)
def continue_(where: Where, as_json: Json = False, timeout: Timeout = None) -> int:
    """Take up what is open in a data folder. It ends, or waits for somebody."""
    from refold.cli.commands import go_on

    return go_on.continue_all(where, timeout, as_json)
