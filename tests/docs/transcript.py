"""Pages whose examples are run: each command in its order, and what is shown of its output, `…` standing for anything."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.cli.conftest import CommandLine

DOCS = Path(__file__).parents[2] / "docs"


class Step(NamedTuple):
    """A command, and the lines that are shown below it."""

    command: str
    shown: str


def steps_of(page: str) -> Iterator[Step]:
    """What is typed in a page's examples."""
    for block in re.findall(r"^```console\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield Step(command.partition("   #")[0].strip(), shown)


def check_page(refold: CommandLine, page: str) -> None:
    """Run a page's commands in a folder, and compare."""
    steps = list(steps_of(page))
    assert steps
    for step in steps:
        program, *words = shlex.split(step.command)
        assert program == "refold", f"{page}: {step.command}"
        found = refold(*words).out
        assert re.fullmatch(_pattern(step.shown), found), f"{page}: {step.command}\nshown:\n{step.shown}\nfound:\n{found}"


def _pattern(shown: str) -> str:
    """A line that is `…` stands for any lines, `…` within a line for any words, and blanks for as many as there are."""
    lines = []
    for line in shown.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(r".+?".join(r" +".join(map(re.escape, part.split(" "))) for part in re.sub(r" +", " ", line).split("…")) + r" *\n")
    return "".join(lines)
