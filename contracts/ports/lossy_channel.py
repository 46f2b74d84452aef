"""The lossy channel: what running attempts tell on their way and no event carries, for those who listen in the same process.

    attempt ─► put ─► room for so much a listener ─► woken ─► take        no room: the oldest is dropped, and counted

Nothing of it is stored or repeated, and nobody waits for anybody: whoever may miss nothing reads events (`contracts/ports/feed.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

ROOM_DEFAULT: Final = 1_000
"""So much waits for a listener."""

Topic: TypeAlias = Literal["progress", "log", "text"]
"""What is told: how far an attempt is, `{"progress": …, "detail": …}`; a line of its log, `{"level": …, "message": …, "fields": …}`; more
of a text that it is about to give, `{"seq": …, "text": …}`, with `"reset": true` where that is all there is so far, and then `since`, the
number of the piece before its first.
"""


class Passing(NamedTuple):
    """What an attempt has told; `value` is JSON."""

    execution: str
    path: str
    attempt: int
    topic: Topic
    value: bytes


class Taken(NamedTuple):
    """What had come, the oldest first, and how much of what came before it was dropped."""

    passing: list[Passing]
    dropped: int


class Listener(Protocol):
    """Somebody who listens."""

    def take(self) -> Taken:
        """All that has come since it was last taken. May be called from any thread."""

    def end(self) -> None:
        """Listen no more. Ending twice is once."""


class LossyChannel(Protocol):
    """All methods may be called from any thread."""

    def listen(self, wake: Callable[[], None], execution: str | None = None, room: int = ROOM_DEFAULT) -> Listener:
        """Listen to one execution, or to all. `wake` is called in the thread of who tells, once until it is taken; it returns at once."""

    def is_heard(self, execution: str) -> bool:
        """Whether anybody listens: what is told is not even written else."""

    def put(self, passing: Passing) -> None:
        """Tell it."""

    def say(self, execution: str, path: str, attempt: int, text: str, is_new: bool) -> Passing | None:
        """Tell more of a text, or with `is_new` the beginning of another; gives what was told, None for what is too long.

        It is kept, whether anybody listens or not: who begins to listen in the same process, or has missed something, is told all of it.
        """

    def hush(self, execution: str, path: str, attempt: int) -> None:
        """The attempt has ended: its text is history, or nothing."""
