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
TEXT_CHARS_MAX: Final = 4 * 1024 * 1024
"""So much of a text is kept for who listens later; of a longer one no more is told."""
_log = logging.getLogger("refold.activity")


class MemoryChannel:
    """See `LossyChannel`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listening: tuple[_Listening, ...] = ()
        self._texts: dict[tuple[str, str], _Text] = {}
        """What running attempts have said so far, by execution and path."""

    def listen(self, wake: Callable[[], None], execution: str | None = None, room: int = ROOM_DEFAULT) -> Listener:
        """Listen to one execution, or to all."""
        listening = _Listening(wake, execution, room, self._remove, self._said)
        with self._lock:
            so_far = self._said_about(execution)
            for passing in so_far:
                listening.begin_with(passing)
            self._listening += (listening,)
        if so_far:
            wake()
        return listening

    def _said(self, execution: str | None) -> list[Passing]:
        with self._lock:
            return self._said_about(execution)

    def _said_about(self, execution: str | None) -> list[Passing]:
        return [text.whole(*key) for key, text in self._texts.items() if execution in (None, key[0])]

    def say(self, execution: str, path: str, attempt: int, text: str, is_new: bool) -> Passing | None:
        """Tell more of a text; of what is too long no more is told."""
        with self._lock:
            said = self._texts.get((execution, path))
            if said is not None and said.attempt > attempt:
                return None  # of one that was cancelled, and has not heard of it yet
            if said is None or said.attempt != attempt or is_new:
                said = self._texts[execution, path] = _Text(attempt, 0 if said is None else said.seq)
                is_new = True
            if said.length >= TEXT_CHARS_MAX:
                return None
            said.add(text)
            value = {"seq": said.seq, "text": text, **({"reset": True, "since": said.since} if is_new else {})}
            listening = self._listening  # who comes later begins with all of it, this piece too
        passing = Passing(execution, path, attempt, "text", encode(value))
        _tell(listening, passing)
        return passing

    def hush(self, execution: str, path: str, attempt: int) -> None:
        """Keep it no longer; a later attempt's stays."""
        with self._lock:
            said = self._texts.get((execution, path))
            if said is not None and said.attempt == attempt:
                del self._texts[execution, path]

    def _remove(self, listening: _Listening) -> None:
        with self._lock:
            self._listening = tuple(one for one in self._listening if one is not listening)

    def is_heard(self, execution: str) -> bool:
        """Whether anybody listens."""
        return any(one.execution in (None, execution) for one in self._listening)

    def put(self, passing: Passing) -> None:
        """Tell it to those who listen; what waking one of them raises harms no other, and not the attempt."""
        _tell(self._listening, passing)

    def miss(self, count: int) -> None:
        """So much was dropped before it came here: those who listen are told with what they take next."""
        for one in self._listening:
            one.miss(count)


def _tell(listening: tuple[_Listening, ...], passing: Passing) -> None:
    for one in listening:
        if one.execution in (None, passing.execution):
            try:
                one.put(passing)
            except Exception:
                _log.exception("whoever listens to %s could not be woken", passing.execution)


class _Text:
    """What an attempt has said so far; `seq` counts what was told, `since` what was told before its first."""

    __slots__ = ("_parts", "attempt", "length", "seq", "since")

    def __init__(self, attempt: int, seq: int) -> None:
        self.attempt, self.seq, self.since, self.length = attempt, seq, seq, 0
        self._parts: list[str] = []

    def add(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)
        self.seq += 1

    def whole(self, execution: str, path: str) -> Passing:
        self._parts = ["".join(self._parts)]
        value = {"seq": self.seq, "text": self._parts[0], "reset": True, "since": self.since}
        return Passing(execution, path, self.attempt, "text", encode(value))


class _Listening:
    """See `Listener`."""

    def __init__(
        self,
        wake: Callable[[], None],
        execution: str | None,
        room: int,
        remove: Callable[[_Listening], None],
        said: Callable[[str | None], list[Passing]],
    ) -> None:
        self._wake, self.execution, self._room, self._remove, self._said = wake, execution, room, remove, said
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

    def begin_with(self, passing: Passing) -> None:
        """What comes before all that will pass."""
        self._waiting.append(passing)

    def take(self) -> Taken:
        """All that waits; where some was dropped, the texts there are as wholes behind it."""
        with self._lock:
            passing, dropped = list(self._waiting), self._dropped
            self._waiting.clear()
            self._dropped = 0
        return Taken(passing + self._said(self.execution) if dropped else passing, dropped)

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
