"""One who reads a stream of server-sent events over a connection of its own, block by block."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from .conftest import Server


class Block(NamedTuple):
    """What a blank line ends; of an event that has no name it is `message`."""

    event: str
    id: str | None
    data: Any


class Stream:
    """An open stream; the answer's head is read."""

    def __init__(self, server: Server, path: str, last_event_id: str | None = None) -> None:
        self._line = http.client.HTTPConnection(server.host, timeout=60)
        self._line.request("GET", path, headers={} if last_event_id is None else {"Last-Event-ID": last_event_id})
        self.response = self._line.getresponse()
        assert self.response.status == 200, self.response.read()
        self.blocks = self._blocks()

    def _blocks(self) -> Iterator[Block]:
        fields: dict[str, str] = {}
        try:
            for line in self.response:
                text = line.decode().rstrip("\n")
                if text and not text.startswith(":"):
                    name, _, value = text.partition(": ")
                    fields[name] = value
                elif not text and "data" in fields:
                    yield Block(fields.get("event", "message"), fields.get("id"), json.loads(fields["data"]))
                    fields = {}
        except (http.client.HTTPException, OSError):  # the server was killed
            return

    def events(self) -> Iterator[Block]:
        """Only those that are events."""
        return (block for block in self.blocks if block.event == "message")

    def take(self, count: int) -> list[Block]:
        """So many events."""
        events = self.events()
        return [next(events) for _ in range(count)]

    def rest(self) -> list[Block]:
        """All blocks until it ends."""
        return list(self.blocks)

    def close(self) -> None:
        self.response.close()
        self._line.close()


def ids(blocks: list[Block]) -> list[str]:
    """The ids of the events among them."""
    return [block.data["id"] for block in blocks if block.event == "message"]
