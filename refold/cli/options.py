"""The options of the command line, each declared once, and groups of them that many commands take."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer


@dataclass(frozen=True, kw_only=True)
class Where:
    """What the options say about the place and the settings of a command, before anything is read: see `commands/where.py`."""

    flags: Mapping[str, Any] = field(default_factory=dict)
    """Settings by their names."""
    sets: Sequence[str] = ()
    """What `--set` was given."""
    config: Path | None = None

    def and_flags(self, **flags: Any) -> Where:
        """The same, with further flags."""
        return Where(flags={**self.flags, **_said(flags)}, sets=self.sets, config=self.config)


def _said(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that were given."""
    return {name: value for name, value in flags.items() if value is not None}


# Completion. It is bounded in time and size, and says nothing rather than something wrong.


def executions_of(context: typer.Context, incomplete: str) -> list[str]:
    """The ids of executions that begin so, for completion."""
    from refold.cli.commands import complete

    return complete.executions(context.params, incomplete)


def _workflows(context: typer.Context, incomplete: str) -> list[str]:
    from refold.cli.commands import complete

    return complete.workflows(context.params, incomplete)


def _settings(context: typer.Context, incomplete: str) -> list[str]:
    from refold.cli.commands import complete

    return complete.settings(incomplete)


# Options.

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The data folder; `.refold` without it.")]
Server = Annotated[str | None, typer.Option("--server", metavar="URL", help="The server to ask, instead of a data folder.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The settings file; `refold.toml` without it.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting, see `refold settings`; repeatable.", autocompletion=_settings),
]
Files = Annotated[
    Path | None, typer.Option("--files", metavar="DIR", help="The folder that read_file and write_file may use; without it no files.")
]
Private = Annotated[bool, typer.Option("--allow-private-addresses", help="Let http_request reach loopback and private addresses.")]
Log = Annotated[
    str | None,
    typer.Option("--log", metavar="URL", help="A log on Kafka: kafka://HOST:PORT[,HOST:PORT][/PREFIX]; else in the data folder."),
]
Activities = Annotated[
    str, typer.Argument(metavar="MODULE[:NAME]", help="The module with your activities; NAME takes one, or a list of them.")
]
WorkServer = Annotated[str | None, typer.Option("--server", metavar="URL", help="The server to work for; REFOLD_SERVER without it.")]
WorkLog = Annotated[
    str | None, typer.Option("--log", metavar="URL", help="A log on Kafka to work for instead: kafka://HOST:PORT[/PREFIX]; or REFOLD_LOG.")
]
OwnName = Annotated[str | None, typer.Option("--name", metavar="NAME", help="A name that stays the same; without it one is made up.")]
ReadModels = Annotated[
    str | None,
    typer.Option(
        "--read-models", metavar="URL", help="Where the read models of a log on Kafka are: postgresql://…; else in the data folder."
    ),
]
Keys = Annotated[
    Path | None,
    typer.Option("--keys", metavar="DIR", help="The keys of sealed executions of a log on Kafka: a folder that all its engines share."),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="S", min=0.0, help="Stop after so many seconds; what is open stays open.")
]
Worker = Annotated[
    str | None, typer.Option("--worker", metavar="MODULE[:NAME]", help="Run with a worker for your own activities beside it.")
]
NoContinue = Annotated[bool, typer.Option("--no-continue", help="Only record the command, do not move on.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the history.")]
Input = Annotated[str | None, typer.Option("--input", metavar="JSON|@FILE", help="The input; `{}` without it.")]
OwnId = Annotated[str | None, typer.Option("--id", metavar="EXECUTION", help="An id of your own; the same request twice is once.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A workflow definition, YAML or JSON.")]
Execution = Annotated[str, typer.Argument(metavar="EXECUTION", help="The id of an execution.", autocompletion=executions_of)]
Workflow = Annotated[str, typer.Argument(metavar="NAME", help="The name of a workflow.", autocompletion=_workflows)]
AnyExecution = Annotated[
    str | None, typer.Argument(metavar="EXECUTION", help="The id of an execution; without it all.", autocompletion=executions_of)
]
OfWorkflow = Annotated[str | None, typer.Option("--workflow", metavar="NAME", help="Only of this workflow.", autocompletion=_workflows)]


# Groups.


def asking(data: Data = None, server: Server = None, config: Config = None) -> Where:
    """The options of a command that only looks."""
    return Where(flags=_said({"data": data, "server": server}), config=config)


def acting(
    data: Data = None,
    server: Server = None,
    config: Config = None,
    settings: Set = None,
    files: Files = None,
    allow_private_addresses: Private = False,
) -> Where:
    """The options of a command that moves executions: with a data folder it runs an engine."""
    flags = {"data": data, "server": server, "files": files, "allow_private_addresses": allow_private_addresses or None}
    return Where(flags=_said(flags), sets=settings or (), config=config)


def holding(
    data: Data = None, config: Config = None, settings: Set = None, files: Files = None, allow_private_addresses: Private = False
) -> Where:
    """The options of a command that is about a data folder only."""
    return acting(data, None, config, settings, files, allow_private_addresses)


@dataclass(frozen=True, kw_only=True)
class Going:
    """How a command that steers goes on after its command was taken."""

    where: Where
    go_on: bool = True
    timeout_s: float | None = None
    worker: str | None = None


def going(
    data: Data = None,
    server: Server = None,
    config: Config = None,
    settings: Set = None,
    files: Files = None,
    allow_private_addresses: Private = False,
    timeout: Timeout = None,
    no_continue: NoContinue = False,
    worker: Worker = None,
) -> Going:
    """The options of a command that steers an execution and then moves it on."""
    where = acting(data, server, config, settings, files, allow_private_addresses)
    return Going(where=where, go_on=not no_continue, timeout_s=timeout, worker=worker)


def check_id_or_key(own_id: str | None, key: str | None) -> None:
    """Raise BadParameter where both are given."""
    if own_id is not None and key is not None:
        raise typer.BadParameter("give either --id or --key")


@functools.cache
def _options_of(group: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Many commands take the same group, and to read its annotations takes as long as to make the rest of a command."""
    return inspect.signature(group, eval_str=True).parameters


def takes(**groups: Callable[..., Any]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Let a command have the options of a group, and take what the group makes of them as one argument of the given name."""
    parts = {name: _options_of(group) for name, group in groups.items()}

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = inspect.signature(command, eval_str=True).parameters
        wanted = [one for name, one in own.items() if name not in groups]
        wanted += [one for group in parts.values() for one in group.values()]

        @functools.wraps(command)
        def call(**given: Any) -> int:
            made = {name: groups[name](**{one: given.pop(one) for one in group}) for name, group in parts.items()}
            return command(**given, **made)

        signature = inspect.Signature([one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in wanted])
        call.__annotations__ = {one.name: one.annotation for one in wanted}
        vars(call)["__signature__"] = signature
        return call

    return decorate
