"""`embedding`: texts as vectors; and, over an edge of the type `ai_embedding`, the model that a store and its searches are to use."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from contracts.models import EMBEDDING_PRESETS
from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activities.rag_parts import LOCAL_MODEL, TIMEOUT, Embedder, Parts, listed
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.watch import seconds_of

TEXTS_MAX: Final = 10_000


class EmbeddingConfig(Embedder):
    """Which model, and what it embeds."""

    texts: Any = Field(default=None, description="A text, or a list; without it chunks that came over `ai_text_splitter` or `ai_document`.")
    purpose: Annotated[str, AfterValidator(configs.OneOf("document", "query"))] = Field(
        default="document", description="Whether they are what is searched, or what is looked for: some models tell one from the other."
    )
    timeout: str = Field(default=TIMEOUT, description="How long it may take, a duration.")


class Embedding:
    """Embeds texts."""

    name = "embedding"
    summary = "Makes vectors of texts, by a model on this machine or of a provider."
    category = "ai"
    icon = "waypoints"
    presets = EMBEDDING_PRESETS
    begins_with = f'{{"model": "{LOCAL_MODEL}"}}'
    Config = EmbeddingConfig
    gives: Final = {
        "type": "object",
        "required": ["model", "vectors"],
        "properties": {"model": {"type": "string"}, "vectors": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}},
    }

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Embed; with nothing to embed it only offers its model. Raises ActivityError `ai.…`, `http.…`, `rag.…`, `input.invalid`."""
        wanted = configs.read_config(EmbeddingConfig, config)
        offers = wanted.model_dump(include={"model", "dimensions", "base_url", "credential"}, exclude_none=True)
        parts = Parts(self._settings, context, data)
        texts = _texts(wanted.texts, parts)
        if not texts:
            return {"model": wanted.model, "dimensions": wanted.dimensions, "vectors": [], "offers": offers, "calls": []}
        embedder = parts.asked(wanted.model, wanted.base_url, wanted.credential, wanted.timeout, dimensions=wanted.dimensions)
        given = {"texts": texts, "purpose": wanted.purpose, "embedding": embedder, "timeout_s": seconds_of(wanted.timeout, "timeout")}
        return {**parts.done("embed", given), "offers": offers}

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


def _texts(given: Any, parts: Parts) -> list[str]:
    if given is None:
        given = [*parts.offered("ai_text_splitter").get("chunks", []), *listed(parts.data.get("ai_document", []))]
    found = [one.get("text") if isinstance(one, dict) else one for one in listed(given)]
    if len(found) > TEXTS_MAX:
        message = f"config.texts: {len(found):,} texts, and {TEXTS_MAX:,} are allowed at a time: a `vector_store` takes more"
        raise ActivityError("input.invalid", message, retryable=False)
    for index, one in enumerate(found):
        if not isinstance(one, str):
            message = f"config.texts[{index}]: expected a text, or an object with `text`, found {str(one)[:100]!r}"
            raise ActivityError("input.invalid", message, retryable=False)
    return [str(one) for one in found]
