"""Writing a file so that a kill or a lost power supply leaves either the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from contracts.errors import LogFull, LogUnreachable

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def write_whole(path: Path, *content: bytes) -> None:
    """Put the content, given in one or more parts, at `path`, replacing what is there, durable when the call returns.

    The bytes are on disk before the name is, and the name is before the answer: else a lost power supply could leave a
    name with nothing behind it. Raises LogFull where there is no room; the old file then stands as it was.
    """
    with raises_log_full(path):
        make_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(descriptor, "wb") as file:
                file.writelines(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        sync_folder(path.parent)


def check_folder(path: Path) -> None:
    """Raise LogUnreachable where a folder was taken away: it is not made anew, as nobody would look into that one."""
    if not path.is_dir():
        raise LogUnreachable(f"there is no folder {path} any more")


def make_folder(path: Path) -> None:
    """The folder, and all above it, made if missing, and durable as far as they were made here."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def raises_log_full(path: Path) -> Iterator[None]:
    """Turn "no room" of the operating system into LogFull; every other error stays what it is."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise LogFull(f"there is no room for {path}: {error.strerror}") from error
        raise
