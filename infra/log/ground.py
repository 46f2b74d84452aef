"""The ground a log stands on: its files, which nobody may take away while it is open.

An open file outlives its name. A process whose log was deleted, renamed or replaced goes on writing where nobody will
look again; so it looks at the names itself, before it answers.

After a commit only the folder is looked at: a name that comes, goes or changes changes the folder's time. To look at the
files each time would cost more than it seems: since Linux 6.13 whoever asks for a file's times makes the next write to
it note a new one, and the next sync wait for that (a third of a round's time on ext4).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from contracts.errors import LogGone


class Ground:
    """Files in one folder, as they were when it was made. Making it raises LogGone where one is not there."""

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self._folder = str(folder)
        self._seen: tuple[int, int, int] | None = None
        self._files = [(str(path), _identity(str(path))) for path in files]
        self.check()

    def check_folder(self) -> None:
        """The same as `check`, as far as the folder tells of a change."""
        if _folder(self._folder) != self._seen:
            self.check()

    def check(self) -> None:
        """Raise LogGone unless each is still the file that it was."""
        seen = _folder(self._folder)
        for path, before in self._files:
            now = _identity(path)
            if now is None or now != before:
                what = "is not there any more" if now is None else "is another file than before"
                raise LogGone(f"{path} {what}: it was deleted, renamed or replaced while it was in use; what was appended last may be lost")
        self._seen = seen


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _folder(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns
