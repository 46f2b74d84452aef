"""The process that imports `refold` once and is forked for each command: `python -P -m tests.preloaded.origin DESCRIPTOR`.

Each message on its line is a command with its folder and environment, and with four descriptors: stdin, stdout, stderr, and where to
tell the process's number and, when it ends, its status.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Final

LONGEST: Final = 1 << 20
PACKAGES: Final = ("refold.cli", "refold.cli.commands")
PROGRAM: Final = Path(__file__).parents[2] / "refold" / "__main__.py"
MOST_DESCRIPTORS: Final = 4096


def preload() -> None:
    """Import what commands import, all of it held for good."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def fork_on_demand(line: socket.socket) -> str:
    """Fork for each message until the line ends. Returns in the forked process alone: its code, empty for the command line."""
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(waker.fileno())
    selector = selectors.DefaultSelector()
    selector.register(line, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    living: dict[int, socket.socket] = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is woken:
                woken.recv(4096)
                tell_of_the_dead(living)
                continue
            said, descriptors, _, _ = socket.recv_fds(line, LONGEST, 4)
            if not said:
                sys.exit()
            answer = socket.socket(fileno=descriptors[3])
            pid = os.fork()
            if not pid:
                selector.close()
                for mine in (line, woken, waker, answer, *living.values()):
                    mine.close()  # now: collected later, they would close what has their numbers by then
                return become(said, descriptors[:3])
            for descriptor in descriptors[:3]:
                os.close(descriptor)
            living[pid] = answer
            answer.send(str(pid).encode())


def tell_of_the_dead(living: dict[int, socket.socket]) -> None:
    """Tell whoever began a process that has ended how it ended."""
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with living.pop(pid) as answer:
            try:
                answer.send(str(status).encode())
            except OSError:
                continue  # nobody is there any more


def become(said: bytes, streams: list[int]) -> str:
    """Be as Python is that was begun with these words, in this folder and environment; the code to run."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code, words, folder, environment = json.loads(said)
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
    os.closerange(3, MOST_DESCRIPTORS)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    imports = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [folder, *imports, *(path for path in sys.path if path not in imports)]
    sys.argv = ["-c" if code else str(PROGRAM), *words]
    sys.stdin = opened(0, "strict")
    is_unbuffered = bool(environment.get("PYTHONUNBUFFERED"))
    sys.stdout = opened(1, "strict", is_unbuffered, line_buffering=os.isatty(1))
    sys.stderr = opened(2, "backslashreplace", is_unbuffered, line_buffering=True)
    return str(code)


def opened(descriptor: int, errors: str, is_unbuffered: bool = False, line_buffering: bool = False) -> io.TextIOWrapper:
    """One of the standard streams, as Python opens it."""
    raw = os.fdopen(descriptor, "wb" if descriptor else "rb", buffering=0 if is_unbuffered else -1, closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, line_buffering=line_buffering, write_through=is_unbuffered)


if __name__ == "__main__":
    preload()
    if code := fork_on_demand(socket.socket(fileno=int(sys.argv[1]))):
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        importlib.import_module("refold.cli.main").main()
