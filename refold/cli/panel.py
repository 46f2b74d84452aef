"""How the verbs of the registry come onto the command line, and how `refold --help` shows them: in their panels."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import typer
from typer.core import TyperGroup

from refold.cli.registry import PANELS


def add_all(app: typer.Typer) -> None:
    """Add all verbs of the registry, each under its name there: a function, or a group of verbs of its own."""
    for verbs in PANELS.values():
        for name, verb in verbs.items():
            if isinstance(verb, typer.Typer):
                app.add_typer(verb, name=name)
            else:
                app.command(name)(verb)


def only(app: typer.Typer, words: Sequence[str]) -> typer.Typer:
    """The command line with no verb but the one that is asked for; all of it where these words begin with none.

    Typer makes all commands before it looks which one is asked for, which takes longer than most of them do.
    """
    first = words[0] if words else ""
    if list(words) != ["--version"] and not any(first in verbs for verbs in PANELS.values()):
        return app
    asked = copy(app)
    asked.registered_commands = [one for one in app.registered_commands if one.name == first]
    asked.registered_groups = [one for one in app.registered_groups if one.name == first]
    return asked


class Panels(TyperGroup):
    """Has its verbs in the order of the registry, and shows them in its panels. Typer knows panels only where it paints frames."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the verbs; typer's own order has functions before groups."""
        return [name for verbs in PANELS.values() for name in verbs]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section a panel."""
        wide = max(map(len, self.commands))
        room = formatter.width - wide - 4
        for panel, verbs in PANELS.items():
            with formatter.section(panel):
                formatter.write_dl([(name.ljust(wide), self.commands[name].get_short_help_str(room)) for name in verbs])
