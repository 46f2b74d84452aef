"""The verb of the command line that shows who did what: `refold audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, OfWorkflow, Where, asking, takes


@takes(where=asking)
def audit(
    where: Where,
    actor: Annotated[str | None, typer.Option("--actor", metavar="ACTOR", help="Only what this actor did.")] = None,
    execution: Annotated[str | None, typer.Option("--execution", metavar="EXECUTION", help="Only what was done to it.")] = None,
    workflow: OfWorkflow = None,
    command: Annotated[str | None, typer.Option("--command", metavar="NAME", help="Only this command: CancelExecution.")] = None,
    filter_: Annotated[str | None, typer.Option("--filter", metavar="EXPRESSION", help="Only what it is true for.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="Only the last N.")] = 50,
    as_json: Json = False,
) -> int:
    """Show who did what, the latest first. To executions, definitions and dead letters."""
    from refold.cli.commands import audit as commands
    from refold.cli.commands.target import AuditWanted

    wanted = AuditWanted(actor=actor, execution=execution, workflow=workflow, command=command, filter=filter_, limit=limit)
    return commands.audit(where, wanted, as_json)
