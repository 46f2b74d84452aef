"""What a page shows of a terminal is what one sees who types the same."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import preloaded
from tests.ai.fake import Reply, running_fake

ROOT = Path(__file__).parents[2]
PAGES = (
    "look-after-a-server.md", "find-what-waits-and-fails.md", "act-on-many.md", "hear-of-executions.md", "erase-an-execution.md",
    "archive-what-has-ended.md", "keep-secrets.md", "start-on-a-schedule.md", "ask-people.md", "ask-by-mail.md", "ask-in-slack.md",
    "limit-a-workflow.md", "start-from-other-systems.md", "start-after-other-workflows.md", "use-the-web-ui.md",
    "spare-what-is-down.md", "try-before-publishing.md", "see-what-a-version-would-change.md",
    "test-a-workflow.md", "record-steps.md", "ask-why.md", "compare-executions.md", "prove-a-log.md", "walk-through-an-execution.md",
    "let-a-model-use-tools.md", "use-refold-from-an-assistant.md",
    "keep-prompts.md", "use-connectors.md", "fork-and-retry.md", "answer-from-documents.md",
    "debug-an-execution.md",
    "migrate-executions.md", "find-dead-branches.md",
)  # fmt: skip


def files(page: str) -> Iterator[tuple[str, str]]:
    """The files that a page names before it shows them."""
    yield from re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def steps(page: str) -> Iterator[tuple[str, str]]:
    """What is typed in a page, and what it says then."""
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)


LAGS = re.compile(r"^refold: this may lack what has happened just now: .*\n", re.MULTILINE)  # said or not, by how far the projector is


def is_said(shown: str, said: str) -> bool:
    """Whether it is what the page shows; `…` stands for anything. A page need not show that a list may lack the last moment."""
    pattern = ".*?".join(re.escape(piece) for piece in shown.split("…"))
    return re.fullmatch(pattern, re.sub(r" +", " ", LAGS.sub("", said)), re.DOTALL) is not None


MEANS_SOMETHING_TO_A_SHELL = re.compile(r"[|<>&;$`*?~#\\]")


class Terminal:
    """A shell in a folder; what begins a server there is told where the last one that it began listens."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._servers = folder, list[subprocess.Popen[str]]()
        tools = folder / "bin"
        tools.mkdir()
        (tools / "refold").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m refold "$@"\n')
        (tools / "refold").chmod(0o755)
        self._environment = {
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def type(self, line: str) -> str:
        """What is said of a line."""
        if line.startswith("refold serve") and line.endswith("&"):
            return self._serve(shlex.split(line.removesuffix("&")))
        if line.startswith("export REFOLD_SERVER="):
            return ""
        place: dict[str, Any] = {"cwd": self._folder, "env": self._environment}
        said: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        if line.startswith("refold ") and not MEANS_SOMETHING_TO_A_SHELL.search(line):
            with preloaded.begin(*shlex.split(line)[1:], **place, **said) as process:
                return str(process.communicate(timeout=60)[0])
        return str(subprocess.run(["sh", "-c", line], timeout=60, check=False, **place, **said).stdout)

    def _serve(self, words: list[str]) -> str:
        server = preloaded.begin(*words[1:], "--port", "0", cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, text=True)
        self._servers.append(server)
        assert server.stdout is not None
        self._environment["REFOLD_SERVER"] = server.stdout.readline().rsplit(" at ", 1)[1].strip()
        return ""

    def close(self) -> None:
        """End what is at work in it."""
        for server in self._servers:
            with server:
                server.terminate()


@pytest.mark.parametrize("name_of_page", PAGES)
def test_a_page_says_what_is_said(tmp_path: Path, name_of_page: str) -> None:
    check_what_is_said(tmp_path, name_of_page)


def test_the_page_about_costs_says_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_fake() as fake:
        monkeypatch.setenv("OLLAMA_BASE_URL", fake.base("ollama"))
        check_what_is_said(tmp_path, "limit-what-models-cost.md")
        assert len(fake.asked) == 1


def test_the_page_about_healing_says_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = {"find": "12 / input.people }}", "replace": "input.people == 0 ? 0 : 12 / input.people }}"}
    said = {"kind": "config", "reason": "nobody may have come", "risk": "medium", "edits": [edit]}
    with running_fake() as fake:
        fake.replies = [Reply(texts=(json.dumps(said),))]
        monkeypatch.setenv("OLLAMA_BASE_URL", fake.base("ollama"))
        check_what_is_said(tmp_path, "heal-what-has-failed.md")
        assert len(fake.asked) == 1


def check_what_is_said(tmp_path: Path, name_of_page: str) -> None:
    """Type what a page shows, in a folder with its files."""
    page = (ROOT / "docs" / "how-to" / name_of_page).read_text()
    for name, content in files(page):
        (tmp_path / name).write_text(content)
    typed = list(steps(page))
    assert typed
    with closing(Terminal(tmp_path)) as terminal:
        for line, shown in typed:
            said = terminal.type(line)
            assert is_said(re.sub(r" +", " ", shown), said), f"$ {line}\n{said}\nexpected\n{shown}"
