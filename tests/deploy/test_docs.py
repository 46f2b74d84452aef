"""The pages on clusters: each command is one that Refold knows, those of the how-to run in their order, and topics are as they say."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from contracts.ports.log import TOPICS
from infra.log.kafka.topics import settings_of
from tests.deploy.conftest import ROOT
from tests.deploy.product import check_command
from tests.deploy.test_image import free_port
from tests.kafka.topics import new_address

DOCS: Final = ROOT / "docs"
CLUSTER: Final = DOCS / "how-to" / "run-a-cluster.md"
PAGES: Final = (CLUSTER, DOCS / "how-to" / "deploy.md")
TIMEOUT_S: Final = 90
READY: Final = {"serve": " at http://", "worker": " offers "}
"""What each says once it works."""
PORTS: Final = ("8081", "8082", "8083")


def commands(page: Path) -> list[str]:
    """What is typed in the page's examples, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def told() -> Iterator[Any]:
    for page in PAGES:
        for line in commands(page):
            if line.startswith("refold "):
                yield pytest.param(line, id=line)


@pytest.mark.parametrize("line", list(told()))
def test_every_command_of_the_pages_is_one_that_refold_knows(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    check_command(shlex.split(line)[1:])


def test_files_that_commands_name_are_there() -> None:
    named = {word for page in PAGES for line in commands(page) for word in shlex.split(line) if word.startswith(("infra/", "examples/"))}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


# The how-to, as processes.


class Reader:
    """Somebody who types what the page says: what stays in the foreground gets a terminal of its own."""

    def __init__(self, folder: Path, log: str) -> None:
        self._folder, self._log = folder, log
        self._ports = {port: str(free_port()) for port in PORTS}
        self._running: dict[str, subprocess.Popen[str]] = {}

    def type(self, line: str) -> None:
        """Do what a line says. Fails where a command fails, or one that should stay does not come up."""
        if line.startswith("make kafka"):
            return
        if line.startswith("kill -9 "):
            self._running.pop(line.split()[-1]).kill()
            return
        words = self._words(line)
        if words[1] in ("serve", "worker"):
            name = words[words.index("--node") + 1] if "--node" in words else "worker"
            self._running[name] = self._start(words)
        else:
            done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

    def _words(self, line: str) -> list[str]:
        line = line.replace("kafka://127.0.0.1:9092", self._log).replace(".refold/", f"{self._folder}/")
        for port, free in self._ports.items():
            line = line.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free}").replace(f"--port {port}", f"--port {free}")
        return [str(ROOT / ".venv" / "bin" / "refold"), *shlex.split(line)[1:]]

    def _start(self, words: list[str]) -> subprocess.Popen[str]:
        """A process that has said that it is ready."""
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        overdue = threading.Timer(TIMEOUT_S, process.kill)
        overdue.start()
        assert process.stdout is not None
        said = ""
        while READY[words[1]] not in said:
            line = process.stdout.readline()
            assert line, f"{shlex.join(words)} has ended\n{said}"
            said += line
        overdue.cancel()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return process

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        try:
            for process in self._running.values():
                process.wait(timeout=TIMEOUT_S)
        finally:
            for process in self._running.values():
                process.kill()


def test_the_how_to_s_commands_run_in_their_order(broker: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path, str(new_address(broker)))
    try:
        for line in commands(CLUSTER):
            reader.type(line)
    finally:
        reader.stop()


# Topics.


def test_every_topic_has_its_row_with_its_retention() -> None:
    page = (DOCS / "reference" / "topics.md").read_text()
    for topic in TOPICS:
        retention = int(settings_of(topic, 3)["retention.ms"])
        days, hours = retention / 86_400_000, retention / 3_600_000
        said = "for ever|the owner trims it" if retention < 0 else f"{days:g} days" if days >= 1 else f"{hours:g} hours?"
        assert re.search(rf"^\| `{topic}` \| [P1] \| (?:{said}) \|", page, re.MULTILINE), topic


@pytest.mark.parametrize("replicas", [1, 3])
def test_every_setting_of_a_topic_has_its_row(replicas: int) -> None:
    page = (DOCS / "reference" / "topics.md").read_text()
    rows = re.findall(r"^\| ((?:`[a-z.]+`(?:, )?)+) \|", page, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([a-z.]+)`", row)}
    assert set(settings_of("journal", replicas)) <= named
