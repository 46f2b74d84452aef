"""A campaign: servers in full work, their projectors and publishers are killed with kill -9 while readers read along; then all is compared.

load ─► servers ◄── killed, started again
          ├─► readers, each from its position on, at the next server
          ├─► publishers ◄── killed, started again ─► refold.events ─► a plain Kafka client
          └─► at last the histories of all executions: what each reader had to be told, and the client to hear
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import refold
from projections.public.present import PUBLIC
from tests import preloaded
from tests.chaos.processes import free_port

from .consumer import Consumer
from .readers import Reader

ROOT: Final = Path(__file__).parents[2]
READY_S: Final = 90.0
NAMES: Final = {kind.__name__ for kind in PUBLIC}
WORKS: Final[dict[str, Any]] = {
    "name": "works",
    "nodes": [{"id": f"n{index}", "type": "noop"} for index in range(4)],
    "edges": [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(3)],
}
WAITS: Final[dict[str, Any]] = {
    "name": "waits",
    "nodes": [{"id": "wait", "type": "delay", "config": {"for": "500ms"}}, {"id": "after", "type": "noop"}],
    "edges": [{"from": "wait", "to": "after"}],
}


class Told(NamedTuple):
    """What a campaign came to. `doubles` are records of public events that had been told before."""

    kills: Counter[str]
    executions: int
    events: int
    connections: int
    doubles: int
    faults: list[str]


class Killed(NamedTuple):
    """What is killed: servers, with their projectors, and the publishers beside them, which a consumer hears."""

    servers: list[Server]
    publishers: list[Server]
    consumer: Consumer | None


class Server:
    """`refold serve` at one address, in lives that end by kill -9."""

    def __init__(self, folder: Path, name: str, words: list[str]) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._log, self._words = folder / f"{name}.log", [*words, "--port", str(self._port)]
        self.begin()

    def begin(self) -> None:
        """Start a life."""
        with self._log.open("ab") as said:
            self._process = preloaded.begin("serve", *self._words, stdout=said, stderr=said)

    async def ready(self) -> None:
        """Until it answers."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            with suppress(refold.RefoldError):
                async with refold.AsyncClient(self.url) as client:
                    await client.ready()
                    return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{self.url} does not answer\n{self._log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Kill it, whatever it does."""
        self._process.kill()
        self._process.wait()

    def kill_projector(self) -> None:
        """Kill the process beside it that keeps the read models up, if it is there."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)


async def campaign(killed: Killed, kills: int, readers: int, seed: int) -> Told:
    """Carry it out. All processes still run afterwards."""
    chance, urls = random.Random(seed), [server.url for server in killed.servers]
    for server in killed.servers:
        await server.ready()
    async with refold.AsyncClient(urls[0]) as client:
        await client.publish(WORKS)
        await client.publish(WAITS)
    reading = [Reader(number, urls) for number in range(readers)]
    tasks = [asyncio.ensure_future(reader.read()) for reader in reading]
    tasks += [] if killed.consumer is None else [asyncio.ensure_future(killed.consumer.read())]
    started: list[str] = []
    stopped = threading.Event()
    loading = [threading.Thread(target=_load, args=(urls, number, seed, started, stopped)) for number in range(4)]
    for one in loading:
        one.start()
    counted = await _kill_some(killed, kills, chance)
    stopped.set()
    for server in killed.servers:
        await server.ready()
    for one in loading:
        await asyncio.to_thread(one.join)
    expected = await _expected(urls[0], started)
    await _all_told(reading, killed.consumer, expected)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    faults = [f"reader {number} {reader.kind}: {fault}" for number, reader in enumerate(reading) for fault in reader.faults(expected)]
    faults += [] if killed.consumer is None else [f"the Kafka client: {fault}" for fault in killed.consumer.faults(expected)]
    doubles = 0 if killed.consumer is None else killed.consumer.doubles
    return Told(counted, len(started), len(expected), sum(reader.connections for reader in reading), doubles, faults)


async def _kill_some(killed: Killed, kills: int, chance: random.Random) -> Counter[str]:
    """Kill so often, now this and now that; how often each."""
    counted: Counter[str] = Counter()
    kinds = ["server", "server", "projector", *(["publisher"] if killed.publishers else [])]
    for number in range(kills):
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        kind = kinds[-1 - number] if number < len(kinds) else chance.choice(kinds)
        counted[kind] += 1
        one = chance.choice(killed.publishers if kind == "publisher" else killed.servers)
        if kind == "projector":
            one.kill_projector()
            continue
        one.kill()
        await asyncio.sleep(chance.choice([0.0, 0.2]))
        one.begin()
        if kind == "server" and (len(killed.servers) > 1 or chance.random() < 0.7):
            await one.ready()
    return counted


def _load(urls: list[str], number: int, seed: int, started: list[str], stopped: threading.Event) -> None:
    """Start executions; one of which nobody knows whether it was taken in is started again, under the same id."""
    chance, count = random.Random(f"{seed}.{number}"), 0
    while not stopped.is_set():
        name, workflow, is_started = f"x{number}-{count}", chance.choice(["works", "waits"]), False
        while not is_started and not stopped.is_set():
            with suppress(refold.RefoldError), refold.Client(chance.choice(urls)) as client:
                client.start(workflow, execution_id=name)
                is_started = True
        if is_started:
            started.append(name)
        count += 1
        stopped.wait(chance.uniform(0.0, 0.05))


async def _expected(url: str, started: list[str]) -> set[tuple[str, int, str, str]]:
    """The public events of all of them, once they have ended."""
    found: set[tuple[str, int, str, str]] = set()
    async with refold.AsyncClient(url) as client:
        names = {row["execution_id"] async for row in client.list(page=500)} | set(started)
        for name in names:
            ended = await client.wait(name, timeout_s=READY_S)
            async for event in client.history(name, min_position=ended["position"] or None):
                if event["type"] in NAMES:
                    found.add((name, event["version"], _public_type(event["type"]), ended["workflow"]))
    return found


def _public_type(name: str) -> str:
    first, *rest = re.findall("[A-Z][a-z]*", name)
    return f"refold.{first.lower()}.{'_'.join(rest).lower()}"


async def _all_told(reading: list[Reader], consumer: Consumer | None, expected: set[tuple[str, int, str, str]]) -> None:
    """Wait until each was told as much as it had to be, and a moment more: nothing may come after it."""

    def has_all() -> bool:
        has_heard = consumer is None or len(consumer.heard) >= len(expected)
        return has_heard and all(len(reader.told) >= reader.count(expected) for reader in reading)

    end = time.monotonic() + READY_S
    while time.monotonic() < end and not has_all():
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
