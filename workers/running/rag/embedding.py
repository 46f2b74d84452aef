"""Embedding: a text as a point, near to those that mean the like. By the model on this machine, or by whoever speaks OpenAI's protocol.

POST {base_url}/embeddings  {"model": …, "input": [texts]}  ─►  {"data": [{"index": 0, "embedding": [numbers]} …], "usage": {…}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from workers.running.activity_error import ActivityError
from workers.running.rag.provider import SAID_MAX, Provider
from workers.running.rag.work import Task

LOCAL: Final = "local:"
BATCH: Final = 64
"""So many texts go in one request."""
LOCAL_BATCH: Final = 16
"""So many are embedded between two looks at whether anybody still waits."""
DIMENSIONS_MAX: Final = 16_000
PATHS: Final[Mapping[str, str]] = {"openai": "/embeddings", "ollama": "/embeddings", "google": "/v1beta/openai/embeddings"}
"""Where each provider speaks it."""
Vectors = np.ndarray[Any, np.dtype[np.float32]]


class Embedder:
    """One model, as a node names it: see `Provider`, and `dimensions`."""

    def __init__(self, task: Task, given: Mapping[str, Any]) -> None:
        self._task, self._dimensions = task, given.get("dimensions")
        self._provider = Provider(task, given)
        self.model: str = given["model"]

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What was asked of the provider."""
        return self._provider.calls

    @property
    def name(self) -> str:
        """By which vectors of one model are told from those of another: they cannot be compared."""
        return f"{self.model}/{self._dimensions}" if self._dimensions else self.model

    def vectors(self, texts: Sequence[str], is_query: bool) -> Vectors:
        """A row a text, each of length 1. Raises ActivityError `rag.not_installed`, `ai.…`, `http.…`; Stopped."""
        is_local = self.model.startswith(LOCAL)
        step = LOCAL_BATCH if is_local else BATCH
        rows: list[Vectors] = []
        for first in range(0, len(texts), step):
            self._task.go_on()
            part = texts[first : first + step]
            rows.append(_local(part, is_query) if is_local else self._asked(part))
        return _of_length_one(np.vstack(rows)) if rows else np.zeros((0, 0), dtype=np.float32)

    def _asked(self, texts: Sequence[str]) -> Vectors:
        more = {"dimensions": self._dimensions} if self._dimensions else {}
        said = self._provider.post(PATHS, "/embeddings", {"input": list(texts), "encoding_format": "float", **more})
        return _rows(self.model, said, len(texts))


def embed(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{model, dimensions, vectors, calls}` of `{texts, purpose, embedding}`."""
    embedder = Embedder(task, given["embedding"])
    vectors = embedder.vectors(given["texts"], given["purpose"] == "query")
    told = [[round(float(one), 7) for one in row] for row in vectors]
    return {"model": embedder.model, "dimensions": int(vectors.shape[1]), "vectors": told, "calls": embedder.calls}


def _local(texts: Sequence[str], is_query: bool) -> Vectors:
    from workers.running.rag.local_model import embedded

    return embedded(texts, is_query)


def _rows(model: str, said: Any, count: int) -> Vectors:
    """The vectors of an answer, in the order asked. Raises ActivityError `ai.incomplete`."""
    try:
        rows = {one["index"]: one["embedding"] for one in said["data"]}
        found = np.array([rows[index] for index in range(count)], dtype=np.float32)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ActivityError("ai.incomplete", f"{model} gave no vector for each of {count} texts: {error!r}"[:SAID_MAX]) from None
    if found.ndim != 2 or not 1 <= found.shape[1] <= DIMENSIONS_MAX or not np.isfinite(found).all():
        raise ActivityError("ai.incomplete", f"{model} gave vectors that are none: {found.shape} numbers, each is to be finite")
    return found


def _of_length_one(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).astype(np.float32)
    return found
