"""What lists that are watched need of the engine: to hear that rows may change, and rows as JSON, with up to where they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from contracts.ports.read_models import Query

R = TypeVar("R", bound=tuple[Any, ...])

Changed: TypeAlias = Callable[[int, int], None]
"""Gets a partition, and the offset that rows have to go up to so that they show what was decided there."""


class Found(NamedTuple):
    """The rows of a list as JSON, by partition the offset that they go up to at least, and the CPU seconds that took."""

    rows: bytes
    reached: Mapping[int, int]
    cost_s: float


class Watching(Protocol):
    """All methods are called on the event loop's thread."""

    def on_change(self, workflow: str | None, then: Changed) -> Callable[[], None]:
        """Tell of what is decided from now on, of a workflow or of all, round by round; what is given back ends that."""

    async def watched(self, query: Query[R], value_of: Callable[[int, R], Any]) -> Found:
        """The rows of a list, of all partitions. `value_of` gives the value of a row by its partition, and is called in another thread."""

    async def ends(self) -> dict[int, int]:
        """By partition the offset at which the journal ends."""
