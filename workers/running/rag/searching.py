"""Searching: by words, by meaning, or by both, whose ranks are then put together.

    hybrid      1 / (60 + rank by words) + 1 / (60 + rank by meaning), over what the first rank in both would have: 1 is the best
                (reciprocal rank fusion: Cormack, Clarke, Büttcher, SIGIR 2009)

A rank says nothing of how well a chunk fits. So with `hybrid` what `min_score` is held against is the cosine.
"""

from __future__ import annotations

from typing import Any, Final

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import Found, top
from workers.running.rag.embedding import Embedder
from workers.running.rag.ranking import ranked
from workers.running.rag.stores import opened
from workers.running.rag.stores.store import Store
from workers.running.rag.work import Task
from workers.running.rag.writing import embedder_of

RANK_OFFSET: Final = 60
WIDER: Final = 4
"""So many times as many are looked at as are wanted, where what comes first is decided by more than one measure."""
CANDIDATES_MIN: Final = 50


def retrieve(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{query, mode, documents, text, count, search, calls}` of `{query, mode, top_k, min_score, where, rerank, embedding, store …}`."""
    question, least = given["query"], given["min_score"]
    with opened(given) as store:
        embedder = None if given["mode"] == "lexical" else _embedder(task, given, store)
        found = _found(store, given, embedder)
        total, search = store.count(), store.search
    calls = list(embedder.calls) if embedder else []
    if (rerank := given.get("rerank")) is not None:
        found, more = ranked(task, question, found, rerank)
        calls += more
    is_by_rank = given["mode"] == "hybrid" and rerank is None
    fits = [((one.vector if is_by_rank else one.score), one) for one in found]
    kept = [(fit, one) for fit, one in fits if least is None or (fit is not None and fit >= least)][: given["top_k"]]
    told = [one.told() for _, one in kept]
    return {
        "best": max((round(fit, 6) for fit, _ in kept if fit is not None), default=None),
        "query": question, "mode": given["mode"], "documents": told, "text": "\n\n".join(one["text"] for one in told), "count": len(told),
        "store": given["store"], "total": total, "search": search, "calls": calls,
    }  # fmt: skip


def _embedder(task: Task, given: dict[str, Any], store: Store) -> Embedder:
    embedder = embedder_of(task, given, store)
    if embedder is None:
        message = (
            f"store `{given['store']}` has no vectors and `embedding` names no model: search by `mode: lexical`, or fill it with vectors"
        )
        raise ActivityError("store.no_vectors", message, retryable=False)
    return embedder


def _found(store: Store, given: dict[str, Any], embedder: Embedder | None) -> list[Found]:
    question, where = given["query"], given["where"]
    is_plain = given["mode"] != "hybrid" and given.get("rerank") is None
    count = given["top_k"] if is_plain else max(CANDIDATES_MIN, WIDER * given["top_k"])
    if embedder is None:
        return store.lexical(question, count, where)
    if store.model() is None:
        return [] if given["mode"] == "vector" else store.lexical(question, count, where)
    vector = embedder.vectors([question], is_query=True)[0]
    nearest = store.nearest(vector, count, where)
    if given["mode"] == "vector":
        return nearest
    return _fused(store, vector, nearest, store.lexical(question, count, where))


def _fused(store: Store, vector: Any, nearest: list[Found], lexical: list[Found]) -> list[Found]:
    """Both lists as one."""
    ranks: dict[str, float] = {}
    for one_list in (nearest, lexical):
        for rank, one in enumerate(one_list, 1):
            ranks[one.chunk.id] = ranks.get(one.chunk.id, 0.0) + (1 + RANK_OFFSET) / 2 / (rank + RANK_OFFSET)
    words = {one.chunk.id: one.lexical for one in lexical}
    known = {one.chunk.id: one for one in [*lexical, *nearest]}
    cosines = {one.chunk.id: one.score for one in nearest}
    cosines |= store.cosines(vector, [id_ for id_ in known if id_ not in cosines])
    found = [Found(one.chunk, ranks[id_], vector=cosines.get(id_), lexical=words.get(id_)) for id_, one in known.items()]
    return top(found, len(found))
