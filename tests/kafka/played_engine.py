"""The test plays the engine for workers on Kafka: it writes task records and cancellations, and reads what is reported."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

import refold
from contracts.commands import CancelActivity, Limits, RunActivity
from contracts.worker_topics import TopicResult, decode_result, encode_cancellation, encode_task, task_topic
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.loop import LoopThread
from refold.kafka.address import KafkaAddress, parse_address
from refold.kafka.append import Appender
from refold.kafka.offsets import read_bitmap
from refold.kafka.task_topics import ensure_topics

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0
MESSAGE_BYTES_MAX = 8 * 1024 * 1024


def until(holds: Callable[[], Any], what: str = "it does not come about", deadline_s: float = DEADLINE_S) -> Any:
    """Wait for something; what it is."""
    deadline = time.monotonic() + deadline_s
    while not (found := holds()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


class PlayedEngine:
    """The engine's side of one log."""

    def __init__(self, address: KafkaAddress, partitions: int = 2) -> None:
        self.address, self.partitions = address, partitions
        self._ours = parse_address(str(address))
        self._loop = LoopThread()
        self._appender: Appender | None = None
        self._log = KafkaLog(address)
        self._read = dict.fromkeys(range(partitions), 0)
        self._results: list[TopicResult] = []
        self.partition_of: dict[str, int] = {}
        self._records: dict[str, tuple[tuple[str, int], bytes]] = {}
        self._appended: Counter[str] = Counter()
        self._count = 0
        self._loop.call(self._make(["members", "cancellations"]))

    async def _make(self, names: list[str]) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=list(self.address.servers))
        await admin.start()
        try:
            await admin.create_topics([NewTopic(self.address.topic(name), 1, 1) for name in names])
        finally:
            await admin.close()

    def close(self) -> None:
        async def leave() -> None:
            if self._appender is not None:
                await self._appender.close()

        self._loop.call(leave())
        self._loop.stop()
        self._log.close()

    @property
    def url(self) -> str:
        return str(self.address)

    # What the engine says.

    def send(
        self, count: int, given: Any, kind: str = "note", priority: int = 5, heartbeat_ms: int | None = None, queue: str = "default"
    ) -> list[str]:
        """So many tasks, spread over the partitions; their ids."""
        topic = task_topic(queue, kind, priority)
        self._loop.call(ensure_topics(self._ours, [task_topic(queue, kind, level) for level in (9, 5, 1)]))
        records: dict[tuple[str, int], list[bytes]] = {}
        tasks: list[str] = []
        for _ in range(count):
            self._count += 1
            partition = self._count % self.partitions
            content = encode_task(
                RunActivity(f"e{self._count}", "n", 1, kind, b"{}", b"", "w", Limits(None, heartbeat_ms), None, queue, priority),
                b"{}",
                json.dumps(given).encode(),
            )
            task = f"e{self._count}/n@1"
            tasks.append(task)
            self._records[task] = (self.address.topic(topic), partition), content
            self.partition_of[task] = partition
            records.setdefault((self.address.topic(topic), partition), []).append(content)
        self.append(records)
        return tasks

    def repeat(self, tasks: list[str]) -> None:
        """The same records once more, as an owner that took over may send them."""
        for task in tasks:
            place, content = self._records[task]
            self.append({place: [content]})

    def append(self, records: dict[tuple[str, int], list[bytes]]) -> None:
        for (topic, _), several in records.items():
            if ".activities." in topic:
                self._appended[topic.split(".")[-1]] += len(several)

        async def append() -> None:
            if self._appender is None:
                self._appender = Appender(self._ours, MESSAGE_BYTES_MAX)
            await self._appender.append(records)

        self._loop.call(append())

    def cancel(self, execution: str, path: str = "", attempt: int = 0) -> None:
        self.append({(self.address.topic("cancellations"), 0): [encode_cancellation(CancelActivity(execution, path, attempt))]})

    # What it hears.

    def results(self) -> list[TopicResult]:
        """All that was reported so far, each partition in order."""
        for partition, offset in self._read.items():
            for place, content in self._log.read("commands", partition, offset):
                self._read[partition] = place + 1
                result = decode_result(content)
                assert self.partition_of[result.task] == partition, "a result belongs into the partition of its task"
                self._results.append(result)
        return self._results

    def ends(self) -> dict[str, TopicResult]:
        """The first end of each task."""
        found: dict[str, TopicResult] = {}
        for one in self.results():
            if one.output is not msgspec.UNSET or one.error is not msgspec.UNSET:
                found.setdefault(one.task, one)
        return found

    def until_ended(self, tasks: list[str], deadline_s: float = DEADLINE_S) -> dict[str, TopicResult]:
        until(lambda: self.ends().keys() >= set(tasks), f"of {len(tasks)} tasks {len(self.ends())} have ended", deadline_s)
        return self.ends()

    def members(self) -> list[dict[str, Any]]:
        return [json.loads(content) for content in self.records("members")]

    def records(self, name: str) -> list[bytes]:
        from aiokafka import AIOKafkaConsumer

        async def read() -> list[bytes]:
            consumer = AIOKafkaConsumer(bootstrap_servers=list(self.address.servers))
            await consumer.start()
            key = TopicPartition(self.address.topic(name), 0)
            consumer.assign([key])
            await consumer.seek_to_beginning(key)
            end = (await consumer.end_offsets([key]))[key]
            found: list[bytes] = []
            while len(found) < end:
                found += [one.value for one in (await consumer.getmany(key, timeout_ms=200)).get(key, [])]
            await consumer.stop()
            return found

        return self._loop.call(read())

    def living_workers(self) -> int:
        """How many workers have said that they are there, and not that they leave."""
        last = {one["incarnation"]: one["leaving"] for one in self.members()}
        return list(last.values()).count(False)

    def committed_count(self, kind: str) -> int:
        """How many tasks of a kind count as done."""
        found = {key: one for key, one in self.committed().items() if f".{kind}:" in key}
        return sum(lowest + read_bitmap(bitmap).bit_count() for lowest, bitmap in found.values())

    def is_all_committed(self, kind: str) -> bool:
        """Whether all tasks of a kind count as done, those that were sent twice too."""
        return self.committed_count(kind) == self._appended[kind]

    def committed(self) -> dict[str, tuple[int, str]]:
        """What is committed, by topic without the prefix and partition."""

        async def ask() -> dict[str, tuple[int, str]]:
            admin = AIOKafkaAdminClient(bootstrap_servers=list(self.address.servers))
            await admin.start()
            try:
                found = await admin.list_consumer_group_offsets(self.address.topic("workers"))
            finally:
                await admin.close()
            return {
                f"{key.topic.removeprefix(self.address.prefix)}:{key.partition}": (one.offset, one.metadata) for key, one in found.items()
            }

        return self._loop.call(ask())


