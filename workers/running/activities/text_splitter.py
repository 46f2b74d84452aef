"""`text_splitter`: a text in pieces of a size that a model can take in, at its seams. Each knows where it stood; its id is its content."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activities.rag_parts import TIMEOUT, Parts, listed
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.watch import seconds_of

SIZE: Final = 1_000
OVERLAP: Final = 150


class TextSplitterConfig(configs.Config):
    """What is split, and how."""

    documents: Any = Field(
        default=None, description="A text, what `document` gave, or a list of them; without it what came over `ai_document`, or came in."
    )
    size: int = Field(default=SIZE, ge=1, le=1_000_000, description="How long a chunk may be.")
    overlap: int = Field(default=OVERLAP, ge=0, description="How much of the end of a chunk the next one begins with, at most.")
    unit: Annotated[str, AfterValidator(configs.OneOf("characters", "tokens"))] = Field(
        default="characters", description="What size and overlap count; tokens are those of the local model."
    )
    by: Annotated[str, AfterValidator(configs.OneOf("auto", "text", "markdown"))] = Field(
        default="auto", description="At which seams: those of Markdown (headings, lists, code), or of any text."
    )
    timeout: str = Field(default=TIMEOUT, description="How long it may take, a duration.")

    @model_validator(mode="after")
    def _fits(self) -> TextSplitterConfig:
        if self.overlap >= self.size:
            said = f"expected an `overlap` below the `size` ({self.size}), found {self.overlap}"
            raise PydanticCustomError("overlap", "{said}", {"said": said})
        return self


class TextSplitter:
    """Splits texts."""

    name = "text_splitter"
    summary = "Splits texts into chunks at chapters, paragraphs and sentences, each with where it stood."
    category = "ai"
    icon = "scissors"
    begins_with = '{"size": 1000, "overlap": 150}'
    Config = TextSplitterConfig
    gives: Final = {
        "type": "object",
        "required": ["chunks", "count"],
        "properties": {"chunks": {"type": "array", "items": {"type": "object"}}, "count": {"type": "integer", "minimum": 0}},
    }

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Split. Raises ActivityError `document.too_large`, `rag.…`, `input.invalid`."""
        wanted = configs.read_config(TextSplitterConfig, config)
        parts = Parts(self._settings, context, data)
        given = wanted.documents if wanted.documents is not None else parts.data.get("ai_document", data)
        documents = [_document(one, index) for index, one in enumerate(listed(given))]
        said = wanted.model_dump(include={"size", "overlap", "unit", "by"})
        return parts.done("split", {**said, "documents": documents, "timeout_s": seconds_of(wanted.timeout, "timeout")})

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


def _document(given: Any, index: int) -> dict[str, Any]:
    if isinstance(given, str):
        return {"text": given}
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        message = f"config.documents[{index}]: expected a text, or an object with `text`, found {str(given)[:100]!r}"
        raise ActivityError("input.invalid", message, retryable=False)
    source, metadata = given.get("source"), given.get("metadata")
    title = {"title": given["title"]} if given.get("title") else {}
    return {
        "text": given["text"],
        "source": source if isinstance(source, str) else "",
        "format": given.get("format"),
        "metadata": {**title, **(metadata if isinstance(metadata, dict) else {})},
    }
