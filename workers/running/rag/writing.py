"""Writing to a store. Twice is once: a chunk is known by its content, and a write by its idempotency key."""

from __future__ import annotations

from typing import Any, Final

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import Chunk, chunks_in
from workers.running.rag.embedding import Embedder
from workers.running.rag.stores import opened
from workers.running.rag.stores.store import Store, check_model
from workers.running.rag.work import Task

AT_A_TIME: Final = 64
"""So many chunks are embedded and written in one piece: what is written stays, whatever becomes of the rest."""


def upsert(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{store, added, unchanged, removed, count, model, dimensions, calls}` of `{chunks, key, replace, embedding, store …}`."""
    chunks = chunks_in(given["chunks"], "config.chunks")
    with opened(given) as store:
        if (done := store.applied(given["key"])) is not None:
            return dict(done)
        embedder = embedder_of(task, given, store)
        known = store.known([one.id for one in chunks], embedder is not None)
        fresh = [one for one in chunks if one.id not in known]
        _write(task, store, fresh, embedder, given["store"])
        store.note([one for one in chunks if one.id in known])
        removed = store.keep_only({one.source for one in chunks}, [one.id for one in chunks]) if given["replace"] else 0
        model = store.model()
        result = {
            "store": given["store"],
            "added": len(fresh),
            "unchanged": len(chunks) - len(fresh),
            "removed": removed,
            "count": store.count(),
            "model": model[0] if model else None,
            "dimensions": model[1] if model else None,
            "search": store.search,
        }
        store.remember(given["key"], result)
        return {**result, "calls": embedder.calls if embedder else []}


def delete(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{store, removed, count}` of `{ids, where, all, key, store …}`."""
    with opened(given) as store:
        if (done := store.applied(given["key"])) is not None:
            return dict(done)
        removed = store.delete(given["ids"], given["where"])
        result = {"store": given["store"], "removed": removed, "count": store.count()}
        store.remember(given["key"], result)
        return result


def embedder_of(task: Task, given: dict[str, Any], store: Store) -> Embedder | None:
    """What makes vectors: what the node names, else what the store's are of."""
    asked, now = given.get("embedding"), store.model()
    if asked is None:
        return None if now is None else Embedder(task, {"model": now[0].partition("/")[0], "timeout_s": given["timeout_s"]} | _sized(now))
    embedder = Embedder(task, asked)
    if now is not None and now[0] != embedder.name:
        check_model(embedder.name, asked.get("dimensions") or 0, now, given["store"])
    return embedder


def _sized(now: tuple[str, int]) -> dict[str, Any]:
    return {"dimensions": now[1]} if now[0].endswith(f"/{now[1]}") else {}


def _write(task: Task, store: Store, chunks: list[Chunk], embedder: Embedder | None, name: str) -> None:
    for first in range(0, len(chunks), AT_A_TIME):
        task.go_on(first / len(chunks))
        part = chunks[first : first + AT_A_TIME]
        if embedder is None:
            store.write(part, None)
            continue
        vectors = embedder.vectors([one.text for one in part], is_query=False)
        if len(vectors) != len(part):
            raise ActivityError("ai.incomplete", f"store `{name}`: {len(vectors)} vectors came for {len(part)} chunks")
        store.use_model(embedder.name, int(vectors.shape[1]))
        store.write(part, vectors)
