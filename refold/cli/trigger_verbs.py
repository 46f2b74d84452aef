"""The verbs of the command line that are about triggers: `refold triggers …`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes

triggers = typer.Typer(no_args_is_help=True, help="What starts executions by itself.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="WORKFLOW.ID, or the name of one made by hand.")]


@triggers.command("list")
@takes(where=asking)
def list_(
    where: Where,
    workflow: Annotated[str | None, typer.Option("--workflow", metavar="NAME", help="Only those that start this workflow.")] = None,
    type_: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only of this kind.")] = None,
    as_json: Json = False,
) -> int:
    """List the triggers, and how they stand."""
    from refold.cli.commands import triggers as command

    return command.list_triggers(where, workflow, type_, as_json)


@triggers.command()
@takes(where=asking)
def show(where: Where, name: Name, as_json: Json = False) -> int:
    """Show a trigger: when it is due, what it did."""
    from refold.cli.commands import triggers as command

    return command.show(where, name, as_json)


@triggers.command("set")
@takes(where=asking)
def set_(
    where: Where,
    name: Annotated[str, typer.Argument(metavar="NAME", help="How it is to be called, without a dot.")],
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="The workflow that it starts.")],
    trigger: Annotated[str, typer.Argument(metavar="JSON", help='As in a definition, without an id: {"type": "manual"}.')],
    as_json: Json = False,
) -> int:
    """Make a trigger by hand, or change it."""
    from refold.cli.commands import triggers as command

    return command.set_trigger(where, name, workflow, trigger, as_json)


@triggers.command()
@takes(where=asking)
def delete(where: Where, name: Name) -> int:
    """Delete a trigger that was made by hand."""
    from refold.cli.commands import triggers as command

    return command.delete(where, name)


@triggers.command()
@takes(where=asking)
def pause(
    where: Where, name: Name, reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; whoever looks is told.")] = ""
) -> int:
    """Let a trigger start nothing by itself."""
    from refold.cli.commands import triggers as command

    return command.pause(where, name, reason)


@triggers.command()
@takes(where=asking)
def resume(where: Where, name: Name) -> int:
    """Let a trigger start executions again, from now on."""
    from refold.cli.commands import triggers as command

    return command.resume(where, name)


@triggers.command()
@takes(where=asking)
def fire(
    where: Where,
    name: Name,
    body: Annotated[str | None, typer.Option("--body", metavar="JSON", help="What stands in `trigger.body`.")] = None,
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="The same key again is the same execution.")] = None,
    as_json: Json = False,
) -> int:
    """Start what a trigger starts, now."""
    from refold.cli.commands import triggers as command

    return command.fire(where, name, body, key, as_json)


@triggers.command()
@takes(where=asking)
def backfill(
    where: Where,
    name: Name,
    since: Annotated[str, typer.Argument(metavar="SINCE", help="The first time that counts, as in 2026-11-21T00:00:00Z.")],
    until: Annotated[str, typer.Argument(metavar="UNTIL", help="The first time that does not.")],
    as_json: Json = False,
) -> int:
    """Start what a schedule was to start in a range."""
    from refold.cli.commands import triggers as command

    return command.backfill(where, name, since, until, as_json)


Delivery = Annotated[str, typer.Argument(metavar="ID", help="The delivery.")]


@triggers.command()
@takes(where=asking)
def deliveries(
    where: Where,
    name: Name,
    test: Annotated[bool, typer.Option("--test", help="Those that came to the test address.")] = False,
    as_json: Json = False,
) -> int:
    """List what came to a webhook lately."""
    from refold.cli.commands import hook_deliveries as command

    return command.list_deliveries(where, name, test, as_json)


@triggers.command()
@takes(where=asking)
def delivery(where: Where, name: Name, delivery: Delivery, as_json: Json = False) -> int:
    """Show a request that came to a webhook."""
    from refold.cli.commands import hook_deliveries as command

    return command.show(where, name, delivery, as_json)


@triggers.command()
@takes(where=asking)
def redeliver(where: Where, name: Name, delivery: Delivery, as_json: Json = False) -> int:
    """Start what a request would have started, once more."""
    from refold.cli.commands import hook_deliveries as command

    return command.redeliver(where, name, delivery, as_json)
