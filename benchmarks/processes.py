"""The processes of a system: begun, ended, and the CPU time each has used, its children included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
STOP_S = 20.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Process:
    """A process whose output goes into a file, so that a pipe nobody reads cannot stop it."""

    def __init__(self, words: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> None:
        self.log = log
        self._file = log.open("ab")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        self._popen = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self._file, stderr=self._file, env=environment, cwd=cwd)
        self.pid = self._popen.pid

    def check(self) -> None:
        """Raise RuntimeError with the end of its output where it has ended."""
        if (code := self._popen.poll()) is not None:
            raise RuntimeError(f"{self._popen.args!r} has ended with {code}: {self.tail()}")

    def tail(self) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-2_000:]

    def kill(self) -> None:
        """`kill -9`."""
        self._popen.kill()
        self._popen.wait()
        self._file.close()

    def stop(self) -> None:
        """Ask it to end; make it end when it takes too long."""
        with suppress(ProcessLookupError):
            self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._file.close()


def python(*words: str) -> list[str]:
    """The words that run a module of this project."""
    return [sys.executable, *words]


def children(pid: int) -> list[int]:
    """The processes that a process has begun and that still run."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def cpu_s(pids: Iterable[int]) -> float:
    """The CPU seconds that processes have used, with those of children that have ended."""
    return sum(map(_cpu_of, pids))


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS_PER_S


def bytes_in(*folders: Path) -> int:
    """The bytes of all files below folders."""
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(OSError):
                total += path.stat().st_size if path.is_file() else 0
    return total


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
