"""Keys in a file of a data folder: places of 32 bytes, which are overwritten where they stand.

    keys     │ head, 32 bytes │ key 0 │ key 1 │ 00…00 │ key 3 │ …       a place of zeros: thrown away, or never here

Nothing else in the folder ever holds a key: no table with free pages, no write-ahead log, no copy that a replaced file leaves
behind. A place lies within one sector, so that a lost power supply leaves the key or zeros.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from contracts.errors import LogCorrupt, LogUnreachable
from contracts.key import KEYS_MAX
from infra.files.whole import raises_log_full, sync_folder
from infra.keys.cipher import KEY_BYTES

_HEAD: Final = b"refold keys 1\n".ljust(KEY_BYTES, b"\0")
_THROWN_AWAY: Final = bytes(KEY_BYTES)


class FileVault:
    """A `Vault` in one file. Who only reads opens it when a key is asked for, and finds those that were added since."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self._path, self._read_only = path, read_only
        self._file = -1

    def begin(self, journal: str, end: int) -> None:
        """See Vault: it lies beside its log."""

    def add(self, keys: Sequence[bytes], at_least: int = 0) -> int:
        """See Vault. Who adds at the same time elsewhere adds behind these."""
        assert not self._read_only
        file = self._opened(make=True)
        with raises_log_full(self._path), _alone(file):
            behind = -(-(os.fstat(file).st_size - len(_HEAD)) // KEY_BYTES)  # after what a kill has left half written
            first = max(0, behind, at_least)
            _write(file, b"".join(keys), _place(first))
            os.fsync(file)
        return first

    def get(self, number: int) -> bytes | None:
        """See Vault."""
        if not 0 <= number < KEYS_MAX or (file := self._opened(make=False)) < 0:
            return None
        found = os.pread(file, KEY_BYTES, _place(number))
        return found if len(found) == KEY_BYTES and found != _THROWN_AWAY else None

    def throw_away(self, numbers: Sequence[int]) -> None:
        """See Vault."""
        assert not self._read_only
        if (file := self._opened(make=False)) < 0:
            return
        size = os.fstat(file).st_size
        for number in numbers:
            if 0 <= _place(number) < size:
                _write(file, _THROWN_AWAY, _place(number))
        os.fsync(file)

    def close(self) -> None:
        """Let go of the file. Closing twice is once."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _opened(self, make: bool) -> int:
        """The file, made where that is asked for; -1 where there is none."""
        if self._file < 0:
            try:
                self._file = os.open(self._path, os.O_RDONLY if self._read_only else os.O_RDWR)
            except FileNotFoundError:
                if not make:
                    return -1
                self._file = self._made()
            self._check_head()
        return self._file

    def _made(self) -> int:
        if not self._path.parent.is_dir():
            raise LogUnreachable(f"there is no folder {self._path.parent} any more")
        with raises_log_full(self._path):
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            _write(file, _HEAD, 0)
            os.fsync(file)
            sync_folder(self._path.parent)
        return file

    def _check_head(self) -> None:
        """A head that a kill has left half written has no keys behind it, and is written again."""
        head = os.pread(self._file, len(_HEAD), 0)
        if head == _HEAD:
            return
        if len(head) < len(_HEAD) and _HEAD.startswith(head):
            if not self._read_only:
                _write(self._file, _HEAD, 0)
            return
        self.close()
        raise LogCorrupt(f"{self._path} is no file of keys, or one of another version of Refold")


@contextmanager
def _alone(file: int) -> Iterator[None]:
    """Nobody else adds."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _place(number: int) -> int:
    return len(_HEAD) + number * KEY_BYTES


def _write(file: int, content: bytes, at: int) -> None:
    """All of it: a write may take less than it is given."""
    left = memoryview(content)
    while left:
        written = os.pwrite(file, left, at)
        left, at = left[written:], at + written
