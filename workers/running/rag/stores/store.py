"""What a store can do, whatever it lies in. Vectors are of length 1, so that the cosine of two is their product."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import Chunk, Found

TERMS_MAX: Final = 64
"""So many words of a question are looked for."""
APPLIED_MAX: Final = 10_000
"""So many writes are remembered by their idempotency keys."""
Where: TypeAlias = Mapping[str, Any]
"""What metadata is to be: a value, or a list of which one is to fit. `source` is that of the chunk."""
_WORD: Final = re.compile(r"\w+")


class Store(Protocol):
    """One store, over one connection. What changes it is committed when it returns."""

    search: str
    """How the nearest are found, for people."""

    def applied(self, key: str) -> Any:
        """What the write under this idempotency key has given; None where there was none."""

    def remember(self, key: str, result: Any) -> None:
        """That the write under this key is done, and what it has given."""

    def use_model(self, model: str | None, dimensions: int) -> None:
        """From now on the vectors are of this model. Raises ActivityError `store.other_model` where they are of another."""

    def model(self) -> tuple[str, int] | None:
        """Which model the vectors are of, and how many numbers each has; None where there are none."""

    def known(self, ids: Collection[str], with_vectors: bool) -> set[str]:
        """Those of the ids that are here already, with a vector where one is asked for."""

    def write(self, chunks: Sequence[Chunk], vectors: Any | None) -> None:
        """Add chunks, or replace those of the same ids."""

    def note(self, chunks: Sequence[Chunk]) -> int:
        """Write the metadata of chunks that are here; gives for how many it was another."""

    def delete(self, ids: Collection[str] | None, where: Where) -> int:
        """Remove what has one of the ids and fits; gives how many."""

    def keep_only(self, sources: Collection[str], ids: Collection[str]) -> int:
        """Remove what is of these sources and has none of the ids; gives how many."""

    def count(self) -> int:
        """How many chunks there are."""

    def nearest(self, vector: Any, count: int, where: Where) -> list[Found]:
        """Those whose vectors are nearest to one, exactly, the nearest first; of equals the one with the lower id."""

    def lexical(self, question: str, count: int, where: Where) -> list[Found]:
        """Those that have words of a question, the best first."""

    def cosines(self, vector: Any, ids: Collection[str]) -> dict[str, float]:
        """How near chunks are to a vector, by id."""


def words_of(question: str) -> list[str]:
    """The words that are looked for."""
    return list(dict.fromkeys(_WORD.findall(question.lower())))[:TERMS_MAX]


def check_model(model: str, dimensions: int, now: tuple[str, int] | None, store: str) -> bool:
    """Whether the store has no vectors yet. Raises ActivityError `store.other_model` where it has those of another model."""
    if now is None:
        return True
    if now == (model, dimensions):
        return False
    here = f", {dimensions} each" if dimensions else ""
    message = (
        f"store `{store}` has vectors of {now[0]}, {now[1]} numbers each, and these are of {model}{here}: "
        "they cannot be compared. Name another store, or delete all of this one first"
    )
    raise ActivityError("store.other_model", message, details={"store": store, "model": now[0]}, retryable=False)
