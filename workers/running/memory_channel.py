"""The lossy channel in memory. See `contracts/ports/lossy_channel.py`."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from contracts.errors import reason_of
from contracts.ports.lossy_channel import ROOM_DEFAULT, Listener, LossyChannel, Passing, Taken
from contracts.values import encode

MESSAGE_CHARS_MAX: Final = 4_096
LINE_BYTES_MAX: Final = 64 * 1024
"""So much of a line of a log is passed on."""
_log = logging.getLogger("refold.activity")


class MemoryChannel:
    """See `LossyChannel`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listening: tuple[_Listening, ...] = ()

    def listen(self, wake: Callable[[], None], execution: str | None = None, room: int = ROOM_DEFAULT) -> Listener:
        """Listen to one execution, or to all."""
        listening = _Listening(wake, execution, room, self._remove)
        with self._lock:
            self._listening += (listening,)
        return listening

    def _remove(self, listening: _Listening) -> None:
        with self._lock:
            self._listening = tuple(one for one in self._listening if one is not listening)

    def is_heard(self, execution: str) -> bool:
        """Whether anybody listens."""
        return any(one.execution in (None, execution) for one in self._listening)

    def put(self, passing: Passing) -> None:
        """Tell it to those who listen; what waking one of them raises harms no other, and not the attempt."""
        for one in self._listening:
            if one.execution in (None, passing.execution):
                try:
                    one.put(passing)
                except Exception:
                    _log.exception("whoever listens to %s could not be woken", passing.execution)

    def miss(self, count: int) -> None:
        """So much was dropped before it came here: those who listen are told with what they take next."""
        for one in self._listening:
            one.miss(count)


class _Listening:
    """See `Listener`."""

    def __init__(self, wake: Callable[[], None], execution: str | None, room: int, remove: Callable[[_Listening], None]) -> None:
        self._wake, self.execution, self._room, self._remove = wake, execution, room, remove
        self._lock = threading.Lock()
        self._waiting: deque[Passing] = deque()
        self._dropped = 0

    def put(self, passing: Passing) -> None:
        """It comes behind what waits; the oldest makes room for it."""
        with self._lock:
            is_first = not self._waiting
            if len(self._waiting) >= self._room:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(passing)
        if is_first:
            self._wake()

    def miss(self, count: int) -> None:
        """So much will never come."""
        with self._lock:
            self._dropped += count

    def take(self) -> Taken:
        """All that waits."""
        with self._lock:
            taken = Taken(list(self._waiting), self._dropped)
            self._waiting.clear()
            self._dropped = 0
        return taken

    def end(self) -> None:
        """Listen no more."""
        self._remove(self)


def tell_line(channel: LossyChannel | None, execution: str, path: str, attempt: int, line: dict[str, Any]) -> None:
    """Tell a line of a log, where anybody listens: its beginning, where it is long. Fields that are no value are replaced by why."""
    if channel is None or not channel.is_heard(execution):
        return
    try:
        value = encode({**line, "message": line["message"][:MESSAGE_CHARS_MAX]})
        if len(value) > LINE_BYTES_MAX:
            raise ValueError(f"{len(value)} bytes, {LINE_BYTES_MAX} are passed on")
    except Exception as error:  # a line is not to fail for who listens to it
        value = encode({"level": line["level"], "message": line["message"][:MESSAGE_CHARS_MAX], "fields": {"invalid": reason_of(error)}})
    channel.put(Passing(execution, path, attempt, "log", value))


def tell_progress(channel: LossyChannel | None, execution: str, path: str, attempt: int, progress: float | None, detail: Any) -> None:
    """Tell how far an attempt is, where anybody listens. A detail that is no value is replaced by why it is not."""
    if channel is None or not channel.is_heard(execution):
        return
    try:
        value = encode({"progress": progress, "detail": detail})
    except Exception as error:  # a sign of life is not to fail for who listens to it
        value = encode({"progress": progress, "detail": {"invalid": reason_of(error)}})
    channel.put(Passing(execution, path, attempt, "progress", value))
