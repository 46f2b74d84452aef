"""Ranking again what was found: by a model that reads question and text together, by meaning, or by words; and, if wanted, for variety.

    POST {base_url}/rerank  {"model": …, "query": …, "documents": [texts]}  ─►  {"results": [{"index": 0, "relevance_score": 0.9} …]}

This protocol of Cohere's is spoken by Jina, vLLM, llama.cpp and text-embeddings-inference, too. Variety is maximal marginal relevance
(Carbonell, Goldstein, SIGIR 1998).
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import numpy as np

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import Found, chunks_in, top
from workers.running.rag.embedding import Embedder
from workers.running.rag.provider import Provider
from workers.running.rag.stores.store import words_of
from workers.running.rag.work import Task

PATHS: Final[Mapping[str, str]] = {}
"""No provider speaks it at its own place."""


def rerank(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{query, documents, text, count, calls}` of `{query, documents, top_k, min_score, rerank}`."""
    chunks = chunks_in(given["documents"], "config.documents")
    found, calls = ranked(task, given["query"], [Found(one, 0.0) for one in chunks], given["rerank"])
    least = given["min_score"]
    told = [one.told() for one in found if least is None or one.score >= least][: given["top_k"]]
    text = "\n\n".join(one["text"] for one in told)
    return {"query": given["query"], "documents": told, "text": text, "count": len(told), "calls": calls}


def ranked(task: Task, question: str, found: Sequence[Found], given: Mapping[str, Any]) -> tuple[list[Found], list[dict[str, Any]]]:
    """The best first, and what was asked of providers for it: `given` is `{by, diversity, embedding, model …}`."""
    if not found:
        return [], []
    texts = [one.chunk.text for one in found]
    if given["by"] == "words":
        return _scored(found, _by_words(question, texts)), []
    if given["by"] == "model":
        provider = Provider(task, given)
        return _scored(found, _by_model(provider, question, texts)), provider.calls
    embedder = Embedder(task, given["embedding"])
    vector = embedder.vectors([question], is_query=True)[0]
    vectors = embedder.vectors(texts, is_query=False)
    scores = [float(one) for one in vectors @ vector]
    if given["diversity"]:
        return _various(found, scores, vectors, given["diversity"]), embedder.calls
    return _scored(found, scores), embedder.calls


def _scored(found: Sequence[Found], scores: Sequence[float]) -> list[Found]:
    return top([one._replace(score=score) for one, score in zip(found, scores, strict=True)], len(found))


def _by_words(question: str, texts: Sequence[str]) -> list[float]:
    """BM25 among these texts alone."""
    scores = [0.0] * len(texts)
    words = words_of(question)
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize='unicode61 remove_diacritics 2')")
        db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", list(enumerate(texts)))
        asked = " OR ".join(f'"{word}"' for word in words)
        for place, score in db.execute("SELECT rowid, -bm25(words) FROM words WHERE words MATCH ?", (asked,)) if words else ():
            scores[place] = score
    return scores


def _by_model(provider: Provider, question: str, texts: Sequence[str]) -> list[float]:
    said = provider.post(PATHS, "/rerank", {"query": question, "documents": list(texts), "top_n": len(texts)})
    try:
        scores = {one["index"]: float(one["relevance_score"]) for one in said["results"]}
        found = [scores[place] for place in range(len(texts))]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ActivityError("ai.incomplete", f"{provider.model} gave no score for each of {len(texts)} texts: {error!r}"[:500]) from None
    if not all(map(math.isfinite, found)):
        raise ActivityError("ai.incomplete", f"{provider.model} gave scores that are none")
    return found


def _various(found: Sequence[Found], scores: Sequence[float], vectors: Any, diversity: float) -> list[Found]:
    """The next is the one that fits best and is least like those before it: how much of each, `diversity` says (0 … 1)."""
    left, chosen = list(range(len(found))), list[int]()
    likeness = np.full(len(found), -1.0)
    while left:
        worth = [(1 - diversity) * scores[place] - (diversity * float(likeness[place]) if chosen else 0.0) for place in left]
        place = left.pop(int(np.argmax(worth)))
        chosen.append(place)
        likeness = np.maximum(likeness, vectors @ vectors[place])
    return [found[place]._replace(score=scores[place]) for place in chosen]
