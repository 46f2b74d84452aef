"""`document`: the text of a file or a value, whatever it is written in, and what it says about itself.

Pages of a PDF document are told apart by a form feed; a page that is a picture gives no text: `ocr_switch` reads those.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.ports.activities import ActivityContext
from contracts.values import encode
from workers.running.activities import config as configs
from workers.running.activities.rag_parts import TIMEOUT, Parts
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.files import allowed_path, open_file
from workers.running.watch import seconds_of

FORMATS: Final = ("text", "markdown", "html", "pdf", "docx", "json", "csv")
BYTES_MAX: Final = 20 * 1024 * 1024
_ENDINGS: Final[Mapping[str, str]] = {
    "md": "markdown",
    "markdown": "markdown",
    "htm": "html",
    "html": "html",
    "xhtml": "html",
    "txt": "text",
}
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    "text/markdown": "markdown", "text/html": "html", "application/xhtml+xml": "html", "application/pdf": "pdf", "application/json": "json",
    "text/csv": "csv", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}  # fmt: skip


class FileConfig(configs.Config):
    """A file in place of which its content may stand."""

    content: Any = Field(default=None, description="In place of a file: a text, or any value, which is read as JSON.")
    base64: str | None = Field(default=None, description="In place of a file: its bytes, in base64.")
    bytes_max: int = Field(default=BYTES_MAX, ge=0, le=100 * 1024 * 1024, description="The largest file to read.")
    timeout: str = Field(default=TIMEOUT, description="How long it may take, a duration.")


class DocumentConfig(FileConfig):
    """Which document, and how to read it."""

    path: str | None = Field(default=None, description="A file, relative to the allowed folder.")
    format: Annotated[str | None, AfterValidator(lambda value, info: value if value is None else configs.OneOf(*FORMATS)(value, info))] = (
        Field(
            default=None,
            description="How it is written; by default its ending or its content decides.",
            json_schema_extra={"enum": [*FORMATS, None]},
        )
    )
    encoding: str | None = Field(default=None, description="Of texts, where it is not UTF-8: `latin-1`, for example.")
    source: str | None = Field(default=None, description="What it is called in all that is made of it; without it the path.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="What its chunks are to carry.")

    @model_validator(mode="after")
    def _one_of_them(self) -> DocumentConfig:
        if sum(one is not None for one in (self.path, self.content, self.base64)) > 1:
            raise PydanticCustomError("document", "expected one of `path`, `content` and `base64`")
        return self


class Document:
    """Reads a document."""

    name = "document"
    summary = "Gives the text of a file or a value: text, Markdown, HTML, PDF, Word, JSON or CSV."
    category = "ai"
    icon = "file-text"
    begins_with = '{"path": "handbook.md"}'
    Config = DocumentConfig
    gives: Final = {
        "type": "object",
        "required": ["text", "source", "format", "metadata"],
        "properties": {
            "text": {"type": "string"},
            "source": {"type": "string"},
            "format": {"type": "string"},
            "metadata": {"type": "object"},
        },
    }

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Read it. Raises ActivityError `document.unreadable`, `document.too_large`, `file.…`, `rag.…`, `input.invalid`."""
        wanted = configs.read_config(DocumentConfig, config)
        content, media_type = content_of(self._settings, wanted.path, wanted, data)
        form = wanted.format or _format_of(wanted, content, media_type)
        parts = Parts(self._settings, context, data)
        given = {"content": base64.b64encode(content).decode(), "format": form, "encoding": _known(wanted.encoding)}
        found = parts.done("read", {**given, "timeout_s": seconds_of(wanted.timeout, "timeout")})
        metadata = {**{name: one for name, one in found["metadata"].items() if one not in ("", None)}, **wanted.metadata}
        return {**found, "source": wanted.source or wanted.path or "", "format": form, "metadata": metadata}

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


def content_of(settings: ActivitySettings, path: str | None, wanted: FileConfig, data: Any) -> tuple[bytes, str]:
    """The bytes of the file that is meant, and its media type where that is known: what the node says, else what came in.

    What comes in may be a text, or what a request gave (`{body, headers}`). Raises ActivityError `file.…`, `input.invalid`.
    """
    media_type = ""
    if path is not None:
        with open_file(allowed_path(settings, path), path) as file:
            content = file.read(wanted.bytes_max + 1)
    elif wanted.base64 is not None:
        content = _unpacked(wanted.base64)
    else:
        given = data if wanted.content is None else wanted.content
        if isinstance(given, dict) and isinstance(given.get("body"), str) and isinstance(given.get("headers"), dict):
            media_type = str(given["headers"].get("content-type", "")).partition(";")[0].strip().lower()
            given = given["body"]
        if given is None:
            raise ActivityError(
                "input.invalid", "config: expected a file, `content` or `base64`, or something that comes in", retryable=False
            )
        content = given.encode() if isinstance(given, str) else encode(given)
    if len(content) > wanted.bytes_max:
        message = f"the document is larger than {wanted.bytes_max:,} bytes (bytes_max)"
        raise ActivityError("document.too_large", message, retryable=False)
    return content, media_type


def _unpacked(given: str) -> bytes:
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ActivityError("input.invalid", f"config.base64: expected base64: {error}", retryable=False) from None


def _known(encoding: str | None) -> str | None:
    if encoding is not None:
        try:
            "".encode(encoding)
        except (LookupError, ValueError):
            message = f"config.encoding: expected the name of an encoding of text, such as latin-1, found {encoding[:50]!r}"
            raise ActivityError("input.invalid", message, retryable=False) from None
    return encoding


def _format_of(wanted: DocumentConfig, content: bytes, media_type: str) -> str:
    if media_type in _MEDIA_TYPES:
        return _MEDIA_TYPES[media_type]
    ending = PurePath(wanted.path or wanted.source or "").suffix.lower().removeprefix(".")
    if ending in FORMATS or ending in _ENDINGS:
        return _ENDINGS.get(ending, ending)
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return "json" if wanted.content is not None and not isinstance(wanted.content, str) else "text"
