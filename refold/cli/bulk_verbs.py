"""The verbs of the command line about many executions at once: `refold bulk`, `refold operations …`, `refold views …`, `refold list`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from refold.cli.options import Json, OfWorkflow, Where, acting, asking, takes

operations = typer.Typer(no_args_is_help=True, help="Look at bulk operations, and take them back.")
views = typer.Typer(no_args_is_help=True, help="Keep filters of executions under names.")

Filter = Annotated[
    str | None, typer.Option("--filter", metavar="EXPRESSION", help="Only those for which it is true: \"search.customer == 'A-1'\".")
]
View = Annotated[str | None, typer.Option("--view", metavar="NAME", help="Only those of a saved view.")]
Operation = Annotated[str, typer.Argument(metavar="OPERATION", help="The id of a bulk operation.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a view.")]
Follow = Annotated[bool, typer.Option("--follow", help="Show how far it is, until its end.")]


@takes(where=asking)
def list_(
    where: Where,
    status: Annotated[list[str] | None, typer.Option("--status", help="Only of this status; repeatable.")] = None,
    workflow: OfWorkflow = None,
    filter_: Filter = None,
    view: View = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Only the last N that were created.")] = None,
    system: Annotated[bool, typer.Option("--system", help="Show the engine's own workflows, too.")] = False,
    as_json: Json = False,
) -> int:
    """List the executions, and what each open one waits for."""
    from refold.cli.commands import look
    from refold.cli.commands.target import Wanted

    wanted = Wanted(statuses=status or (), workflow=workflow, filter=filter_, limit=limit, system=system)
    return look.list_executions(where, wanted, view, as_json)


@takes(where=asking)
def bulk(
    where: Where,
    action: Annotated[
        str, typer.Argument(metavar="ACTION", help="cancel, terminate, pause, resume, start, release, signal, retry, fail, erase, archive.")
    ],
    filter_: Filter = None,
    view: View = None,
    incidents: Annotated[
        str | None, typer.Option("--incidents", metavar="EXPRESSION", help="Only those with such an open incident: \"error.type == 'x'\".")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for the histories.")] = None,
    signal: Annotated[str | None, typer.Option("--signal", metavar="NAME", help="With `signal`: its name.")] = None,
    payload: Annotated[str | None, typer.Option("--payload", metavar="JSON|@FILE", help="With `signal`: what it says.")] = None,
    rate: Annotated[float | None, typer.Option("--rate", metavar="N", help="So many executions a second; 200 without it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are, and some of them.")] = False,
    follow: Follow = False,
    as_json: Json = False,
) -> int:
    """Do one thing with all executions that a filter gives. Exit code with --follow: 0 where none failed, else 1."""
    from refold.cli.commands import bulk as command

    wanted = command.Wanted(
        action=action, filter=filter_, view=view, incidents=incidents, reason=reason, signal=signal, payload=payload, rate=rate,
        dry_run=dry_run,
    )  # fmt: skip
    return command.begin(where, wanted, follow, as_json)


@operations.command("list")
@takes(where=asking)
def list_operations(
    where: Where,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="Only the last N.")] = 50,
    as_json: Json = False,
) -> int:
    """List the bulk operations, the last one first."""
    from refold.cli.commands import bulk as command

    return command.list_operations(where, limit, as_json)


@operations.command("show")
@takes(where=asking)
def show_operation(where: Where, operation: Operation, follow: Follow = False, as_json: Json = False) -> int:
    """Show how far a bulk operation is."""
    from refold.cli.commands import bulk as command

    return command.show(where, operation, follow, as_json)


@operations.command("results")
@takes(where=asking)
def results(
    where: Where,
    operation: Operation,
    result: Annotated[Literal["ok", "skipped", "failed"] | None, typer.Option("--result", help="Only these.")] = None,
    as_json: Json = False,
) -> int:
    """Show what became of each execution, so far."""
    from refold.cli.commands import bulk as command

    return command.results(where, operation, result, as_json)


@operations.command("undo")
@takes(where=asking)
def undo(where: Where, operation: Operation, follow: Follow = False, as_json: Json = False) -> int:
    """Take back what a bulk operation has done. That can be with pause and resume."""
    from refold.cli.commands import bulk as command

    return command.undo(where, operation, follow, as_json)


@views.command("list")
@takes(where=asking)
def list_views(where: Where, as_json: Json = False) -> int:
    """List the saved views."""
    from refold.cli.commands import views as command

    return command.list_views(where, as_json)


@views.command("save")
@takes(where=acting)
def save_view(
    where: Where,
    name: Name,
    filter_: Filter = None,
    all_: Annotated[bool, typer.Option("--all", help="Without a filter: all executions.")] = False,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B", help='What is shown of each: "execution_id,status,search.customer".')
    ] = None,
    summary: Annotated[str | None, typer.Option("--summary", help="What it is for.")] = None,
    sort: Annotated[
        Literal["created_at", "-created_at"] | None, typer.Option("--sort", help="The oldest first, or with `-` the latest.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Keep a filter of executions under a name. Another one of that name is replaced."""
    from refold.cli.commands import views as command

    made = command.view_of(filter_, all_, columns, summary, sort)
    return command.save(where, name, made, as_json)


@views.command("delete")
@takes(where=acting)
def delete_view(where: Where, name: Name) -> int:
    """Delete a saved view."""
    from refold.cli.commands import views as command

    return command.delete(where, name)
