"""The herald beside a server: the process that writes the same to many connections. See `api/streams/crowd.py`.

It is begun when the first crowd is there, and begun again after it has died: then those whom it told are cut off, as nobody knows what
they have read, and come again from there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from api.line import Line
from api.streams.reader import SLOW_S, OnReturn
from infra.server.herald_program import ADD, HEAD, LEAVE, LEFT, READ_BYTES, SHORT, TELL, TOLD

AGAIN_S: Final = 5.0
"""So long after it has died it is not begun again: the event loop tells all meanwhile."""
WAITING_MAX: Final = 256
"""So much waits to be said to it before more connections are lent: each takes a file descriptor of the server's meanwhile."""
_PACKAGES: Final = str(Path(__file__).parents[2])
_log: Final = logging.getLogger("refold.streams")


class _Lent(NamedTuple):
    line: Line
    on_return: OnReturn


class _Message(NamedTuple):
    content: bytes
    then: Callable[[int], None]


class Herald:
    """See `api.streams.crowd.Crowds`. Lives in the event loop's thread."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-P", "-m", "infra.server.herald_program")) -> None:
        self._command, self._loop = command, asyncio.get_running_loop()
        self._link: Link | None = None
        self._numbers = count(1)
        self._died_at = -AGAIN_S

    @property
    def pid(self) -> int | None:
        """The id of the process that runs now."""
        return None if self._link is None else self._link.pid

    def open(self) -> _Crowd | None:
        """See Crowds."""
        if self._link is None and self._loop.time() >= self._died_at + AGAIN_S:
            self._begin()
        return None if self._link is None else _Crowd(self._link, next(self._numbers))

    def _begin(self) -> None:
        (ours, theirs), nothing = socket.socketpair(), subprocess.DEVNULL
        path = os.environ.get("PYTHONPATH")
        environment = {**os.environ, "PYTHONPATH": f"{_PACKAGES}{os.pathsep}{path}" if path else _PACKAGES}
        try:
            process = subprocess.Popen(
                (*self._command, str(theirs.fileno())), pass_fds=(theirs.fileno(),), stdin=nothing, stdout=nothing, env=environment
            )
        except OSError as error:  # too many processes, or no memory: that may pass
            _log.warning("the herald cannot be begun, the event loop tells all: %s", error)
            self._died_at = self._loop.time()
            ours.close()
        else:
            self._link = Link(ours, process, self._loop, self._numbers, self._on_end)
        finally:
            theirs.close()

    def _on_end(self) -> None:
        self._link, self._died_at = None, self._loop.time()

    def close(self) -> None:
        """End it."""
        if self._link is not None:
            self._link.end("")


class _Crowd:
    """See `api.streams.crowd.Crowd`."""

    def __init__(self, link: Link, number: int) -> None:
        self._link, self._number = link, number

    @property
    def is_gone(self) -> bool:
        """See Crowd."""
        return self._link.is_over

    def add(self, line: Line, on_return: OnReturn) -> bool:
        """See Crowd."""
        return self._link.lend(self._number, line, on_return)

    def tell(self, content: bytes, then: Callable[[int], None]) -> int:
        """See Crowd."""
        return self._link.tell(self._number, content, then)


class Link:
    """One process: what it was lent, what it is still to tell, and what waits to be said to it."""

    def __init__(
        self, ours: socket.socket, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop, numbers: count[int], on_end: Any
    ) -> None:
        self._ours, self._process, self._loop, self._numbers, self._on_end = ours, process, loop, numbers, on_end
        self.pid, self.is_over = process.pid, False
        self._lent: dict[int, _Lent] = {}
        self._leaving: set[int] = set()
        self._messages: dict[int, _Message] = {}
        self._waiting: deque[tuple[bytes, int | None]] = deque()
        """What is to be said, each with the file descriptor that goes with it."""
        self._heard = bytearray()
        self._watch: asyncio.TimerHandle | None = None
        ours.setblocking(False)
        loop.add_reader(ours, self._hear)

    # What it is told.

    def lend(self, crowd: int, line: Line, on_return: OnReturn) -> bool:
        """Lend it a line; whether that can be done now."""
        if self.is_over or len(self._waiting) >= WAITING_MAX or (descriptor := line.lendable) is None:
            return False
        try:
            descriptor = os.dup(descriptor)  # the number of one that is closed meanwhile may be another connection's
        except OSError:
            return False
        connection = next(self._numbers)
        self._lent[connection] = _Lent(line, on_return)
        line.lend(lambda: self._ask_back(connection))
        self._say(HEAD.pack(ADD, crowd, connection, 0), descriptor)
        return True

    def _ask_back(self, connection: int) -> None:
        if connection in self._lent and connection not in self._leaving:
            self._leaving.add(connection)
            self._say(HEAD.pack(LEAVE, connection, 0, 0))
            self._expect()

    def tell(self, crowd: int, content: bytes, then: Callable[[int], None]) -> int:
        """Tell a crowd of this."""
        number = next(self._numbers)
        if self.is_over:
            self._loop.call_soon(then, number)
            return number
        self._messages[number] = _Message(content, then)
        self._say(HEAD.pack(TELL, crowd, number, len(content)) + content)
        self._expect()
        return number

    def _say(self, content: bytes, descriptor: int | None = None) -> None:
        self._waiting.append((content, descriptor))
        if len(self._waiting) == 1:
            self._go_on()

    def _go_on(self) -> None:
        """Say what it takes, the rest once it takes more."""
        try:
            while self._waiting:
                content, descriptor = self._waiting[0]
                if descriptor is None:
                    sent = self._ours.send(content)
                else:
                    sent = socket.send_fds(self._ours, [content], [descriptor])
                    os.close(descriptor)
                if sent < len(content):
                    self._waiting[0] = (content[sent:], None)
                else:
                    self._waiting.popleft()
            self._loop.remove_writer(self._ours)
        except BlockingIOError:
            self._loop.add_writer(self._ours, self._go_on)
        except OSError as error:
            self._loop.call_soon(self.end, f"it cannot be told: {error}")

    # What it says.

    def _hear(self) -> None:
        try:
            content = self._ours.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        if not content:
            self.end("it has ended")
            return
        self._heard += content
        whole = len(self._heard) - len(self._heard) % HEAD.size
        found = list(HEAD.iter_unpack(self._heard[:whole]))
        del self._heard[:whole]
        self._expect(anew=True)
        for what, whom, which, written in found:
            if what == TOLD:
                message = self._messages.pop(whom)
                message.then(whom)
            else:
                self._back(whom, which, written if what == SHORT else None)
                assert what in (SHORT, LEFT), what

    def _back(self, connection: int, number: int, written: int | None) -> None:
        """A line is back, of which so much of a message was written; all there was, where that is None."""
        line, on_return = self._lent.pop(connection)
        self._leaving.discard(connection)
        line.take_back(b"" if written is None else self._messages[number].content[written:])
        if written is not None:
            on_return(number)

    # Its end.

    def _expect(self, anew: bool = False) -> None:
        """It has to answer in time."""
        if self._watch is not None and anew:
            self._watch.cancel()
            self._watch = None
        if self._watch is None and (self._messages or self._leaving) and not self.is_over:
            self._watch = self._loop.call_later(SLOW_S, self.end, f"it has said nothing for {SLOW_S:g} s")

    def end(self, why: str) -> None:
        """It is gone, or has to go: whom it told is cut off, as nobody knows what they have read."""
        if self.is_over:
            return
        self.is_over = True
        if why:
            _log.warning("the herald is gone, %d readers are cut off and may come again: %s", len(self._lent), why)
        self._loop.remove_reader(self._ours)
        self._loop.remove_writer(self._ours)
        self._ours.close()
        self._process.kill()
        self._process.wait()
        if self._watch is not None:
            self._watch.cancel()
        for _, descriptor in self._waiting:
            if descriptor is not None:
                os.close(descriptor)
        self._on_end()
        lent, self._lent = self._lent, {}
        for one in lent.values():
            one.line.give_up()
        messages, self._messages = self._messages, {}
        for number, message in messages.items():
            message.then(number)
