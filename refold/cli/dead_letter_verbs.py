"""The verbs of the command line that are about dead letters: `refold dead-letters …`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from refold.cli.options import Json, Where, acting, asking, takes

dead_letters = typer.Typer(no_args_is_help=True, help="List what could not be delivered, send it again, drop it.")

Why = Annotated[str, typer.Option("--reason", help="Why; it must be said.")]
Letter = Annotated[int, typer.Argument(metavar="LETTER", min=0, help="The number of a dead letter.")]


@dead_letters.command("list")
@takes(where=asking)
def list_(
    where: Where,
    state: Annotated[Literal["open", "sending", "sent", "dropped", "all"], typer.Option("--state", help="Only of this state.")] = "open",
    topic: Annotated[str | None, typer.Option("--topic", metavar="TOPIC", help="Only from this topic.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="Only the last N.")] = 50,
    as_json: Json = False,
) -> int:
    """List the dead letters, the last one first."""
    from refold.cli.commands import dead_letters as command

    return command.list_letters(where, state, topic, limit, as_json)


@dead_letters.command()
@takes(where=asking)
def show(where: Where, letter: Letter, as_json: Json = False) -> int:
    """Show a dead letter with all that is in it. And what sending it again would mean."""
    from refold.cli.commands import dead_letters as command

    return command.show(where, letter, as_json)


@dead_letters.command()
@takes(where=acting)
def send(where: Where, letter: Letter, reason: Annotated[str, typer.Option("--reason", help="Why.")] = "", as_json: Json = False) -> int:
    """Send a dead letter again. A command to its execution, a record to its topic."""
    from refold.cli.commands import dead_letters as command

    return command.send(where, letter, reason, as_json)


@dead_letters.command()
@takes(where=acting)
def drop(where: Where, letter: Letter, reason: Why, as_json: Json = False) -> int:
    """Drop a dead letter: nobody needs to look at it any more."""
    from refold.cli.commands import dead_letters as command

    return command.drop(where, letter, reason, as_json)
