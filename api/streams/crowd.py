"""A crowd: connections that read the same, lent to another process, which writes to all of them what is told once.

    here: written to by the event loop ──lend──► with the crowd: told by the herald (`infra/server/herald.py`)
      ▲                                                                 │
      └──── takes no more for now, or something else is to be written ──┘

A thousand writes take the event loop's thread 8 ms, a dozen times a second, in which the engine decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from api.line import Line
from api.streams.reader import OnReturn

CROWD_FROM: Final = 100
"""So many who read the same are a crowd; fewer are told by the event loop, at less than another process costs."""


class Crowd(Protocol):
    """Those who are told the same."""

    @property
    def is_gone(self) -> bool:
        """Whether nobody tells it any more: whoever was in it has been cut off, and what it is told is told to nobody."""

    def add(self, line: Line, on_return: OnReturn) -> bool:
        """Lend it a line; whether that can be done now."""

    def tell(self, content: bytes, then: Callable[[int], None]) -> int:
        """Tell all of them; the number of the message, which `then` is given once nobody is still to be told it."""


class Crowds(Protocol):
    """What tells crowds. Lives in the event loop's thread."""

    def open(self) -> Crowd | None:
        """A crowd of nobody; None where there can be none just now."""


class NoCrowds:
    """All are told by the event loop."""

    def open(self) -> Crowd | None:
        """See Crowds."""
        return None
