"""The herald as a process: `python -m infra.server.herald_program FD`. A server lends it connections, and says what to tell them.

    to it     ADD crowd connection          with the connection's file descriptor: it is in the crowd from now on
              TELL crowd message content    write this to all who are in it
              LEAVE connection              write no more to it, and let go of it
              its end: stop, so that it never outlives its server
    from it   SHORT connection message n    it took n bytes of this message and no more, and is left
              TOLD message                  nobody is still to be told it
              LEFT connection

It needs nothing of the engine: it never waits for a connection, and keeps nothing to be written.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import struct
import sys
from collections import defaultdict
from typing import Final

HEAD: Final = struct.Struct("!BIII")
"""What, of whom, of which, and how many bytes come behind."""
ADD, TELL, LEAVE, SHORT, TOLD, LEFT = range(1, 7)
READ_BYTES: Final = 256 * 1024
FDS_MAX: Final = 64
"""So many file descriptors come at a time."""


class Herald:
    """The crowds. `run` returns when the server has gone."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._crowds: defaultdict[int, dict[int, int]] = defaultdict(dict)
        """By crowd, the file descriptors by connection."""
        self._crowd_of: dict[int, int] = {}
        self._lent: list[int] = []
        """File descriptors whose message has not been read yet."""
        self._said = bytearray()

    def run(self) -> None:
        """Do what is said, message by message."""
        waiting = bytearray()
        while True:
            content, lent, flags, _ = socket.recv_fds(self._server, READ_BYTES, FDS_MAX)
            if flags & socket.MSG_CTRUNC:
                raise SystemExit("the herald may not have as many open files as it is lent connections")
            self._lent += lent
            if not content:
                return
            waiting += content
            done = self._take(waiting)
            del waiting[:done]
            if self._said:
                self._server.sendall(self._said)
                self._said.clear()

    def _take(self, waiting: bytearray) -> int:
        """Do what has come whole; how many bytes that were."""
        done, size = 0, HEAD.size
        while done + size <= len(waiting):
            what, whom, which, length = HEAD.unpack_from(waiting, done)
            if done + size + length > len(waiting):
                break
            content = bytes(waiting[done + size : done + size + length])
            done += size + length
            if what == ADD:
                self._crowds[whom][which] = self._lent.pop(0)
                self._crowd_of[which] = whom
            elif what == TELL:
                self._tell(whom, which, content)
            elif self._leave(whom):
                self._say(LEFT, whom)
        return done

    def _tell(self, crowd: int, message: int, content: bytes) -> None:
        size, short = len(content), []
        for connection, descriptor in self._crowds[crowd].items():
            try:
                written = os.write(descriptor, content)
            except BlockingIOError:
                written = 0
            except OSError:  # the other side is gone, of which the server hears by itself
                written = size
                short.append((connection, size))
            if written != size:
                short.append((connection, written))
        for connection, written in short:
            self._leave(connection)
            self._say(SHORT, connection, message, written)
        self._say(TOLD, message)

    def _leave(self, connection: int) -> bool:
        crowd = self._crowd_of.pop(connection, None)
        if crowd is None:
            return False
        os.close(self._crowds[crowd].pop(connection))
        if not self._crowds[crowd]:
            del self._crowds[crowd]
        return True

    def _say(self, what: int, whom: int, which: int = 0, count: int = 0) -> None:
        self._said += HEAD.pack(what, whom, which, count)


def main(descriptor: int) -> None:
    """Tell crowds until the server has gone."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)  # they are for the server, which has something to say to its readers first
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with socket.socket(fileno=descriptor) as server:
        try:
            Herald(server).run()
        except ConnectionError:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]))
