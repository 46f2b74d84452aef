"""A campaign: servers in full work are killed with kill -9, and their projectors, while readers read along; then all is compared.

load ─► servers ◄── killed, started again
          ├─► readers, each from its position on, at the next server
          └─► at last the histories of all executions: what each reader had to be told
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import refold
from projections.public.present import PUBLIC
from tests.chaos.processes import free_port

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
    """What a campaign came to."""

    kills: int
    executions: int
    events: int
    connections: int
    faults: list[str]


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
            words = [sys.executable, "-P", "-m", "refold", "serve", *self._words]
            self._process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=said, stderr=said)

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


async def campaign(servers: list[Server], kills: int, readers: int, seed: int) -> Told:
    """Carry it out."""
    chance, urls = random.Random(seed), [server.url for server in servers]
    for server in servers:
        await server.ready()
    async with refold.AsyncClient(urls[0]) as client:
        await client.publish(WORKS)
        await client.publish(WAITS)
    reading = [Reader(number, urls) for number in range(readers)]
    tasks = [asyncio.ensure_future(reader.read()) for reader in reading]
    started: list[str] = []
    stopped = threading.Event()
    loading = [threading.Thread(target=_load, args=(urls, number, seed, started, stopped)) for number in range(4)]
    for one in loading:
        one.start()
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        server = chance.choice(servers)
        if chance.random() < 0.25:
            server.kill_projector()
            continue
        server.kill()
        await asyncio.sleep(chance.choice([0.0, 0.2]))
        server.begin()
        if len(servers) > 1 or chance.random() < 0.7:
            await server.ready()
    stopped.set()
    for server in servers:
        await server.ready()
    for one in loading:
        await asyncio.to_thread(one.join)
    expected = await _expected(urls[0], started)
    await _all_told(reading, expected)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    faults = [f"reader {number} {reader.kind}: {fault}" for number, reader in enumerate(reading) for fault in reader.faults(expected)]
    return Told(kills, len(started), len(expected), sum(reader.connections for reader in reading), faults)


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


async def _all_told(reading: list[Reader], expected: set[tuple[str, int, str, str]]) -> None:
    """Wait until each was told as much as it had to be, and a moment more: nothing may come after it."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end and any(len(reader.told) < reader.count(expected) for reader in reading):
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
