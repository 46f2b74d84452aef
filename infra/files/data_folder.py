"""The data folder: where an embedded engine keeps its log, its blobs and its snapshots, and who may write there.

data/
├── log.db        the log, all that Refold knows
├── projection.db read models, disposable (only with a server); of a log of many partitions projection-<partition>.db
├── blobs/        values too big for an event
├── sealed/       the same of executions that are sealed, each with its key
├── keys          their keys, and nothing else
├── credentials.db secrets, sealed
├── master.key    what opens them, unless it is kept elsewhere
├── snapshots/    disposable
├── retention/    what is on its way from the log to the archive
├── fence.json    of a copy in which nothing is to run yet
└── lock          held by the one process that writes; says which
"""

from __future__ import annotations

import fcntl
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from contracts.errors import LogError, LogHeld
from infra.files.fence import check_open, check_whole
from infra.files.whole import make_folder, raises_log_full

_AT: Final = ", which serves at "
COMMAND_LINE_LENGTH_MAX: Final = 200
NODE_HOST_LENGTH_MAX: Final = 60
"""As much of the holder's command line as a message shows."""


class DataFolder:
    """The names in a data folder. Making one touches nothing: `hold` makes the folder, `check` asks that it is there."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.log = self.path / "log.db"
        self.blobs = self.path / "blobs"
        self.snapshots = self.path / "snapshots"
        self.sealed = self.path / "sealed"
        self.keys = self.path / "keys"
        self.credentials = self.path / "credentials.db"
        self.projection = self.path / "projection.db"
        self.pieces = self.path / "retention"
        self.lock = self.path / "lock"

    def projection_of(self, partition: int) -> Path:
        """The read models of a partition of a log of many."""
        return self.path / f"projection-{partition}.db"

    @property
    def exists(self) -> bool:
        """Whether there is a log in it."""
        return self.log.is_file()

    def check(self) -> None:
        """For readers: raise LogError, saying what is there instead, unless there is a log to read."""
        self._check_is_folder()
        if not self.path.exists():
            raise LogError(f"there is no data folder {self.path}; `refold run` makes one")
        if not self.exists:
            raise LogError(f"{self.path} is a folder without a log: {self.log.name} is missing")
        if not os.access(self.log, os.R_OK):
            raise LogError(f"{self.log} cannot be read by this user")
        check_whole(self.path)

    def create(self) -> None:
        """Make the folder and those within, if they are missing. Raises LogError where that cannot be."""
        self._check_is_folder()
        try:
            with raises_log_full(self.path):
                for folder in (self.path, self.blobs, self.snapshots):
                    make_folder(folder)
        except OSError as error:
            raise LogError(f"the data folder {self.path} cannot be made: {error.strerror} ({error.filename})") from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise LogError(f"the data folder {self.path} cannot be written by this user")

    def node(self) -> str:
        """What the process that holds the folder is called, if it was not told otherwise: made once, and the same for ever."""
        path = self.path / "node"
        try:
            if found := path.read_text().strip():
                return found
        except FileNotFoundError:
            pass
        name = f"{socket.gethostname()[:NODE_HOST_LENGTH_MAX]}-{os.urandom(4).hex()}"
        with raises_log_full(self.path):
            path.write_text(name)
        return name

    @contextmanager
    def hold(self, address: str | None = None) -> Iterator[None]:
        """Be the one process that writes here, for as long as the context lasts; makes the folder if it is missing.

        `address` is that of a server, which who comes later can ask instead.

        Raises LogFenced where it is a copy in which nothing is to run; LogHeld, naming the holder, where another process holds it.
        The lock is the operating system's (`flock`), not the file: a dead process holds nothing, and the file is left behind on
        purpose, as removing it would let two processes lock two files of one name.
        """
        check_open(self.path)
        self.create()
        with self._open_lock() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder, _, server = _holder(file).partition(_AT)
                said = f"{holder}{_AT}{server}" if server else holder
                raise LogHeld(f"the data folder {self.path} is held by {said}", server or None) from None
            _write_holder(file, f"process {os.getpid()} ({_command_line()})" + (f"{_AT}{address}" if address else ""))
            try:
                yield
            finally:
                _write_holder(file, "")

    def _open_lock(self) -> BinaryIO:
        try:
            return open(self.lock, "a+b", buffering=0)
        except OSError as error:
            raise LogError(f"the lock {self.lock} cannot be opened: {error.strerror}") from error

    def _check_is_folder(self) -> None:
        try:
            is_other = self.path.exists() and not self.path.is_dir()
        except OSError as error:
            raise LogError(f"the data folder {self.path} cannot be looked at: {error.strerror}") from error
        if is_other:
            raise LogError(f"{self.path} is a file; a data folder is expected")


def _command_line() -> str:
    name = Path(sys.argv[0]).name or "python"
    return shlex.join([name, *sys.argv[1:]])[:COMMAND_LINE_LENGTH_MAX]


def _write_holder(file: BinaryIO, text: str) -> None:
    """Say who holds the lock; for people only, so a full disk must not keep an engine from starting or ending."""
    try:
        file.truncate(0)
        file.write(text.encode())
    except OSError:
        return


def _holder(file: BinaryIO) -> str:
    """Who holds the lock, as the holder wrote it; it may be just about to."""
    file.seek(0)
    return file.read(4 * COMMAND_LINE_LENGTH_MAX).decode(errors="replace") or "another process"
