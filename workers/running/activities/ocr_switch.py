"""`ocr_switch`: reads a document by one engine after the other until one is sure enough: leaves by `text`, or by `unreadable`.

    engines: [text_layer, tesseract, rapidocr, "openai:gpt-5-mini"]

The text layer of a PDF document comes first, as it is exact and costs nothing. How sure an engine is it says in a measure of its own, so
the least is said for each. A model says nothing of the kind: what it reads counts.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.credentials import CredentialName
from contracts.messages import FilePart, Message, Part, TextPart
from contracts.models import check_model
from contracts.ports.activities import ActivityContext
from domain.nodes.activity import TEXT, UNREADABLE
from workers.running.activities import config as configs
from workers.running.activities.document import FileConfig, content_of
from workers.running.activities.llm import web_url
from workers.running.activities.rag_parts import Parts
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.conversation import Conversation, Wanted
from workers.running.ai.wire import Options
from workers.running.watch import seconds_of

ENGINES: Final = ("text_layer", "tesseract", "rapidocr")
ENGINES_MAX: Final = 8
LEAST: Final[Mapping[str, float]] = {"tesseract": 60.0, "rapidocr": 0.8}
"""How sure each is to be, in its own measure, where the node does not say."""
ASKED: Final = (
    "Give the whole text of these pages, word for word, in reading order, and nothing else. If there is no text in them, give nothing."
)
_BAD: Final = "document.unreadable"


def _engine(name: str) -> str:
    return name if name in ENGINES else check_model(name)


Engine: TypeAlias = Annotated[str, AfterValidator(_engine)]


class OcrSwitchConfig(FileConfig):
    """Which file, and who reads it."""

    file: str | None = Field(default=None, description="The file, relative to the allowed folder.")
    engines: list[Engine] = Field(
        default=["text_layer", "tesseract"],
        min_length=1,
        max_length=ENGINES_MAX,
        description="Who reads, in this order: an engine, or a model.",
    )
    min_confidence: dict[str, float] = Field(
        default_factory=dict, description="How sure an engine is to be: `tesseract` 0 to 100 (60), `rapidocr` 0 to 1 (0.8)."
    )
    min_characters: int = Field(default=1, ge=1, le=1_000_000, description="How many characters that are no blanks a text has at least.")
    languages: list[Annotated[str, Field(pattern=r"^[A-Za-z_]{2,30}$")]] = Field(
        default=["eng"], min_length=1, max_length=10, description="For `tesseract`: which languages it reads, as it names them."
    )
    dpi: int = Field(default=200, ge=50, le=600, description="How fine pages of a PDF document are drawn.")
    credential: CredentialName | None = Field(default=None, description="The credential with the key for models.")
    base_url: Annotated[str | None, AfterValidator(lambda url: None if url is None else web_url(url))] = Field(
        default=None, description="Where OpenAI's protocol is spoken instead, for models."
    )
    max_tokens: int = Field(default=16_000, ge=1, le=10_000_000, description="How long the answer of a model may be.")

    @model_validator(mode="after")
    def _names_who_says_it(self) -> OcrSwitchConfig:
        unknown = [name for name in self.min_confidence if name not in LEAST]
        if unknown:
            said = f"`{unknown[0]}` does not say how sure it is; {' and '.join(LEAST)} do"
            raise PydanticCustomError("min_confidence", "{said}", {"said": said})
        return self


class OcrSwitch:
    """Reads pictures of text."""

    name = "ocr_switch"
    summary = "Leaves by `text` or `unreadable`: reads a scanned document by one engine after the other."
    category = "ai"
    icon = "scan-text"
    begins_with = '{"file": "scan.pdf", "engines": ["text_layer", "tesseract"]}'
    Config = OcrSwitchConfig
    gives: Final = {
        "type": "object",
        "required": ["port", "text"],
        "properties": {"port": {"enum": [TEXT, UNREADABLE]}, "text": {"type": "string"}, "tried": {"type": "array"}},
    }

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Read it. Raises ActivityError `ocr.…`, `file.…`, `ai.…`, `http.…`, `rag.…`, `input.invalid`."""
        wanted = configs.read_config(OcrSwitchConfig, config)
        content, _ = content_of(self._settings, wanted.file, wanted, data)
        given = {"content": base64.b64encode(content).decode(), "languages": wanted.languages, "dpi": wanted.dpi}
        reading = _Reading(self._settings, context, wanted, {**given, "timeout_s": seconds_of(wanted.timeout, "timeout")})
        tried: list[dict[str, Any]] = []
        for engine in wanted.engines:
            found = reading.by(engine)
            tried.append({"engine": engine, **{name: one for name, one in found.items() if name != "text"}})
            if _is_enough(engine, found, wanted):
                more = {"source": wanted.file or "", "format": "text", "metadata": {"engine": engine}}
                return {"port": TEXT, "text": found["text"], "engine": engine, "confidence": found["confidence"], "tried": tried, **more}
        return {"port": UNREADABLE, "text": "", "engine": None, "confidence": None, "tried": tried}

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


class _Reading:
    """One document."""

    def __init__(self, settings: ActivitySettings, context: ActivityContext, wanted: OcrSwitchConfig, given: dict[str, Any]) -> None:
        self._settings, self._context, self._wanted, self._given = settings, context, wanted, given
        self._parts = Parts(settings, context, None)

    def by(self, engine: str) -> dict[str, Any]:
        """`{text, confidence, characters}`; `error` in place of it where this is no document that anybody could read."""
        try:
            return self._parts.done("recognize", {**self._given, "engine": engine}) if engine in ENGINES else self._by_model(engine)
        except ActivityError as error:
            if error.error_type != _BAD:
                raise
            return {"text": "", "confidence": None, "characters": 0, "error": str(error)}

    def _by_model(self, model: str) -> dict[str, Any]:
        pictures = self._parts.done("pictures", self._given)["pictures"]
        parts: tuple[Part, ...] = (TextPart(text=ASKED), *(FilePart(media_type="image/png", data=one) for one in pictures))
        wanted, settings = self._wanted, self._settings
        asked = Wanted(
            models=[model],
            messages=[Message(role="user", parts=parts)],
            options=Options(max_tokens=wanted.max_tokens),
            stream=False,
            timeout_s=self._given["timeout_s"],
            credential=wanted.credential,
            base_url=wanted.base_url,
        )
        text = Conversation(settings.ai, self._context, asked, not settings.allow_private_addresses).outcome()["text"].strip()
        return {"text": text, "confidence": None, "characters": sum(not one.isspace() for one in text), "pages": len(pictures)}


def _is_enough(engine: str, found: Mapping[str, Any], wanted: OcrSwitchConfig) -> bool:
    least = wanted.min_confidence.get(engine, LEAST.get(engine))
    is_sure = least is None or (found["confidence"] is not None and found["confidence"] >= least)
    return is_sure and int(found["characters"]) >= wanted.min_characters
