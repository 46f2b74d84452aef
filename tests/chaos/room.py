"""Room on the disk: a place of limited size for the data folder, that can be filled and freed again.

A tmpfs of its own where root may mount one. Elsewhere the server's files may not grow (RLIMIT_FSIZE), which the engine meets
as another error, `EFBIG`, of the same writes.
"""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

TMPFS_BYTES: Final = 768 * 1024 * 1024
_CHUNKS: Final = (16 * 1024 * 1024, 1024 * 1024, 64 * 1024, 4096)


class Room(Protocol):
    """A place whose room can end."""

    kind: str
    is_full: bool

    def fill(self, server: int) -> None:
        """Take all room away; `server` is the process that writes."""

    def free(self, server: int) -> None:
        """Give it back."""

    def bind(self, server: int) -> None:
        """A new process writes here."""

    def close(self) -> None:
        """Leave nothing behind."""


class Tmpfs:
    """A file system in memory, with a ballast file."""

    kind = "tmpfs"

    def __init__(self, place: Path) -> None:
        self._place, self._ballast = place, place / "ballast"
        self.is_full = False

    @staticmethod
    def mount(place: Path) -> bool:
        """Whether it could be mounted."""
        words = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES},mode=700", "refold-chaos", str(place)]
        with suppress(OSError):
            return os.geteuid() == 0 and subprocess.run(words, capture_output=True, timeout=20, check=False).returncode == 0
        return False

    def fill(self, server: int) -> None:
        """Write a file until nothing more fits."""
        self.is_full = True
        with self._ballast.open("ab", buffering=0) as file:
            for size in _CHUNKS:
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)

    def free(self, server: int) -> None:
        """Remove the file."""
        self.is_full = False
        self._ballast.unlink(missing_ok=True)

    def bind(self, server: int) -> None:
        """Nothing to do: the file system is full for all."""

    def close(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", str(self._place)], capture_output=True, timeout=20, check=True)


class Limited:
    """Files that may not grow, for the server and what it starts."""

    kind = "RLIMIT_FSIZE"
    FILE_BYTES: Final = 4096

    def __init__(self) -> None:
        self.is_full = False

    def fill(self, server: int) -> None:
        """From here on no file may grow."""
        self.is_full = True
        self.bind(server)

    def free(self, server: int) -> None:
        """Files may grow again."""
        self.is_full = False
        self.bind(server)

    def bind(self, server: int) -> None:
        """Set the limit of a process, as it is now."""
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        with suppress(ProcessLookupError):
            resource.prlimit(server, resource.RLIMIT_FSIZE, (self.FILE_BYTES if self.is_full else hard, hard))

    def close(self) -> None:
        """Nothing is left behind."""


def make_room(place: Path, may_mount: bool) -> Room:
    """The best there is on this machine."""
    place.mkdir(parents=True, exist_ok=True)
    return Tmpfs(place) if may_mount and Tmpfs.mount(place) else Limited()
