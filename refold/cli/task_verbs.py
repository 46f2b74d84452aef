"""The verbs of the command line that are about human tasks: `refold tasks …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import Going, Json, OfWorkflow, Where, asking, going, takes

tasks = typer.Typer(no_args_is_help=True, help="See what people are asked, and answer it.")

Task = Annotated[str, typer.Argument(metavar="TASK", help="The id of a task.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts; REFOLD_PERSON without it, else nobody known.")]
Groups = Annotated[list[str] | None, typer.Option("--group", metavar="GROUP", help="A group of theirs; repeatable. Else REFOLD_GROUPS.")]
Comment = Annotated[str, typer.Option("--comment", metavar="TEXT", help="What they say with it.")]


@tasks.command("list")
@takes(where=asking)
def list_(
    where: Where,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that I, or a group of mine, may answer.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose time is up.")] = False,
    workflow: OfWorkflow = None,
    filter_: Annotated[str | None, typer.Option("--filter", metavar="EXPRESSION", help="Only those for which it is true.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="Only the first N.")] = 500,
    who: As = None,
    groups: Groups = None,
    as_json: Json = False,
) -> int:
    """List what people are asked, the oldest first."""
    from refold.cli.commands import tasks as command

    shown = command.Shown(mine, all_, overdue, workflow, filter_, limit)
    return command.list_tasks(where, command.Who(who, tuple(groups or ())), shown, as_json)


@tasks.command()
@takes(where=asking)
def show(where: Where, task: Task, as_json: Json = False) -> int:
    """Show a task with all that was said and done about it."""
    from refold.cli.commands import tasks as command

    return command.show(where, task, as_json)


@tasks.command()
@takes(steering=going)
def answer(
    steering: Going,
    task: Task,
    port: Annotated[str, typer.Argument(metavar="PORT", help="The answer: `approved`, `rejected`, or what the task offers.")],
    given: Annotated[str | None, typer.Option("--input", metavar="JSON|@FILE", help="Data, as the task's form wants it.")] = None,
    content: Annotated[str | None, typer.Option("--content", metavar="JSON|@FILE", help="Of a review: the content as I edited it.")] = None,
    comment: Comment = "",
    who: As = None,
    groups: Groups = None,
    as_json: Json = False,
) -> int:
    """Answer a task."""
    from refold.cli.commands import tasks as command

    return command.answer(steering, command.Who(who, tuple(groups or ())), task, port, given, comment, content, as_json)


@tasks.command()
@takes(steering=going)
def claim(steering: Going, task: Task, who: As = None, groups: Groups = None, as_json: Json = False) -> int:
    """Claim a task: nobody else answers it until it is released."""
    from refold.cli.commands import tasks as command

    return command.claim(steering, command.Who(who, tuple(groups or ())), task, as_json)


@tasks.command()
@takes(steering=going)
def release(steering: Going, task: Task, who: As = None, groups: Groups = None, as_json: Json = False) -> int:
    """Give a claimed task back to all who are asked."""
    from refold.cli.commands import tasks as command

    return command.release(steering, command.Who(who, tuple(groups or ())), task, as_json)


@tasks.command()
@takes(steering=going)
def delegate(
    steering: Going,
    task: Task,
    to: Annotated[str, typer.Argument(metavar="NAME", help="A person, or group:NAME.")],
    comment: Comment = "",
    who: As = None,
    groups: Groups = None,
    as_json: Json = False,
) -> int:
    """Let somebody else be asked in one's place."""
    from refold.cli.commands import tasks as command

    return command.delegate(steering, command.Who(who, tuple(groups or ())), task, to, comment, as_json)


@tasks.command()
@takes(steering=going)
def comment(
    steering: Going,
    task: Task,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is said.")],
    who: As = None,
    groups: Groups = None,
    as_json: Json = False,
) -> int:
    """Say something about a task."""
    from refold.cli.commands import tasks as command

    return command.comment(steering, command.Who(who, tuple(groups or ())), task, text, as_json)


@tasks.command()
@takes(steering=going)
def attach(
    steering: Going,
    task: Task,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file, at most 10 MiB.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What it is called there; without it as it is here.")] = None,
    media_type: Annotated[str | None, typer.Option("--media-type", metavar="TYPE", help="What it is; without it by its name.")] = None,
    who: As = None,
    groups: Groups = None,
    as_json: Json = False,
) -> int:
    """Attach a file to a task."""
    from refold.cli.commands import tasks as command

    return command.attach(steering, command.Who(who, tuple(groups or ())), task, file, name, media_type, as_json)


@tasks.command()
@takes(where=asking)
def download(
    where: Where,
    task: Task,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=1_000, help="Which one, as `tasks show` numbers them.")],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to keep it; without it here, under its own name.")] = None,
) -> int:
    """Keep a file that is attached to a task."""
    from refold.cli.commands import tasks as command

    return command.download(where, task, number, file)
