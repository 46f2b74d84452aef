"""Who asks, and in which request: what stands in every decision that came of it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Caller(NamedTuple):
    """Whoever asks for something, and the correlation id of the outside request that it is part of."""

    actor: str = ""
    correlation: str = ""

    @property
    def span(self) -> str:
        """The span that the request is part of; empty where it is of no trace."""
        return ""


class CallerInSpan(Caller):
    """A caller whose request is part of a span, 16 hex digits. No decision repeats it, so it is none of the fields."""

    _span: str

    def __new__(cls, actor: str, correlation: str, span: str) -> CallerInSpan:
        """See Caller."""
        made = super().__new__(cls, actor, correlation)
        made._span = span
        return made

    @property
    def span(self) -> str:
        """See Caller."""
        return self._span


ANONYMOUS: Final = "anonymous"
"""Somebody outside, of whom nothing is known."""
ENGINE: Final = Caller()
"""Nobody outside: an execution, a timer, a worker that reports. What comes of it goes back to what its execution does."""
