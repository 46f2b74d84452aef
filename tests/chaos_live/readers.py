"""Readers of a campaign: over server-sent events and WebSockets, of all, of a workflow, by a filter; each goes on by its position."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

import refold

KINDS: Final[tuple[dict[str, Any], ...]] = ({}, {"workflow": "works"}, {"filter": "data.version > 3"}, {"types": ["execution.completed"]})


class Reader:
    """One of them. What it was told stands in `told`, in the order in which it came."""

    def __init__(self, number: int, urls: Sequence[str]) -> None:
        self.kind, self.is_socket = KINDS[number % len(KINDS)], bool(number // len(KINDS) % 2)
        self.told: list[tuple[str, int, str, str]] = []
        """Execution, version, type and workflow of each event."""
        self.connections = 0
        self._urls = itertools.cycle([*urls[number % len(urls) :], *urls[: number % len(urls)]])
        self.position = "0"

    async def read(self) -> None:
        """Until it is cancelled. After a connection that broke it asks the next server."""
        while True:
            url = next(self._urls)
            with suppress(OSError, WebSocketException, refold.Unavailable, TimeoutError):
                await _answers(url)
                self.connections += 1
                await (self._by_socket if self.is_socket else self._by_events)(url)
            await asyncio.sleep(0.4)

    def _note(self, event: Mapping[str, Any]) -> None:
        self.told.append((event["subject"], event["data"]["version"], event["type"], event["workflow"]))

    async def _by_events(self, url: str) -> None:
        async with refold.AsyncClient(url) as client, client.stream(**self.kind, after=self.position, patience_s=0) as events:
            async for event in events:
                self._note(event)
                self.position = str(events.position)

    async def _by_socket(self, url: str) -> None:
        async with connect(f"{url.replace('http', 'ws', 1)}/v1/live", open_timeout=5) as socket:
            await socket.send(json.dumps({"subscribe": "events", "id": "a", "from": self.position, **self.kind}))
            async for message in socket:
                heard = json.loads(message)
                assert "problem" not in heard, heard
                if "event" in heard:
                    self._note(heard["event"])
                self.position = heard.get("position", self.position)

    def wants(self, event: tuple[str, int, str, str]) -> bool:
        """Whether it is to be told of an event."""
        _, version, kind, workflow = event
        types = self.kind.get("types")
        return (
            self.kind.get("workflow") in (None, workflow)
            and ("filter" not in self.kind or version > 3)
            and (types is None or kind.removeprefix("refold.") in types)
        )

    def faults(self, expected: set[tuple[str, int, str, str]]) -> list[str]:
        """What is wrong with what it was told."""
        wanted, found = {event for event in expected if self.wants(event)}, set(self.told)
        said = [f"missing {event}" for event in sorted(wanted - found)[:5]] + [f"strange {event}" for event in sorted(found - wanted)[:5]]
        if len(found) < len(self.told):
            said.append(f"{len(self.told) - len(found)} doubles")
        last: dict[str, int] = {}
        for execution, version, _, _ in self.told:
            if version <= last.get(execution, 0):
                said.append(f"{execution}/{version} came after {execution}/{last[execution]}")
            last[execution] = version
        return said

    def count(self, expected: set[tuple[str, int, str, str]]) -> int:
        """How many events it is to be told."""
        return sum(map(self.wants, expected))


async def _answers(url: str) -> None:
    """Raise OSError where nobody listens: that is cheap to find out."""
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.close()
