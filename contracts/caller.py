"""Who asks, and in which request: what stands in every decision that came of it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Caller(NamedTuple):
    """Whoever asks for something, the correlation id of the outside request that it is part of, and that request's span."""

    actor: str = ""
    correlation: str = ""
    span: str = ""


ANONYMOUS: Final = "anonymous"
"""Somebody outside, of whom nothing is known."""
ENGINE: Final = Caller()
"""Nobody outside: an execution, a timer, a worker that reports. What comes of it goes back to what its execution does."""