class Notes:
    """What the activity `note` has written: a line for each begin and end, whichever process it ran in."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "notes"
        self.file.touch()

    def lines(self) -> list[tuple[str, str, int]]:
        found = []
        for line in self.file.read_text().splitlines():
            what, task, process = line.split()
            found.append((what, task, int(process)))
        return found

    def begun(self) -> Counter[str]:
        return Counter(task for what, task, _ in self.lines() if what == "begin")

    def ended(self) -> Counter[str]:
        return Counter(task for what, task, _ in self.lines() if what == "end")

    def begun_in(self) -> Counter[tuple[int, str]]:
        return Counter((where, task) for what, task, where in self.lines() if what == "begin")

    def order(self) -> list[str]:
        return [task for what, task, _ in self.lines() if what == "begin"]

    def running_in(self, process: int) -> set[str]:
        """What has begun there and not ended."""
        lines = [(what, task) for what, task, where in self.lines() if where == process]
        return {task for what, task in lines if what == "begin"} - {task for what, task in lines if what != "begin"}

    def processes(self) -> set[int]:
        return {process for _, _, process in self.lines()}

    def given(self, seconds: float = 0.0, gate: str | None = None) -> dict[str, Any]:
        return {"file": str(self.file), "seconds": seconds, "gate": gate}


@contextmanager
def process(engine: PlayedEngine, *options: str, module: str = "tests.kafka.noting") -> Iterator[subprocess.Popen[bytes]]:
    """`refold worker` in a process of its own; it is gone in the end."""
    command = [sys.executable, "-m", "refold", "worker", module, "--log", engine.url, *options]
    environment = {name: value for name, value in os.environ.items() if name not in ("REFOLD_SERVER", "REFOLD_LOG")}
    started = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        started.wait()


@contextmanager
def working(engine: PlayedEngine, *activities: Any, **more: Any) -> Iterator[refold.Worker]:
    """A worker in a thread of this process."""
    import asyncio

    worker = refold.Worker(activities, log=engine.url, **({"stop_grace_s": 5} | more))
    thread = threading.Thread(target=lambda: asyncio.run(worker.serve()), daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(20)
        assert not thread.is_alive()
