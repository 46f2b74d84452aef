"""A run with activities of one's own: a server on the data folder and a worker beside it, for as long as the run takes.

Users' code runs in the worker's process, never in this one; both end with this process, however it ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from refold.cli.commands.folder import FolderTarget
from refold.cli.commands.output import BadInput
from refold.cli.commands.server import ServerTarget
from refold.cli.commands.target import Target
from refold.cli.commands.where import target_of
from refold.cli.options import Where
from refold.client.blocking import Client
from refold.errors import RefoldError
from refold.worker.minded import MINDED

READY_S: Final = 30.0
"""So long a server and a worker may take to be there."""
STOP_S: Final = 15.0


@contextmanager
def with_worker(where: Where, module: str, must_exist: bool = False) -> Iterator[Target]:
    """The place to run at, where a worker with this module's activities waits for tasks.

    Raises BadInput where one of them cannot start, LogError for a data folder that is missing and must exist.
    """
    kinds, target = kinds_of(module), target_of(where)
    with ExitStack() as stack:
        if isinstance(target, FolderTarget):
            if must_exist:
                with target.reader():
                    pass
            process = stack.enter_context(_minded(["serve", "--port", "0", *_words(where)], stdout=subprocess.PIPE))
            target = _ForNow(_address(process), target)
        assert isinstance(target, ServerTarget)
        target.engine_options = [*target.engine_options, "--worker", module]
        worker = stack.enter_context(_minded(["worker", module, "--server", target.name]))
        _wait_for(target.name, kinds, worker)
        yield target


class _ForNow(ServerTarget):
    """A server that ends with this run: what is still open then is in its data folder."""

    def __init__(self, server: str, folder: FolderTarget) -> None:
        super().__init__(server, folder.options)
        self.engine_options = folder.engine_options
        self._folder = folder

    def stays_open(self, execution: str) -> str:
        """See Place."""
        return self._folder.stays_open(execution)


def kinds_of(module: str) -> list[str]:
    """The kinds that the activities of a module make, asked in a process of its own. Raises BadInput where it has none."""
    asked = subprocess.run(_command(["worker", module, "--kinds"]), capture_output=True, text=True, check=False)
    if asked.returncode:
        last = asked.stderr.strip().splitlines() or ["it says nothing"]
        raise BadInput(f"{module}: its activities cannot be read: {last[-1].removeprefix('refold: ')}")
    kinds: list[str] = json.loads(asked.stdout)
    return kinds


def _words(where: Where) -> list[str]:
    """The options again, as `serve` takes them."""
    words = [] if where.config is None else ["--config", str(where.config)]
    for name, value in where.flags.items():
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return words + [word for text in where.sets for word in ("--set", text)]


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-P", "-m", "refold", *words]


@contextmanager
def _minded(words: Sequence[str], stdout: Any = None) -> Iterator[subprocess.Popen[str]]:
    """A process of this program that ends with this block, and with this process."""
    theirs, ours = os.pipe()
    try:
        environment = {**os.environ, MINDED: str(theirs)}
        process = subprocess.Popen(
            _command(words), env=environment, stdin=subprocess.DEVNULL, stdout=stdout, text=True, start_new_session=True, pass_fds=[theirs]
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        os.close(theirs)
        os.close(ours)


def _address(server: subprocess.Popen[str]) -> str:
    """Where the server is reached; it says so once it answers."""
    assert server.stdout is not None
    line = server.stdout.readline()
    if " at " not in line:
        raise BadInput("the server for this run did not start; what it said stands above")
    return line.rsplit(" at ", 1)[1].strip()


def _wait_for(server: str, kinds: Sequence[str], worker: subprocess.Popen[str]) -> None:
    """Until the server knows that the worker is there."""
    until = time.monotonic() + READY_S
    with Client(server) as client:
        while time.monotonic() < until and worker.poll() is None:
            try:
                offered = {kind for one in client.workers()["workers"] for kind in one["kinds"]}
            except RefoldError:
                offered = set()
            if offered.issuperset(kinds):
                return
            time.sleep(0.02)
    raise BadInput("the worker for this run did not start; what it said stands above")
