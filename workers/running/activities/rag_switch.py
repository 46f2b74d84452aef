"""`rag_switch`: leaves by `found` with what a store has about a question, or by `not_found` where nothing there fits well enough."""

from __future__ import annotations

from typing import Any, Final

from contracts.ports.activities import ActivityContext
from domain.nodes.activity import FOUND, NOT_FOUND
from workers.running.activities import config as configs
from workers.running.activities.rag_parts import Parts
from workers.running.activities.retriever import GIVES, RetrieverConfig, retrieved
from workers.running.activity_settings import ActivitySettings


class RagSwitch:
    """Finds chunks, and says whether there are any."""

    name = "rag_switch"
    summary = "Leaves by `found` or `not_found`: whether a store has something about a question."
    category = "ai"
    icon = "split"
    begins_with = '{"store": "docs", "query": "{{ data.query }}", "top_k": 5, "min_score": 0.8}'
    Config = RetrieverConfig
    gives: Final = {
        **GIVES,
        "required": ["port", *GIVES["required"]],
        "properties": {"port": {"enum": [FOUND, NOT_FOUND]}, **GIVES["properties"]},
    }

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Find it. What was found over `ai_retriever` is not looked for again. Raises what `retriever` does."""
        wanted = configs.read_config(RetrieverConfig, config)
        parts = Parts(self._settings, context, data)
        found = _offered(parts, wanted) or retrieved(parts, wanted)
        return {"port": FOUND if found["documents"] else NOT_FOUND, **found}

    def close(self) -> None:
        """End the RAG process."""
        self._settings.rag.close()


def _offered(parts: Parts, wanted: RetrieverConfig) -> dict[str, Any] | None:
    """What a `retriever` or a `reranker` has found, as far as it fits."""
    for type_ in ("ai_reranker", "ai_retriever"):
        found = parts.offered(type_)
        documents = found.get("documents")
        if isinstance(documents, list) and "query" in found:
            least = wanted.min_score
            fitting = [one for one in documents if least is None or one["score"] >= least][: wanted.top_k]
            text = "\n\n".join(str(one["text"]) for one in fitting)
            best = max((one["score"] for one in fitting), default=None)
            return {"query": found["query"], "documents": fitting, "text": text, "count": len(fitting), "best": best}
    return None
