"""Processes of a cluster in one event loop, on a log in memory: what runs is the real thing, down to the port of the log."""

from __future__ import annotations

import asyncio
import itertools
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from api.service import Start, Started
from contracts.caller import ENGINE, Caller
from contracts.commands import Command
from contracts.definitions import WorkflowDefinition
from contracts.errors import LogError, LogUnreachable
from contracts.ports.event_topic import EventRecord
from contracts.ports.keys import NoKeys
from contracts.ports.log import CLUSTER_TOPICS, TOPICS, Log, Topic
from contracts.positions import Positions
from infra.clock import SystemClock
from infra.files.blobs import MemoryBlobs
from infra.files.checkpoints import FileCheckpoints
from infra.files.snapshots import MemorySnapshots
from infra.keys.blobs import MemorySealedStore
from infra.keys.shared import SharedKeys
from infra.log.arguments import check_partition
from infra.log.memory import MemoryLog
from infra.server.cluster.shared import Shared
from infra.server.credential_wiring import credential_store
from infra.server.parts.context import Context
from infra.server.process import Process
from infra.settings.model import EngineSettings, ServerSettings
from infra.store.sqlite import SqliteReadModels
from projections.definitions import Version
from projections.registry import READ_MODELS
from workers.cluster.ports import OnRecords
from workers.partition.catalog import Catalog
from workers.reading.partitioned_reader import PartitionedReader
from workers.reading.projector_pool import ProjectorPool
from workers.running.memory_result_cache import MemoryResultCache

DEADLINE_S = 30.0


class SharedMemory(MemoryLog):
    """All topics of a log that processes share; whoever follows a place hears of what comes."""

    def __init__(self, partitions: int) -> None:
        super().__init__(partitions)
        self.deleted: dict[tuple[str, int], int] = {}
        self.followers: dict[tuple[str, int], dict[int, Callable[[], None]]] = {}

    def put(self, topic: str, partition: int, records: Sequence[bytes]) -> int:
        """Append anything to any topic, as any client of a broker may."""
        stored = self._records[cast(Topic, topic), partition]
        first = len(stored)
        stored.extend(records)
        for news in self.followers.get((topic, partition), {}).values():
            news()
        return first

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        return {partition: self.put(topic, partition, records) for partition, records in batches.items()}

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        check_partition(topic, partition, self._partitions, offset, (*TOPICS, *CLUSTER_TOPICS))
        return iter(list(enumerate(self._records[topic, partition][offset:end], start=offset)))

    def end(self, topic: Topic, partition: int) -> int:
        return len(self._records[topic, partition])

    def start(self, topic: Topic, partition: int) -> int:
        return 0


