"""The verbs of the command line that are about webhooks: `refold webhooks …`."""

from __future__ import annotations

from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes

webhooks = typer.Typer(no_args_is_help=True, help="Send other systems events over HTTP.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a webhook.")]


@webhooks.command("list")
@takes(where=asking)
def list_(where: Where, as_json: Json = False) -> int:
    """List the webhooks, and how they stand."""
    from refold.cli.commands import webhooks as command

    return command.list_webhooks(where, as_json)


@webhooks.command("set")
@takes(where=asking)
def set_(
    where: Where,
    name: Name,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are sent.")],
    types: Annotated[list[str] | None, typer.Option("--type", metavar="TYPE", help="Only of this type; repeatable.")] = None,
    workflow: Annotated[str | None, typer.Option("--workflow", metavar="NAME", help="Only of this workflow.")] = None,
    filter_: Annotated[str | None, typer.Option("--filter", metavar="CEL", help="Only those for which this is true.")] = None,
    secret: Annotated[str | None, typer.Option("--secret", metavar="SECRET", help="What requests are signed with.")] = None,
    as_json: Json = False,
) -> int:
    """Make a webhook, or let it be this from now on. Its secret is printed."""
    from refold.cli.commands import webhooks as command

    return command.set_webhook(where, name, url, types, workflow, filter_, secret, as_json)


@webhooks.command()
@takes(where=asking)
def delete(where: Where, name: Name) -> int:
    """Delete a webhook: it is sent nothing more."""
    from refold.cli.commands import webhooks as command

    return command.delete(where, name)


@webhooks.command()
@takes(where=asking)
def deliveries(where: Where, name: Name, as_json: Json = False) -> int:
    """List what waits to be sent again, and the last requests."""
    from refold.cli.commands import webhooks as command

    return command.deliveries(where, name, as_json)


@webhooks.command()
@takes(where=asking)
def redeliver(where: Where, name: Name, event: Annotated[str, typer.Argument(metavar="EXECUTION/VERSION", help="An event.")]) -> int:
    """Send an event once more."""
    from refold.cli.commands import webhooks as command

    return command.redeliver(where, name, event)


@webhooks.command()
@takes(where=asking)
def enable(where: Where, name: Name) -> int:
    """Send to a webhook again that was disabled."""
    from refold.cli.commands import webhooks as command

    return command.enable(where, name)
