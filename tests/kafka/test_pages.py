"""What a page about a cluster shows of a terminal is what one sees who types the same, on a real broker."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import preloaded
from tests.docs.test_transcripts import ROOT, files, is_said, steps
from tests.kafka.topics import new_topics

LOG = "kafka://127.0.0.1:9092"
PAGES = ["erase-in-a-cluster.md", "back-up-a-cluster.md", "start-from-a-topic.md"]


class Terminal:
    """A shell in a folder, where a line that ends in `&` goes on beside the others. Another prefix of the page is one behind its log's."""

    def __init__(self, folder: Path, log: str) -> None:
        self._folder, self._log = folder, log
        tools = folder / "bin"
        tools.mkdir()
        for name, words in (("refold", " -m refold"), ("python", "")):
            (tools / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{words} "$@"\n')
            (tools / name).chmod(0o755)
        self._environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        self._beside: list[subprocess.Popen[str]] = []

    def type(self, line: str) -> str:
        """What is said to a line. Servers listen at a free port, and the last one is asked."""
        line = re.sub(r"--port \d+", "--port 0", line.replace(f"{LOG}/", f"{self._log}-").replace(LOG, self._log))
        if line.startswith("export REFOLD_SERVER="):
            return ""
        if not line.endswith(" &"):
            return subprocess.run(
                ["sh", "-c", line], cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=60, check=False,
            ).stdout  # fmt: skip
        words = shlex.split(line.removesuffix(" &"))[1:]
        self._beside.append(preloaded.begin(*words, cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, text=True))
        said = self._beside[-1].stdout
        assert said is not None
        self._environment["REFOLD_SERVER"] = said.readline().rsplit(" at ", 1)[1].strip()
        return ""

    def shown(self, said: str) -> str:
        """What was said, with the page's address."""
        return said.replace(f"{self._log}-", f"{LOG}/").replace(self._log, LOG)

    def close(self) -> None:
        for one in self._beside:
            one.kill()
            one.communicate()


@pytest.fixture
def terminal(broker: str, tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path, str(new_topics(broker, 2)))
    yield opened
    opened.close()


@pytest.mark.parametrize("name_of_page", PAGES)
def test_a_page_says_what_is_said(terminal: Terminal, tmp_path: Path, name_of_page: str) -> None:
    page = (ROOT / "docs" / "how-to" / name_of_page).read_text()
    for name, content in files(page):
        (tmp_path / name).write_text(content)
    for line, shown in steps(page):
        said = terminal.type(line)
        assert is_said(re.sub(r" +", " ", shown), terminal.shown(said)), f"$ {line}\n{said}\nexpected\n{shown}"
