"""The result cache: what activities gave, by what went in, each for a time. It saves work and holds no truth."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol


class CachedResult(NamedTuple):
    """An output that is kept: of which kind and workflow it came, how large it is, and for how long (ms since 1970)."""

    key: str
    kind: str
    workflow: str
    size: int
    kept_at: int
    expires_at: int
    hits: int


class Use(NamedTuple):
    """Of a kind in a workflow, how often an output was used again, and how often one was computed and kept."""

    kind: str
    workflow: str
    hits: int
    kept: int


class Which(NamedTuple):
    """Some of the outputs: all that fit what is given; `kept_before` is milliseconds since 1970."""

    kind: str | None = None
    workflow: str | None = None
    key: str | None = None
    kept_before: int | None = None

    def takes(self, one: CachedResult) -> bool:
        """Whether an output is one of them."""
        same = ((self.kind, one.kind), (self.workflow, one.workflow), (self.key, one.key))
        is_older = self.kept_before is None or one.kept_at < self.kept_before
        return is_older and all(wanted in (None, found) for wanted, found in same)


ALL_RESULTS: Final = Which()


class ResultCache(Protocol):
    """Outputs by key until they expire. Safe to use from any thread."""

    def get(self, key: str) -> bytes | None:
        """The output, None if there is none or it has expired. One that is given counts as a hit."""

    def put(self, key: str, kind: str, output: bytes, ttl_ms: int, workflow: str = "", is_new: bool = True) -> None:
        """Keep an output for a time; one that is too large is not kept, and where there is no room the first to expire goes.

        One that is not new comes from a past execution: it was not computed now, and does not take the place of one that is there.
        """

    def invalidate(self, which: Which = ALL_RESULTS) -> int:
        """Forget outputs; how many there were."""

    def prune(self) -> int:
        """Forget what has expired; how many there were."""

    def results(self, which: Which = ALL_RESULTS, after: str = "", limit: int = 50) -> list[CachedResult]:
        """Outputs that have not expired, by key, those behind a key."""

    def uses(self) -> list[Use]:
        """How often outputs were used again, by kind and workflow, since the cache was made."""