class Waiting:
    """What may have to wait for the brokers: from a moment on it is a mistake to call it in the loop's thread.

    A blob may be read there: those that a partition needs are most often mirrored on this machine.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._kept_out: int | None = None

    def keep_out(self) -> None:
        self._kept_out = threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._guarded(name, found) if name in ("append", "read", "end", "start", "put", "save", "load") else found

    def _guarded(self, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            if threading.get_ident() == self._kept_out:
                mistakes.append(f"{name} of {type(self._inner).__name__} in the event loop:\n{''.join(traceback.format_stack(limit=8))}")
            return found(*arguments, **more)

        return call


mistakes: list[str] = []
"""Where the loop would have waited for a broker."""


class MemoryClusterLog:
    """One process's line to it. See `workers.cluster.ports.ClusterLog`."""

    def __init__(self, log: SharedMemory, waiting: Any) -> None:
        self.log: Log = waiting
        self._shared = log
        self._loop = asyncio.get_running_loop()
        self._number = next(_numbers)
        self._places: dict[tuple[str, int], tuple[int, OnRecords]] = {}
        self._due: set[tuple[str, int]] = set()

    async def append_round(self, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        return await self.append("journal", batches)

    async def append(self, topic: str, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        await asyncio.sleep(0)
        return {partition: self._shared.put(topic, partition, records) for partition, records in batches.items()}

    async def ensure(self, topics: Iterable[str]) -> None: ...

    async def end(self, topic: str, partition: int, at_least: int = 0) -> int:
        await asyncio.sleep(0)
        return self._shared.end(cast(Topic, topic), partition)

    async def start(self, topic: str, partition: int) -> int:
        return 0

    async def delete_before(self, topic: str, partition: int, offset: int) -> None:
        self._shared.deleted[topic, partition] = offset

    async def partition_count(self) -> int:
        return self._shared.partitions

    def follow(self, topic: str, partition: int, offset: int, then: OnRecords) -> None:
        place = topic, partition
        self._places[place] = offset, then
        self._shared.followers.setdefault(place, {})[self._number] = lambda: self._soon(place)
        self._soon(place)

    def _soon(self, place: tuple[str, int]) -> None:
        """Threads append, too."""
        if place not in self._due:
            self._due.add(place)
            self._loop.call_soon_threadsafe(self._deliver, place)

    def _deliver(self, place: tuple[str, int]) -> None:
        self._due.discard(place)
        if place not in self._places:
            return
        offset, then = self._places[place]
        now = int(self._loop.time() * 1000)
        stored = self._shared._records[cast(Topic, place[0]), place[1]]
        records = [(at, now, stored[at]) for at in range(offset, len(stored))]
        if records:
            self._places[place] = len(stored), then
            then(*place, records, len(stored))

    def unfollow(self, topic: str, partition: int) -> None:
        self._places.pop((topic, partition), None)
        self._shared.followers.get((topic, partition), {}).pop(self._number, None)

    async def close(self) -> None:
        for place in list(self._places):
            self.unfollow(*place)


_numbers = itertools.count()


class EventRecords:
    """What stands in the topic of public events, and is committed, for all processes. Some appends fail, and some of those are there."""

    def __init__(self, partitions: int) -> None:
        self.written: list[list[EventRecord]] = [[] for _ in range(partitions)]
        self.offsets: dict[int, int] = {}
        self.appends = 0


class MemoryEventTopic:
    """See `contracts.ports.event_topic.EventTopic`."""

    def __init__(self, records: EventRecords) -> None:
        self._records = records

    async def ensure(self, partitions: int) -> None: ...

    async def append(self, partition: int, records: Sequence[EventRecord]) -> None:
        await asyncio.sleep(0)
        self._records.appends += 1
        if self._records.appends % 5 == 0:
            raise LogUnreachable("nobody is there")
        self._records.written[partition] += records
        if self._records.appends % 3 == 0:
            raise LogUnreachable("nobody knows")

    async def committed(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {one: self._records.offsets[one] for one in partitions if one in self._records.offsets}

    async def load(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {one: self._records.offsets.get(one, 0) for one in partitions}

    async def save(self, offsets: Mapping[int, int]) -> None:
        self._records.offsets |= offsets

    async def close(self) -> None: ...


class Parts:
    """See `infra.server.wiring.SharedParts`."""

    def __init__(
        self, log: SharedMemory, blobs: MemoryBlobs, snapshots: MemorySnapshots, folder: Path, node: str, events: EventRecords
    ) -> None:
        self._events = events
        self._waiting = [Waiting(log), Waiting(blobs), Waiting(snapshots)]
        self.data, self.node, self._shared = folder, node, log
        self.log, self.blobs, self.snapshots = self._waiting
        self.topic_of_blobs = self.blobs
        self.keys = SharedKeys(None, NoKeys(), MemorySealedStore())
        self.of_snapshots = log
        self.is_fenced = False
        clock = SystemClock()
        self.reader = PartitionedReader(log, Catalog(log, clock), blobs, lambda partition: models_in(folder, partition, read_only=True))
        self.cache = MemoryResultCache(clock)
        self.credentials = credential_store(EngineSettings(data=folder / node), clock)

    def webhook_checkpoints(self) -> FileCheckpoints:
        return FileCheckpoints(self.data / "webhooks.json")

    def shared(self, on_problem: Callable[[str, int, LogError], None]) -> MemoryClusterLog:
        return MemoryClusterLog(self._shared, self.log)

    def event_topic(self, retention_h: float, positions: Positions) -> MemoryEventTopic:
        return MemoryEventTopic(self._events)

    def task_topics(self) -> NoTaskTopics:
        return NoTaskTopics()

    def keep_out(self) -> None:
        for one in self._waiting:
            one.keep_out()

    def look_again(self) -> None: ...


def models_in(folder: Path, partition: int, read_only: bool = False) -> SqliteReadModels:
    return SqliteReadModels(folder / f"projection-{partition}.db", READ_MODELS, read_only, is_divided=True)


class NoTaskTopics:
    """See `workers.tasks.gateway.TaskTopics`."""

    def take(self, *what: Any) -> Any:
        raise AssertionError("no activity is to be taken here")


class MemoryCluster:
    """The log, and the processes on it."""

    def __init__(self, folder: Path, partitions: int = 4) -> None:
        self._folder = folder
        self.log, self.events = SharedMemory(partitions), EventRecords(partitions)
        self._blobs, self._snapshots = MemoryBlobs(), MemorySnapshots()
        self.living: dict[str, Shared] = {}
        self._processes: dict[str, Process] = {}
        catalog = Catalog(self.log, SystemClock())
        self.projectors = ProjectorPool(self.log, catalog, lambda partition: models_in(folder, partition), lambda *_: None)
        self._projecting = asyncio.ensure_future(self._project())

    async def _project(self) -> None:
        while True:
            self.projectors.look_at_all()
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        for node in list(self.living):
            built = self.living[node]
            await self.kill(node)
            built.service.close()
        self._projecting.cancel()
        self.projectors.close()

    async def start(self, node: str, roles: str = "owner") -> Shared:
        """One more process; it is there when it is settled."""
        parts = Parts(self.log, self._blobs, self._snapshots, self._folder, node, self.events)
        settings = ServerSettings(node=node, roles=roles, session_s=1.0)
        rows = "postgresql://those/of-this-test"  # no process projects: `projectors` do
        engine = EngineSettings(data=self._folder, log="memory:", read_models=rows)
        built = Shared(cast(Any, parts), engine, settings, f"http://{node}")
        self.living[node] = built
        context = Context(
            clock=built.clock, roles=built.roles, wake=built.driver.wake, send=built.router.send, feed=built.feed, shared=built,
            progress=built.progress,
        )  # fmt: skip
        self._processes[node] = process = Process(context)
        await process.start()
        built.driver.start(process)
        await self.until(lambda: built.service.why_not_ready() is None)
        return built

    async def kill(self, node: str) -> None:
        """It says nothing any more, and hands nothing over."""
        self.living.pop(node).driver.stop()
        await self._processes.pop(node).stop()

    async def all_owned(self) -> None:
        await self.until(lambda: len([one for built in self.living.values() for one in built.owned.in_charge()]) == self.log.partitions)

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                await asyncio.sleep(0.005)

    async def publish(self, definition: dict[str, Any]) -> None:
        """A version of a workflow that all processes know of."""
        first, *others = self.living.values()
        version = (await first.service.publish(WorkflowDefinition.model_validate(definition), True)).version
        for built in others:
            await self.until(partial(_is_active, built, version))

    async def ask(self, node: str, workflow: str, **more: Any) -> Started:
        """Start an execution. Raises what it is refused with."""
        return await self.living[node].service.start(Start(workflow, **more), 0)

    async def give(self, node: str, execution: str, command: Command, caller: Caller = ENGINE) -> None:
        await self.living[node].service.give(execution, command, caller)

    def statuses(self) -> dict[str, str]:
        """Of all executions, as their owners have them."""
        found: dict[str, str] = {}
        for built in self.living.values():
            for owned in built.owned.values():
                executions = owned.owner.executions
                found |= {folded.state.execution: folded.state.status for folded in executions.open()}
                found |= {name: ended.status for name, ended in executions.ended.items()}
        return found


def _is_active(built: Shared, version: Version) -> bool:
    return built.catalog.active(version.name) == version.version


@asynccontextmanager
async def memory_cluster(folder: Path, *nodes: str, partitions: int = 4) -> AsyncIterator[MemoryCluster]:
    """A cluster of these processes, which own all partitions; it is gone in the end."""
    cluster = MemoryCluster(folder, partitions)
    try:
        for node in nodes:
            await cluster.start(node)
        if nodes:
            await cluster.all_owned()
        yield cluster
    finally:
        await cluster.close()
        said, mistakes[:] = list(mistakes), []
        assert not said, said[0]
