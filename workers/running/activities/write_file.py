"""`write_file`: writes a file in the allowed folder and gives `{path, bytes}`.

The file is replaced as a whole: a reader sees the old content or the new, never a part. With `append` the content is
added at the end; a retry after a lost answer adds it again.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from pydantic import Field

from contracts.ports.activities import ActivityContext
from contracts.values import encode
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.files import allowed_path

MODE: Final = 0o644


class WriteFileConfig(configs.Config):
    """Which file, and what to write."""

    path: str = Field(description="The file, relative to the allowed folder.")
    content: Any = Field(description="A string is written as it is, anything else as JSON.")
    append: bool = Field(default=False, description="Whether to add to the end of the file.")
    make_folders: bool = Field(default=True, description="Whether to make the folders of the path that are not there.")


class WriteFile:
    """Writes a file."""

    name = "write_file"
    summary = "Writes a file in the allowed folder."
    category = "activities"
    icon = "file-output"
    Config = WriteFileConfig
    gives: Final = {
        "type": "object",
        "required": ["path", "bytes"],
        "properties": {"path": {"type": "string"}, "bytes": {"type": "integer", "minimum": 0}},
        "additionalProperties": False,
    }

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Write the content. Raises ActivityError `file.forbidden`, `file.not_found` or `file.unwritable`."""
        wanted = configs.read_config(WriteFileConfig, config)
        place = allowed_path(self._settings, wanted.path)
        content = _bytes_of(wanted.content)
        try:
            if wanted.make_folders:
                place.parent.mkdir(parents=True, exist_ok=True)
            if wanted.append:
                _append(place, content)
            else:
                _replace(place, content)
        except FileNotFoundError:
            message = f"there is no folder for {wanted.path!r}; `make_folders: true` makes it"
            raise ActivityError("file.not_found", message, details={"path": wanted.path}) from None
        except OSError as error:
            message = f"{wanted.path!r} cannot be written: {error.strerror or error}"
            raise ActivityError("file.unwritable", message, details={"path": wanted.path}) from None
        return {"path": wanted.path, "bytes": len(content)}


def _bytes_of(content: Any) -> bytes:
    if not isinstance(content, str):
        return msgspec.json.format(encode(content), indent=2) + b"\n"
    try:
        return content.encode()
    except UnicodeEncodeError as error:
        raise ActivityError("input.invalid", f"config.content: not valid text at character {error.start}", retryable=False) from None


def _append(place: Path, content: bytes) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, MODE)
    with os.fdopen(descriptor, "ab") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _replace(place: Path, content: bytes) -> None:
    """Write beside the file, make it durable, and put it in the file's place in one step."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, _mode_of(place))
            os.fsync(descriptor)
        os.replace(name, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _mode_of(place: Path) -> int:
    with suppress(OSError):
        return place.stat().st_mode & 0o777
    return MODE
