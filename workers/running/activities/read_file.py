"""`read_file`: gives the content of a file in the allowed folder.

`text` gives a string, `json` the parsed value, `csv` a list of objects with strings by the names of the first line,
`base64` a string. Without `format` the file's ending decides: `.json`, `.csv`, else text.
"""

from __future__ import annotations

import base64
import csv
import io
from pathlib import PurePath
from typing import Annotated, Any, Final

import msgspec
from pydantic import AfterValidator, Field

from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.files import allowed_path, open_file

FORMATS: Final = ("text", "json", "csv", "base64")
EXTRA_CELLS: Final = "_rest"
"""Where the cells of a CSV line go that have no name."""


class ReadFileConfig(configs.Config):
    """Which file, and how to read it."""

    path: str = Field(description="The file, relative to the allowed folder.")
    format: Annotated[str | None, AfterValidator(lambda value, info: value if value is None else configs.OneOf(*FORMATS)(value, info))] = (
        Field(
            default=None,
            description="text, json, csv or base64; by default the file's ending decides.",
            json_schema_extra={"enum": [*FORMATS, None]},
        )
    )
    bytes_max: int = Field(default=10 * 1024 * 1024, ge=0, description="The largest file to read.")


class ReadFile:
    """Reads a file."""

    name = "read_file"
    summary = "Reads a file in the allowed folder as text, JSON, CSV or base64."
    category = "activities"
    icon = "file-input"
    Config = ReadFileConfig

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Give the content. Raises ActivityError `file.forbidden`, `file.not_found`, `file.too_large` or `file.unreadable`."""
        wanted = configs.read_config(ReadFileConfig, config)
        with open_file(allowed_path(self._settings, wanted.path), wanted.path) as file:
            content = file.read(wanted.bytes_max + 1)
        if len(content) > wanted.bytes_max:
            message = f"{wanted.path!r} is larger than {wanted.bytes_max} bytes (bytes_max)"
            raise ActivityError("file.too_large", message, retryable=False)
        return _parse(wanted.path, wanted.format or _format_of(wanted.path), content)


def _format_of(path: str) -> str:
    ending = PurePath(path).suffix.lower().removeprefix(".")
    return ending if ending in ("json", "csv") else "text"


def _parse(path: str, form: str, content: bytes) -> Any:
    try:
        match form:
            case "json":
                return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
            case "csv":
                return _rows(content.decode("utf-8-sig"))
            case "base64":
                return base64.b64encode(content).decode()
            case _:
                return content.decode()
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"not UTF-8 text at byte {error.start}; `format: base64` reads any file") from None
    except (msgspec.DecodeError, csv.Error, RecursionError) as error:
        raise _unreadable(path, f"not {form}: {error}") from None


def _unreadable(path: str, why: str) -> ActivityError:
    return ActivityError("file.unreadable", f"{path!r} is {why}", retryable=False)


def _rows(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), restkey=EXTRA_CELLS, restval=""))
