"""`reranker`: puts what was found into another order; and, over an edge of the type `ai_reranker`, says how a search is to do so."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.credentials import CredentialName
from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activities.llm import web_url
from workers.running.activities.rag_parts import TIMEOUT, TOP_K_MAX, Embedder, Parts
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.watch import seconds_of


class Ranking(configs.Config):
    """How the order comes about."""

    by: Annotated[str, AfterValidator(configs.OneOf("embedding", "words", "model"))] = Field(
        default="embedding",
        description="By meaning (vectors), by the words of the question (BM25 among these texts), or by a model that ranks (`/rerank`).",
    )
    model: str | None = Field(default=None, min_length=1, max_length=200, description="With `by: model`: its name, as its server has it.")
    base_url: Annotated[str | None, AfterValidator(lambda url: None if url is None else web_url(url))] = Field(
        default=None, description="With `by: model`: where `/rerank` is, as Cohere, Jina, vLLM, llama.cpp have it."
    )
    credential: CredentialName | None = Field(default=None, description="With `by: model`: the credential with the key.")
    embedding: Embedder | None = Field(
        default=None, description="With `by: embedding`: the model; without it that of `ai_embedding`, or the local."
    )
    diversity: float = Field(
        default=0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="With `by: embedding`: how much it counts to be unlike what stands before.",
    )

    @model_validator(mode="after")
    def _has_a_model(self) -> Ranking:
        if self.by == "model" and (self.model is None or self.base_url is None):
            raise PydanticCustomError("rerank", "`by: model` needs `model` and `base_url`")
        return self


class RerankerConfig(Ranking):
    """What is put in order, and how."""

    query: str | None = Field(default=None, description="What was looked for; without it `query` of what comes in.")
    documents: list[Any] | str | None = Field(
        default=None, description="What was found; without it what came over `ai_retriever`, or came in."
    )
    top_k: int = Field(default=5, ge=1, le=TOP_K_MAX, description="How many it gives, at most.")
    min_score: float | None = Field(default=None, allow_inf_nan=False, description="How well they are to fit, in the measure of `by`.")
    timeout: str = Field(default=TIMEOUT, description="How long it may take, a duration.")


class Reranker:
    """Ranks documents."""

    name = "reranker"
    summary = "Puts what was found into another order: by a model that ranks, by meaning, by words, or for variety."
    category = "ai"
    icon = "arrow-up-narrow-wide"
    begins_with = '{"documents": "{{ data.documents }}"}'
    Config = RerankerConfig

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Rank; with nothing to rank it only offers how. Raises ActivityError `ai.…`, `http.…`, `rag.…`, `input.invalid`."""
        wanted = configs.read_config(RerankerConfig, config)
        parts = Parts(self._settings, context, data)
        offers = wanted.model_dump(include=set(Ranking.model_fields), exclude_unset=True)
        found = parts.offered("ai_retriever")
        documents = wanted.documents if wanted.documents is not None else found.get("documents", parts.data.get("documents"))
        if documents is None:
            return {"documents": [], "offers": offers}
        if not isinstance(documents, list):
            raise ActivityError("input.invalid", f"config.documents: expected a list, found {str(documents)[:100]!r}", retryable=False)
        query = parts.question(wanted.query or found.get("query"))
        given = {
            "query": query, "documents": documents, "top_k": wanted.top_k, "min_score": wanted.min_score,
            "rerank": ranking(parts, wanted, wanted.timeout), "timeout_s": seconds_of(wanted.timeout, "timeout"),
        }  # fmt: skip
        return {**parts.done("rerank", given), "offers": offers}

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


def ranking(parts: Parts, wanted: Ranking, timeout: str) -> dict[str, Any]:
    """How it is ranked, as the RAG process is told of it. Raises ActivityError `ai.auth`."""
    said: dict[str, Any] = {"by": wanted.by, "diversity": wanted.diversity}
    if wanted.by == "model":
        return said | parts.asked(f"rerank:{wanted.model}", wanted.base_url, wanted.credential, timeout)
    embedding = parts.embedding(wanted.embedding, timeout) or parts.embedding(Embedder(), timeout)
    return said | {"embedding": embedding}
