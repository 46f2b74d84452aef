"""Chunks: pieces of documents as they are kept. The id of one is its content: who brings it twice brings nothing new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from workers.running.activity_error import ActivityError

ID_LENGTH: Final = 32


class Chunk(NamedTuple):
    """A piece of a document; `metadata` is JSON, and is no part of what it is known by."""

    id: str
    text: str
    source: str
    metadata: dict[str, Any]


class Found(NamedTuple):
    """A chunk that fits a question, and how well: `vector` is the cosine of the angle (-1 … 1), `lexical` BM25 or a rank of the store."""

    chunk: Chunk
    score: float
    vector: float | None = None
    lexical: float | None = None

    def told(self) -> dict[str, Any]:
        """As a node gives it."""
        chunk = self.chunk
        scores = {name: round(one, 6) for name, one in (("vector", self.vector), ("lexical", self.lexical)) if one is not None}
        said = {"id": chunk.id, "text": chunk.text, "source": chunk.source, "metadata": chunk.metadata}
        return {**said, "score": round(self.score, 6), "scores": scores}


def chunk_id(source: str, text: str) -> str:
    """What a chunk is known by: where it is from, and what it says."""
    return hashlib.sha256(f"{len(source)}:{source}{text}".encode(errors="surrogatepass")).hexdigest()[:ID_LENGTH]


def chunks_in(given: Iterable[Any], field: str) -> list[Chunk]:
    """The chunks of what a node was given: texts, or objects with `text`. The same one twice is one. Raises ActivityError."""
    found: dict[str, Chunk] = {}
    for index, one in enumerate(given):
        if isinstance(one, str):
            one = {"text": one}
        if not isinstance(one, dict) or not isinstance(one.get("text"), str):
            message = f"{field}[{index}]: expected a text or an object with `text`, found {str(one)[:100]!r}"
            raise ActivityError("input.invalid", message, retryable=False)
        text, source, metadata = one["text"].replace("\0", " "), one.get("source"), one.get("metadata")
        if not text.strip():
            continue
        source = source.replace("\0", " ") if isinstance(source, str) else ""
        chunk = Chunk(chunk_id(source, text), text, source, metadata if isinstance(metadata, dict) else {})
        found.setdefault(chunk.id, chunk)
    return list(found.values())


def top(found: Sequence[Found], count: int) -> list[Found]:
    """The best, of equals the one with the lower id first."""
    return sorted(found, key=lambda one: (-one.score, one.chunk.id))[:count]
