"""What `refold --help` shows: every verb in its panel, and of each a whole sentence."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from refold.cli.main import app
from refold.cli.panel import only
from refold.cli.registry import PANELS

from .conftest import CommandLine

ROOT: Any = typer.main.get_command(app)


def groups(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A group of verbs, and all groups in it."""
    yield name, group
    for verb, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from groups(command, f"{name} {verb}")


def shown(group: Any, name: str) -> str:
    return str(group.get_help(typer.Context(group, info_name=name, terminal_width=80)))


def test_every_verb_is_shown_in_its_panel() -> None:
    found: dict[str, list[str]] = {}
    for line in shown(ROOT, "refold").split("--help", 1)[1].split("\n"):
        if re.fullmatch(r"\w+:", line):
            panel = found.setdefault(line[:-1], [])
        elif verb := re.match(r"  ([a-z-]+)  ", line):
            panel.append(verb[1])
    assert found == {name: list(verbs) for name, verbs in PANELS.items()}


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ("run FILE --timeout 3", {"run"}),
        ("triggers show NAME", {"triggers"}),
        ("--version", set()),
        ("--version run", set(ROOT.commands)),
        ("lst", set(ROOT.commands)),
        ("", set(ROOT.commands)),
    ],
)
def test_only_the_verb_that_is_asked_for_is_made(words: str, made: set[str]) -> None:
    command: Any = typer.main.get_command(only(app, words.split()))
    assert set(command.commands) == made
    assert set(ROOT.commands) == {name for verbs in PANELS.values() for name in verbs}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lst", "No such command 'lst'. Did you mean 'list', 'cluster'? (`refold --help` lists the commands)"),
        ("webhooks lst", "(`refold webhooks --help` lists the commands)"),
        ("dead-letters drop 3", "Missing option '--reason'. (`refold dead-letters drop --help` lists its arguments and options)"),
        ("analytics --by week", "Invalid value for '--by': 'week' is not one of 'hour', 'day', 'all'. (`refold analytics --help`"),
    ],
)
def test_what_is_mistyped_is_answered_with_the_help_of_that_verb(refold: CommandLine, words: str, said: str) -> None:
    assert said in refold(*words.split(), code=2).err


@pytest.mark.parametrize(("name", "group"), list(groups(ROOT, "refold")))
def test_of_every_verb_a_whole_sentence_is_shown(name: str, group: Any) -> None:
    verbs = shown(group, name).split("--help", 1)[1]
    assert [line for line in verbs.split("\n") if line.endswith("...") or len(line) > 80] == []
    assert set(group.commands) <= set(re.findall(r"^  ([a-z-]+)  ", verbs, re.MULTILINE))
