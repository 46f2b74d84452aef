"""What the conformance suites share: logs to open, other processes, a disk that is small."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import pytest

from contracts.ports.log import Log
from infra.log.memory import MemoryLog
from infra.log.sqlite import SqliteLog
from tests.kafka.topics import KafkaLogs

ROOT = Path(__file__).parents[2]
SMALL_DISK_BYTES = 1024 * 1024


class Logs(Protocol):
    """Opens views of one log; what one view appends, another reads."""

    def open(self, partitions: int = 1, **settings: Any) -> Log: ...


class MemoryLogs:
    """All views of a log in memory are the one instance."""

    def __init__(self) -> None:
        self._log: MemoryLog | None = None

    def open(self, partitions: int = 1, **settings: Any) -> Log:
        if self._log is None:
            self._log = MemoryLog(partitions, **settings)
        return self._log


class SqliteLogs:
    """Every view is a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: list[SqliteLog] = []

    def open(self, partitions: int = 1, **settings: Any) -> Log:
        self._opened.append(SqliteLog(self._path, partitions, **settings))
        return self._opened[-1]

    def close(self) -> None:
        for log in self._opened:
            log.close()


@pytest.fixture(params=["memory", "sqlite", "kafka"])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Logs]:
    """One log of each adapter, to be opened as often as a test likes. A new adapter is a new line here."""
    if request.param == "memory":
        yield MemoryLogs()
        return
    opener = KafkaLogs(request.getfixturevalue("broker")) if request.param == "kafka" else SqliteLogs(tmp_path / "log.db")
    yield opener
    opener.close()


Start = Callable[..., "subprocess.Popen[str]"]


def said_by(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts another Python process on a piece of code; whatever still runs when the test ends is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_process(code: str, *arguments: object) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        started.append(process)
        return process

    yield start_process
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
