"""What a page shows of a terminal is what one sees who types the same."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["look-after-a-server.md", "find-what-waits-and-fails.md", "act-on-many.md", "hear-of-executions.md", "erase-an-execution.md"]
SERVE = "refold serve &"


def files(page: str) -> Iterator[tuple[str, str]]:
    """The files that a page names before it shows them."""
    yield from re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def steps(page: str) -> Iterator[tuple[str, str]]:
    """What is typed in a page, and what it says then."""
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


def is_said(shown: str, said: str) -> bool:
    """Whether it is what the page shows; `…` stands for anything."""
    pattern = ".*?".join(re.escape(piece) for piece in shown.split("…"))
    return re.fullmatch(pattern, re.sub(r" +", " ", said), re.DOTALL) is not None


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with `refold` in its path, and a server in the folder."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "refold").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m refold "$@"\n')
    (tools / "refold").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    words = ["refold", "serve", "--port", "0"]
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().rsplit(" at ", 1)[1].strip()
        yield {**environment, "REFOLD_SERVER": url}
        server.terminate()


@pytest.mark.parametrize("name_of_page", PAGES)
def test_a_page_says_what_is_said(terminal: dict[str, str], tmp_path: Path, name_of_page: str) -> None:
    page = (ROOT / "docs" / "how-to" / name_of_page).read_text()
    for name, content in files(page):
        (tmp_path / name).write_text(content)
    typed = list(steps(page))
    assert typed[0] == (SERVE, "")
    for line, shown in typed[2:]:
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert is_said(re.sub(r" +", " ", shown), done.stdout), f"$ {line}\n{done.stdout}\nexpected\n{shown}"
