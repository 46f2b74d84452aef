"""`retriever`: finds what a store has about a question: by words, by meaning, or by both."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activities.rag_parts import TOP_K_MAX, Parts, StoreConfig
from workers.running.activities.reranker import Ranking, ranking
from workers.running.activities.vector_store import WHERE_MAX, Conditions
from workers.running.activity_settings import ActivitySettings

MODES: Final = ("lexical", "vector", "hybrid")
GIVES: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["query", "documents", "text", "count"],
    "properties": {
        "query": {"type": "string"},
        "documents": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["text", "score"],
                "properties": {"text": {"type": "string"}, "score": {"type": "number"}},
            },
        },
        "text": {"type": "string"},
        "count": {"type": "integer", "minimum": 0},
    },
}


class RetrieverConfig(StoreConfig):
    """What is looked for, where, and how."""

    query: str | None = Field(
        default=None, description="What is looked for; without it `query` of what comes in, or what came over `ai_chain` or `ai_agent`."
    )
    mode: Annotated[str, AfterValidator(configs.OneOf(*MODES))] = Field(
        default="hybrid", description="By the words of the question, by its meaning, or by both.", json_schema_extra={"enum": [*MODES]}
    )
    top_k: int = Field(default=5, ge=1, le=TOP_K_MAX, description="How many chunks it gives, at most.")
    min_score: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="How well they are to fit: the cosine (-1 to 1) by `vector` and `hybrid`, BM25 by `lexical`, that of `rerank` with it.",
    )
    where: Conditions = Field(
        default_factory=dict,
        max_length=WHERE_MAX,
        description="What their `metadata` (or `source`) is to be: a value, or a list of values.",
    )
    rerank: Ranking | None = Field(
        default=None, description="How what is found is put in order, as of `reranker`; without it what came over `ai_reranker`."
    )


class Retriever:
    """Finds chunks."""

    name = "retriever"
    summary = "Finds what a store has about a question: by words, by meaning, or both."
    category = "ai"
    icon = "search"
    begins_with = '{"store": "docs", "query": "{{ data.query }}"}'
    Config = RetrieverConfig
    gives = GIVES

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Find it. Raises ActivityError `store.…`, `ai.…`, `http.…`, `rag.…`, `input.invalid`."""
        wanted = configs.read_config(RetrieverConfig, config)
        return retrieved(Parts(self._settings, context, data), wanted)

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


def retrieved(parts: Parts, wanted: RetrieverConfig) -> dict[str, Any]:
    """What was found. Raises ActivityError."""
    offered = parts.offered("ai_reranker").get("offers")
    rerank = wanted.rerank
    if rerank is None and isinstance(offered, dict):
        rerank = configs.read_config(Ranking, offered)
    given = {
        **parts.store(wanted),
        **wanted.model_dump(include={"mode", "top_k", "min_score", "where"}),
        "query": parts.question(wanted.query),
        "embedding": parts.embedding(wanted.embedding, wanted.timeout),
        "rerank": None if rerank is None else ranking(parts, rerank, wanted.timeout),
    }
    return parts.done("retrieve", given)
