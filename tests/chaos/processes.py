"""The processes of a chaos run: a server with its projector, and workers; started, killed, frozen, and started again at once.

Whatever ends by itself is noted: only a full disk is a reason for that.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from tests import preloaded

from .ledger import now_ms
from .room import Room

ROOT: Final = Path(__file__).parents[2]
READY_S: Final = 60.0
STOP_S: Final = 40.0
PROJECTOR_S: Final = 5.0
"""How long a server may take to have a projector again, before it is another one's turn to be killed."""
Target: TypeAlias = Literal["server", "projector", "worker"]
Harm: TypeAlias = Literal["kill", "freeze", "full disk", "cut"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What was done to whom, and from when until when (milliseconds): a kill until it answered again, a freeze until it thawed."""

    target: str
    what: Harm
    at: int
    until: int


@dataclass(frozen=True, kw_only=True)
class Exit:
    """A process that ended by itself."""

    name: str
    code: int
    at: int
    said: str
    is_excused: bool


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Site:
    """All processes of a run, in a folder of its own."""

    def __init__(self, folder: Path, room: Room, lease_s: float, workers: int) -> None:
        self.folder, self.data, self.room = folder, folder / "room" / "data", room
        self.effects = folder / "effects.jsonl"
        self.port, self._lease_s = free_port(), lease_s
        self.exits: list[Exit] = []
        self.starts = 0
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "CHAOS_EFFECTS": str(self.effects), "PYTHONUNBUFFERED": "1"}
        self.server = self._start_server()
        self.workers = [self._start_worker() for _ in range(workers)]

    # Starting.

    def _spawn(self, name: str, words: list[str], cwd: Path) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as said:
            return preloaded.begin(*words, cwd=cwd, env=self._environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def _start_server(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        words = ["serve", "--data", str(self.data), "--port", str(self.port), "--set", f"lease_s={self._lease_s}"]
        process = self._spawn("server", words, self.folder)
        self.room.bind(process.pid)
        return process

    def _start_worker(self) -> subprocess.Popen[bytes]:
        words = ["worker", "activities", "--server", f"http://127.0.0.1:{self.port}"]
        return self._spawn("worker", words, Path(__file__).parent)

    def tend(self) -> None:
        """Start again what has ended by itself."""
        if (code := self.server.poll()) is not None:
            self._note_exit("server", code)
            self.server = self._start_server()
        for place, worker in enumerate(self.workers):
            if (code := worker.poll()) is not None:
                self._note_exit("worker", code)
                self.workers[place] = self._start_worker()

    def _note_exit(self, name: str, code: int) -> None:
        said = (self.folder / f"{name}.log").read_text(errors="replace")[-600:]
        is_excused = name == "server" and code == 1 and (self.room.is_full or "no room" in said[-300:])
        self.exits.append(Exit(name=name, code=code, at=now_ms(), said=said, is_excused=is_excused))

    # Asking.

    def is_ready(self) -> bool:
        """Whether the server takes commands in."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self, timeout_s: float = READY_S) -> bool:
        """Wait until the server takes commands in; whether it did in time."""
        deadline = time.monotonic() + timeout_s
        while not self.is_ready():
            if time.monotonic() >= deadline:
                return False
            self.tend()
            time.sleep(0.02)
        return True

    def projector(self) -> int | None:
        """The process id of the server's projector, None while there is none."""
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with suppress(OSError, IndexError):
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self.server.pid and b"infra.server.projector" in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        return None

    # Faults.

    def kill_server(self) -> None:
        """Kill it and start another one."""
        self.server.kill()
        self.server.wait()
        self.server = self._start_server()

    def kill_worker(self, place: int) -> None:
        """Kill one and start another one."""
        self.workers[place].kill()
        self.workers[place].wait()
        self.workers[place] = self._start_worker()

    def kill_projector(self) -> bool:
        """Kill it; the server starts another one. False where there was none for some seconds."""
        deadline = time.monotonic() + PROJECTOR_S
        while (pid := self.projector()) is None:
            if time.monotonic() >= deadline:
                return False
            self.tend()
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True

    def rival(self) -> int | None:
        """Try a second server on the same folder; its exit code, None where it was not refused."""
        words = ["serve", "--data", str(self.data), "--port", "0"]
        try:
            return preloaded.run(*words, cwd=self.folder, env=self._environment).returncode
        except subprocess.TimeoutExpired:
            return None

    # Ending.

    def stop(self) -> None:
        """Ask all to stop, workers first; what does not stop well is noted."""
        for name, process in [*(("worker", worker) for worker in self.workers), ("server", self.server)]:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
            try:
                code = process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                code = -1
            if code:
                self._note_exit(name, code)

    def close(self) -> None:
        """Nothing is left running, whatever happened."""
        for process in [self.server, *self.workers]:
            if process.poll() is None:
                process.kill()
                process.wait()
