"""What a connection says of lists and of what passes by: who does not read is kept the last rows, and told how much was missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from api.answers import encode
from contracts.ports.lossy_channel import Taken

_encode: Final = encode


class Outlet(Protocol):
    """What a connection is to those who tell it something."""

    @property
    def is_full(self) -> bool:
        """Whether more waits to be read than is good."""

    def when_room(self, then: Callable[[], None]) -> None:
        """Call back once less waits."""

    def put(self, content: bytes) -> None:
        """Say this."""


class ListSink:
    """A list that is watched: who does not read is told of the last rows only."""

    def __init__(self, outlet: Outlet, name: str) -> None:
        self._outlet, self._prefix = outlet, b'{"id":' + _encode(name)
        self._waiting: bytes | None = None

    def tell(self, rows: bytes) -> None:
        """These are the rows now."""
        if not self._outlet.is_full:
            self._outlet.put(b'%b,"rows":%b}' % (self._prefix, rows))
            return
        if self._waiting is None:
            self._outlet.when_room(self._go_on)
        self._waiting = rows

    def end(self) -> None:
        """Tell nothing more, also not what waits."""
        self._waiting = None

    def _go_on(self) -> None:
        rows, self._waiting = self._waiting, None
        if rows is not None:
            self.tell(rows)


class PassingSink:
    """What passes by: who does not read misses it, and is told how much that was."""

    def __init__(self, outlet: Outlet, name: str) -> None:
        self._outlet, self._said = outlet, {"id": name, "lossy": True}
        self._missed = 0

    def tell(self, taken: Taken) -> None:
        """This has passed."""
        self._miss(taken.dropped)
        for one in taken.passing:
            if self._outlet.is_full:
                self._miss(1)
            else:
                said = {"execution": one.execution, "path": one.path, "attempt": one.attempt, "topic": one.topic}
                self._put({**said, "value": msgspec.Raw(one.value)})

    def end(self) -> None:
        """Tell nothing more."""
        self._missed = 0

    def _miss(self, count: int) -> None:
        if count and not self._missed and self._outlet.is_full:
            self._outlet.when_room(self._go_on)
        self._missed += count
        if not self._outlet.is_full:
            self._go_on()

    def _go_on(self) -> None:
        missed, self._missed = self._missed, 0
        if missed:
            self._put({"dropped": missed})

    def _put(self, said: dict[str, Any]) -> None:
        self._outlet.put(_encode({**self._said, **said}))
