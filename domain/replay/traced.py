"""Deciding once more, and noting each expression that is asked: where it stood, and what it saw. What is live pays nothing for it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, NamedTuple

from contracts.errors import ExpressionError, RefoldError
from domain.definition.graph import Compiled
from domain.execution.decide import decide
from domain.execution.deciding import Deciding, ReadBlob
from domain.execution.history import Entry, Folded
from domain.execution.limits import limits_of
from domain.execution.names import Frame, names_for
from domain.expressions import Meter

ASKED_MAX: Final = 20_000
"""Of one decision so many are noted: a `transform` may ask one for each of its items."""


class Asked(NamedTuple):
    """An expression, or a template, that was asked: after which event, by which run (of a body: an empty path), and what it saw."""

    version: int
    path: str
    node: int | None
    """The number of the node in the definition."""
    compiled: Compiled
    names: dict[str, Any]


class Traced(Deciding):
    """A decision in the making that notes what it asks."""

    asked: list[Asked] = []  # noqa: RUF012  # a struct has each its own

    def evaluate(self, compiled: Compiled, frame: Frame) -> Any:
        """See Deciding."""
        self._note(compiled, frame)
        return Deciding.evaluate(self, compiled, frame)

    def evaluate_into(self, whole: Meter, compiled: Compiled, frame: Frame) -> Any:
        """See Deciding."""
        self._note(compiled, frame)
        return Deciding.evaluate_into(self, whole, compiled, frame)

    def _note(self, compiled: Compiled, frame: Frame) -> None:
        if len(self.asked) >= ASKED_MAX:
            return
        with suppress(ExpressionError):  # what cannot be seen, the evaluation itself says
            names = names_for(self, compiled.references, frame)
            number = None if frame.node is None else frame.node.number
            self.asked.append(Asked(self.state.version, frame.path, number, compiled, names))


def traced(folded: Folded, entry: Entry, read_blob: ReadBlob) -> list[Asked] | None:
    """What a decision asked: it is decided again, which moves the state on as folding it would.

    None where this build decides otherwise than was recorded; then the state is of no use any more.
    """
    decision, kept = entry.decision, list[Traced]()

    def make(*given: Any) -> Deciding:
        kept.append(Traced(*given))
        return kept[0]

    try:
        again = decide(folded.graph, folded.state, decision.command, decision.now, read_blob, limits_of(decision.schema), make)
    except RefoldError:
        return None
    folded.graph, folded.state.digest = again.graph, entry.digest
    return kept[0].asked if tuple(again.events) == decision.events else None
