"""The one folder that activities may read and write: paths are resolved, and may lead neither out of it nor into the data folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings


def _forbidden(path: str, why: str) -> ActivityError:
    return ActivityError("file.forbidden", f"{path!r} may not be used: {why}", details={"path": path}, retryable=False)


def allowed_path(settings: ActivitySettings, path: str) -> Path:
    """The place a relative path names inside the folder, symlinks followed. Raises ActivityError `file.forbidden`."""
    if settings.files is None:
        raise _forbidden(path, "no folder is allowed; the setting `files` names one")
    if not path or "\0" in path or Path(path).is_absolute():
        raise _forbidden(path, "expected a path relative to the allowed folder")
    root = settings.files.resolve()
    try:
        place = (root / path).resolve()
    except (OSError, RuntimeError) as error:
        raise _forbidden(path, f"it cannot be resolved: {error}") from None
    if not place.is_relative_to(root):
        raise _forbidden(path, "it leads out of the allowed folder")
    if settings.data is not None and is_within(place, settings.data):
        raise _forbidden(path, "it leads into the data folder, which is the engine's own")
    return place


def is_within(place: Path, folder: Path) -> bool:
    """Whether a place is a folder or lies in it, under whatever name it is reached."""
    try:
        found = folder.stat()
    except OSError:
        return place.resolve().is_relative_to(folder.resolve())
    return any(_is_same(above, found) for above in (place, *place.parents))


def _is_same(path: Path, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), found)
    except OSError:
        return False


def open_file(place: Path, path: str) -> BinaryIO:
    """The file, open for reading. Raises ActivityError `file.not_found`, or `file.forbidden` for what is not a plain file."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise ActivityError("file.not_found", f"there is no file {path!r}", details={"path": path}) from None
    except OSError as error:
        raise _forbidden(path, error.strerror or str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _forbidden(path, "it is not a plain file")
    return os.fdopen(descriptor, "rb")
