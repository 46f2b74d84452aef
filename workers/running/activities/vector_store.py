"""`vector_store`: keeps chunks with their vectors, gives those near to a question, and removes them. Twice is once, in all of it."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activities.rag_parts import TOP_K_MAX, Parts, StoreConfig, listed
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings

OPERATIONS: Final = ("upsert", "query", "delete", "none")
WHERE_MAX: Final = 20


def _conditions(where: dict[str, Any]) -> dict[str, Any]:
    for name, wanted in where.items():
        if any(isinstance(one, dict | list) for one in listed(wanted)):
            said = f"`{name}`: expected a text, a number, true, false or null, or a list of such, found {str(wanted)[:100]!r}"
            raise PydanticCustomError("where", "{said}", {"said": said})
    return where


Conditions: TypeAlias = Annotated[dict[str, Any], AfterValidator(_conditions)]


class VectorStoreConfig(StoreConfig):
    """Which store, and what is done with it."""

    operation: Annotated[
        str | None, AfterValidator(lambda value, info: value if value is None else configs.OneOf(*OPERATIONS)(value, info))
    ] = Field(
        default=None,
        description="`upsert`, `query`, `delete`, or `none`, which only offers the store; by default what the other fields ask for.",
        json_schema_extra={"enum": [*OPERATIONS, None]},
    )
    chunks: Any = Field(
        default=None, description="What is kept: texts, or objects with `text`; without it chunks that came over `ai_text_splitter`."
    )
    replace: bool = Field(default=False, description="Whether other chunks of the same sources go.")
    query: str | None = Field(default=None, description="What is looked for, by meaning.")
    top_k: int = Field(default=5, ge=1, le=TOP_K_MAX, description="How many chunks a query gives, at most.")
    min_score: float | None = Field(default=None, allow_inf_nan=False, description="How near they are to be: the cosine, -1 to 1.")
    ids: list[str] | None = Field(default=None, description="Which chunks are deleted.")
    where: Conditions = Field(
        default_factory=dict,
        max_length=WHERE_MAX,
        description="What their `metadata` (or `source`) is to be: a value, or a list of values.",
    )
    everything: bool = Field(default=False, description="With `operation: delete`: that really all chunks go.")

    @model_validator(mode="after")
    def _says_what_goes(self) -> VectorStoreConfig:
        if self.operation == "delete" and self.ids is None and not self.where and not self.everything:
            raise PydanticCustomError("delete", "expected `ids` or `where`, or `everything: true` to delete all chunks of the store")
        return self


class VectorStore:
    """Keeps chunks."""

    name = "vector_store"
    summary = "Keeps chunks with their vectors in SQLite or PostgreSQL, gives those near to a question, removes them."
    category = "ai"
    icon = "database"
    begins_with = '{"store": "docs", "chunks": "{{ data.chunks }}"}'
    Config = VectorStoreConfig

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Do it. Raises ActivityError `store.…`, `ai.…`, `http.…`, `rag.…`, `input.invalid`."""
        wanted = configs.read_config(VectorStoreConfig, config)
        parts = Parts(self._settings, context, data)
        operation = wanted.operation or _meant(wanted, parts)
        store = parts.store(wanted)
        embedding = parts.embedding(wanted.embedding, wanted.timeout)
        offers = self._offers(wanted, store["store"], embedding)
        match operation:
            case "none":
                return {"store": store["store"], "offers": offers}
            case "delete":
                ids = None if wanted.ids is None else list(wanted.ids)
                given: dict[str, Any] = {"ids": ids, "where": wanted.where, "key": context.idempotency_key}
                return {**parts.done("delete", {**store, **given}), "offers": offers}
            case "query":
                asked = {"query": parts.question(wanted.query), "mode": "vector", "top_k": wanted.top_k, "min_score": wanted.min_score}
                return {**parts.done("retrieve", {**store, **asked, "where": wanted.where, "embedding": embedding}), "offers": offers}
        chunks = _chunks(wanted, parts)
        given = {"chunks": chunks, "replace": wanted.replace, "key": context.idempotency_key, "embedding": embedding}
        return {**parts.done("upsert", {**store, **given}), "offers": offers}

    def _offers(self, wanted: VectorStoreConfig, store: str, embedding: dict[str, Any] | None) -> dict[str, Any]:
        """What a `retriever` is to know: names alone, no keys."""
        said = {name: (embedding or {}).get(name) for name in ("model", "dimensions", "base_url", "credential")}
        model = {name: one for name, one in said.items() if one is not None}
        return {name: one for name, one in (("store", store), ("credential", wanted.credential), ("embedding", model)) if one}

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


def _meant(wanted: VectorStoreConfig, parts: Parts) -> str:
    if wanted.query is not None:
        return "query"
    if wanted.chunks is not None or any(parts.data.get(type_) for type_ in ("ai_text_splitter", "ai_document")):
        return "upsert"
    return "none"


def _chunks(wanted: VectorStoreConfig, parts: Parts) -> list[Any]:
    if wanted.chunks is not None:
        return listed(wanted.chunks)
    split = [chunk for one in listed(parts.data.get("ai_text_splitter", [])) if isinstance(one, dict) for chunk in one.get("chunks", [])]
    found = [*split, *listed(parts.data.get("ai_document", []))]
    if not found and "chunks" not in parts.data:
        message = (
            "config.chunks: expected what is to be kept, here, as `chunks` in what comes in, or over an edge of the type `ai_text_splitter`"
        )
        raise ActivityError("input.invalid", message, retryable=False)
    return found or listed(parts.data["chunks"])
