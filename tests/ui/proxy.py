"""A proxy that offers a server below a path, as people put one before it: it takes the prefix off, and passes everything else on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def below(prefix: str, host: str) -> Iterator[str]:
    """The address of a server at `host` below a prefix, as long as it is wanted."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_listen, args=(listener, prefix, host), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{prefix}"
    finally:
        listener.close()


def _listen(listener: socket.socket, prefix: str, host: str) -> None:
    with suppress(OSError):  # closed
        while True:
            caller, _ = listener.accept()
            threading.Thread(target=_serve, args=(caller, prefix, host), daemon=True).start()


def _serve(caller: socket.socket, prefix: str, host: str) -> None:
    """One request a connection, or one WebSocket."""
    with caller, suppress(OSError):
        head, rest = _head(caller)
        method, target, version = head[0].split(" ")
        if not target.startswith(f"{prefix}/"):
            caller.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        lines = [f"{method} {target.removeprefix(prefix)} {version}", *head[1:]]
        if not any(line.lower().startswith("upgrade:") for line in lines):
            lines = [line for line in lines if not line.lower().startswith("connection:")] + ["Connection: close"]
        name, port = host.split(":")
        with socket.create_connection((name, int(port))) as server:
            server.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + rest)
            back = threading.Thread(target=_pass_on, args=(server, caller), daemon=True)
            back.start()
            _pass_on(caller, server)
            back.join()


def _head(caller: socket.socket) -> tuple[list[str], bytes]:
    said = b""
    while b"\r\n\r\n" not in said:
        piece = caller.recv(65_536)
        if not piece:
            raise OSError("the caller has gone")
        said += piece
    head, _, rest = said.partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), rest


def _pass_on(of: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while piece := of.recv(65_536):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)
