"""`refold` as a process of its own that has imported already what it needs, which is most of what a command costs.

A process imports the command line and the server once and is forked for each command of the tests. What is about starting itself
(installation, the first process of a container, what a command imports) starts Python instead, and so does `refold worker`, which runs
users' code without the engine's packages.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, Popen
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]


def begin(*words: str | Path, code: str = "", cwd: Path | None = None, env: Mapping[str, str] | None = None, **more: Any) -> Popen[Any]:
    """Begin `python -m refold`, or this code, with these words; `more` as of `subprocess.Popen`."""
    command = [sys.executable, *(["-c", code] if code else ["-m", "refold"]), *map(str, words)]
    environment = {"PYTHONPATH": str(ROOT), **(os.environ if env is None else env)}
    return (Popen if words[:1] == ("worker",) else _Forked)(command, cwd=cwd, env=environment, **more)


def run(*words: str | Path, timeout: float = 60, **more: Any) -> CompletedProcess[str]:
    """Run it to its end, and have what it said as text; `more` as of `begin`."""
    with begin(*words, stdout=PIPE, stderr=PIPE, text=True, **more) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return CompletedProcess(process.args, process.returncode, out, err)


class _Forked(Popen[Any]):
    """A process that is forked by another one, which tells how it ended."""

    _told: socket.socket

    def _execute_child(self, args: list[str], *rest: Any) -> None:
        _, _, _, _, cwd, env, _, _, _, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite = rest[:15]
        self._told, theirs = socket.socketpair()
        request = json.dumps([*_named(args), str(cwd or Path.cwd()), env]).encode()
        streams = [0 if p2cread == -1 else p2cread, 1 if c2pwrite == -1 else c2pwrite, 2 if errwrite == -1 else errwrite]
        socket.send_fds(_origin(), [request], [*streams, theirs.fileno()])
        theirs.close()
        self.pid = int(self._told.recv(32))
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]  # subprocess's own

    def _internal_poll(self, _deadstate: int | None = None, *rest: Any) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(False):  # type: ignore[attr-defined]  # subprocess's own
            try:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]  # subprocess's own
        return self.returncode

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        try:
            said = self._told.recv(32, socket.MSG_DONTWAIT if wait_flags & os.WNOHANG else 0)
        except BlockingIOError:
            return 0, 0
        self._told.close()
        if not said:
            raise RuntimeError("the process that all others are forked from has ended")
        return self.pid, int(said)


def _named(command: list[str]) -> tuple[str, list[str]]:
    """The code, if any, and the words."""
    return (command[2] if command[1] == "-c" else ""), command[3:]


@functools.cache
def _origin() -> socket.socket:
    """The line to the process that all others are forked from, begun when it is first needed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    origin = Popen(
        [sys.executable, "-P", "-m", "tests.preloaded.origin", str(theirs.fileno())],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=DEVNULL, pass_fds=[theirs.fileno()],
    )  # fmt: skip
    theirs.close()
    atexit.register(origin.wait)
    atexit.register(ours.close)  # the last that is registered is done first, and ends it
    return ours
