"""Requests to a webhook, each sent twice and out of order, while the server is killed: `python -m tests.api.hook_storm 10000 20`."""

from __future__ import annotations

import base64
import http.client
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from standardwebhooks.webhooks import Webhook

from tests.api.conftest import Server

KEY: Final = base64.b64encode(b"k" * 32).decode()
SENDERS: Final = 4
LATER_MAX: Final = 200
"""So often at most senders are told to come again."""
STORMED: Final[dict[str, Any]] = {
    "name": "stormed",
    "triggers": [{
        "id": "hook", "type": "webhook", "path": "stormed", "key": "trigger.headers['webhook-id']",
        "signature": {"kind": "standard_webhooks", "secret": "stormed"}, "input": "{{ trigger.body }}",
    }],
    "nodes": [{"id": "n", "type": "noop"}],
}  # fmt: skip


class _Storm:
    """What is still to be sent, and which execution each request has started."""

    def __init__(self, count: int, kills: int, serve: Callable[[], Server]) -> None:
        self._serve, self._kills = serve, kills
        self.left = [name for name in range(count) for _ in range(2)]
        random.Random(7).shuffle(self.left)
        self.known: dict[int, str] = {}
        self._lock, self._sent, self.later = threading.Lock(), 0, 0
        self._every = max(1, 2 * count // (kills + 1))
        self.server = serve()

    def send_all(self) -> None:
        """One sender: what is not answered is sent again."""
        line, server = None, self.server
        while (name := self._next()) is not None:
            try:
                if line is None or server is not self.server:
                    server = self.server
                    line = server.connect()
                answer = self._send(server, line, name)
            except (OSError, http.client.HTTPException):
                with self._lock:
                    self.left.append(name)
                line = None
                continue
            assert self.known.setdefault(name, answer) == answer, f"request {name} has started {self.known[name]}, and then {answer}"
            self._count()

    def _next(self) -> int | None:
        with self._lock:
            return self.left.pop() if self.left else None

    def _send(self, server: Server, line: http.client.HTTPConnection, name: int) -> str:
        body, at = b'{"n": %d}' % name, int(time.time())
        signature = Webhook(KEY).sign(f"m{name}", datetime.fromtimestamp(at, UTC), body.decode())
        headers = {"webhook-id": f"m{name}", "webhook-timestamp": str(at), "webhook-signature": signature}
        answer = server.ask("POST", "/hooks/stormed", body, headers, line)
        if answer.status == 503 and answer.json["reason"] == "behind":  # just begun, on a busy machine: senders come again
            self.later += 1
            assert self.later < LATER_MAX, answer.content
            raise ConnectionAbortedError
        assert answer.status == 202, answer.content
        return str(answer.json["execution_id"])

    def _count(self) -> None:
        """Kill the server now and then, and start another on the same folder."""
        with self._lock:
            self._sent += 1
            if self._sent % self._every == 0 and self._kills > 0:
                self._kills -= 1
                self.server.kill()
                self.server = self._serve()


def storm(serve: Callable[[], Server], count: int, kills: int) -> int:
    """How many executions there are in the end."""
    one = _Storm(count, kills, serve)
    one.server.post("/v1/credentials", {"name": "stormed", "kind": "signing", "values": {"secret": KEY}})
    one.server.publish(STORMED)
    with ThreadPoolExecutor(SENDERS) as pool:
        for sender in [pool.submit(one.send_all) for _ in range(SENDERS)]:
            sender.result()
    assert len(one.known) == len(set(one.known.values())) == count
    return _counted(one.server)


def _counted(server: Server) -> int:
    found, after = 0, ""
    while True:
        page = server.get(f"/v1/executions?workflow=stormed&limit=500{after}").json
        found += len(page["executions"])
        if page["next"] is None:
            return found
        after = f"&cursor={page['next']}"


if __name__ == "__main__":
    count, kills = (int(word) for word in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        served: list[Server] = []

        def serve() -> Server:
            served.append(Server(Path(folder) / "data"))
            return served[-1]

        try:
            found = storm(serve, count, kills)
        finally:
            for one in served:
                one.kill()
    print(f"{count:,} requests, each sent twice, with {len(served) - 1} kills: {found:,} executions")
    sys.exit(found != count)
