"""`refold worker`: runs a program's activities. Nothing of the engine is imported here, so a folder may have packages of any name.

With `--processes` or `--watch` this process only minds others that do the work: it starts them, starts one again that has
died, and with `--watch` starts all again when a source file has changed. Each of them holds one end of a pipe; when the
minder dies, however it does, the other end closes, and they stop as they would when asked to.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

from refold.errors import RefoldError
from refold.worker.activities import Activity
from refold.worker.logs import write_logs
from refold.worker.minded import MINDED, stop_with_minder
from refold.worker.terminal import escaped
from refold.worker.worker import ServerRefuses, Worker

LOOK_EVERY_S: Final = 0.5
RESTART_PAUSE_S: Final = 1.0
FILES_MAX: Final = 5_000
"""So many source files are watched at most."""
_NOT_WATCHED: Final = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "build", "dist"})


@dataclass(frozen=True, kw_only=True)
class WorkerTarget:
    """For whom a worker works, and under which name that stays the same over restarts."""

    server: str | None = None
    log: str | None = None
    name: str | None = None
    queues: Sequence[str] = ("default",)


def names(text: str) -> list[str]:
    """The queues that stand in a text, separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()] or ["default"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `worker` was asked for."""

    target: str
    where: WorkerTarget = WorkerTarget()
    concurrency: int = 32
    processes: int = 1
    watch: bool = False
    only_kinds: bool = False


def worker(wanted: Wanted) -> int:
    """Run a worker, or mind several."""
    if wanted.only_kinds:
        return _say_kinds(wanted.target)
    if (wanted.processes > 1 or wanted.watch) and MINDED not in os.environ:
        return _Minder(wanted).run()
    stop_with_minder()
    try:
        write_logs()
        where = wanted.where
        Worker(load(wanted.target), where.server, where.queues, wanted.concurrency, name=where.name, log=where.log).run()
    except (ServerRefuses, _BadTarget, TypeError, ValueError) as error:
        sys.stderr.write(f"refold: {escaped(str(error))}\n")
        return 1 if isinstance(error, ServerRefuses) else 2
    return 0


def _say_kinds(target: str) -> int:
    """The kinds that the activities make, as a JSON list."""
    try:
        kinds = [activity.name for activity in load(target)]
    except (_BadTarget, TypeError) as error:
        sys.stderr.write(f"refold: {escaped(str(error))}\n")
        return 2
    sys.stdout.write(f"{json.dumps(kinds)}\n")
    return 0


# What is to be run.


class _BadTarget(RefoldError):
    """There is no such module, or nothing in it to run."""


def load(target: str) -> list[Activity[Any, Any]]:
    """The activities of `MODULE`, or those of `MODULE:NAME`: one activity, or a list of them."""
    name, _, attribute = target.partition(":")
    name = name.removesuffix(".py").replace("/", ".")
    sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise _BadTarget(f"there is no module {name} in {os.getcwd()} or in the environment") from None
    found = _named(module, attribute) if attribute else _all_in(module)
    if not found:
        raise _BadTarget(f"{target} has no activity; decorate a function with @refold.activity")
    return found


def _named(module: ModuleType, attribute: str) -> list[Activity[Any, Any]]:
    value = getattr(module, attribute, None)
    if value is None:
        raise _BadTarget(f"{module.__name__} has no {attribute}")
    return [value] if isinstance(value, Activity) else list(value)


def _all_in(module: ModuleType) -> list[Activity[Any, Any]]:
    return list(dict.fromkeys(value for value in vars(module).values() if isinstance(value, Activity)))


# Minding others.


class _Minder:
    """Starts workers and keeps them running."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._children: list[subprocess.Popen[bytes]] = []
        self._is_stopping = False
        self._pipe, self._kept_end = os.pipe()

    def run(self) -> int:
        """Until a signal comes, or a worker cannot do its work."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._children = [self._start(index) for index in range(self._wanted.processes)]
        seen = self._seen()
        while not self._is_stopping:
            time.sleep(LOOK_EVERY_S)
            if self._wanted.watch and (now := self._seen()) != seen:
                seen = now
                sys.stderr.write("refold: a file has changed, starting again\n")
                self._start_all_again()
            code = self._mend()
            if code is not None:
                self._stop()
                self._join()
                return code
        self._join()
        return 0

    def _start(self, index: int) -> subprocess.Popen[bytes]:
        wanted = self._wanted
        words = [sys.executable, "-P", "-m", "refold", "worker", wanted.target, "--concurrency", str(wanted.concurrency)]
        words += ["--queues", ",".join(wanted.where.queues)]
        number = f"-{index + 1}" if wanted.processes > 1 else ""
        where = {"--server": wanted.where.server, "--log": wanted.where.log, "--name": wanted.where.name and wanted.where.name + number}
        words += [word for option, said in where.items() if said for word in (option, said)]
        return subprocess.Popen(words, env={**os.environ, MINDED: str(self._pipe)}, start_new_session=True, pass_fds=[self._pipe])

    def _mend(self) -> int | None:
        """Start again what has died; the exit code of one that could not do its work at all, unless a changed file may help it."""
        for index, child in enumerate(self._children):
            code = child.poll()
            if code is None or self._is_stopping:
                continue
            if self._wanted.watch and code:
                continue
            if code in (1, 2):
                return code
            time.sleep(RESTART_PAUSE_S)
            self._children[index] = self._start(index)
        return None

    def _start_all_again(self) -> None:
        self._signal()
        self._join()
        if not self._is_stopping:
            self._children = [self._start(index) for index in range(len(self._children))]

    def _stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        self._is_stopping = True
        self._signal()

    def _signal(self) -> None:
        for child in self._children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)

    def _join(self) -> None:
        for child in self._children:
            child.wait()

    def _seen(self) -> dict[str, int]:
        """The source files below this folder, and when they were changed."""
        return dict(_changes(Path.cwd())) if self._wanted.watch else {}


def _changes(root: Path) -> Iterator[tuple[str, int]]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NOT_WATCHED and not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".py") and count < FILES_MAX:
                count += 1
                try:
                    yield os.path.join(folder, name), os.stat(os.path.join(folder, name)).st_mtime_ns
                except OSError:  # it was removed just now
                    continue
