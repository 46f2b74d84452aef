"""A throw-away PostgreSQL: a cluster in a temporary folder, run by a user without rights, reached over a socket in that folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psycopg

READY_S: Final = 30.0
USERS: Final = ("postgres", "nobody")
"""Who runs it where the tests are run by root, whom PostgreSQL refuses."""
PLACES: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")


class NoPostgres(Exception):
    """There is none on this machine; the message says how to get one."""


def programs() -> Path:
    """The folder of `initdb` and `postgres`. Raises NoPostgres."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted((folder for place in PLACES for folder in Path("/").glob(place.lstrip("/"))), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("PostgreSQL is not installed (Debian, Ubuntu: apt install postgresql), and REFOLD_POSTGRES names no other")


class Postgres:
    """One cluster. `kill` is a crash, from which `start` recovers."""

    def __init__(self, port: int | None = None) -> None:
        """It listens on a socket of its folder, and with a `port` on loopback, too."""
        self._listens = ["-c", "listen_addresses="] if port is None else ["-c", "listen_addresses=127.0.0.1", "-p", str(port)]
        self._port = port
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="refold-pg-"))
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            user = next((name for name in USERS if _is_user(name)), None)
            if user is None:
                raise NoPostgres(f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)}")
            shutil.chown(self.folder, user)
            self._as = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None
        words: list[str | Path] = [
            self._programs / "initdb",
            "-D",
            self.folder / "data",
            "-U",
            "refold",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self._as)
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://refold@/postgres?host={self.folder}" + ("" if self._port is None else f"&port={self._port}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [*self._listens, "-c", "fsync=off", "-c", "max_connections=40", "-k", str(self.folder)]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *options],
                stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, **self._as,
            )  # fmt: skip
        deadline = time.monotonic() + READY_S
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
            return False
        return True

    def kill(self) -> None:
        """All of its processes end at once, and it has to recover."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(READY_S)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
