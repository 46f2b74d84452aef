"""Processes that share a topic in memory, on a loop whose time passes as fast as nothing is left to do.

The topic keeps order and stamps its records as a broker does; each process has a line to it that takes time, can hang
and can be cut. What runs is the real `Members`; a process does with its partitions what an owner would.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

from contracts.errors import LogUnreachable
from contracts.members import PartitionHeld
from workers.cluster.members import Members, NameTaken, Own, Who

EPOCH_MS = 1_800_000_000_000
LOOK_BACK = 200
"""Records of half a minute of these few processes."""


class _Selector(selectors.DefaultSelector):
    """Instead of waiting it moves the loop's time on."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nobody has anything to do any more"
        self.loop.passed_us += max(1, math.ceil(timeout * 1_000_000))
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose seconds take no time."""

    def __init__(self) -> None:
        self.passed_us = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.passed_us / 1_000_000


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story in time that passes by itself."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())


class Topic:
    """Records in order, with the broker's time of each, which can jump."""

    def __init__(self) -> None:
        self.records: list[tuple[int, bytes]] = []
        self.skew_ms = 0
        self.news = asyncio.Event()

    def put(self, value: bytes) -> None:
        stamp = EPOCH_MS + round(asyncio.get_running_loop().time() * 1000) + self.skew_ms
        self.records.append((stamp, value))
        self.news.set()
        self.news = asyncio.Event()

    def start(self) -> int:
        """Where somebody begins to read: in the middle, after all that is long ago."""
        return max(0, len(self.records) - LOOK_BACK)


class Process:
    """A process with the role `owner`: takes over and lets go of partitions as its membership says."""

    def __init__(self, world: World, node: str, roles: tuple[str, ...] = ("api", "owner")) -> None:
        self.world, self.node = world, node
        self.who = Who(node=node, roles=roles, address=f"http://{node}", incarnation=f"{node}{len(world.started)}")
        self.held: dict[int, float] = {}
        self.taken: list[tuple[float, int]] = []
        self.lag_s = 0.005
        self.open_line = asyncio.Event()
        self.open_line.set()
        self.refuses = False
        self.news = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.members = Members(self.who, self._append, clock=loop.time)
        self.taking: dict[int, asyncio.Task[None]] = {}
        self.running = loop.create_task(self.members.run(self))
        self.reading = loop.create_task(self._read(world.topic.start()))

    async def _append(self, value: bytes) -> None:
        await asyncio.sleep(self.lag_s)
        if self.refuses:
            raise LogUnreachable("nobody answers")
        await self.open_line.wait()
        self.world.topic.put(value)
        await asyncio.sleep(self.lag_s)

    async def _read(self, offset: int) -> None:
        while True:
            news = self.world.topic.news
            records = self.world.topic.records
            if offset == len(records):
                await news.wait()
            await asyncio.sleep(self.lag_s)
            await self.open_line.wait()
            end = len(records)
            self.members.on_records("members", 0, [(at, *records[at]) for at in range(offset, end)], end)
            offset = end

    @property
    def partitions(self) -> int:
        return self.world.partitions

    def own(self) -> Own:
        return Own(partitions={partition: PartitionHeld(epoch=1) for partition in self.held})

    def on_change(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
        lost = set(self.held) - self.members.mine
        for partition in lost:
            del self.held[partition]
        if lost:
            self.members.say_now()
        for partition in self.members.mine - set(self.held) - set(self.taking):
            self.taking[partition] = asyncio.ensure_future(self._take(partition))

    async def _take(self, partition: int) -> None:
        mark = self.members.mark()
        while partition in self.members.mine and not (self.members.may_take(partition) and self.members.confirmed_since(mark)):
            await self.news.wait()
        del self.taking[partition]
        if partition in self.members.mine:
            self.held[partition] = asyncio.get_running_loop().time()
            self.taken.append((self.held[partition], partition))
            self.members.say_now()

    def kill(self) -> None:
        """As `kill -9` does."""
        for task in (self.running, self.reading, *self.taking.values()):
            task.cancel()
        self.held.clear()
        self.world.living.discard(self)

    async def leave(self) -> None:
        """Go in order."""
        await self.members.leave()
        self.kill()

    def freeze(self) -> None:
        """Nothing goes in or out any more."""
        self.open_line.clear()

    def thaw(self) -> None:
        self.open_line.set()


class World:
    """The topic and all processes."""

    def __init__(self, partitions: int = 8) -> None:
        self.partitions = partitions
        self.topic = Topic()
        self.started: list[Process] = []
        self.living: set[Process] = set()
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, *nodes: str, roles: tuple[str, ...] = ("api", "owner")) -> list[Process]:
        new = []
        for node in nodes:
            process = Process(self, node, roles)
            self.started.append(process)
            self.living.add(process)
            new.append(process)
        return new

    async def until(self, holds: Callable[[], bool], within_s: float = 60.0) -> float:
        """Wait until something holds; answers how long it took."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while not holds():
            assert loop.time() - begin < within_s, f"not within {within_s} s: {self}"
            await asyncio.sleep(0.01)
        return loop.time() - begin

    async def pass_time(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def holders(self) -> Mapping[int, list[str]]:
        """Who holds each partition, or thinks so."""
        return {p: sorted(one.node for one in self.living if p in one.held) for p in range(self.partitions)}

    def is_shared_out(self, *nodes: str) -> bool:
        """Whether every partition is held once, by these nodes alone, as evenly as can be, and as everybody's assignment says."""
        holders = self.holders()
        counts = [sum([node] == held for held in holders.values()) for node in nodes]
        assigned = {None if one.members.membership.in_force is None else str(one.members.membership.in_force.owners) for one in self.living}
        return sum(counts) == self.partitions and max(counts) - min(counts) <= 1 and len(assigned) == 1

    def generation(self) -> int:
        return max(one.members.membership.generation for one in self.living)

    def refused(self) -> Iterator[NameTaken]:
        for process in self.started:
            if process.running.done() and not process.running.cancelled():
                error = process.running.exception()
                if isinstance(error, NameTaken):
                    yield error

    def __str__(self) -> str:
        return f"{self.holders()} generation {self.generation()}"
